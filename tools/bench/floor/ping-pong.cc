// A message to another process and its answer, in C++: the least that takes as long as a round trip through two queues. Both sides look at the commit word of the next record all the time. Prints
// one JSON object: half of a round trip, in nanoseconds.
//
//   ping-pong DIRECTORY PAYLOAD WARM-UP COUNT word     one word each way
//   ping-pong DIRECTORY PAYLOAD WARM-UP COUNT copy     + a record with its payload, which the other side reads
//   ping-pong DIRECTORY PAYLOAD WARM-UP COUNT clock    + a reading of the clock in each record
//   ping-pong DIRECTORY PAYLOAD WARM-UP COUNT crc      + the payload's CRC-32, verified by the other side: what Node.js is compared with
//   ping-pong DIRECTORY PAYLOAD WARM-UP COUNT control  + the header's CRC-32, the control block's fields and the notification with its full fence
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "clock.h"
#include "crc.h"
#include "format.h"
#include "prepared_file.h"

namespace {

using namespace chronicle;

enum Steps { kWord, kCopy, kClock, kCrc, kControl };

// One direction. Both processes have one of these, and each walks in it by itself.
template <Steps steps>
class Way {
 public:
  Way(uint8_t* segment, uint8_t* control) : segment_(segment), control_(reinterpret_cast<ControlBlock*>(control)) {}

  void send(const uint8_t* payload, size_t length) {
    auto* const header = at();
    if constexpr (steps == kControl) {
      control_->dirtyEnd.store(offset_ + recordLength(length), std::memory_order_release);
      control_->dirtySegment.store(1, std::memory_order_release);
    }
    if constexpr (steps >= kCopy) std::memcpy(payloadOf(header), payload, length);
    header->timestampNs = steps >= kClock ? realtimeNs() : sequence_;
    header->sequence = sequence_;
    header->typeId = 1;
    if constexpr (steps >= kCrc) header->payloadCrc = crc32(0, payloadOf(header), length);
    if constexpr (steps == kControl) {
      header->flags = kFlagHeaderCrc;
      header->headerCrc = crc32Of32Bytes(length + 1, sequence_, header->timestampNs, uint64_t{header->payloadCrc} << 32 | kFlagHeaderCrc << 16 | 1);
    }
    header->commitLength.store(static_cast<uint32_t>(length + 1), std::memory_order_release);
    advance(length);
    if constexpr (steps == kControl) {
      control_->nextSequence.store(sequence_, std::memory_order_release);
      control_->writeOffset.store(offset_, std::memory_order_release);
      control_->writerHeartbeatNs.store(header->timestampNs, std::memory_order_release);
      control_->notifySequence.fetch_add(1, std::memory_order_seq_cst);
      if (control_->parkedReaders.load(std::memory_order_seq_cst) != 0 || control_->waitersPending.load(std::memory_order_seq_cst) != 0) std::abort();
    }
  }

  void receive(uint8_t* payload) {
    const auto* const header = at();
    uint32_t commitLength;
    while ((commitLength = header->commitLength.load(std::memory_order_acquire)) == 0) continue;
    const size_t length = commitLength - 1;
    if constexpr (steps == kControl) {
      uint64_t words[4];
      std::memcpy(words, header, sizeof words);
      if (crc32Of32Bytes(words[0], words[1], words[2], words[3]) != header->headerCrc) std::abort();
    }
    if constexpr (steps >= kCrc) {
      if (crc32(0, payloadOf(header), length) != header->payloadCrc) std::abort();
    }
    if constexpr (steps >= kCopy) std::memcpy(payload, payloadOf(header), length);
    if (header->sequence != sequence_) std::abort();
    advance(length);
  }

 private:
  RecordHeader* at() const { return reinterpret_cast<RecordHeader*>(segment_ + offset_); }
  static uint8_t* payloadOf(const RecordHeader* header) { return reinterpret_cast<uint8_t*>(const_cast<RecordHeader*>(header)) + kRecordHeaderLength; }
  void advance(size_t length) {
    offset_ += recordLength(length);
    sequence_++;
  }

  uint8_t* segment_;
  ControlBlock* control_;
  uint64_t offset_ = kFirstRecordOffset;
  uint64_t sequence_ = 0;
};

void print(std::vector<uint32_t>& trips) {
  std::sort(trips.begin(), trips.end());
  const auto at = [&](double share) { return trips[static_cast<size_t>(share * static_cast<double>(trips.size() - 1))] / 2.0; };
  const double mean = static_cast<double>(std::accumulate(trips.begin(), trips.end(), uint64_t{0})) / static_cast<double>(trips.size()) / 2.0;
  std::printf("{\"p50Ns\":%.1f,\"p90Ns\":%.1f,\"p99Ns\":%.1f,\"p999Ns\":%.1f,\"p9999Ns\":%.1f,\"maxNs\":%.1f,\"meanNs\":%.1f}\n", at(0.5), at(0.9), at(0.99),
              at(0.999), at(0.9999), at(1), mean);
}

template <Steps steps>
int run(const std::string& directory, size_t length, size_t warmUp, size_t count) {
  const size_t total = warmUp + count;
  const size_t segmentLength = kFirstRecordOffset + (total + 1) * recordLength(length);
  Way<steps> there(prepareFile(directory + "/there", segmentLength), prepareFile(directory + "/there.control", 4096));
  Way<steps> back(prepareFile(directory + "/back", segmentLength), prepareFile(directory + "/back.control", 4096));
  std::vector<uint8_t> payload(length, 7);
  const pid_t other = fork();
  if (other < 0) fail("fork");
  if (other == 0) {
    for (size_t index = 0; index < total; index++) {
      there.receive(payload.data());
      back.send(payload.data(), length);
    }
    std::_Exit(0);
  }
  std::vector<uint32_t> trips;
  trips.reserve(count);
  for (size_t index = 0; index < total; index++) {
    const uint64_t begin = monotonicNs();
    there.send(payload.data(), length);
    back.receive(payload.data());
    if (index >= warmUp) trips.push_back(static_cast<uint32_t>(std::min<uint64_t>(monotonicNs() - begin, UINT32_MAX)));
  }
  int status = 0;
  waitpid(other, &status, 0);
  if (status != 0) return 1;
  print(trips);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 6) {
    const std::string directory = argv[1], steps = argv[5];
    const size_t length = std::strtoull(argv[2], nullptr, 10), warmUp = std::strtoull(argv[3], nullptr, 10), count = std::strtoull(argv[4], nullptr, 10);
    if (steps == "word") return run<kWord>(directory, length, warmUp, count);
    if (steps == "copy") return run<kCopy>(directory, length, warmUp, count);
    if (steps == "clock") return run<kClock>(directory, length, warmUp, count);
    if (steps == "crc") return run<kCrc>(directory, length, warmUp, count);
    if (steps == "control") return run<kControl>(directory, length, warmUp, count);
  }
  std::fprintf(stderr, "usage: ping-pong DIRECTORY PAYLOAD WARM-UP COUNT word|copy|clock|crc|control\n");
  return 2;
}
