// What the hot loops know of a mapping: its bytes, and the word that says that the mapped file shrank.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace chronicle {

struct MappedRange {
  uint8_t* data = nullptr;
  size_t length = 0;
  const std::atomic<uint32_t>* faults = nullptr;

  // Once true, always true: what is in the replaced page is on no disk.
  bool faulted() const { return faults->load(std::memory_order_relaxed) != 0; }
};

}  // namespace chronicle
