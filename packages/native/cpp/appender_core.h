// The writer's hot half as plain C++ over mapped memory: it knows the format and the order of the stores, and nothing of JavaScript.
//
// Order of the stores of one record, which recovery and readers rely on:
//   dirtyEnd  ->  payload  ->  header  ->  commitLength (release)  ->  nextSequence  ->  writeOffset, heartbeat  ->  notifySequence
#pragma once

#include <algorithm>
#include <cstring>

#include "clock.h"
#include "crc.h"
#include "format.h"
#include "mapped_range.h"
#include "notifier.h"
#include "slots.h"
#include "status.h"
#include "verifier_core.h"

namespace chronicle {

// What JavaScript reads after a call, as doubles because that is what its numbers are. The last three it writes before a call that takes no arguments: each argument would have to be fetched.
struct AppenderState {
  double writeOffset = 0;
  double nextSequence = 0;
  double wakes = 0;
  double claimOffset = 0;
  double batchCount = 0;
  double segmentId = 0;
  double blockEnd = 0;
  double aheadEnd = 0;
  double typeId = 0;
  double length = 0;
  double schemaVersion = 0;
};
static_assert(sizeof(AppenderState) == 11 * sizeof(double));

// A record in a block. The fixed words are read once.
struct BlockRecord {
  uint64_t words[4];
  uint64_t payloadLength;
  uint64_t length;

  int read(const uint8_t* record, uint64_t room) {
    if (room < kRecordHeaderLength) return kBadLength;
    std::memcpy(words, record, sizeof words);
    const auto commitLength = static_cast<uint32_t>(words[0]);
    if (commitLength == 0) return kUncommitted;
    payloadLength = commitLength - 1;
    length = recordLength(payloadLength);
    return length > room ? kBadLength : kOk;
  }

  uint64_t sequence() const { return words[1]; }
  uint32_t typeId() const { return words[3] & 0xFFFF; }

  RecordDetails details(const uint8_t* record) const {
    RecordDetails details;
    details.timestampNs = words[2];
    details.flags = static_cast<uint16_t>(words[3] >> 16 & ~uint64_t{kFlagHeaderCrc});
    details.hasTimestamp = 1;
    std::memcpy(details.trace, record + offsetof(RecordHeader, trace), sizeof details.trace);
    return details;
  }
};

class AppenderCore {
 public:
  struct Options {
    uint32_t writerEpoch;
    bool extensions;
  };

  // The control range is at least kControlLength long.
  AppenderCore(MappedRange control, Options options)
      : controlRange_(control),
        control_(reinterpret_cast<ControlBlock*>(control.data)),
        options_(options),
        notifier_(control_, options.extensions) {}

  AppenderState& state() { return state_; }

  // Records end at or below the limit: what lies beyond is not reserved yet, or the writer wants to be asked. All of the segment after `attach`.
  void setLimit(uint64_t limit) { limit_ = std::max(writeOffset_, std::min<uint64_t>(limit, segment_.length)); }

  // Until `detach`. Without one, wakes are never left to another thread.
  void useLaterWaker(LaterWaker* later) { notifier_.useLaterWaker(later); }

  // Stores nothing in the segment. An open claim of the segment before is dropped as `abort` does.
  void attach(MappedRange segment, uint32_t segmentId, uint64_t writeOffset, uint64_t nextSequence) {
    abort();
    segment_ = segment;
    enter(segmentId);
    lastTimestampNs_ = 0;
    timesAscend_ = writeOffset == kFirstRecordOffset;
    moveTo(writeOffset, nextSequence);
    setLimit(segment.length);
    const uint64_t plusOne = segmentHeader()->firstSequencePlusOne.load(std::memory_order_relaxed);
    recordCountKnown_ = writeOffset == kFirstRecordOffset || (plusOne != 0 && plusOne - 1 <= nextSequence);
    firstSequence_ = writeOffset == kFirstRecordOffset ? nextSequence : plusOne - 1;
  }

  void detach() {
    abort();
    segment_ = {};
    notifier_.settle();
    notifier_.useLaterWaker(nullptr);
  }

