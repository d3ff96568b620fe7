// Preloaded: a file system that cannot reserve blocks. Where another thread than the first asks for blocks of a published segment, it makes the file that RESERVATIONS_TRIED
// names. What it writes there in place of a reservation waits until the file exists that RESERVATIONS_WAIT names.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

bool isAside(int fd) {
  if (syscall(SYS_gettid) == getpid()) return false;
  char link[64];
  char path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path);
  return length > 2 && std::string_view(path, static_cast<size_t>(length)).substr(static_cast<size_t>(length) - 2) == ".q";
}

int refuse(int fd) {
  if (isAside(fd)) close(open(std::getenv("RESERVATIONS_TRIED"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  errno = EOPNOTSUPP;
  return -1;
}

ssize_t write(const char* name, int fd, const void* bytes, size_t length, off_t offset) {
  const timespec pause = {0, 1'000'000};
  while (isAside(fd) && access(std::getenv("RESERVATIONS_WAIT"), F_OK) != 0) nanosleep(&pause, nullptr);
  return reinterpret_cast<ssize_t (*)(int, const void*, size_t, off_t)>(dlsym(RTLD_NEXT, name))(fd, bytes, length, offset);
}

}  // namespace

extern "C" int fallocate(int fd, int, off_t, off_t) { return refuse(fd); }
extern "C" int fallocate64(int fd, int, off_t, off_t) { return refuse(fd); }
extern "C" ssize_t pwrite(int fd, const void* bytes, size_t length, off_t offset) { return write("pwrite", fd, bytes, length, offset); }
extern "C" ssize_t pwrite64(int fd, const void* bytes, size_t length, off_t offset) { return write("pwrite64", fd, bytes, length, offset); }
