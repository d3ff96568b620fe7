// The little that the self-tests need: memory that looks like mappings, and checks that end the program.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "../mapped_range.h"

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);      \
      std::abort();                                                             \
    }                                                                           \
  } while (false)

namespace chronicle {

inline std::atomic<uint32_t> noFaults{0};

// Allocated to the byte, so that the address sanitizer sees every access beside it.
struct Memory {
  explicit Memory(size_t size) : bytes(static_cast<uint8_t*>(std::aligned_alloc(64, (size + 63) & ~size_t{63}))), length(size) {
    std::memset(bytes, 0, length);
  }
  ~Memory() { std::free(bytes); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  MappedRange range() const { return {bytes, length, &noFaults}; }

  uint8_t* bytes;
  size_t length;
};

}  // namespace chronicle