  int append(uint32_t typeId, const uint8_t* payload, size_t length) {
    const uint64_t now = realtimeNs();
    return finishAppend(appendQuietly(typeId, payload, length, now), now);
  }

  int appendAt(uint32_t typeId, const uint8_t* payload, size_t length, uint64_t timestampNs) {
    return finishAppend(appendQuietly(typeId, payload, length, timestampNs), coarseRealtimeNs());
  }

  // One message of a batch: visible at once, but no reader is woken before `finishBatch`.
  int appendQuietly(uint32_t typeId, const uint8_t* payload, size_t length, uint64_t timestampNs) {
    if (const int status = admit(typeId, length); status != kOk) [[unlikely]] return status;
    return commit({beginRecord(length), payload}, typeId, length, timestampNs);
  }

  // The same with more than a type and a payload; `nowNs` is the time of a message that has none of its own.
  int appendQuietly(uint32_t typeId, const uint8_t* payload, size_t length, uint64_t nowNs, const RecordDetails& details) {
    if (const int status = admit(typeId, length); status != kOk) [[unlikely]] return status;
    return commit({beginRecord(length), payload}, typeId, length, details.hasTimestamp ? details.timestampNs : nowNs, Detailed{details});
  }

  int append(uint32_t typeId, const uint8_t* payload, size_t length, const RecordDetails& details) {
    const uint64_t now = realtimeNs();
    return finishAppend(appendQuietly(typeId, payload, length, now, details), now);
  }

  void finishBatch(uint64_t nowNs) { finishAppend(kOk, nowNs); }

  // A block is records as they stand in a segment, one after the other, anywhere in memory and not aligned. Whether all of it can be taken over: every length and sum is right, and
  // the sequences go on from here without a gap. `state.blockEnd` is where the check ended, `state.batchCount` how many records are good.
  int checkBlock(const uint8_t* block, uint64_t length) {
    uint64_t at = 0;
    uint64_t count = 0;
    int status = segment_.data == nullptr ? kDetached : kOk;
    for (; status == kOk && at < length; count++) {
      BlockRecord record;
      status = record.read(block + at, length - at);
      if (status == kOk) status = checkRecordSums(block + at, record.words);
      if (status == kOk && record.sequence() != nextSequence_ + count) status = kSequenceGap;
      if (status == kOk && record.length > segment_.length - kFirstRecordOffset) status = kTooLarge;
      if (status != kOk) break;
      at += record.length;
    }
    state_.blockEnd = static_cast<double>(at);
    state_.batchCount = static_cast<double>(count);
    return status;
  }

  // Takes the records of a checked block over, from an offset on. The lengths are looked at again: the bytes may be shared with another thread.
  int appendBlock(const uint8_t* block, uint64_t length, uint64_t from) {
    uint64_t at = from;
    uint64_t count = 0;
    int status = kOk;
    for (; at < length; count++) {
      BlockRecord record;
      if ((status = record.read(block + at, length - at)) != kOk) break;
      const RecordDetails details = record.details(block + at);
      const uint8_t* const payload = block + at + kRecordHeaderLength;
      if ((status = appendQuietly(record.typeId(), payload, record.payloadLength, details.timestampNs, details)) != kOk) break;
      at += record.length;
    }
    if (count > 0) finishBatch(coarseRealtimeNs());
    state_.blockEnd = static_cast<double>(at);
    state_.batchCount = static_cast<double>(count);
    return status;
  }

  int claim(uint32_t typeId, uint64_t length, const RecordDetails& details = {}) {
    if (const int status = admit(typeId, length); status != kOk) return status;
    beginRecord(length);
    claimType_ = typeId;
    claimLength_ = length;
    claimDetails_ = details;
    // Not open: a claim that was refused must not keep the next append waiting for its end.
    if (faulted()) return kFault;
    claimOpen_ = true;
    state_.claimOffset = static_cast<double>(writeOffset_ + kRecordHeaderLength);
    return kOk;
  }

