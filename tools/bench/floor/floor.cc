// What an append costs without JavaScript and without our appender: the least that a program must do to leave checksummed, timestamped records in mapped
// files. Prints one JSON object. The bench compiles it together with the addon's crc.cc; nothing else of the addon is in it.
//
//   floor steps PAYLOAD RECORDS                        nanoseconds per record, one step of the work added at a time
//   floor sustained DIRECTORY PAYLOAD RECORDS SEGMENT  from segment to segment, the next one always prepared by a thread
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "clock.h"
#include "format.h"
#include "prepared_file.h"
#include "record_append.h"

namespace {

using namespace chronicle;

template <Steps steps>
double measureStep(uint8_t* segment, size_t segmentLength, const std::vector<uint8_t>& payload, uint64_t records) {
  const uint64_t step = recordLength(payload.size());
  uint64_t offset = kFirstRecordOffset;
  const uint64_t begin = monotonicNs();
  for (uint64_t sequence = 0; sequence < records; sequence++) {
    if (step > segmentLength - offset) offset = kFirstRecordOffset;
    append<steps>(segment + offset, payload.data(), payload.size(), sequence);
    offset += step;
  }
  return static_cast<double>(monotonicNs() - begin) / static_cast<double>(records);
}

int runSteps(const std::vector<uint8_t>& payload, uint64_t records) {
  constexpr size_t kLength = size_t{128} << 20;
  void* const memory = mmap(nullptr, kLength, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) fail("mmap");
  auto* const segment = static_cast<uint8_t*>(memory);
  const double copy = measureStep<kCopy>(segment, kLength, payload, records);
  const double clock = measureStep<kClock>(segment, kLength, payload, records);
  const double crc = measureStep<kCrc>(segment, kLength, payload, records);
  const double notify = measureStep<kNotify>(segment, kLength, payload, records);
  std::printf("{\"copyNs\":%.3f,\"clockNs\":%.3f,\"crcNs\":%.3f,\"notifyNs\":%.3f}\n", copy, clock, crc, notify);
  return 0;
}

// Makes the next segment and unmaps the last one while the appending thread fills the present one.
class Preparer {
 public:
  Preparer(std::string directory, size_t length) : directory_(std::move(directory)), length_(length), thread_([this] { run(); }) {}

  ~Preparer() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  uint8_t* exchange(uint8_t* old) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (ready_ == nullptr) waits_++;
    changed_.wait(lock, [this] { return ready_ != nullptr; });
    uint8_t* const next = ready_;
    ready_ = nullptr;
    retired_ = old;
    changed_.notify_all();
    return next;
  }

  uint64_t waits() const { return waits_; }

 private:
  void run() {
    for (uint64_t id = 0;; id++) {
      uint8_t* const next = prepareFile(directory_ + "/" + std::to_string(id), length_);
      std::unique_lock<std::mutex> lock(mutex_);
      ready_ = next;
      changed_.notify_all();
      changed_.wait(lock, [this] { return ready_ == nullptr || ended_; });
      if (ended_) return;
      uint8_t* const old = retired_;
      lock.unlock();
      if (old != nullptr) munmap(old, length_);
    }
  }

  std::string directory_;
  size_t length_;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint8_t* ready_ = nullptr;
  uint8_t* retired_ = nullptr;
  bool ended_ = false;
  uint64_t waits_ = 0;
  std::thread thread_;
};

int runSustained(const char* directory, const std::vector<uint8_t>& payload, uint64_t records, size_t segmentLength) {
  const uint64_t step = recordLength(payload.size());
  Preparer preparer(directory, segmentLength);
  uint8_t* segment = preparer.exchange(nullptr);
  const uint64_t waitsBefore = preparer.waits();
  uint64_t offset = kFirstRecordOffset;
  uint64_t rolls = 0, worst = 0, worstInSegment = 0, rollWorst = 0;
  rusage before{}, after{};
  getrusage(RUSAGE_THREAD, &before);
  const uint64_t begin = monotonicNs();
  uint64_t last = realtimeNs();
  for (uint64_t sequence = 0; sequence < records; sequence++) {
    const bool isRoll = step > segmentLength - offset;
    if (isRoll) {
      segment = preparer.exchange(segment);
      offset = kFirstRecordOffset;
      rolls++;
    }
    const uint64_t now = append<kCrc>(segment + offset, payload.data(), payload.size(), sequence);
    offset += step;
    const uint64_t gap = now - last;
    last = now;
    if (gap > worst) [[unlikely]] worst = gap;
    if (isRoll) rollWorst = std::max(rollWorst, gap);
    else if (gap > worstInSegment) [[unlikely]] worstInSegment = gap;
  }
  const double ns = static_cast<double>(monotonicNs() - begin) / static_cast<double>(records);
  getrusage(RUSAGE_THREAD, &after);
  std::printf(
      "{\"nsPerMessage\":%.3f,\"worstNs\":%lu,\"worstInSegmentNs\":%lu,\"worstRollNs\":%lu,\"rolls\":%lu,\"unpreparedRolls\":%lu,"
      "\"sleeps\":%ld,\"preemptions\":%ld,\"pageFaults\":%ld}\n",
      ns, worst, worstInSegment, rollWorst, rolls, preparer.waits() - waitsBefore, after.ru_nvcsw - before.ru_nvcsw,
      after.ru_nivcsw - before.ru_nivcsw, after.ru_minflt - before.ru_minflt);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "steps" && argc == 4) return runSteps(std::vector<uint8_t>(std::strtoull(argv[2], nullptr, 10), 7), std::strtoull(argv[3], nullptr, 10));
  if (mode == "sustained" && argc == 6) {
    const std::vector<uint8_t> payload(std::strtoull(argv[3], nullptr, 10), 7);
    return runSustained(argv[2], payload, std::strtoull(argv[4], nullptr, 10), std::strtoull(argv[5], nullptr, 10));
  }
  std::fprintf(stderr, "usage: floor steps PAYLOAD RECORDS | floor sustained DIRECTORY PAYLOAD RECORDS SEGMENT\n");
  return 2;
}
