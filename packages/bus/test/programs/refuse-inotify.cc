// Preloaded into a program, refuses what the kernel refuses at a limit of 0: reads max_inotify_instances and max_inotify_watches of the folder that
// INOTIFY_LIMITS names, at each call. For systems on which a test may not make a user namespace with limits of its own.
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>

namespace {

bool is_refused(const char* limit) {
  const char* folder = std::getenv("INOTIFY_LIMITS");
  long value = 1;
  if (folder != nullptr) std::ifstream(std::string(folder) + "/" + limit) >> value;
  return value == 0;
}

}  // namespace

extern "C" int inotify_init1(int flags) {
  if (!is_refused("max_inotify_instances")) return static_cast<int>(syscall(SYS_inotify_init1, flags));
  errno = EMFILE;
  return -1;
}

extern "C" int inotify_add_watch(int fd, const char* path, uint32_t mask) {
  if (!is_refused("max_inotify_watches")) return static_cast<int>(syscall(SYS_inotify_add_watch, fd, path, mask));
  errno = ENOSPC;
  return -1;
}
