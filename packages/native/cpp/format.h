// The on-disk structures that native code touches, as overlays of mapped memory. TypeScript's descriptors in core/src/format are
// the reference; the assertions below pin these overlays to the same offsets.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace chronicle {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the format is little-endian and is overlaid in place");
static_assert(std::atomic<uint32_t>::is_always_lock_free && std::atomic<uint64_t>::is_always_lock_free);

constexpr uint64_t kAlignment = 64;
constexpr uint64_t kRecordHeaderLength = 64;
constexpr uint64_t kFirstRecordOffset = 64;
constexpr uint64_t kPayloadLengthMax = 0xFFFF'FFFE;
constexpr uint32_t kPaddingType = 0xFFFF;
constexpr uint16_t kFlagHeaderCrc = 1;
constexpr uint32_t kSegmentMagic = 0x53454730;
constexpr uint16_t kFlagTraceContext = 2;
constexpr uint16_t kFlagSourcePosition = 4;
constexpr uint16_t kFlagTraceSampled = 8;
constexpr uint16_t kFlagTraceRandom = 16;
constexpr uint16_t kSchemaVersionShift = 8;
constexpr uint16_t kSchemaVersionMax = 255;
constexpr uint32_t kSegmentSealed = 1;
constexpr uint64_t kControlLength = 512;
constexpr uint64_t kReaderMetaLength = 80;

// Bytes that a record with this payload occupies, padding included.
constexpr uint64_t recordLength(uint64_t payloadLength) {
  return (kRecordHeaderLength + payloadLength + kAlignment - 1) & ~(kAlignment - 1);
}

struct DurableSlot {
  uint64_t sequence;
  uint64_t offset;
  uint32_t segment;
  uint32_t generation;
  std::atomic<uint32_t> crc;
  uint32_t zero;
};
static_assert(sizeof(DurableSlot) == 32 && offsetof(DurableSlot, crc) == 24);

// What is known of the syncs since the durable mark; higher is worse.
constexpr uint32_t kWriteBackGood = 0;
constexpr uint32_t kWriteBackUnderWay = 1;
constexpr uint32_t kWriteBackFailed = 2;

struct ControlBlock {
  uint8_t identity[64];  // magic, version, epochs, boot id: core's business
  DurableSlot durable[2];
  std::atomic<uint32_t> segmentGeneration;
  std::atomic<uint32_t> currentSegment;
  std::atomic<uint64_t> firstSegmentPlusOne;
  uint8_t free144[108];
  std::atomic<uint32_t> writeBack;
  std::atomic<uint64_t> writeOffset;
  std::atomic<uint64_t> writerHeartbeatNs;
  std::atomic<uint64_t> nextSequence;
  std::atomic<uint64_t> dirtyEnd;
  std::atomic<uint32_t> dirtySegment;
  uint8_t free292[4];
  std::atomic<uint64_t> lastAppendNs;
  uint64_t sequenceFloor;
  uint32_t sequenceFloorCrc;
  uint8_t free316[68];
  std::atomic<uint32_t> notifySequence;
  std::atomic<uint32_t> waitersPending;
  std::atomic<uint32_t> parkedReaders;
  uint8_t free396[52];
  uint32_t progressSequence;
  std::atomic<uint32_t> writerBlocked;
  uint8_t free456[56];
};
static_assert(sizeof(ControlBlock) == kControlLength);
static_assert(offsetof(ControlBlock, durable) == 64);
static_assert(offsetof(ControlBlock, segmentGeneration) == 128);
static_assert(offsetof(ControlBlock, currentSegment) == 132);
static_assert(offsetof(ControlBlock, firstSegmentPlusOne) == 136);
static_assert(offsetof(ControlBlock, writeBack) == 252);
static_assert(offsetof(ControlBlock, writeOffset) == 256);
static_assert(offsetof(ControlBlock, writerHeartbeatNs) == 264);
static_assert(offsetof(ControlBlock, nextSequence) == 272);
static_assert(offsetof(ControlBlock, dirtyEnd) == 280);
static_assert(offsetof(ControlBlock, dirtySegment) == 288);
static_assert(offsetof(ControlBlock, lastAppendNs) == 296);
static_assert(offsetof(ControlBlock, sequenceFloor) == 304);
static_assert(offsetof(ControlBlock, sequenceFloorCrc) == 312);
static_assert(offsetof(ControlBlock, notifySequence) == 384);
static_assert(offsetof(ControlBlock, waitersPending) == 388);
static_assert(offsetof(ControlBlock, parkedReaders) == 392);
static_assert(offsetof(ControlBlock, writerBlocked) == 452);

