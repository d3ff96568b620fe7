// A thread that wakes the sleepers of one word a millisecond after it was asked to: however often it is asked, it makes one system call a millisecond.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "notifier.h"

namespace chronicle {

class LaterWake final : public LaterWaker {
 public:
  // The word is only named to the kernel, which knows when it is no longer mapped: nothing is read or written there.
  explicit LaterWake(std::atomic<uint32_t>* word);
  ~LaterWake();
  LaterWake(const LaterWake&) = delete;
  LaterWake& operator=(const LaterWake&) = delete;

  bool request() override;
  bool foundSleeper() override;
  void forgetSleepers() override;

 private:
  struct State;
  static void run(void* argument);

  // The thread holds it as well, and may outlive this object.
  std::shared_ptr<State> state_;
};

}  // namespace chronicle
