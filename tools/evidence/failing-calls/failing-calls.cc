// A library to be preloaded into a process: lets the n-th call that concerns the process's folder, or that the addon makes, fail as the kernel may let it
// fail. It stands in front of the C library's functions, so it sees every thread.

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <new>

#include "../preload/open_calls.h"
#include "injector.h"

namespace {

using failing::injectedError;
using failing::isArmed;
using failing::isCalledByAddon;
using failing::Kind;
using failing::mustFail;
using failing::Pause;
using failing::placeOf;

// Fails in place of the call when it is this one's turn.
template <typename Result, typename Call>
Result attempt(Kind kind, const char* name, const std::string& place, Result failure, Call call) {
  if (!mustFail(kind, name, place)) return call();
  errno = injectedError();
  return failure;
}

template <typename Result, typename Call>
Result attemptAt(Kind kind, const char* name, int at, const char* path, Result failure, Call call) {
  if (!isArmed()) return call();
  const std::string place = placeOf(at, path);
  return place.empty() ? call() : attempt(kind, name, place, failure, call);
}

template <typename Result, typename Call>
Result attemptOn(Kind kind, const char* name, int fd, Result failure, Call call) {
  if (!isArmed()) return call();
  const std::string place = placeOf(fd);
  return place.empty() ? call() : attempt(kind, name, place, failure, call);
}

template <typename Result, typename Call>
Result attemptOfAddon(Kind kind, const char* name, const void* returnAddress, Result failure, Call call) {
  if (!isArmed() || !isCalledByAddon(returnAddress)) return call();
  return attempt(kind, name, "", failure, call);
}

// `transfer` is asked for `count` bytes, or for half of them when the count must be short.
template <typename Transfer>
ssize_t attemptTransfer(Kind kind, const char* name, int fd, size_t count, Transfer transfer) {
  if (!isArmed()) return transfer(count);
  const std::string place = placeOf(fd);
  if (place.empty() || (injectedError() == 0 && count < 2) || !mustFail(kind, name, place)) return transfer(count);
  if (injectedError() == 0) return transfer(count / 2);
  errno = injectedError();
  return -1;
}

// A short count of several parts ends within the first.
template <typename Transfer>
ssize_t attemptParts(Kind kind, const char* name, int fd, const iovec* parts, int count, Transfer transfer) {
  if (!isArmed() || count < 1) return transfer(parts, count);
  const std::string place = placeOf(fd);
  if (place.empty() || !mustFail(kind, name, place)) return transfer(parts, count);
  const iovec half = {parts[0].iov_base, std::max<size_t>(1, parts[0].iov_len / 2)};
  if (injectedError() == 0) return transfer(&half, 1);
  errno = injectedError();
  return -1;
}

template <typename Call>
int attemptOpen(const char* name, int at, const char* path, int flags, Call call) {
  if (!isArmed()) return call();
  const std::string place = placeOf(at, path);
  if (place.empty()) return attempt(Kind::kOpenElsewhere, name, path, -1, call);
  const bool creates = (flags & O_CREAT) != 0;
  const Kind kind = creates ? Kind::kCreate : (flags & O_ACCMODE) == O_RDONLY ? Kind::kOpen : Kind::kOpenForWriting;
  return attempt(kind, name, place, -1, call);
}

// What the kernel does after a failed write-back: the pages are clean, and nothing of them is on the disk. The recorder of syncs is called.
void tellFailedSync(int fd, void* address, size_t length) {
  using Tell = void (*)(int, void*, size_t);
  static const auto tell = reinterpret_cast<Tell>(dlsym(RTLD_DEFAULT, "powerCutFailedSync"));
  if (tell == nullptr) return;
  const Pause pause;
  const int kept = errno;
  tell(fd, address, length);
  errno = kept;
}

template <typename Call>
int attemptSync(const char* name, int fd, Call call) {
  bool called = false;
  const int result = attemptOn(Kind::kSync, name, fd, -1, [&] {
    called = true;
    return call();
  });
  if (!called) tellFailedSync(fd, nullptr, 0);
  return result;
}

}  // namespace

