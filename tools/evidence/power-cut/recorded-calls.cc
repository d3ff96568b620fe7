// A library to be preloaded into a process. It writes down everything that the process does to the files below one folder, in order, with the bytes. So what a disk could hold
// at any instant can be put together later. It sees all threads, and stores through mappings too. It compares the files with what they held before and after each call, and at
// some of the process's looks at the clock in between.
//
// POWER_CUT_ROOT is the folder, POWER_CUT_LOG where to write, POWER_CUT_EVERY how many looks at the clock lie between two comparisons. The log is a
// sequence of entries: u32 kind, u32 length, body; see recording.ts.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "../preload/place.h"
#include "page_watch.h"
#include "recorder.h"

namespace {

using namespace power_cut;

thread_local bool busy = false;

// Serializes what is recorded: nothing comes between the look before a call, the call, and its entry.
class Turn {
 public:
  explicit Turn(bool concerned) : recorder_(busy || !concerned ? nullptr : Recorder::get()) {
    if (recorder_ == nullptr) return;
    recorder_->mutex.lock();
    busy = true;
    recorder_->compareAll();
  }
  ~Turn() {
    if (recorder_ == nullptr) return;
    const int kept = errno;
    recorder_->compareAll();
    busy = false;
    recorder_->mutex.unlock();
    errno = kept;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  Recorder* operator->() { return recorder_; }
  explicit operator bool() const { return recorder_ != nullptr; }

 private:
  Recorder* const recorder_;
};

// The path as the kernel finds it, when it is one that is recorded; empty otherwise.
std::string ourPath(int at, const char* path) {
  if (busy || path == nullptr) return "";
  const Recorder* const recorder = Recorder::get();
  if (recorder == nullptr) return "";
  const std::string found = preload::absolutePath(at, path);
  return recorder->contains(found) ? found : "";
}

std::string ourPath(int fd) {
  if (busy) return "";
  const Recorder* const recorder = Recorder::get();
  if (recorder == nullptr) return "";
  const std::string found = preload::pathOfDescriptor(fd);
  return recorder->contains(found) ? found : "";
}

template <typename Open>
int recordedOpen(const char*, int at, const char* path, int flags, Open open) {
  const std::string place = (flags & (O_CREAT | O_TRUNC)) == 0 ? "" : ourPath(at, path);
  if (place.empty()) return open();
  Turn turn(true);
  static const auto accessAt = real<int (*)(int, const char*, int, int)>("faccessat");
  const bool existed = accessAt(AT_FDCWD, place.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
  const int fd = open();
  if (fd >= 0 && !existed) turn->add(place, kCreate);
  return fd;
}

template <typename Call>
auto recordedChange(int fd, Call call) -> decltype(call()) {
  const std::string path = ourPath(fd);
  if (path.empty()) return call();
  Turn turn(true);
  return call();
}

template <typename Call>
ssize_t recordedWrite(int fd, off_t at, Call call) {
  const std::string path = ourPath(fd);
  if (path.empty()) return call();
  Turn turn(true);
  const off_t from = at >= 0 ? at : lseek(fd, 0, SEEK_CUR);
  const ssize_t count = call();
  if (count > 0) turn->store(path, static_cast<uint64_t>(from), static_cast<uint64_t>(from) + static_cast<uint64_t>(count));
  return count;
}

template <typename Call>
int recordedRename(int at, const char* from, int toAt, const char* to, Call call) {
  const std::string place = ourPath(at, from);
  if (place.empty()) return call();
  const std::string newPlace = preload::absolutePath(toAt, to);
  Turn turn(true);
  const int result = call();
  if (result == 0) turn->rename(place, newPlace);
  return result;
}

template <typename Call>
int recordedUnlink(int at, const char* path, Call call) {
  const std::string place = ourPath(at, path);
  if (place.empty()) return call();
  Turn turn(true);
  const int result = call();
  if (result == 0) turn->unlink(place);
  return result;
}

template <typename Call>
int recordedMakeDirectory(int at, const char* path, Call call) {
  const std::string place = ourPath(at, path);
  if (place.empty()) return call();
  Turn turn(true);
  const int result = call();
  if (result == 0) turn->write(kMakeDirectory, turn->relative(place));
  return result;
}

template <typename Call>
int recordedSync(int fd, Call call) {
  const std::string path = ourPath(fd);
  if (path.empty()) return call();
  Turn turn(true);
  const int result = call();
  struct stat status;
  static const auto statusOf = real<int (*)(int, struct stat*)>("fstat");
  if (result != 0 || statusOf(fd, &status) != 0) return result;
  if (S_ISDIR(status.st_mode)) turn->write(kSyncDirectory, turn->relative(path));
  else turn->syncFile(path, 0, UINT64_MAX);
  return result;
}

// Which file a mapping is of, and where in it: see /proc/self/maps.
bool findMapping(uint64_t address, std::string* path, uint64_t* fileOffset) {
  FILE* const maps = fopen("/proc/self/maps", "re");
  if (maps == nullptr) return false;
  char line[4608];
  bool found = false;
  while (!found && fgets(line, sizeof line, maps) != nullptr) {
    unsigned long long from = 0, to = 0, offset = 0;
    int nameAt = 0;
    if (sscanf(line, "%llx-%llx %*s %llx %*s %*s %n", &from, &to, &offset, &nameAt) < 3) continue;
    if (address < from || address >= to) continue;
    *path = line + nameAt;
    while (!path->empty() && path->back() == '\n') path->pop_back();
    *fileOffset = offset + (address - from);
    found = true;
  }
  fclose(maps);
  return found;
}

}  // namespace

extern "C" {

DEFINE_OPEN_CALLS(recordedOpen)

#define DEFINE_CHANGE(result, name, parameters, arguments)                \
  result name parameters {                                                \
    static const auto original = real<result(*) parameters>(#name);       \
    return recordedChange(fd, [&]() -> result { return original arguments; }); \
  }
#define DEFINE_WRITE(name, at, parameters, arguments)                          \
  ssize_t name parameters {                                                    \
    static const auto original = real<ssize_t(*) parameters>(#name);           \
    return recordedWrite(fd, at, [&]() -> ssize_t { return original arguments; }); \
  }
DEFINE_WRITE(write, -1, (int fd, const void* bytes, size_t count), (fd, bytes, count))
DEFINE_WRITE(pwrite, at, (int fd, const void* bytes, size_t count, off_t at), (fd, bytes, count, at))
DEFINE_WRITE(pwrite64, at, (int fd, const void* bytes, size_t count, off_t at), (fd, bytes, count, at))
DEFINE_WRITE(writev, -1, (int fd, const iovec* parts, int count), (fd, parts, count))
DEFINE_WRITE(pwritev, at, (int fd, const iovec* parts, int count, off_t at), (fd, parts, count, at))
DEFINE_WRITE(pwritev64, at, (int fd, const iovec* parts, int count, off_t at), (fd, parts, count, at))
DEFINE_CHANGE(int, ftruncate, (int fd, off_t length), (fd, length))
DEFINE_CHANGE(int, ftruncate64, (int fd, off_t length), (fd, length))
DEFINE_CHANGE(int, fallocate, (int fd, int mode, off_t at, off_t length), (fd, mode, at, length))
DEFINE_CHANGE(int, fallocate64, (int fd, int mode, off_t at, off_t length), (fd, mode, at, length))

int fsync(int fd) {
  static const auto original = real<int (*)(int)>("fsync");
  return recordedSync(fd, [&] { return original(fd); });
}

int fdatasync(int fd) {
  static const auto original = real<int (*)(int)>("fdatasync");
  return recordedSync(fd, [&] { return original(fd); });
}

int msync(void* address, size_t length, int flags) {
  static const auto original = real<int (*)(void*, size_t, int)>("msync");
  Turn turn(true);
  const int result = original(address, length, flags);
  std::string path;
  uint64_t offset = 0;
  if (turn && result == 0 && (flags & MS_SYNC) != 0 && findMapping(reinterpret_cast<uint64_t>(address), &path, &offset) && turn->contains(path))
    turn->syncFile(path, offset, offset + length);
  return result;
}

#define DEFINE_MAP(name)                                                                    \
  void* name(void* address, size_t length, int protection, int flags, int fd, off_t at) {   \
    static const auto original = real<decltype(&name)>(#name);                              \
    const std::string path = fd < 0 || (protection & PROT_WRITE) == 0 ? "" : ourPath(fd);   \
    if (path.empty()) return original(address, length, protection, flags, fd, at);          \
    Turn turn(true);                                                                        \
    void* const mapped = original(address, length, protection, flags, fd, at);              \
    if (mapped != MAP_FAILED) turn->watchMapping(path);                                     \
    return mapped;                                                                          \
  }
DEFINE_MAP(mmap)
#undef mmap64
DEFINE_MAP(mmap64)

int munmap(void* address, size_t length) {
  static const auto original = real<int (*)(void*, size_t)>("munmap");
  power_cut::forgetPages(address, length);
  return original(address, length);
}

// A sync that another library let fail: by its descriptor, or by the range of memory when there is none.
void powerCutFailedSync(int fd, void* address, size_t length) {
  Turn turn(true);
  if (!turn) return;
  std::string path = fd >= 0 ? preload::pathOfDescriptor(fd) : "";
  uint64_t from = 0;
  if (fd < 0 && !findMapping(reinterpret_cast<uint64_t>(address), &path, &from)) return;
  turn->failSync(path, from, fd >= 0 ? UINT64_MAX : from + length);
}

int rename(const char* from, const char* to) {
  static const auto original = real<int (*)(const char*, const char*)>("rename");
  return recordedRename(AT_FDCWD, from, AT_FDCWD, to, [&] { return original(from, to); });
}

int renameat(int at, const char* from, int toAt, const char* to) {
  static const auto original = real<int (*)(int, const char*, int, const char*)>("renameat");
  return recordedRename(at, from, toAt, to, [&] { return original(at, from, toAt, to); });
}

int renameat2(int at, const char* from, int toAt, const char* to, unsigned flags) {
  static const auto original = real<int (*)(int, const char*, int, const char*, unsigned)>("renameat2");
  return recordedRename(at, from, toAt, to, [&] { return original(at, from, toAt, to, flags); });
}

long syscall(long number, ...) {
  static const auto original = real<long (*)(long, ...)>("syscall");
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& value : a) value = va_arg(list, long);
  va_end(list);
  const auto call = [&] { return original(number, a[0], a[1], a[2], a[3], a[4], a[5]); };
  if (number != SYS_renameat2) return call();
  const auto* const from = reinterpret_cast<const char*>(a[1]);
  const auto* const to = reinterpret_cast<const char*>(a[3]);
  return recordedRename(static_cast<int>(a[0]), from, static_cast<int>(a[2]), to, [&] { return static_cast<int>(call()); });
}

int unlink(const char* path) {
  static const auto original = real<int (*)(const char*)>("unlink");
  return recordedUnlink(AT_FDCWD, path, [&] { return original(path); });
}

int unlinkat(int at, const char* path, int flags) {
  static const auto original = real<int (*)(int, const char*, int)>("unlinkat");
  return recordedUnlink(at, path, [&] { return original(at, path, flags); });
}

int mkdir(const char* path, mode_t mode) {
  static const auto original = real<int (*)(const char*, mode_t)>("mkdir");
  return recordedMakeDirectory(AT_FDCWD, path, [&] { return original(path, mode); });
}

int mkdirat(int at, const char* path, mode_t mode) {
  static const auto original = real<int (*)(int, const char*, mode_t)>("mkdirat");
  return recordedMakeDirectory(at, path, [&] { return original(at, path, mode); });
}

// How the process says something about itself: it asks for a path below this one.
int access(const char* path, int mode) {
  static const auto original = real<int (*)(const char*, int)>("access");
  constexpr char kPrefix[] = "/power-cut-note/";
  if (std::strncmp(path, kPrefix, sizeof kPrefix - 1) != 0) return original(path, mode);
  Turn turn(true);
  if (turn) turn->write(kNote, path + sizeof kPrefix - 1);
  return 0;
}

int clock_gettime(clockid_t clock, timespec* time) {
  static const auto original = real<int (*)(clockid_t, timespec*)>("clock_gettime");
  if (!busy && clock == CLOCK_REALTIME) {
    Recorder* const recorder = Recorder::get();
    if (recorder != nullptr && recorder->clockEvery > 0 && ++recorder->clockCount % recorder->clockEvery == 0) Turn turn(true);
  }
  return original(clock, time);
}

}  // extern "C"
