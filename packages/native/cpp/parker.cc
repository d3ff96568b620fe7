// Waits on behalf of event loops: threads that sleep in futex_waitv on up to 127 words each, plus one of their own by which they are notified
// changes. A park with more words than one thread has room for is spread over several; the first change ends all of it.
//
// A park also has words whose change wakes no sleeper, and looks at those (and at its futex words once more) each `pollNs`, and less often after a while. However many parks there are, that costs a
// thread one turn per interval, and JavaScript nothing.
#include "parker.h"

#include <algorithm>
#include <mutex>

#include "callbacks.h"
#include "futex_call.h"
#include "quiet_thread.h"
#include "status.h"
#include "watched_words.h"

namespace chronicle {
namespace {

constexpr ptrdiff_t kWordsMax = kFutexWaitvMax - 1;
constexpr uint64_t kPollNs = 1'000'000;
constexpr uint64_t kIdleNs = 5'000'000'000;
constexpr uint64_t kPollShare = 20;

struct Park {
  std::shared_ptr<Callbacks> callbacks;
  uint64_t token;
  uint64_t deadlineNs;
  uint64_t beganNs;
  uint64_t pollNs;
  uint64_t pollMaxNs;
  std::atomic<bool> over{false};

  // The longer nothing has come, the less it matters to notice it at once: looks grow apart in proportion, within bounds.
  uint64_t nextPollNs(uint64_t now) const { return now + std::clamp((now - beganNs) / kPollShare, pollNs, pollMaxNs); }

  void end(int outcome) {
    if (!over.exchange(true)) callbacks->deliver(token, outcome);
  }
};

struct Watch {
  std::shared_ptr<Park> park;
  WatchedWord watched;
  // Whether the kernel may be asked to sleep on it.
  bool slept;
};

class ParkerThread {
 public:
  // Under the pool's mutex, as everything that is not marked otherwise.
  bool hasRoom() const { return std::count_if(watches_.begin(), watches_.end(), [](const Watch& watch) { return watch.slept; }) < kWordsMax; }
  void add(Watch watch) { watches_.push_back(std::move(watch)); }

  // Token 0: all of that environment. Returns whether there was any.
  bool remove(const Callbacks* callbacks, uint64_t token) {
    return std::erase_if(watches_, [=](const Watch& watch) {
             return watch.park->callbacks.get() == callbacks && (token == 0 || watch.park->token == token);
           }) > 0;
  }

  // The thread looks at its list again.
  void interrupt() {
    interrupts_.fetch_add(1, std::memory_order_release);
    futexWakeOnePrivate(&interrupts_);
  }

  void run();

 private:
  uint64_t endDueParks();
  void sleep(const FutexWaiter* waiters, size_t count, uint64_t deadlineNs);

