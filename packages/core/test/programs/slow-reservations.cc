// Preloaded into a program, lets every reservation of blocks wait as long as the file exists that RESERVATIONS_WAIT names.
#include <dlfcn.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>

namespace {

int reserve(const char* name, int fd, int mode, off_t offset, off_t length) {
  const timespec pause = {0, 1'000'000};
  while (access(std::getenv("RESERVATIONS_WAIT"), F_OK) == 0) nanosleep(&pause, nullptr);
  return reinterpret_cast<int (*)(int, int, off_t, off_t)>(dlsym(RTLD_NEXT, name))(fd, mode, offset, length);
}

}  // namespace

extern "C" int fallocate(int fd, int mode, off_t offset, off_t length) { return reserve("fallocate", fd, mode, offset, length); }
extern "C" int fallocate64(int fd, int mode, off_t offset, off_t length) { return reserve("fallocate64", fd, mode, offset, length); }