extern "C" {

DEFINE_OPEN_CALLS(attemptOpen)

#define DEFINE_AT(result, name, kind, failure, at, path, parameters, arguments)                                       \
  result name parameters {                                                                                            \
    static const auto original = real<result(*) parameters>(#name);                                                   \
    return attemptAt<result>(Kind::kind, #name, at, path, failure, [&]() -> result { return original arguments; });   \
  }
#define DEFINE_PATH(result, name, kind, failure, parameters, arguments) \
  DEFINE_AT(result, name, kind, failure, AT_FDCWD, path, parameters, arguments)
#define DEFINE_ON(result, name, kind, failure, parameters, arguments)                                           \
  result name parameters {                                                                                      \
    static const auto original = real<result(*) parameters>(#name);                                             \
    return attemptOn<result>(Kind::kind, #name, fd, failure, [&]() -> result { return original arguments; });   \
  }

using Filter = int (*)(const dirent*);
using Compare = int (*)(const dirent**, const dirent**);
DEFINE_PATH(int, scandir, kList, -1, (const char* path, dirent*** list, Filter filter, Compare compare), (path, list, filter, compare))
DEFINE_PATH(int, scandir64, kList, -1, (const char* path, dirent64*** list, int (*filter)(const dirent64*), int (*compare)(const dirent64**, const dirent64**)), (path, list, filter, compare))
DEFINE_PATH(DIR*, opendir, kList, nullptr, (const char* path), (path))
DEFINE_ON(DIR*, fdopendir, kList, nullptr, (int fd), (fd))

DEFINE_PATH(int, mkdir, kMakeDirectory, -1, (const char* path, mode_t mode), (path, mode))
DEFINE_AT(int, mkdirat, kMakeDirectory, -1, at, path, (int at, const char* path, mode_t mode), (at, path, mode))
DEFINE_PATH(int, rmdir, kRemoveDirectory, -1, (const char* path), (path))
DEFINE_PATH(int, unlink, kUnlink, -1, (const char* path), (path))
DEFINE_AT(int, unlinkat, kUnlink, -1, at, path, (int at, const char* path, int flags), (at, path, flags))
DEFINE_PATH(int, rename, kRename, -1, (const char* path, const char* to), (path, to))
DEFINE_AT(int, renameat, kRename, -1, at, path, (int at, const char* path, int toAt, const char* to), (at, path, toAt, to))
DEFINE_AT(int, renameat2, kRenameNoReplace, -1, at, path, (int at, const char* path, int toAt, const char* to, unsigned flags), (at, path, toAt, to, flags))
DEFINE_PATH(int, link, kLink, -1, (const char* path, const char* to), (path, to))
DEFINE_AT(int, linkat, kLink, -1, at, path, (int at, const char* path, int toAt, const char* to, int flags), (at, path, toAt, to, flags))

DEFINE_PATH(int, stat, kStatus, -1, (const char* path, struct stat* status), (path, status))
DEFINE_PATH(int, lstat, kStatus, -1, (const char* path, struct stat* status), (path, status))
DEFINE_ON(int, fstat, kStatus, -1, (int fd, struct stat* status), (fd, status))
DEFINE_AT(int, fstatat, kStatus, -1, at, path, (int at, const char* path, struct stat* status, int flags), (at, path, status, flags))
DEFINE_AT(int, statx, kStatus, -1, at, path, (int at, const char* path, int flags, unsigned mask, struct statx* status), (at, path, flags, mask, status))
DEFINE_PATH(int, access, kAccess, -1, (const char* path, int mode), (path, mode))
DEFINE_AT(int, faccessat, kAccess, -1, at, path, (int at, const char* path, int mode, int flags), (at, path, mode, flags))
DEFINE_PATH(ssize_t, readlink, kReadLink, -1, (const char* path, char* target, size_t length), (path, target, length))
DEFINE_PATH(char*, realpath, kReadLink, nullptr, (const char* path, char* resolved), (path, resolved))
DEFINE_ON(int, fchmod, kAttributes, -1, (int fd, mode_t mode), (fd, mode))
DEFINE_ON(int, fchown, kAttributes, -1, (int fd, uid_t user, gid_t group), (fd, user, group))
DEFINE_PATH(int, chown, kAttributes, -1, (const char* path, uid_t user, gid_t group), (path, user, group))
DEFINE_ON(int, futimens, kAttributes, -1, (int fd, const timespec times[2]), (fd, times))
DEFINE_AT(int, utimensat, kAttributes, -1, at, path, (int at, const char* path, const timespec times[2], int flags), (at, path, times, flags))

DEFINE_ON(int, ftruncate, kTruncate, -1, (int fd, off_t length), (fd, length))
DEFINE_ON(int, ftruncate64, kTruncate, -1, (int fd, off_t length), (fd, length))
DEFINE_ON(int, fallocate, kAllocate, -1, (int fd, int mode, off_t at, off_t length), (fd, mode, at, length))
DEFINE_ON(int, fallocate64, kAllocate, -1, (int fd, int mode, off_t at, off_t length), (fd, mode, at, length))
DEFINE_ON(int, flock, kLock, -1, (int fd, int operation), (fd, operation))
DEFINE_ON(int, dup, kDuplicate, -1, (int fd), (fd))

#define DEFINE_TRANSFER(name, kind, bytes, parameters, arguments)                                                          \
  ssize_t name parameters {                                                                                                \
    static const auto original = real<ssize_t(*) parameters>(#name);                                                       \
    return attemptTransfer(Kind::kind, #name, fd, count, [&](size_t asked) { (void)bytes; count = asked; return original arguments; }); \
  }
DEFINE_TRANSFER(read, kRead, bytes, (int fd, void* bytes, size_t count), (fd, bytes, count))
DEFINE_TRANSFER(pread, kRead, bytes, (int fd, void* bytes, size_t count, off_t at), (fd, bytes, count, at))
DEFINE_TRANSFER(pread64, kRead, bytes, (int fd, void* bytes, size_t count, off_t at), (fd, bytes, count, at))
DEFINE_TRANSFER(write, kWrite, bytes, (int fd, const void* bytes, size_t count), (fd, bytes, count))
DEFINE_TRANSFER(pwrite, kWrite, bytes, (int fd, const void* bytes, size_t count, off_t at), (fd, bytes, count, at))
DEFINE_TRANSFER(pwrite64, kWrite, bytes, (int fd, const void* bytes, size_t count, off_t at), (fd, bytes, count, at))

#define DEFINE_PARTS(name, kind, parameters, arguments)                                                                 \
  ssize_t name parameters {                                                                                             \
    static const auto original = real<ssize_t(*) parameters>(#name);                                                    \
    return attemptParts(Kind::kind, #name, fd, given, givenCount, [&](const iovec* parts, int count) { return original arguments; }); \
  }
DEFINE_PARTS(readv, kRead, (int fd, const iovec* given, int givenCount), (fd, parts, count))
DEFINE_PARTS(writev, kWrite, (int fd, const iovec* given, int givenCount), (fd, parts, count))
DEFINE_PARTS(preadv, kRead, (int fd, const iovec* given, int givenCount, off_t at), (fd, parts, count, at))
DEFINE_PARTS(preadv64, kRead, (int fd, const iovec* given, int givenCount, off_t at), (fd, parts, count, at))
DEFINE_PARTS(pwritev, kWrite, (int fd, const iovec* given, int givenCount, off_t at), (fd, parts, count, at))
DEFINE_PARTS(pwritev64, kWrite, (int fd, const iovec* given, int givenCount, off_t at), (fd, parts, count, at))

int fsync(int fd) {
  static const auto original = real<int (*)(int)>("fsync");
  return attemptSync("fsync", fd, [&] { return original(fd); });
}

int fdatasync(int fd) {
  static const auto original = real<int (*)(int)>("fdatasync");
  return attemptSync("fdatasync", fd, [&] { return original(fd); });
}

int msync(void* address, size_t length, int flags) {
  static const auto original = real<int (*)(void*, size_t, int)>("msync");
  bool called = false;
  const int result = attemptOfAddon(Kind::kSync, "msync", __builtin_return_address(0), -1, [&] {
    called = true;
    return original(address, length, flags);
  });
  if (!called) tellFailedSync(-1, address, length);
  return result;
}

#define DEFINE_MAP(name)                                                                          \
  void* name(void* address, size_t length, int protection, int flags, int fd, off_t at) {         \
    static const auto original = real<decltype(&name)>(#name);                                    \
    const auto call = [&] { return original(address, length, protection, flags, fd, at); };       \
    if (fd >= 0) return attemptOn(Kind::kMap, "mmap", fd, MAP_FAILED, call);                      \
    return attemptOfAddon(Kind::kMap, "mmap", __builtin_return_address(0), MAP_FAILED, call);     \
  }
DEFINE_MAP(mmap)
#undef mmap64
DEFINE_MAP(mmap64)

#define DEFINE_OF_ADDON(name, kind, parameters, arguments)                                                              \
  int name parameters {                                                                                                 \
    static const auto original = real<int (*) parameters>(#name);                                                       \
    return attemptOfAddon(Kind::kind, #name, __builtin_return_address(0), -1, [&] { return original arguments; });      \
  }
DEFINE_OF_ADDON(mprotect, kProtect, (void* address, size_t length, int protection), (address, length, protection))
DEFINE_OF_ADDON(madvise, kAdvise, (void* address, size_t length, int advice), (address, length, advice))
DEFINE_OF_ADDON(mlock, kLockMemory, (const void* address, size_t length), (address, length))

int inotify_init1(int flags) {
  static const auto original = real<int (*)(int)>("inotify_init1");
  return isArmed() ? attempt(Kind::kNotifyInit, "inotify_init1", "", -1, [&] { return original(flags); }) : original(flags);
}

int inotify_add_watch(int fd, const char* path, uint32_t mask) {
  static const auto original = real<int (*)(int, const char*, uint32_t)>("inotify_add_watch");
  return attemptAt(Kind::kNotifyWatch, "inotify_add_watch", AT_FDCWD, path, -1, [&] { return original(fd, path, mask); });
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*), void* argument) {
  static const auto original = real<decltype(&pthread_create)>("pthread_create");
  if (!isArmed() || !isCalledByAddon(__builtin_return_address(0)) || !mustFail(Kind::kThread, "pthread_create", ""))
    return original(thread, attributes, body, argument);
  return injectedError();
}

// The descriptor is free for every answer of the kernel.
int close(int fd) {
  static const auto original = real<int (*)(int)>("close");
  if (!isArmed()) return original(fd);
  const std::string place = placeOf(fd);
  if (place.empty() || !mustFail(Kind::kClose, "close", place)) return original(fd);
  original(fd);
  errno = injectedError();
  return -1;
}

#define DEFINE_FCNTL(name)                                                                                       \
  int name(int fd, int command, ...) {                                                                           \
    static const auto original = real<int (*)(int, int, ...)>(#name);                                            \
    va_list list;                                                                                                \
    va_start(list, command);                                                                                     \
    void* const argument = va_arg(list, void*);                                                                  \
    va_end(list);                                                                                                \
    const auto call = [&] { return original(fd, command, argument); };                                           \
    if (command != F_DUPFD && command != F_DUPFD_CLOEXEC) return call();                                         \
    return attemptOn(Kind::kDuplicate, "fcntl", fd, -1, call);                                                   \
  }
DEFINE_FCNTL(fcntl)
DEFINE_FCNTL(fcntl64)

long syscall(long number, ...) {
  static const auto original = real<long (*)(long, ...)>("syscall");
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& value : a) value = va_arg(list, long);
  va_end(list);
  const auto call = [&] { return original(number, a[0], a[1], a[2], a[3], a[4], a[5]); };
  const auto at = static_cast<int>(a[0]);
  const auto* const path = reinterpret_cast<const char*>(a[1]);
  constexpr long kFutexWaitv = 449;
  switch (number) {
    case SYS_renameat2:
      return attemptAt(Kind::kRenameNoReplace, "renameat2", at, path, -1L, call);
    case SYS_statx:
      return attemptAt(Kind::kStatus, "statx", at, path, -1L, call);
    case SYS_copy_file_range:
      return attemptOn(Kind::kCopy, "copy_file_range", static_cast<int>(a[2]), -1L, call);
    case SYS_openat2:
      return attemptAt(Kind::kOpenForWriting, "openat2", at, path, -1L, call);
    case kFutexWaitv:
      return attemptOfAddon(Kind::kFutexWaitv, "futex_waitv", __builtin_return_address(0), -1L, call);
    default:
      return call();
  }
}

}  // extern "C"

// The addon's allocations.
void* operator new(size_t length) {
  const bool fails = isArmed() && isCalledByAddon(__builtin_return_address(0)) && mustFail(Kind::kMemory, "operator new", "");
  void* const bytes = fails ? nullptr : malloc(length == 0 ? 1 : length);
  if (bytes == nullptr) throw std::bad_alloc();
  return bytes;
}

void operator delete(void* bytes) noexcept { free(bytes); }
void operator delete(void* bytes, size_t) noexcept { free(bytes); }
