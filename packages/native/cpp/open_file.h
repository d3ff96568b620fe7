// Opening files from a directory's descriptor.
#pragma once

#include <fcntl.h>
#include <sys/types.h>

#include <cerrno>

namespace chronicle {

// Some file systems let a signal interrupt an open; it is tried again then.
inline int openFile(int directory, const char* name, int flags, mode_t mode = 0) {
  for (;;) {
    const int fd = openat(directory, name, flags, mode);
    if (fd >= 0 || errno != EINTR) return fd;
  }
}

}  // namespace chronicle