  std::vector<Watch> watches_;
  std::atomic<uint32_t> interrupts_{0};
  uint32_t lastInterrupts_ = UINT32_MAX;
};

// Leaked on purpose: the threads may outlive static destruction.
struct Pool {
  std::mutex mutex;
  std::vector<ParkerThread*> threads;
};
Pool& pool = *new Pool;

// Ends what changed or is out of time, and returns when the next time is over.
uint64_t ParkerThread::endDueParks() {
  const uint64_t now = monotonicNs();
  uint64_t nextNs = now + kIdleNs;
  for (const Watch& watch : watches_) {
    if (watch.watched.changed()) {
      watch.park->end(kWaitChanged);
    } else if (now >= watch.park->deadlineNs) {
      watch.park->end(kWaitTimedOut);
    } else {
      nextNs = std::min({nextNs, watch.park->deadlineNs, watch.park->nextPollNs(now)});
    }
  }
  std::erase_if(watches_, [](const Watch& watch) { return watch.park->over.load(); });
  return nextNs;
}

// Without the pool's mutex. Where futex_waitv is missing or refuses a word (its page is gone), only the interrupt word is waited for, and not for long.
void ParkerThread::sleep(const FutexWaiter* waiters, size_t count, uint64_t deadlineNs) {
  int error = ENOSYS;
  if (detectFutexWaitv()) error = futexWaitv(waiters, count, deadlineNs);
  if (error == 0 || error == EAGAIN || error == EINTR || error == ETIMEDOUT) return;
  futexWaitPrivate(&interrupts_, static_cast<uint32_t>(waiters[0].expected), std::min(deadlineNs, monotonicNs() + kPollNs));
}

void ParkerThread::run() {
  FutexWaiter waiters[kFutexWaitvMax];
  // The words' pages stay mapped while the kernel looks at them, also when a park is removed meanwhile.
  std::vector<std::shared_ptr<Mapping>> held;
  for (;;) {
    size_t count = 1;
    uint64_t deadlineNs;
    {
      const std::lock_guard lock(pool.mutex);
      const bool idleBefore = watches_.empty();
      const uint32_t interrupts = interrupts_.load(std::memory_order_acquire);
      deadlineNs = endDueParks();
      if (idleBefore && interrupts == lastInterrupts_) {
        std::erase(pool.threads, this);
        break;
      }
      lastInterrupts_ = interrupts;
      waiters[0] = futexWaiter(&interrupts_, interrupts, kFutexPrivate);
      for (const Watch& watch : watches_) {
        if (!watch.slept) continue;
        waiters[count++] = futexWaiter(watch.watched.word, watch.watched.expected, 0);
        held.push_back(watch.watched.mapping);
      }
    }
    sleep(waiters, count, deadlineNs);
    held.clear();
  }
  delete this;
}

ParkerThread* startThread(int* error) {
  auto* const thread = new ParkerThread;
  *error = startQuietThread("chronicle-park", [](void* data) { static_cast<ParkerThread*>(data)->run(); }, thread);
  if (*error != 0) {
    delete thread;
    return nullptr;
  }
  pool.threads.push_back(thread);
  return thread;
}

void removeEverywhere(const Callbacks* callbacks, uint64_t token) {
  for (ParkerThread* const thread : pool.threads) {
    if (thread->remove(callbacks, token)) thread->interrupt();
  }
}

// Returns 0 or the errno; then nothing is parked.
int startPark(const std::shared_ptr<Park>& park, std::vector<WatchedWord> words, size_t sleptCount) {
  const std::lock_guard lock(pool.mutex);
  size_t next = 0;
  for (size_t index = 0; next < words.size(); index++) {
    int error = 0;
    ParkerThread* const thread = index < pool.threads.size() ? pool.threads[index] : startThread(&error);
    if (thread == nullptr) {
      removeEverywhere(park->callbacks.get(), park->token);
      return error;
    }
    const size_t begin = next;
    for (; next < words.size() && (next >= sleptCount || thread->hasRoom()); next++) {
      thread->add({park, std::move(words[next]), next < sleptCount});
    }
    if (next > begin) thread->interrupt();
  }
  return 0;
}

uint64_t toNs(double milliseconds) { return static_cast<uint64_t>(std::min(std::max(milliseconds, 1.0), kTimeoutMsMax) * 1e6); }

napi_value parkBinding(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  auto words = readWords(args);
  const double timeoutMs = args.number(3, "timeoutMs");
  const napi_value callback = args.function(4, "callback");
  const uint64_t sleptCount = args.absent(5) ? words.size() : args.integer(5, "sleptCount");
  const double pollMs = args.absent(6) ? kTimeoutMsMax : args.number(6, "pollMs");
  const double pollMaxMs = args.absent(7) ? pollMs : args.number(7, "pollMaxMs");
  if (args.ok() && words.empty()) args.fail("there must be at least one word");
  if (!args.ok()) return nullptr;
  auto callbacks = Callbacks::of(env);
  const uint64_t token = callbacks->add(env, callback);
  if (token == 0) return nullptr;
  auto park = std::make_shared<Park>();
  park->callbacks = callbacks;
  park->token = token;
  park->deadlineNs = deadlineAfter(timeoutMs);
  park->beganNs = monotonicNs();
  park->pollNs = toNs(pollMs);
  park->pollMaxNs = std::max(park->pollNs, toNs(pollMaxMs));
  const int error = startPark(park, std::move(words), sleptCount);
  if (error == 0) return makeNumber(env, static_cast<double>(token));
  callbacks->remove(env, token);
  return throwSystemError(env, error, "pthread_create");
}

napi_value unpark(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint64_t token = args.integer(0, "token");
  if (!args.ok()) return nullptr;
  const auto callbacks = Callbacks::of(env);
  if (!callbacks->remove(env, token)) return nullptr;
  const std::lock_guard lock(pool.mutex);
  removeEverywhere(callbacks.get(), token);
  return nullptr;
}

}  // namespace

void forgetParks(const Callbacks* callbacks) {
  const std::lock_guard lock(pool.mutex);
  removeEverywhere(callbacks, 0);
}

void defineParker(napi_env env, napi_value exports) {
  defineFunction(env, exports, "park", parkBinding);
  defineFunction(env, exports, "unpark", unpark);
}

}  // namespace chronicle
