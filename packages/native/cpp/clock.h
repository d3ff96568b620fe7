// Clock readings in nanoseconds.
#pragma once

#include <cstdint>
#include <ctime>

namespace chronicle {

inline uint64_t readClockNs(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(time.tv_nsec);
}

// Since the Unix epoch.
inline uint64_t realtimeNs() { return readClockNs(CLOCK_REALTIME); }

// Since the Unix epoch, as of the last kernel tick: a few nanoseconds instead of twenty, good to some milliseconds.
inline uint64_t coarseRealtimeNs() { return readClockNs(CLOCK_REALTIME_COARSE); }

inline uint64_t monotonicNs() { return readClockNs(CLOCK_MONOTONIC); }

}  // namespace chronicle
