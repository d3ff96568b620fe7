// The calls that open files, for libraries that are preloaded into a process.
#pragma once

#include <dlfcn.h>
#include <fcntl.h>

#include <cstdarg>

// The function of the C library that this library stands in front of.
template <typename Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

inline int modeOf(int flags, va_list list) {
  const bool makesFile = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return makesFile ? va_arg(list, int) : 0;
}

// Defines `name` and hands each call to `opened`: the name without the size of an offset, the folder, the path, the flags, and the call itself.
#define DEFINE_OPEN(name, opened)                                                                \
  int name(const char* path, int flags, ...) {                                                   \
    static const auto original = real<int (*)(const char*, int, ...)>(#name);                    \
    va_list list;                                                                                \
    va_start(list, flags);                                                                       \
    const int mode = modeOf(flags, list);                                                        \
    va_end(list);                                                                                \
    return opened("open", AT_FDCWD, path, flags, [&] { return original(path, flags, mode); });   \
  }
#define DEFINE_OPENAT(name, opened)                                                              \
  int name(int at, const char* path, int flags, ...) {                                           \
    static const auto original = real<int (*)(int, const char*, int, ...)>(#name);               \
    va_list list;                                                                                \
    va_start(list, flags);                                                                       \
    const int mode = modeOf(flags, list);                                                        \
    va_end(list);                                                                                \
    return opened("openat", at, path, flags, [&] { return original(at, path, flags, mode); });   \
  }
#define DEFINE_OPEN_CALLS(opened) \
  DEFINE_OPEN(open, opened)       \
  DEFINE_OPEN(open64, opened)     \
  DEFINE_OPENAT(openat, opened)   \
  DEFINE_OPENAT(openat64, opened)
