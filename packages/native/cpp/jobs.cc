#include "jobs.h"

#include <cerrno>
#include <chrono>
#include <iterator>
#include <utility>

#include "clock.h"
#include "futex_call.h"
#include "quiet_thread.h"

namespace chronicle {
namespace {

constexpr uint64_t kIdleNs = 5'000'000'000;

}  // namespace

Jobs& Jobs::shared() {
  static Jobs& jobs = *new Jobs;
  return jobs;
}

uint64_t Jobs::add(std::unique_ptr<Job> job) {
  Lock lock(mutex_);
  LaneState& state = lane(job->lane);
  const bool wasRunning = state.running;
  if (!wasRunning) {
    const bool prepares = job->lane == Lane::kPrepare;
    const int error = prepares ? startQuietThread("chronicle-prep", [](void*) { shared().run(Lane::kPrepare); }, nullptr)
                               : startQuietThread("chronicle-files", [](void*) { shared().run(Lane::kFiles); }, nullptr);
    state.running = error == 0;
  }
  const uint64_t id = job->id = ++lastId_;
  if (job->hold != nullptr) job->hold->jobCount++;
  std::shared_ptr<Job> shared = std::move(job);
  known_.emplace(id, shared);
  state.queue.push_back(std::move(shared));
  if (!state.running) {
    runHere(state, lock);
    return id;
  }
  const bool wakes = std::exchange(state.asleep, false);
  state.asked.fetch_add(1, std::memory_order_release);
  lock.unlock();
  if (wakes) futexWakeOnePrivate(&state.asked);
  return id;
}

// Without a thread the one that asks is the lane's, until nothing is asked for: so the order stays, also beside others that ask. What comes after a job is left out:
// the first touch of a page does the same.
void Jobs::runHere(LaneState& state, Lock& lock) {
  state.running = true;
  while (!state.queue.empty()) runFirst(state, lock);
  state.behind.clear();
  state.running = false;
}

// False: no job was asked for so long that the thread may end.
bool Jobs::sleepUntilAsked(LaneState& state, Lock& lock) {
  const uint64_t deadlineNs = monotonicNs() + kIdleNs;
  while (state.queue.empty()) {
    if (monotonicNs() >= deadlineNs) return false;
    const uint32_t seen = state.asked.load(std::memory_order_acquire);
    state.asleep = true;
    lock.unlock();
    futexWaitPrivate(&state.asked, seen, deadlineNs);
    lock.lock();
    state.asleep = false;
  }
  return true;
}

// The thread ends when it was idle for a while; the next job starts another.
void Jobs::run(Lane which) {
  yieldToOtherThreads();
  Lock lock(mutex_);
  LaneState& state = lane(which);
  for (;;) {
    while (state.queue.empty() && !state.behind.empty()) stepBehind(state, lock);
    if (!sleepUntilAsked(state, lock)) break;
    runFirst(state, lock);
  }
  state.running = false;
}

void Jobs::runFirst(LaneState& state, Lock& lock) {
  const std::shared_ptr<Job> job = state.current = std::move(state.queue.front());
  state.queue.pop_front();
  lock.unlock();
  const int error = job->work(*job);
  job->work = nullptr;
  lock.lock();
  state.current.reset();
  finish(job, error);
  if (job->behind) state.behind.push_back(std::move(job->behind));
}

// The oldest first: it is needed first.
void Jobs::stepBehind(LaneState& state, Lock& lock) {
  std::function<bool()> step = std::move(state.behind.front());
  state.behind.pop_front();
  lock.unlock();
  const bool goesOn = step();
  lock.lock();
  if (goesOn) state.behind.push_front(std::move(step));
}

// The lock goes before the job counts as done: a thread that waited for it may let the next writer in.
void Jobs::finish(const std::shared_ptr<Job>& job, int error) {
  if (job->hold != nullptr) job->hold->jobCount--;
  job->hold.reset();
  job->state = error == 0 ? kJobDone : -error;
  for (const uint64_t token : job->listeners) job->callbacks->deliver(token, job->state);
  job->listeners.clear();
  if (job->released) job->mapping.reset();
  finished_.notify_all();
}

std::shared_ptr<Job> Jobs::find(uint64_t id) {
  const auto entry = known_.find(id);
  return entry == known_.end() ? nullptr : entry->second;
}

std::shared_ptr<Job> Jobs::known(uint64_t id) {
  const std::lock_guard lock(mutex_);
  return find(id);
}

int Jobs::state(uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto job = find(id);
  return job == nullptr ? -ENOENT : job->state;
}

int Jobs::wait(uint64_t id, uint64_t deadlineNs) {
  Lock lock(mutex_);
  const auto job = find(id);
  if (job == nullptr) return -ENOENT;
  while (job->state == kJobUnderWay) {
    const uint64_t now = monotonicNs();
    if (now >= deadlineNs) break;
    finished_.wait_for(lock, std::chrono::nanoseconds(deadlineNs - now));
  }
  return job->state;
}

bool Jobs::listen(uint64_t id, uint64_t token) {
  const std::lock_guard lock(mutex_);
  const auto job = find(id);
  if (job == nullptr) return false;
  if (job->state == kJobUnderWay) {
    job->listeners.push_back(token);
  } else {
    job->callbacks->deliver(token, job->state);
  }
  return true;
}

std::shared_ptr<Mapping> Jobs::takeMapping(uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto job = find(id);
  return job == nullptr || job->state != kJobDone ? nullptr : std::move(job->mapping);
}

std::shared_ptr<Mapping> Jobs::takeMappingAndRelease(uint64_t id) {
  std::shared_ptr<Job> job;
  const std::lock_guard lock(mutex_);
  job = find(id);
  if (job == nullptr || job->state != kJobDone || job->mapping == nullptr) return nullptr;
  known_.erase(id);
  return std::move(job->mapping);
}

void Jobs::release(uint64_t id) {
  std::shared_ptr<Job> job;
  const std::lock_guard lock(mutex_);
  job = find(id);
  if (job == nullptr) return;
  job->released = true;
  known_.erase(id);
}

void Jobs::releaseAllOf(const Callbacks* callbacks) {
  const std::lock_guard lock(mutex_);
  std::erase_if(known_, [=](const auto& entry) {
    if (entry.second->callbacks.get() != callbacks) return false;
    entry.second->released = true;
    return true;
  });
}

void Jobs::cancel(uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto job = find(id);
  if (job == nullptr || job->lane != Lane::kPrepare) return;
  job->cancelled.store(true, std::memory_order_release);
  drop(lane(Lane::kPrepare), [](const Job& queued) { return !queued.isWanted(); });
}

template <typename Predicate>
void Jobs::drop(LaneState& state, Predicate isDropped) {
  std::vector<std::shared_ptr<Job>> dropped;
  std::erase_if(state.queue, [&](const std::shared_ptr<Job>& job) {
    if (!isDropped(*job)) return false;
    dropped.push_back(job);
    return true;
  });
  for (const auto& job : dropped) {
    job->work = nullptr;
    finish(job, ECANCELED);
  }
}

bool Jobs::endHold(const std::shared_ptr<Hold>& hold, uint64_t deadlineNs) {
  Lock lock(mutex_);
  hold->end();
  drop(lane(Lane::kPrepare), [](const Job& queued) { return !queued.isWanted(); });
  for (uint64_t now = monotonicNs(); hold->jobCount > 0 && now < deadlineNs; now = monotonicNs()) {
    finished_.wait_for(lock, std::chrono::nanoseconds(deadlineNs - now));
  }
  for (LaneState& state : lanes_) drop(state, [&](const Job& queued) { return queued.hold == hold; });
  if (hold->jobCount > 0) hold->noteWork(kindsOf(hold.get()));
  return hold->jobCount == 0;
}

std::string Jobs::kindsOf(const Hold* hold) const {
  static constexpr const char* kNames[] = {"prepare", "populate", "sync", "unlink", "replace", "unmap"};
  bool seen[std::size(kNames)] = {};
  const auto note = [&](const std::shared_ptr<Job>& job) {
    if (job != nullptr && job->hold.get() == hold) seen[static_cast<size_t>(job->kind)] = true;
  };
  for (const LaneState& state : lanes_) {
    note(state.current);
    for (const auto& job : state.queue) note(job);
  }
  std::string kinds;
  for (size_t kind = 0; kind < std::size(kNames); kind++) {
    if (!seen[kind]) continue;
    if (!kinds.empty()) kinds += ' ';
    kinds += kNames[kind];
  }
  return kinds;
}

}  // namespace chronicle
