// The writer's half of the waiting protocol: tells readers that something was published, and makes no system call while nobody waits.
#pragma once

#include <cstdint>

#include "format.h"
#include "futex_call.h"

namespace chronicle {

class Notifier {
 public:
  Notifier(ControlBlock* control, bool extensions) : control_(control), extensions_(extensions) {}

  // `nowNs` is any recent reading of CLOCK_REALTIME. Returns the number of wake system calls.
  unsigned notify(uint64_t nowNs) {
    control_->notifySequence.fetch_add(1, std::memory_order_seq_cst);
    const bool parked = extensions_ && control_->parkedReaders.load(std::memory_order_seq_cst) != 0;
    const bool waiting = control_->waitersPending.load(std::memory_order_seq_cst) != 0;
    if (!parked && !waiting) [[likely]] return 0;
    return wake(nowNs, parked, waiting);
  }

 private:
  static constexpr uint64_t kDeadCountNs = 1'000'000'000;

  [[gnu::noinline]] unsigned wake(uint64_t nowNs, bool parked, bool waiting) {
    if (parked) {
      // A reader that set the flag and is not asleep yet must find the word changed after the flag is gone: hence the second increment.
      control_->parkedReaders.exchange(0, std::memory_order_seq_cst);
      control_->notifySequence.fetch_add(1, std::memory_order_seq_cst);
    }
    const int woken = futexWakeShared(&control_->notifySequence);
    // With the flag set it was needed in any case, and who was woken tells nothing of the count.
    if (!waiting || parked) return 1;
    if (woken > 0) {
      emptySinceNs_ = 0;
      return 1;
    }
    return healDeadCount(nowNs) ? 2 : 1;
  }

  // A reader that was killed while parked leaves its count in waitersPending for ever. Wakes that found nobody for a whole second, with the
  // count unchanged, tell that. Whoever was about to park meets a changed word, as with the flag.
  bool healDeadCount(uint64_t nowNs) {
    uint32_t count = control_->waitersPending.load(std::memory_order_seq_cst);
    if (count == 0) {
      emptySinceNs_ = 0;
      return false;
    }
    if (emptySinceNs_ == 0 || count != emptyCount_ || nowNs < emptySinceNs_) {
      emptySinceNs_ = nowNs;
      emptyCount_ = count;
      return false;
    }
    if (nowNs - emptySinceNs_ < kDeadCountNs) return false;
    emptySinceNs_ = 0;
    if (!control_->waitersPending.compare_exchange_strong(count, 0, std::memory_order_seq_cst)) return false;
    control_->notifySequence.fetch_add(1, std::memory_order_seq_cst);
    futexWakeShared(&control_->notifySequence);
    return true;
  }

  ControlBlock* control_;
  bool extensions_;
  uint32_t emptyCount_ = 0;
  uint64_t emptySinceNs_ = 0;
};

}  // namespace chronicle
