// What the fuzzers hold the hot loops to: the same sums and the same rules, written as the format's text says them and not for speed.
#pragma once

#include <cstring>
#include <vector>

#include "../format.h"
#include "check.h"

namespace chronicle {

inline uint32_t crcByDefinition(uint32_t seed, const uint8_t* bytes, size_t length) {
  uint32_t crc = ~seed;
  for (size_t index = 0; index < length; index++) {
    crc ^= bytes[index];
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

// Any bytes as a choice of numbers; zeros when they are used up.
class Choices {
 public:
  Choices(const uint8_t* bytes, size_t length) : bytes_(bytes), length_(length) {}

  bool any() const { return length_ > 0; }
  template <typename Number>
  Number number() {
    Number value = 0;
    take(&value, sizeof value);
    return value;
  }
  void take(void* to, size_t count) {
    const size_t there = count < length_ ? count : length_;
    if (there > 0) std::memcpy(to, bytes_, there);
    bytes_ += there;
    length_ -= there;
  }

 private:
  const uint8_t* bytes_;
  size_t length_;
};

// One record whose checksums are right. Nothing is said of its sequence, and of padding records only that they are none.
inline bool isSoundRecord(const uint8_t* segment, size_t segmentLength, uint64_t offset) {
  const uint8_t* const record = segment + offset;
  RecordHeader header;
  std::memcpy(static_cast<void*>(&header), record, sizeof header);
  const uint32_t commitLength = header.commitLength.load(std::memory_order_relaxed);
  if (commitLength == 0 || header.typeId == kPaddingType) return false;
  const uint64_t payloadLength = commitLength - 1;
  if (recordLength(payloadLength) > segmentLength - offset) return false;
  if (crcByDefinition(0, record + kRecordHeaderLength, payloadLength) != header.payloadCrc) return false;
  return (header.flags & kFlagHeaderCrc) == 0 || crcByDefinition(0, record, kHeaderCrcCoverage) == header.headerCrc;
}

// Corrects the checksums of everything that could be a record, one after the other: without that, no random bytes get past the first of them.
inline void correctChecksums(uint8_t* segment, size_t segmentLength, uint64_t offset) {
  while (offset <= segmentLength && segmentLength - offset >= kRecordHeaderLength) {
    auto* const header = reinterpret_cast<RecordHeader*>(segment + offset);
    const uint32_t commitLength = header->commitLength.load(std::memory_order_relaxed);
    if (commitLength == 0 || recordLength(commitLength - 1) > segmentLength - offset) return;
    header->payloadCrc = crcByDefinition(0, segment + offset + kRecordHeaderLength, commitLength - 1);
    header->headerCrc = crcByDefinition(0, segment + offset, kHeaderCrcCoverage);
    offset += recordLength(commitLength - 1);
  }
}

}  // namespace chronicle
