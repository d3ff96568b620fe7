#include "file_blocks.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "format.h"
#include "open_file.h"

namespace chronicle {
namespace {

constexpr uint64_t kChunk = 64 * 1024;
constexpr uint8_t kZeros[kChunk] = {};

int allocate(int fd, int mode, uint64_t offset, uint64_t length) {
  while (fallocate(fd, mode, static_cast<off_t>(offset), static_cast<off_t>(length)) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

bool unsupported(int error) { return error == EOPNOTSUPP || error == ENOSYS; }

bool allZero(const uint8_t* bytes, uint64_t length) {
  return std::all_of(bytes, bytes + length, [](uint8_t byte) { return byte == 0; });
}

// Where the file system cannot reserve: zeros go wherever zeros are read, so that data stays.
int reserveByWriting(int fd, uint64_t offset, uint64_t length) {
  uint8_t chunk[4096];
  for (const uint64_t end = offset + length; offset < end;) {
    const uint64_t step = std::min<uint64_t>(end - offset, sizeof chunk);
    const ssize_t count = pread(fd, chunk, step, static_cast<off_t>(offset));
    if (count < 0) return errno;
    const uint64_t present = static_cast<uint64_t>(count);
    if (allZero(chunk, present)) {
      if (const int error = writeFully(fd, kZeros, step, offset); error != 0) return error;
    } else if (present < step) {
      if (const int error = writeFully(fd, kZeros, step - present, offset + present); error != 0) return error;
    }
    offset += step;
  }
  return 0;
}

int writeZeros(int fd, uint64_t offset, uint64_t length) {
  struct stat status;
  if (fstat(fd, &status) != 0) return errno;
  const uint64_t end = std::min(offset + length, static_cast<uint64_t>(status.st_size));
  while (offset < end) {
    const uint64_t step = std::min(end - offset, kChunk);
    if (const int error = writeFully(fd, kZeros, step, offset); error != 0) return error;
    offset += step;
  }
  return 0;
}

// The folder of a path and the name in it. The kernel looks only at the last part of a path when a flag says not to follow links.
class Place {
 public:
  Place(int directory, const std::string& path) : folder_(directory), name_(path) {
    const size_t slash = path.find('/');
    if (directory == AT_FDCWD || slash == std::string::npos) return;
    name_ = path.substr(slash + 1);
    folder_ = openFile(directory, path.substr(0, slash).c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    error_ = folder_ < 0 ? errno : 0;
    isOpened_ = folder_ >= 0;
  }
  ~Place() {
    const int kept = errno;
    if (isOpened_) close(folder_);
    errno = kept;
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  int folder() const { return folder_; }
  const char* name() const { return name_.c_str(); }
  int error() const { return error_; }

 private:
  int folder_;
  std::string name_;
  int error_ = 0;
  bool isOpened_ = false;
};

}  // namespace

int writeFully(int fd, const uint8_t* bytes, uint64_t length, uint64_t offset) {
  while (length > 0) {
    const ssize_t written = pwrite(fd, bytes, length, static_cast<off_t>(offset));
    if (written < 0 && errno != EINTR) return errno;
    if (written <= 0) continue;
    bytes += written;
    offset += static_cast<uint64_t>(written);
    length -= static_cast<uint64_t>(written);
  }
  return 0;
}

int allocateBlocks(int fd, uint64_t offset, uint64_t length) { return length == 0 ? 0 : allocate(fd, 0, offset, length); }

int reserveBlocks(int fd, uint64_t offset, uint64_t length) {
  const int error = allocateBlocks(fd, offset, length);
  return unsupported(error) ? reserveByWriting(fd, offset, length) : error;
}

// A punched hole gives its blocks away, and storing into it through a mapping on a full disk would raise SIGBUS: it is filled again at once.
int zeroRange(int fd, uint64_t offset, uint64_t length) {
  if (length == 0) return 0;
  int error = allocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, offset, length);
  if (!unsupported(error)) return error;
  error = allocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
  if (error == 0) error = allocate(fd, FALLOC_FL_KEEP_SIZE, offset, length);
  return unsupported(error) ? writeZeros(fd, offset, length) : error;
}

int renameNoReplace(int directory, const std::string& from, const std::string& to) {
  constexpr unsigned kNoReplace = 1;
  if (syscall(SYS_renameat2, directory, from.c_str(), directory, to.c_str(), kNoReplace) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (linkat(directory, from.c_str(), directory, to.c_str(), 0) != 0) return errno;
  return unlinkat(directory, from.c_str(), 0) == 0 ? 0 : errno;
}

int syncDirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const int fd = open(directory.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY);
  if (fd < 0) return errno;
  const int error = fsync(fd) == 0 ? 0 : errno;
  close(fd);
  return error;
}

namespace {

// After a failed write-back the kernel considers the page clean, and the next sync writes nothing: a store makes it dirty again. The field is zero in every file of two slots, and no
// reader stores to it. A file that may not be written can only be synced.
int storeZeroField(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0) return errno;
  if (status.st_size != static_cast<off_t>(kReaderMetaLength)) return 0;
  return writeFully(fd, kZeros, sizeof(PositionSlot::zero), offsetof(PositionSlot, zero));
}

}  // namespace

int syncPosition(int directory, const std::string& path) {
  const Place place(directory, path);
  if (place.error() != 0) return place.error();
  int fd = openFile(place.folder(), place.name(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  const bool writable = fd >= 0;
  if (fd < 0 && (errno == EACCES || errno == EPERM)) fd = openFile(place.folder(), place.name(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return errno;
  int error = writable ? storeZeroField(fd) : 0;
  if (error == 0 && fsync(fd) != 0) error = errno;
  close(fd);
  return error;
}

int unlinkFile(int directory, const std::string& path) {
  const Place place(directory, path);
  if (place.error() != 0) return place.error();
  return unlinkat(place.folder(), place.name(), 0) == 0 ? 0 : errno;
}

}  // namespace chronicle
