#include "unwritten_blocks.h"

#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "file_blocks.h"
#include "open_file.h"

namespace chronicle {
namespace {

constexpr uint32_t kExtentsPerCall = 32;
// The largest unit in which the kernel caches a file, and so drops it: what lies outside of it stays in the cache.
constexpr uint64_t kWindow = uint64_t{2} << 20;
// What every device takes for the alignment of memory, offset and length.
constexpr uint64_t kAlignment = 4096;

bool unsupported(int error) { return error == EOPNOTSUPP || error == ENOTTY || error == ENOSYS || error == EBADR; }
bool cannotSwap(int error) { return unsupported(error) || error == EINVAL; }

// The ioctl of ext4 that defragments; the kernel's headers for programs lack it.
struct MoveExtent {
  uint32_t reserved;
  uint32_t donor;
  uint64_t start;
  uint64_t donorStart;
  uint64_t count;
  uint64_t moved;
};
#define CHRONICLE_EXT4_MOVE_EXTENT _IOWR('f', 15, MoveExtent)

// By one call, which a signal does not end half way: from the first unwritten block to the last one that has bytes, those between them included.
int writeWindow(int fd, const uint8_t* bytes, BlockRange window) {
  std::vector<BlockRange> unwritten;
  if (const int error = findUnwritten(fd, window, &unwritten); error != 0 || unwritten.empty()) return error;
  const uint64_t begin = unwritten.front().begin / kAlignment * kAlignment;
  uint64_t end = unwritten.back().end;
  while (end > begin && bytes[end - 1] == 0) end--;
  const uint64_t length = (end - begin + kAlignment - 1) / kAlignment * kAlignment;
  if (length == 0) return 0;
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  const std::unique_ptr<uint8_t, decltype(&free)> copy(static_cast<uint8_t*>(aligned_alloc(kAlignment, length)), free);
  if (copy == nullptr) return ENOMEM;
  memcpy(copy.get(), bytes + begin, length);
  const int direct = openFile(AT_FDCWD, path, O_WRONLY | O_DIRECT | O_CLOEXEC);
  if (direct < 0) return errno;
  const int error = writeFully(direct, copy.get(), length, begin);
  close(direct);
  // What was dropped from the cache is put there again.
  if (error != 0) writeFully(fd, copy.get(), length, begin);
  return error;
}

}  // namespace

int findUnwritten(int fd, BlockRange searched, std::vector<BlockRange>* found) {
  while (searched.begin < searched.end) {
    alignas(fiemap) uint8_t bytes[sizeof(fiemap) + kExtentsPerCall * sizeof(fiemap_extent)] = {};
    auto* const asked = reinterpret_cast<fiemap*>(bytes);
    asked->fm_start = searched.begin;
    asked->fm_length = searched.end - searched.begin;
    asked->fm_extent_count = kExtentsPerCall;
    if (ioctl(fd, FS_IOC_FIEMAP, asked) != 0) {
      if (errno == EINTR) continue;
      return unsupported(errno) ? 0 : errno;
    }
    const uint32_t count = std::min(asked->fm_mapped_extents, kExtentsPerCall);
    if (count == 0) return 0;
    for (uint32_t i = 0; i < count; i++) {
      const fiemap_extent& extent = asked->fm_extents[i];
      const BlockRange part = {std::max<uint64_t>(extent.fe_logical, searched.begin), std::min<uint64_t>(extent.fe_logical + extent.fe_length, searched.end)};
      if ((extent.fe_flags & FIEMAP_EXTENT_UNWRITTEN) != 0 && part.begin < part.end) found->push_back(part);
    }
    const fiemap_extent& last = asked->fm_extents[count - 1];
    if ((last.fe_flags & FIEMAP_EXTENT_LAST) != 0) return 0;
    searched.begin = last.fe_logical + last.fe_length;
  }
  return 0;
}

int swapBlocks(int fd, int directory, BlockRange part) {
  const uint64_t begin = part.begin / kAlignment * kAlignment;
  const uint64_t length = (part.end - begin + kAlignment - 1) / kAlignment * kAlignment;
  const int donor = openFile(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (donor < 0) return cannotSwap(errno) ? EOPNOTSUPP : errno;
  int error = allocateBlocks(donor, begin, length);
  struct statvfs volume;
  if (error == 0 && fstatvfs(fd, &volume) != 0) error = errno;
  for (uint64_t done = 0; error == 0 && done < length;) {
    const uint64_t block = volume.f_bsize;
    MoveExtent moving = {0, static_cast<uint32_t>(donor), (begin + done) / block, (begin + done) / block, (length - done) / block, 0};
    if (ioctl(fd, CHRONICLE_EXT4_MOVE_EXTENT, &moving) != 0) error = errno;
    else if (moving.moved == 0) error = EIO;
    done += moving.moved * block;
  }
  close(donor);
  return cannotSwap(error) ? EOPNOTSUPP : error;
}

int writeUnwritten(int fd, const uint8_t* bytes, uint64_t length, BlockRange range) {
  std::vector<BlockRange> unwritten;
  if (const int error = findUnwritten(fd, range, &unwritten); error != 0 || unwritten.empty()) return error;
  uint64_t done = 0;
  for (const BlockRange& part : unwritten) {
    for (uint64_t window = std::max(done, part.begin / kWindow * kWindow); window < part.end; window += kWindow) {
      if (const int error = writeWindow(fd, bytes, {window, std::min(window + kWindow, length)}); error != 0) return error;
      done = window + kWindow;
    }
  }
  return fdatasync(fd) == 0 ? 0 : errno;
}

}  // namespace chronicle
