// A mutex for sections of less than a microsecond. A thread that finds it taken looks again for a little while before it sleeps: the owner, if it runs, is gone by then, and
// being woken takes longer.
#pragma once

#include <mutex>

namespace chronicle {

class SpinningMutex {
 public:
  void lock() {
    for (int tries = 0; tries < kTries; tries++) {
      if (mutex_.try_lock()) return;
    }
    mutex_.lock();
  }

  void unlock() { mutex_.unlock(); }

 private:
  // Some microseconds.
  static constexpr int kTries = 200;

  std::mutex mutex_;
};

}  // namespace chronicle
