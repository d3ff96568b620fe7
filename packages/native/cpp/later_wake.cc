#include "later_wake.h"

#include "clock.h"
#include "futex_call.h"
#include "quiet_thread.h"

namespace chronicle {
namespace {

constexpr uint64_t kDelayNs = 1'000'000;
constexpr uint64_t kIdleNs = 5'000'000'000;

}  // namespace

struct LaterWake::State {
  std::atomic<uint32_t>* word;
  // A futex word of this process: 1 while a wake is owed.
  std::atomic<uint32_t> owed{0};
  std::atomic<bool> running{false};
  std::atomic<bool> stopped{false};
  // A wake belongs to the generation in which it begins.
  std::atomic<uint64_t> generation{1};
  // The generation of the last wake that found a sleeper.
  std::atomic<uint64_t> found{0};
};

LaterWake::LaterWake(std::atomic<uint32_t>* word) : state_(std::make_shared<State>()) { state_->word = word; }

LaterWake::~LaterWake() {
  state_->stopped.store(true);
  futexWakeOnePrivate(&state_->owed);
}

bool LaterWake::request() {
  if (state_->owed.exchange(1) != 0) return true;
  if (state_->running.exchange(true)) {
    futexWakeOnePrivate(&state_->owed);
    return true;
  }
  auto* const held = new std::shared_ptr<State>(state_);
  if (startQuietThread("chronicle-wake", run, held) == 0) return true;
  delete held;
  state_->running.store(false);
  state_->owed.store(0);
  return false;
}

bool LaterWake::foundSleeper() {
  if (state_->found.load(std::memory_order_relaxed) == 0) return false;
  return state_->found.exchange(0) == state_->generation.load();
}

void LaterWake::forgetSleepers() { state_->generation.fetch_add(1); }

void LaterWake::run(void* argument) {
  const std::unique_ptr<std::shared_ptr<State>> held(static_cast<std::shared_ptr<State>*>(argument));
  State& state = **held;
  while (!state.stopped.load()) {
    if (state.owed.load() == 0) {
      futexWaitPrivate(&state.owed, 0, monotonicNs() + kIdleNs);
      if (state.owed.load() != 0 || state.stopped.load()) continue;
      // Nothing was asked for long. A request that comes in between finds that no thread runs, or is seen here.
      state.running.store(false);
      if (state.owed.load() == 0 || state.running.exchange(true)) return;
      continue;
    }
    const timespec until = toTimespec(monotonicNs() + kDelayNs);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
    // Taken before the wake: what is asked for from here on gets another.
    state.owed.exchange(0);
    const uint64_t generation = state.generation.load();
    if (!state.stopped.load() && futexWakeShared(state.word) > 0) state.found.store(generation);
  }
}

}  // namespace chronicle
