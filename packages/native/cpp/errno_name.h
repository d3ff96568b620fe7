// 'ENOSPC' for ENOSPC. The C library's own table of names is younger than the systems that this must run on.
#pragma once

#include <cerrno>
#include <string>

namespace chronicle {

inline std::string errnoName(int error) {
  switch (error) {
#define CHRONICLE_NAME(name) \
  case name:                 \
    return #name;
    CHRONICLE_NAME(EPERM)
    CHRONICLE_NAME(ENOENT)
    CHRONICLE_NAME(EINTR)
    CHRONICLE_NAME(EIO)
    CHRONICLE_NAME(ENXIO)
    CHRONICLE_NAME(EBADF)
    CHRONICLE_NAME(EAGAIN)
    CHRONICLE_NAME(ENOMEM)
    CHRONICLE_NAME(EACCES)
    CHRONICLE_NAME(EFAULT)
    CHRONICLE_NAME(EBUSY)
    CHRONICLE_NAME(EEXIST)
    CHRONICLE_NAME(EXDEV)
    CHRONICLE_NAME(ENODEV)
    CHRONICLE_NAME(ENOTDIR)
    CHRONICLE_NAME(EISDIR)
    CHRONICLE_NAME(EINVAL)
    CHRONICLE_NAME(ENFILE)
    CHRONICLE_NAME(EMFILE)
    CHRONICLE_NAME(ETXTBSY)
    CHRONICLE_NAME(EFBIG)
    CHRONICLE_NAME(ENOSPC)
    CHRONICLE_NAME(ESPIPE)
    CHRONICLE_NAME(EROFS)
    CHRONICLE_NAME(EMLINK)
    CHRONICLE_NAME(ENAMETOOLONG)
    CHRONICLE_NAME(ENOLCK)
    CHRONICLE_NAME(ENOSYS)
    CHRONICLE_NAME(ELOOP)
    CHRONICLE_NAME(EOVERFLOW)
    CHRONICLE_NAME(EOPNOTSUPP)
    CHRONICLE_NAME(ETIMEDOUT)
    CHRONICLE_NAME(ESTALE)
    CHRONICLE_NAME(EDQUOT)
    CHRONICLE_NAME(ECANCELED)
#undef CHRONICLE_NAME
    default:
      break;
  }
  std::string name = "E";
  name += std::to_string(error);
  return name;
}

}  // namespace chronicle
