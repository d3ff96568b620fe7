// Preloaded into a program, makes a disk slow to give space back and slow to say that it has none: deletions end while a reservation is being refused.
#include <dlfcn.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace {

template <typename Function>
Function original(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

void pause_ms(long milliseconds) {
  const timespec pause = {0, milliseconds * 1'000'000};
  nanosleep(&pause, nullptr);
}

bool is_segment(const char* path) {
  const char* const ending = std::strrchr(path, '.');
  return ending != nullptr && std::strcmp(ending, ".q") == 0;
}

}  // namespace

extern "C" int unlink(const char* path) noexcept {
  if (is_segment(path) && access(path, F_OK) == 0) pause_ms(30);
  return original<int (*)(const char*)>("unlink")(path);
}

extern "C" int unlinkat(int directory, const char* path, int flags) noexcept {
  if (is_segment(path) && faccessat(directory, path, F_OK, 0) == 0) pause_ms(30);
  return original<int (*)(int, const char*, int)>("unlinkat")(directory, path, flags);
}

extern "C" int fallocate(int fd, int mode, off_t offset, off_t length) {
  const int result = original<int (*)(int, int, off_t, off_t)>("fallocate")(fd, mode, offset, length);
  const int error = errno;
  if (result != 0 && error == ENOSPC) pause_ms(20);
  errno = error;
  return result;
}
