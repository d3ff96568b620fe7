// Keeps a process alive whose mapped file shrank: touching such a page raises SIGBUS, and the handler puts a zero page in its place and counts that.
// Addresses outside watched ranges go to the previous handler of SIGBUS.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace chronicle {

// Slots are never freed, so that the handler may look at them at any time without a lock.
struct WatchedRange {
  std::atomic<uintptr_t> begin{0};
  std::atomic<uintptr_t> end{0};
  std::atomic<bool> writable{false};
  std::atomic<uint32_t> faults{0};
};

// Faults in all ranges of the process: one word to look at before asking which range it was.
std::atomic<uint32_t>& totalFaults();

// Returns nullptr when too many ranges are watched.
WatchedRange* watchRange(void* begin, size_t length, bool writable);
// Before the range is unmapped.
void unwatchRange(WatchedRange* range);

}  // namespace chronicle