struct SegmentHeader {
  uint32_t magic;
  uint32_t version;
  uint32_t segmentId;
  std::atomic<uint32_t> flags;
  std::atomic<uint64_t> firstSequencePlusOne;
  uint64_t createdNs;
  std::atomic<uint64_t> writerEpoch;
  std::atomic<uint64_t> endOffset;
  std::atomic<uint64_t> recordCount;
  std::atomic<uint64_t> lastTimestampNs;
};
static_assert(sizeof(SegmentHeader) == kFirstRecordOffset);
static_assert(offsetof(SegmentHeader, flags) == 12);
static_assert(offsetof(SegmentHeader, firstSequencePlusOne) == 16);
static_assert(offsetof(SegmentHeader, writerEpoch) == 32);
static_assert(offsetof(SegmentHeader, endOffset) == 40);
static_assert(offsetof(SegmentHeader, recordCount) == 48);
static_assert(offsetof(SegmentHeader, lastTimestampNs) == 56);

struct RecordHeader {
  std::atomic<uint32_t> commitLength;
  uint32_t zero;
  uint64_t sequence;
  uint64_t timestampNs;
  uint16_t typeId;
  uint16_t flags;
  uint32_t payloadCrc;
  uint32_t headerCrc;
  uint32_t writerEpoch;
  uint8_t trace[24];
};
static_assert(sizeof(RecordHeader) == kRecordHeaderLength);
static_assert(offsetof(RecordHeader, sequence) == 8);
static_assert(offsetof(RecordHeader, timestampNs) == 16);
static_assert(offsetof(RecordHeader, typeId) == 24);
static_assert(offsetof(RecordHeader, flags) == 26);
static_assert(offsetof(RecordHeader, payloadCrc) == 28);
static_assert(offsetof(RecordHeader, headerCrc) == 32);
static_assert(offsetof(RecordHeader, writerEpoch) == 36);
static_assert(offsetof(RecordHeader, trace) == 40);
constexpr uint64_t kHeaderCrcCoverage = 32;

// What a message carries besides its type and payload, as JavaScript hands it over: not a structure of the disk.
struct RecordDetails {
  uint64_t timestampNs = 0;
  uint16_t flags = 0;  // without kFlagHeaderCrc
  uint8_t hasTimestamp = 0;
  uint8_t zero[5] = {};
  uint8_t trace[24] = {};  // a trace context or a source position
};
static_assert(sizeof(RecordDetails) == 40);
static_assert(offsetof(RecordDetails, flags) == 8 && offsetof(RecordDetails, hasTimestamp) == 10);
static_assert(offsetof(RecordDetails, trace) == 16 && sizeof(RecordDetails::trace) == sizeof(RecordHeader::trace));

// In place of the trace context, with kFlagSourcePosition.
struct SourcePosition {
  uint64_t sourceSequence;
  uint32_t sourceId;
  uint32_t sourceEpoch;
  uint16_t outputIndex;
  uint16_t sourceFlags;
  uint32_t crc;
};
static_assert(sizeof(SourcePosition) == sizeof(RecordHeader::trace));
static_assert(offsetof(SourcePosition, sourceId) == 8 && offsetof(SourcePosition, sourceEpoch) == 12);
static_assert(offsetof(SourcePosition, outputIndex) == 16 && offsetof(SourcePosition, sourceFlags) == 18);
static_assert(offsetof(SourcePosition, crc) == 20);
constexpr uint64_t kSourcePositionCrcCoverage = 20;

struct PositionSlot {
  uint64_t segmentId;
  uint64_t offset;
  uint64_t heartbeatNs;
  uint64_t generation;
  std::atomic<uint32_t> crc;
  uint32_t zero;
};
static_assert(sizeof(PositionSlot) * 2 == kReaderMetaLength && offsetof(PositionSlot, crc) == 32);

}  // namespace chronicle
