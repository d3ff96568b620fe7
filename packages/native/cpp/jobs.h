// Slow file work off the event loop. Two lanes with a thread each, first in first out: preparing segments never waits for a sync.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "callbacks.h"
#include "hold.h"
#include "mapping.h"
#include "spinning_mutex.h"

namespace chronicle {

enum class Lane { kPrepare, kFiles };
enum class JobKind { kPrepare, kPopulate, kSync, kUnlink, kReplace, kUnmap };

constexpr int kJobUnderWay = 0;
constexpr int kJobDone = 1;

struct Job {
  uint64_t id = 0;
  Lane lane = Lane::kFiles;
  JobKind kind = JobKind::kSync;
  // The writer's lock, where a writer asked: it is held until the work is over.
  std::shared_ptr<Hold> hold;
  // The environment that asked, for its end and for notifications.
  std::shared_ptr<Callbacks> callbacks;
  // Returns 0 or the errno.
  std::function<int(Job&)> work;
  // What a preparation made, until it is taken.
  std::shared_ptr<Mapping> mapping;
  // What goes on when the job is done: one step a call, whenever the lane has no job, until it returns false.
  std::function<bool()> behind;

  int state = kJobUnderWay;
  bool released = false;
  std::atomic<bool> cancelled{false};
  std::vector<uint64_t> listeners;

  // Whether a preparation is still of use.
  bool isWanted() const { return !cancelled.load(std::memory_order_acquire) && (hold == nullptr || !hold->ended()); }
};

// Every function may be called from any thread.
class Jobs {
 public:
  // Leaked on purpose: the threads may outlive static destruction.
  static Jobs& shared();

  // Returns the job's id. Where the system gives no thread, the calling one does the work, and it is done when this returns.
  uint64_t add(std::unique_ptr<Job> job);
  // -ENOENT for an unknown job, as in the functions below.
  int state(uint64_t id);
  // `deadlineNs` is CLOCK_MONOTONIC.
  int wait(uint64_t id, uint64_t deadlineNs);
  // nullptr for an unknown job. A job of the same lane that was added later may read its state: it runs after this one has ended.
  std::shared_ptr<Job> known(uint64_t id);
  // The token is delivered to the job's environment when the job is done. False: there is no such job.
  bool listen(uint64_t id, uint64_t token);
  std::shared_ptr<Mapping> takeMapping(uint64_t id);
  // The mapping of a job that is done, which is released. nullptr: there is none, or not yet, or it was taken; nothing changes.
  std::shared_ptr<Mapping> takeMappingAndRelease(uint64_t id);
  // A preparation that has not begun ends now, one that has ends at its next step, unless it is published already.
  void cancel(uint64_t id);
  void release(uint64_t id);
  void releaseAllOf(const Callbacks* callbacks);
  // The writer lets go: its preparations are cancelled, the rest is waited for, and what has not begun then is dropped: the next writer does it. What is under way
  // keeps the lock until it ends, and the lock file says so. Returns whether nothing is left.
  bool endHold(const std::shared_ptr<Hold>& hold, uint64_t deadlineNs);

 private:
  using Lock = std::unique_lock<SpinningMutex>;

  struct LaneState {
    std::deque<std::shared_ptr<Job>> queue;
    std::shared_ptr<Job> current;
    std::deque<std::function<bool()>> behind;
    // Not a condition variable: signalling one may sleep until those that it woke have gone, and the thread that asks for work may be appending.
    std::atomic<uint32_t> asked{0};
    bool asleep = false;
    bool running = false;
  };

  void run(Lane lane);
  void runHere(LaneState& lane, Lock& lock);
  void runFirst(LaneState& lane, Lock& lock);
  template <typename Predicate>
  void drop(LaneState& lane, Predicate isDropped);
  std::string kindsOf(const Hold* hold) const;
  bool sleepUntilAsked(LaneState& lane, Lock& lock);
  void stepBehind(LaneState& lane, Lock& lock);
  void finish(const std::shared_ptr<Job>& job, int error);
  std::shared_ptr<Job> find(uint64_t id);
  LaneState& lane(Lane lane) { return lanes_[static_cast<int>(lane)]; }

  SpinningMutex mutex_;
  std::condition_variable_any finished_;
  std::unordered_map<uint64_t, std::shared_ptr<Job>> known_;
  LaneState lanes_[2];
  uint64_t lastId_ = 0;
};

}  // namespace chronicle
