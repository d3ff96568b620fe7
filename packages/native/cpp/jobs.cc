#include "jobs.h"

#include <cerrno>
#include <chrono>
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

int Jobs::add(std::unique_ptr<Job> job, uint64_t* id) {
  Lock lock(mutex_);
  LaneState& state = lane(job->lane);
  if (!state.running) {
    const bool prepares = job->lane == Lane::kPrepare;
    const int error = prepares ? startQuietThread("chronicle-prep", [](void*) { shared().run(Lane::kPrepare); }, nullptr)
                               : startQuietThread("chronicle-files", [](void*) { shared().run(Lane::kFiles); }, nullptr);
    if (error != 0) return error;
    state.running = true;
  }
  *id = job->id = ++lastId_;
  std::shared_ptr<Job> shared = std::move(job);
  known_.emplace(*id, shared);
  state.queue.push_back(std::move(shared));
  const bool wakes = std::exchange(state.asleep, false);
  state.asked.fetch_add(1, std::memory_order_release);
  lock.unlock();
  if (wakes) futexWakeOnePrivate(&state.asked);
  return 0;
}

// False: nobody asked for so long that the thread may end.
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
    const std::shared_ptr<Job> job = std::move(state.queue.front());
    state.queue.pop_front();
    lock.unlock();
    const int error = job->work(*job);
    job->work = nullptr;
    lock.lock();
    finish(job, error);
    if (job->behind) state.behind.push_back(std::move(job->behind));
  }
  state.running = false;
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

void Jobs::finish(const std::shared_ptr<Job>& job, int error) {
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

}  // namespace chronicle