  // The room after the new end is zero again before the record is published, and `dirtyEnd` covers it until the next one begins.
  int shorten(uint64_t length) {
    if (segment_.data == nullptr) return kDetached;
    if (!claimOpen_) return kClaim;
    if (length > claimLength_) return kBadPayload;
    const uint64_t end = kRecordHeaderLength + length;
    std::memset(segment_.data + writeOffset_ + end, 0, recordLength(claimLength_) - end);
    claimLength_ = length;
    if (!faulted()) return kOk;
    closeClaim();
    return kFault;
  }

  int publish(uint64_t timestampNs, uint64_t nowNs) {
    if (segment_.data == nullptr) return kDetached;
    if (!claimOpen_) return kClaim;
    uint8_t* const record = segment_.data + writeOffset_;
    const uint64_t payloadEnd = kRecordHeaderLength + claimLength_;
    if (const uint64_t padding = recordLength(claimLength_) - payloadEnd; padding > 0) std::memset(record + payloadEnd, 0, padding);
    closeClaim();
    return finishAppend(commit({record, nullptr}, claimType_, claimLength_, timestampNs, Detailed{claimDetails_}), nowNs);
  }

  int abort() {
    if (segment_.data == nullptr) return kDetached;
    if (!claimOpen_) return kClaim;
    std::memset(segment_.data + writeOffset_ + kRecordHeaderLength, 0, recordLength(claimLength_) - kRecordHeaderLength);
    closeClaim();
    return faulted() ? kFault : kOk;
  }

  int mayRoll() const {
    if (segment_.data == nullptr) return kDetached;
    return claimOpen_ ? kClaim : kOk;
  }

  // Everything before the first record of the segment that was rolled into.
  DurableMark segmentStart() const { return {.sequence = firstSequence_, .offset = kFirstRecordOffset, .segmentId = segmentId_}; }

  // With which the segment begins; -1 where an earlier writer began it and did not say.
  double firstSequence() const { return recordCountKnown_ ? static_cast<double>(firstSequence_) : -1; }

  // Everything appended so far.
  DurableMark here() const { return {.sequence = nextSequence_, .offset = writeOffset_, .segmentId = segmentId_}; }

  // Makes `next` the head segment and seals the one before, also when one of the two was cut short under the writer. The first append that meets it says so, and the way out
  // of a segment that was cut is the next one. Readers that look between two of these stores find a state that they
  // know: the next segment exists, the control block names it, the old one is sealed.
  int roll(MappedRange next, uint32_t nextId, uint64_t writerEpoch64) {
    if (const int status = mayRoll(); status != kOk) return status;
    const uint64_t now = realtimeNs();
    auto* const nextHeader = reinterpret_cast<SegmentHeader*>(next.data);
    if (options_.extensions) {
      nextHeader->writerEpoch.store(writerEpoch64, std::memory_order_relaxed);
      nextHeader->firstSequencePlusOne.store(nextSequence_ + 1, std::memory_order_release);
    }
    pointControlAt(nextId);
    if (options_.extensions) storeEndSummary();
    segmentHeader()->flags.fetch_or(kSegmentSealed, std::memory_order_release);
    segment_ = next;
    enter(nextId);
    firstSequence_ = nextSequence_;
    recordCountKnown_ = true;
    lastTimestampNs_ = 0;
    timesAscend_ = true;
    moveTo(kFirstRecordOffset, nextSequence_);
    setLimit(segment_.length);
    return finish(kOk, now);
  }

  void heartbeat() { control_->writerHeartbeatNs.store(realtimeNs(), std::memory_order_release); }

 private:
  SegmentHeader* segmentHeader() const { return reinterpret_cast<SegmentHeader*>(segment_.data); }
  bool faulted() const { return segment_.faulted() || controlRange_.faulted(); }

  void closeClaim() {
    claimOpen_ = false;
    state_.claimOffset = 0;
  }

  void enter(uint32_t segmentId) {
    segmentId_ = segmentId;
    state_.segmentId = static_cast<double>(segmentId);
  }

