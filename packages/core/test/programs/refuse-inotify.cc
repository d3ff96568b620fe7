// Preloaded into a program, refuses inotify as the kernel does when a user has no instance left (fs.inotify.max_user_instances).
#include <cerrno>

extern "C" int inotify_init1(int) {
  errno = EMFILE;
  return -1;
}
