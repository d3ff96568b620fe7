#include <algorithm>

#include "futex_call.h"
#include "status.h"
#include "watched_words.h"

namespace chronicle {
namespace {

constexpr uint64_t kPollNs = 1'000'000;

// Waits once, until something may have changed or the deadline is over. Where the kernel cannot wait for all words (no futex_waitv, too many, a page that
// is gone), a nap takes its place.
void waitOnce(const std::vector<WatchedWord>& words, const std::vector<FutexWaiter>& waiters, uint64_t deadlineNs) {
  int error = ENOSYS;
  if (words.size() == 1) {
    error = futexWaitShared(words[0].word, words[0].expected, deadlineNs);
  } else if (!waiters.empty()) {
    error = futexWaitv(waiters.data(), waiters.size(), deadlineNs);
  }
  if (error == 0 || error == EAGAIN || error == EINTR || error == ETIMEDOUT) return;
  const timespec nap = toTimespec(std::min(deadlineNs, monotonicNs() + kPollNs));
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &nap, nullptr);
}

int waitForAny(const std::vector<WatchedWord>& words, double timeoutMs) {
  const uint64_t deadlineNs = deadlineAfter(timeoutMs);
  std::vector<FutexWaiter> waiters;
  if (words.size() > 1 && words.size() <= kFutexWaitvMax && detectFutexWaitv()) {
    for (const WatchedWord& watched : words) waiters.push_back(futexWaiter(watched.word, watched.expected, 0));
  }
  for (;;) {
    for (const WatchedWord& watched : words) {
      if (watched.changed()) return kWaitChanged;
    }
    if (monotonicNs() >= deadlineNs) return kWaitTimedOut;
    waitOnce(words, waiters, deadlineNs);
  }
}

napi_value futexWait(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  auto mapping = args.mapping(0, "mapping");
  auto* const word = readWord(args, mapping, args.integer(1, "offset"));
  const auto expected = static_cast<uint32_t>(args.integer(2, "expected", UINT32_MAX));
  const double timeoutMs = args.number(3, "timeoutMs");
  if (!args.ok()) return nullptr;
  return makeNumber(env, waitForAny({{std::move(mapping), word, expected}}, timeoutMs));
}

napi_value futexWaitAny(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const auto words = readWords(args);
  const double timeoutMs = args.number(3, "timeoutMs");
  return args.ok() ? makeNumber(env, waitForAny(words, timeoutMs)) : nullptr;
}

napi_value futexWake(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const auto mapping = args.mapping(0, "mapping");
  auto* const word = readWord(args, mapping, args.integer(1, "offset"));
  const auto count = static_cast<int>(args.integer(2, "count", INT32_MAX));
  return args.ok() ? makeNumber(env, futexWakeShared(word, count)) : nullptr;
}

napi_value hasFutexWaitv(napi_env env, napi_callback_info) { return makeBoolean(env, detectFutexWaitv()); }

}  // namespace

void defineFutex(napi_env env, napi_value exports) {
  defineFunction(env, exports, "futexWait", futexWait);
  defineFunction(env, exports, "futexWake", futexWake);
  defineFunction(env, exports, "futexWaitAny", futexWaitAny);
  defineFunction(env, exports, "hasFutexWaitv", hasFutexWaitv);
}

}  // namespace chronicle
