// Preloaded into a program, adds what the file CLOCK_STEP names holds, in seconds, to the system's clock, and to no other.
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>

namespace {

time_t step() {
  static const char* const path = std::getenv("CLOCK_STEP");
  const int fd = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  char text[24] = {};
  const bool was_read = pread(fd, text, sizeof text - 1, 0) > 0;
  close(fd);
  return was_read ? static_cast<time_t>(std::strtoll(text, nullptr, 10)) : 0;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* now) {
  const int status = static_cast<int>(syscall(SYS_clock_gettime, clock, now));
  if (status == 0 && clock == CLOCK_REALTIME) now->tv_sec += step();
  return status;
}

extern "C" int gettimeofday(timeval* now, void*) {
  timespec precise{};
  const int status = clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return status;
}
