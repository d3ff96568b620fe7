// Slow file work off the event loop. Two lanes with a thread each, first in first out: preparing segments never waits for a sync.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "callbacks.h"
#include "mapping.h"
#include "spinning_mutex.h"

namespace chronicle {

enum class Lane { kPrepare, kFiles };

constexpr int kJobUnderWay = 0;
constexpr int kJobDone = 1;

struct Job {
  uint64_t id = 0;
  Lane lane = Lane::kFiles;
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
  std::vector<uint64_t> listeners;
};

// Every function may be called from any thread.
class Jobs {
 public:
  // Leaked on purpose: the threads may outlive static destruction.
  static Jobs& shared();

  // Returns 0 or the errno when no thread could be started.
  int add(std::unique_ptr<Job> job, uint64_t* id);
  // -ENOENT for an unknown job, as in the functions below.
  int state(uint64_t id);
  // `deadlineNs` is CLOCK_MONOTONIC.
  int wait(uint64_t id, uint64_t deadlineNs);
  // The token is delivered to the job's environment when the job is done. False: there is no such job.
  bool listen(uint64_t id, uint64_t token);
  std::shared_ptr<Mapping> takeMapping(uint64_t id);
  // The mapping of a job that is done, which is released. nullptr: there is none, or not yet, or somebody took it; nothing changes.
  std::shared_ptr<Mapping> takeMappingAndRelease(uint64_t id);
  void release(uint64_t id);
  void releaseAllOf(const Callbacks* callbacks);

 private:
  using Lock = std::unique_lock<SpinningMutex>;

  struct LaneState {
    std::deque<std::shared_ptr<Job>> queue;
    std::deque<std::function<bool()>> behind;
    // Not a condition variable: telling one may sleep until those that it woke have gone, and the thread that asks for work may be appending.
    std::atomic<uint32_t> asked{0};
    bool asleep = false;
    bool running = false;
  };

  void run(Lane lane);
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
