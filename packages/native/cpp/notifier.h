// The writer's half of the waiting protocol: wakes readers when something was published, and makes no system call while no reader waits.
#pragma once

#include <cstdint>

#include "format.h"
#include "futex_call.h"

namespace chronicle {

// Wakes all sleepers of one word a little later, from another thread.
class LaterWaker {
 public:
  // False when no thread can be had: then nothing will be woken.
  virtual bool request() = 0;
  // Whether a later wake found a sleeper since the last call of this or the next function.
  virtual bool foundSleeper() = 0;
  // What later wakes found that began before this call does not count.
  virtual void forgetSleepers() = 0;

 protected:
  ~LaterWaker() = default;
};

class Notifier {
 public:
  Notifier(ControlBlock* control, bool extensions) : control_(control), extensions_(extensions) {}

  // Without a later waker every append wakes at once while readers are counted. It must outlive the notifier, or be taken away by nullptr.
  void useLaterWaker(LaterWaker* later) { later_ = later; }

  // `nowNs` is any recent reading of CLOCK_REALTIME. Returns the number of wake system calls.
  unsigned notify(uint64_t nowNs) {
    control_->notifySequence.fetch_add(1, std::memory_order_seq_cst);
    const bool parked = extensions_ && control_->parkedReaders.load(std::memory_order_seq_cst) != 0;
    const bool waiting = control_->waitersPending.load(std::memory_order_seq_cst) != 0;
    if (!parked && !waiting) [[likely]] return 0;
    return wake(nowNs, parked, waiting);
  }

  // Before the control block is let go: makes the wake that may still be owed.
  void settle() {
    if (skipping_) futexWakeShared(&control_->notifySequence);
    stopSkipping();
  }

 private:
  static constexpr uint64_t kDeadCountNs = 1'000'000'000;

  [[gnu::noinline]] unsigned wake(uint64_t nowNs, bool parked, bool waiting) {
    if (parked) {
      // A reader that set the flag and is not asleep yet must find the word changed after the flag is gone: hence the second increment.
      control_->parkedReaders.exchange(0, std::memory_order_seq_cst);
      control_->notifySequence.fetch_add(1, std::memory_order_seq_cst);
    } else if (skipping_ && skip()) {
      return 0;
    }
    const int woken = futexWakeShared(&control_->notifySequence);
    // With the flag set it was needed in any case, and which reader was woken says nothing about the count, also when a later wake came first. A counted reader that sleeps on is found by the next one.
    if (parked) {
      if (later_ != nullptr) later_->forgetSleepers();
    } else if (waiting) {
      watchCount(nowNs, woken);
    }
    return 1;
  }

  // A reader of the base format that was killed while parked leaves its one in waitersPending forever, and each append would pay a system call for it. A reader that is only
  // stopped looks the same, however long it is watched, and takes its one away later: so the count is never changed here. After a second of wakes that found no sleeper,
  // with the count unchanged, wakes are left to another thread, which makes one a millisecond at most (docs/format.md#parking-and-waking; docs/models.md#waiter-cost shows why).
  void watchCount(uint64_t nowNs, int woken) {
    const uint32_t count = control_->waitersPending.load(std::memory_order_seq_cst);
    if (woken > 0 || count == 0) {
      stopSkipping();
    } else if (emptySinceNs_ == 0 || count != emptyCount_ || nowNs < emptySinceNs_) {
      emptySinceNs_ = nowNs;
      emptyCount_ = count;
    } else if (nowNs - emptySinceNs_ >= kDeadCountNs) {
      skipping_ = later_ != nullptr;
    }
  }

  // Whether the wake is left to the other thread.
  bool skip() {
    const uint32_t count = control_->waitersPending.load(std::memory_order_seq_cst);
    if (count == emptyCount_ && !later_->foundSleeper() && later_->request()) return true;
    stopSkipping();
    return false;
  }

  void stopSkipping() {
    skipping_ = false;
    emptySinceNs_ = 0;
  }

  ControlBlock* control_;
  bool extensions_;
  LaterWaker* later_ = nullptr;
  bool skipping_ = false;
  uint32_t emptyCount_ = 0;
  uint64_t emptySinceNs_ = 0;
};

}  // namespace chronicle
