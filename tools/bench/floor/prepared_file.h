// What the programs of the floor share: a file as the addon prepares a segment, and the end of a program that cannot go on.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

// Ends a child process as well, without the exit handlers of its parent.
[[noreturn]] inline void fail(const char* what) {
  std::perror(what);
  std::_Exit(1);
}

// Makes a file that is reserved and mapped, with every page touched.
inline uint8_t* prepareFile(const std::string& path, size_t length) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) fail("open");
  if (fallocate(fd, 0, 0, static_cast<off_t>(length)) != 0) fail("fallocate");
  void* const data = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) fail("mmap");
  if (madvise(data, length, MADV_POPULATE_WRITE) != 0) fail("madvise");
  close(fd);
  return static_cast<uint8_t*>(data);
}
