// Preloaded into a program, stands in for a disk that refuses writes. The first byte of the file that SYNC_FAILURES names says what a sync of more than one page does.
// 'g': it works. 'f': it writes and then fails with the error of SYNC_ERRNO, so that the kernel takes the pages for clean, as after a failed write-back. 's': it writes
// nothing and succeeds, so that what is dirty stays so.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace {

template <typename Function>
Function original(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

char mode() {
  char answer = 'g';
  const int fd = open(std::getenv("SYNC_FAILURES"), O_RDONLY);
  if (fd >= 0 && read(fd, &answer, 1) != 1) answer = 'g';
  if (fd >= 0) close(fd);
  return answer;
}

int fail() {
  errno = std::atoi(std::getenv("SYNC_ERRNO"));
  return -1;
}

}  // namespace

extern "C" int msync(void* address, size_t length, int flags) {
  const auto real = original<int (*)(void*, size_t, int)>("msync");
  // The control block, whose sync says nothing of messages.
  if (length <= 512) return real(address, length, flags);
  const char answer = mode();
  if (answer == 's') return 0;
  const int result = real(address, length, flags);
  return answer == 'f' ? fail() : result;
}

extern "C" int fdatasync(int fd) {
  const auto real = original<int (*)(int)>("fdatasync");
  const char answer = mode();
  if (answer == 's') return 0;
  const int result = real(fd);
  return answer == 'f' ? fail() : result;
}