  // Both are below 2^63: a conversion of signed numbers is one instruction, and one of unsigned numbers is a branch besides.
  void moveTo(uint64_t writeOffset, uint64_t nextSequence) {
    writeOffset_ = writeOffset;
    nextSequence_ = nextSequence;
    state_.writeOffset = static_cast<double>(static_cast<int64_t>(writeOffset));
    state_.nextSequence = static_cast<double>(static_cast<int64_t>(nextSequence));
  }

  // JavaScript counts to 2^53 - 1, and a segment's header holds the sequence after its last record plus one.
  static constexpr uint64_t kSequenceEnd = (uint64_t{1} << 53) - 2;

  int admit(uint32_t typeId, uint64_t length) {
    if (segment_.data == nullptr) return kDetached;
    if (claimOpen_) return kClaim;
    if (typeId >= kPaddingType) return kBadType;
    if (nextSequence_ >= kSequenceEnd) [[unlikely]] return kEnded;
    const uint64_t needed = recordLength(length);
    if (length > kPayloadLengthMax || needed > segment_.length - kFirstRecordOffset) return kTooLarge;
    return needed > limit_ - writeOffset_ ? beyondLimit(needed) : kOk;
  }

  int beyondLimit(uint64_t needed) {
    if (needed > segment_.length - writeOffset_) return kRoll;
    state_.aheadEnd = static_cast<double>(writeOffset_ + needed);
    return kAhead;
  }

  // The segment's id comes second: a crash between the two leaves a mark that names a segment that is not the head, and nothing was copied yet.
  void storeDirtyEnd(uint64_t end) {
    if (!options_.extensions) return;
    control_->dirtyEnd.store(end, std::memory_order_release);
    control_->dirtySegment.store(segmentId_, std::memory_order_release);
    std::atomic_thread_fence(std::memory_order_release);
  }

  // Announcing the append ends in a locked instruction, which waits until every store has reached the cache. Lines that are asked for a few records ahead are there by
  // then: a fifth of an append of 64 bytes. Asking for memory after the segment's end is harmless.
  static constexpr size_t kPrefetchDistance = 512;

  uint8_t* beginRecord(uint64_t length) {
    uint8_t* const record = segment_.data + writeOffset_;
    storeDirtyEnd(writeOffset_ + recordLength(length));
    __builtin_prefetch(record + kPrefetchDistance, 1);
    __builtin_prefetch(record + kPrefetchDistance + kRecordHeaderLength, 1);
    return record;
  }

  // A record that was begun, and where its payload comes from; nullptr when it stands in the record.
  struct NewRecord {
    uint8_t* record;
    const uint8_t* from;

    uint8_t* payload() const { return record + kRecordHeaderLength; }

    RecordSums sums(uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3, uint64_t length) const {
      return from != nullptr ? copyNewRecord(word0, word1, word2, word3, payload(), from) : sumsOfNewRecord(word0, word1, word2, word3, payload(), length);
    }

    // The base format's only one.
    RecordSums payloadSum(uint64_t length) const {
      if (from != nullptr && length > 0) std::memcpy(payload(), from, length);
      return {.payload = crc32(0, payload(), length), .header = 0};
    }
  };

  // What `commit` writes besides type, payload and time. Plain appends write nothing: the bytes are zero already.
  struct Plain {
    static constexpr uint16_t flags() { return 0; }
    static constexpr void storeInto(RecordHeader*) {}
  };
  struct Detailed {
    const RecordDetails& details;
    uint16_t flags() const { return details.flags; }
    void storeInto(RecordHeader* header) const { std::memcpy(header->trace, details.trace, sizeof header->trace); }
  };

