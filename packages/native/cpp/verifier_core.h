// The reader's hot half as plain C++: checks committed records one after the other. Never reads outside the range, for any bytes in it.
#pragma once

#include <cstring>

#include "crc.h"
#include "format.h"
#include "mapped_range.h"
#include "status.h"

namespace chronicle {

// The sums of a record whose length is within its bounds and whose first 32 bytes are `words`. Needs no alignment. The header's comes first: where it is damaged,
// the payload's sum in it says nothing. core/src/records/judge-record.ts applies the same rules in the same order.
inline int checkRecordSums(const uint8_t* record, const uint64_t (&words)[4]) {
  const uint64_t payloadLength = static_cast<uint32_t>(words[0]) - 1;
  if ((words[3] & 0xFFFF) == kPaddingType) [[unlikely]] return kBadHeaderCrc;
  const bool hasHeaderCrc = (words[3] >> 16 & kFlagHeaderCrc) != 0;
  uint32_t headerCrc;
  std::memcpy(&headerCrc, record + offsetof(RecordHeader, headerCrc), sizeof headerCrc);
  const RecordSums sums = sumsOfRecord(words[0], words[1], words[2], words[3], record + kRecordHeaderLength, payloadLength);
  if (hasHeaderCrc && sums.header != headerCrc) return kBadHeaderCrc;
  return sums.payload == words[3] >> 32 ? kOk : kBadPayloadCrc;
}

inline void relaxCpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb");
#endif
}

struct VerifierState {
  double end = 0;
  double sequence = -1;
  double count = 0;
  // 1 when the last good record was of the base format, without a header CRC. JavaScript may set it, and `sequence`, between two calls.
  double lastIsBase = 0;
  // What JavaScript writes before a call: arguments would have to be fetched one by one.
  double offset = 0;
  double maxRecords = 0;
  double maxBytes = 0;
  double looks = 0;
};
static_assert(sizeof(VerifierState) == 8 * sizeof(double));

// For a caller that wants nothing but the checks. A watch sees each good record's offset and timestamp.
struct NoWatch {
  static constexpr void see(uint64_t, uint64_t) {}
};

struct VerifyLimits {
  uint64_t records;
  uint64_t bytes;
};

class VerifierCore {
 public:
  VerifierState& state() { return state_; }
  void attach(MappedRange segment) { segment_ = segment; }

  // Looks at the commit word at `offset` until a record is there, at most `looks` times, and then verifies. The pauses leave the core to its other thread, which may be the writer's.
  int verifyWhenCommitted(uint64_t offset, uint64_t looks, VerifyLimits limits) {
    if (segment_.data != nullptr && offset >= kFirstRecordOffset && offset % kAlignment == 0 && offset < segment_.length && segment_.length - offset >= kRecordHeaderLength) {
      const auto& commitLength = reinterpret_cast<const RecordHeader*>(segment_.data + offset)->commitLength;
      for (; looks > 1 && commitLength.load(std::memory_order_relaxed) == 0; looks--) relaxCpu();
    }
    return verify(offset, limits);
  }

  int verify(uint64_t offset, VerifyLimits limits) {
    NoWatch watch;
    return verify(offset, limits, watch);
  }

  template <typename Watch>
  int verify(uint64_t offset, VerifyLimits limits, Watch& watch) {
    state_.end = static_cast<double>(offset);
    state_.count = 0;
    if (segment_.data == nullptr) return kDetached;
    if (offset < kFirstRecordOffset || offset % kAlignment != 0) return kBadLength;
    Expected expected = Expected::of(state_.sequence);
    const uint64_t begin = offset;
    uint64_t count = 0;
    int status;
    for (;;) {
      uint64_t length = 0;
      uint64_t words[4];
      status = check(offset, expected, &length, words);
      if (segment_.faulted()) [[unlikely]] status = kFault;
      if (status != kOk) break;
      watch.see(offset, words[2]);
      offset += length;
      count++;
      if (count >= limits.records || offset - begin >= limits.bytes) {
        status = kLimit;
        break;
      }
    }
    state_.end = static_cast<double>(offset);
    state_.sequence = expected.toDouble();
    state_.count = static_cast<double>(count);
    return status;
  }

 private:
  // Sequences are below 2^53, because JavaScript must be able to name them.
  struct Expected {
    static constexpr uint64_t kMax = uint64_t{1} << 53;
    uint64_t next;
    bool any;

    static Expected of(double sequence) {
      const bool known = sequence >= 0 && sequence < static_cast<double>(kMax);
      return {known ? static_cast<uint64_t>(sequence) : 0, !known};
    }
    double toDouble() const { return any ? -1 : static_cast<double>(next); }
  };

  // One record, whose first words are left in `words`. `expected` moves on only when everything about it is right.
  int check(uint64_t offset, Expected& expected, uint64_t* length, uint64_t (&words)[4]) {
    if (offset > segment_.length || segment_.length - offset < kRecordHeaderLength) return kSegmentEnd;
    const uint8_t* const record = segment_.data + offset;
    const auto* const header = reinterpret_cast<const RecordHeader*>(record);
    const uint32_t commitLength = header->commitLength.load(std::memory_order_acquire);
    if (commitLength == 0) return kUncommitted;
    const uint64_t payloadLength = commitLength - 1;
    const uint64_t room = segment_.length - offset;
    *length = recordLength(payloadLength);
    if (*length > room) return kBadLength;
    // The words are read once, so that the checks and the sums are about the same bytes.
    std::memcpy(words, record, sizeof words);
    words[0] = (words[0] & 0xFFFF'FFFF'0000'0000u) | commitLength;
    const uint32_t typeId = words[3] & 0xFFFF;
    const uint16_t flags = static_cast<uint16_t>(words[3] >> 16);
    const bool hasHeaderCrc = (flags & kFlagHeaderCrc) != 0;
    if (typeId == kPaddingType && flags == 0) return *length == room ? kPadding : kBadLength;
    if (const int status = checkRecordSums(record, words); status != kOk) return status;
    return checkSequence(words[1], hasHeaderCrc, expected);
  }

  // Writers of the base format begin again at 0. A writer of this library that takes such a queue over goes on from the highest sequence, which may lie above what the last of them wrote.
  int checkSequence(uint64_t sequence, bool hasHeaderCrc, Expected& expected) {
    const bool restarted = !hasHeaderCrc && sequence == 0;
    const bool takenOver = hasHeaderCrc && state_.lastIsBase != 0 && sequence > expected.next;
    if (sequence >= Expected::kMax - 1) return kSequenceGap;
    if (!expected.any && sequence != expected.next && !restarted && !takenOver) return kSequenceGap;
    expected = {sequence + 1, false};
    state_.lastIsBase = hasHeaderCrc ? 0 : 1;
    return kOk;
  }

  MappedRange segment_;
  VerifierState state_;
};

}  // namespace chronicle
