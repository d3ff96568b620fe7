// The futex system calls. Words that processes share are never FUTEX_PRIVATE.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <ctime>

namespace chronicle {

// Older kernel headers know neither the call nor its argument.
constexpr long kFutexWaitvCall = 449;
constexpr uint32_t kFutexSize32 = 2;
constexpr uint32_t kFutexPrivate = 128;
constexpr size_t kFutexWaitvMax = 128;

struct FutexWaiter {
  uint64_t expected;
  uint64_t address;
  uint32_t flags;
  uint32_t reserved;
};
static_assert(sizeof(FutexWaiter) == 24);

inline FutexWaiter futexWaiter(const std::atomic<uint32_t>* word, uint32_t expected, uint32_t flags) {
  return {expected, reinterpret_cast<uint64_t>(word), kFutexSize32 | flags, 0};
}

inline timespec toTimespec(uint64_t ns) {
  return {static_cast<time_t>(ns / 1'000'000'000u), static_cast<long>(ns % 1'000'000'000u)};
}

// Returns how many waiters there were, at most `count`.
inline int futexWakeShared(std::atomic<uint32_t>* word, int count = INT_MAX) {
  const long woken = syscall(SYS_futex, word, FUTEX_WAKE, count, nullptr, nullptr, 0);
  return woken < 0 ? 0 : static_cast<int>(woken);
}

// Sleeps while the word equals `expected`; `deadlineNs` is CLOCK_MONOTONIC. Returns 0 or the errno.
inline int futexWaitShared(const std::atomic<uint32_t>* word, uint32_t expected, uint64_t deadlineNs) {
  const timespec deadline = toTimespec(deadlineNs);
  const long result = syscall(SYS_futex, word, FUTEX_WAIT_BITSET, expected, &deadline, nullptr, FUTEX_BITSET_MATCH_ANY);
  return result < 0 ? errno : 0;
}

// The same for words that only this process knows: the kernel need not look up which file's page they are in.
inline void futexWakeOnePrivate(std::atomic<uint32_t>* word) { syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, nullptr, nullptr, 0); }

inline void futexWaitPrivate(const std::atomic<uint32_t>* word, uint32_t expected, uint64_t deadlineNs) {
  const timespec deadline = toTimespec(deadlineNs);
  syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected, &deadline, nullptr, FUTEX_BITSET_MATCH_ANY);
}

inline int futexWaitv(const FutexWaiter* waiters, size_t count, uint64_t deadlineNs) {
  const timespec deadline = toTimespec(deadlineNs);
  const long result = syscall(kFutexWaitvCall, waiters, static_cast<unsigned>(count), 0u, &deadline, CLOCK_MONOTONIC);
  return result < 0 ? errno : 0;
}

// Without arguments the call answers EINVAL where it exists.
inline bool detectFutexWaitv() {
  static const bool exists = syscall(kFutexWaitvCall, nullptr, 0u, 0u, nullptr, 0) < 0 && errno == EINVAL;
  return exists;
}

}  // namespace chronicle