  // The payload's CRC is that of what was stored in the segment: the caller's bytes may be shared and change under the copy.
  template <typename Extra = Plain>
  int commit(NewRecord made, uint32_t typeId, uint64_t length, uint64_t timestampNs, Extra extra = {}) {
    auto* const header = reinterpret_cast<RecordHeader*>(made.record);
    const uint32_t commitLength = static_cast<uint32_t>(length + 1);
    const auto flags = static_cast<uint16_t>((options_.extensions ? kFlagHeaderCrc : 0) | extra.flags());
    const RecordSums sums = options_.extensions ? made.sums(commitLength, nextSequence_, timestampNs, typeId | uint32_t{flags} << 16, length) : made.payloadSum(length);
    // All of the header at once: a reader that spins on its commit word takes the line away between any two stores that are apart.
    // `zero` is covered by the checksum: what damage left there would make a good message unreadable.
    header->zero = 0;
    header->sequence = nextSequence_;
    header->timestampNs = timestampNs;
    header->typeId = static_cast<uint16_t>(typeId);
    header->flags = flags;
    header->payloadCrc = sums.payload;
    if (options_.extensions) {
      header->headerCrc = sums.header;
      header->writerEpoch = options_.writerEpoch;
    }
    extra.storeInto(header);
    header->commitLength.store(commitLength, std::memory_order_release);
    if (faulted()) [[unlikely]] return kFault;
    timesAscend_ &= timestampNs >= lastTimestampNs_;
    lastTimestampNs_ = timestampNs;
    moveTo(writeOffset_ + recordLength(length), nextSequence_ + 1);
    // The sequence first: a crash between the two leaves an offset at which a committed record has its own sequence.
    if (options_.extensions) control_->nextSequence.store(nextSequence_, std::memory_order_release);
    control_->writeOffset.store(writeOffset_, std::memory_order_release);
    return kOk;
  }

  // The heartbeat is renewed without appends, too, and the times of messages are the caller's: this one says when something was appended.
  int finishAppend(int status, uint64_t nowNs) {
    if (status == kOk && options_.extensions) [[likely]] control_->lastAppendNs.store(nowNs, std::memory_order_relaxed);
    return finish(status, nowNs);
  }

  int finish(int status, uint64_t nowNs) {
    if (status != kOk) [[unlikely]] return status;
    control_->writerHeartbeatNs.store(nowNs, std::memory_order_release);
    const unsigned wakes = notifier_.notify(nowNs);
    if (wakes > 0) [[unlikely]] state_.wakes += wakes;
    return kOk;
  }

  // Seqlock: odd while the two fields disagree. A generation that a dead writer left odd ends even all the same.
  void pointControlAt(uint32_t segmentId) {
    const uint32_t odd = (control_->segmentGeneration.load(std::memory_order_relaxed) + 1) | 1;
    control_->segmentGeneration.store(odd, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    control_->currentSegment.store(segmentId, std::memory_order_relaxed);
    control_->writeOffset.store(kFirstRecordOffset, std::memory_order_relaxed);
    if (options_.extensions) {
      control_->dirtySegment.store(segmentId, std::memory_order_relaxed);
      control_->dirtyEnd.store(kFirstRecordOffset, std::memory_order_relaxed);
    }
    control_->segmentGeneration.store(odd + 1, std::memory_order_release);
  }

  // What is not known stays zero, which means absent: no writer counts the records of a segment that another writer began. The last timestamp is the highest one too, or absent.
  void storeEndSummary() {
    SegmentHeader* const header = segmentHeader();
    header->endOffset.store(writeOffset_, std::memory_order_relaxed);
    if (recordCountKnown_) header->recordCount.store(nextSequence_ - firstSequence_, std::memory_order_relaxed);
    if (timesAscend_) header->lastTimestampNs.store(lastTimestampNs_, std::memory_order_relaxed);
  }

  MappedRange controlRange_;
  ControlBlock* control_;
  Options options_;
  Notifier notifier_;
  MappedRange segment_;
  uint32_t segmentId_ = 0;
  uint64_t writeOffset_ = 0;
  uint64_t limit_ = 0;
  uint64_t nextSequence_ = 0;
  uint64_t firstSequence_ = 0;
  uint64_t lastTimestampNs_ = 0;
  // Whether no record of the segment has a lower timestamp than the one before it.
  bool timesAscend_ = false;
  bool recordCountKnown_ = false;
  bool claimOpen_ = false;
  uint32_t claimType_ = 0;
  uint64_t claimLength_ = 0;
  RecordDetails claimDetails_;
  AppenderState state_;
};

}  // namespace chronicle
