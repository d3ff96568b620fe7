// Preloaded into a program, lets every reservation of blocks wait as long as the file exists that RESERVATIONS_WAIT names. A background thread that cuts the text of a lock file
// makes the file that TEXT_CUT names afterwards and pauses, as one does that gets no CPU.
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

int cut(const char* name, int fd, off_t length) {
  constexpr off_t kLongestText = 128;
  const int result = reinterpret_cast<int (*)(int, off_t)>(dlsym(RTLD_NEXT, name))(fd, length);
  if (gettid() == getpid() || length >= kLongestText) return result;
  close(open(std::getenv("TEXT_CUT"), O_CREAT | O_WRONLY, 0600));
  const timespec pause = {0, 200'000'000};
  nanosleep(&pause, nullptr);
  return result;
}

}  // namespace

extern "C" int fallocate(int fd, int mode, off_t offset, off_t length) { return reserve("fallocate", fd, mode, offset, length); }
extern "C" int fallocate64(int fd, int mode, off_t offset, off_t length) { return reserve("fallocate64", fd, mode, offset, length); }
extern "C" int ftruncate(int fd, off_t length) { return cut("ftruncate", fd, length); }
extern "C" int ftruncate64(int fd, off_t length) { return cut("ftruncate64", fd, length); }
