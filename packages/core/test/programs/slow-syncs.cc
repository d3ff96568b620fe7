// Preloaded into a program, makes each sync of a file take ten milliseconds, as on a busy disk.
#include <dlfcn.h>
#include <time.h>

extern "C" int fdatasync(int fd) {
  const timespec pause = {0, 10'000'000};
  nanosleep(&pause, nullptr);
  return reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, "fdatasync"))(fd);
}
