#include "slots.h"

#include "crc.h"

namespace chronicle {
namespace {

constexpr size_t kDurableCoverage = offsetof(DurableSlot, crc);
constexpr size_t kPositionCoverage = offsetof(PositionSlot, crc);

template <typename Slot>
uint32_t crcOf(const Slot& slot, size_t coverage) {
  return crc32(0, reinterpret_cast<const uint8_t*>(&slot), coverage);
}

// Marks have generations of 32 bits, which come round: 0 is newer than the last of them. No reader commits often enough to use up 64 bits.
bool isNewer(uint32_t one, uint32_t other) { return static_cast<int32_t>(one - other) > 0; }
bool isNewer(uint64_t one, uint64_t other) { return one > other; }

// The newest generation of the valid slots, 0 when there is none: the first store then goes to slot 1.
template <typename Slot>
auto generationOf(const Slot* slots, size_t coverage) {
  const auto isValid = [=](const Slot& slot) { return slot.crc.load(std::memory_order_acquire) == crcOf(slot, coverage); };
  const auto first = slots[0].generation;
  const auto second = slots[1].generation;
  if (!isValid(slots[1])) return isValid(slots[0]) ? first : decltype(first){0};
  return isValid(slots[0]) && !isNewer(second, first) ? first : second;
}

}  // namespace

void storeDurableMark(ControlBlock* control, DurableMark mark) {
  const uint32_t generation = generationOf(control->durable, kDurableCoverage) + 1;
  DurableSlot& slot = control->durable[generation % 2];
  slot.sequence = mark.sequence;
  slot.offset = mark.offset;
  slot.segment = mark.segmentId;
  slot.generation = generation;
  slot.zero = 0;
  slot.crc.store(crcOf(slot, kDurableCoverage), std::memory_order_release);
}

bool PositionSlots::isLastThere() const {
  const PositionSlot& slot = slots_[generation_ % 2];
  const bool isSame = slot.segmentId == last_.segmentId && slot.offset == last_.offset && slot.heartbeatNs == lastNs_ && slot.generation == generation_;
  return generation_ != 0 && isSame && slot.crc.load(std::memory_order_relaxed) == lastCrc_;
}

void PositionSlots::store(ReaderPosition position, uint64_t nowNs) {
  static_assert(kPositionCoverage == 32);
  if (!isLastThere()) [[unlikely]] generation_ = generationOf(slots_, kPositionCoverage);
  generation_++;
  PositionSlot& slot = slots_[generation_ % 2];
  // From registers: what was stored a moment ago would have to be waited for.
  const uint32_t crc = crc32Of32Bytes(position.segmentId, position.offset, nowNs, generation_);
  slot.segmentId = position.segmentId;
  slot.offset = position.offset;
  slot.heartbeatNs = nowNs;
  slot.generation = generation_;
  slot.zero = 0;
  // A full fence, not only release: the reader looks next whether a writer is blocked, and that load must not pass the position.
  slot.crc.store(crc, std::memory_order_seq_cst);
  last_ = position;
  lastNs_ = nowNs;
  lastCrc_ = crc;
}

}  // namespace chronicle
