// What the paths and descriptors of a call mean, for libraries that are preloaded into a process. Only `readlink` is called, through readlinkat, which no library
// here replaces.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace preload {

inline std::string linkTarget(const char* path) {
  char target[4096];
  const ssize_t length = readlinkat(AT_FDCWD, path, target, sizeof target);
  return length <= 0 ? "" : std::string(target, static_cast<size_t>(length));
}

inline std::string pathOfDescriptor(int fd) {
  char name[48];
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  return linkTarget(name);
}

inline std::string withoutDot(std::string path) {
  while (path.size() > 2 && path.compare(path.size() - 2, 2, "/.") == 0) path.resize(path.size() - 2);
  return path;
}

// "/proc/self/fd/17/name" is the file of that name in the folder that 17 is open on.
inline std::string throughDescriptor(const char* path) {
  constexpr char kPrefix[] = "/proc/self/fd/";
  if (strncmp(path, kPrefix, sizeof kPrefix - 1) != 0) return path;
  char* rest = nullptr;
  const long fd = strtol(path + sizeof kPrefix - 1, &rest, 10);
  const std::string folder = pathOfDescriptor(static_cast<int>(fd));
  return folder.empty() ? path : folder + rest;
}

// The path as the kernel would find it from the folder `at`. Links inside of it are not followed.
inline std::string absolutePath(int at, const char* path) {
  if (path[0] == '/') return withoutDot(throughDescriptor(path));
  const std::string folder = at == AT_FDCWD ? linkTarget("/proc/self/cwd") : pathOfDescriptor(at);
  return withoutDot(path[0] == '\0' ? folder : folder + "/" + path);
}

inline bool isInside(const std::string& folder, const std::string& path) {
  if (folder.empty() || path.compare(0, folder.size(), folder) != 0) return false;
  return path.size() == folder.size() || path[folder.size()] == '/';
}

}  // namespace preload
