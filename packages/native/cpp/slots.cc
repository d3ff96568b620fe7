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

// The highest generation of the valid slots, 0 when there is none: the first store then goes to slot 1.
template <typename Slot>
auto generationOf(const Slot* slots, size_t coverage) {
  auto highest = slots[0].generation;
  highest = 0;
  for (int index = 0; index < 2; index++) {
    const bool valid = slots[index].crc.load(std::memory_order_acquire) == crcOf(slots[index], coverage);
    if (valid && slots[index].generation > highest) highest = slots[index].generation;
  }
  return highest;
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

void storePosition(PositionSlot* slots, ReaderPosition position, uint64_t nowNs) {
  const uint64_t generation = generationOf(slots, kPositionCoverage) + 1;
  PositionSlot& slot = slots[generation % 2];
  slot.segmentId = position.segmentId;
  slot.offset = position.offset;
  slot.heartbeatNs = nowNs;
  slot.generation = generation;
  slot.zero = 0;
  // A full fence, not only release: the reader looks next whether a writer is blocked, and that load must not pass the position.
  slot.crc.store(crcOf(slot, kPositionCoverage), std::memory_order_seq_cst);
}

}  // namespace chronicle
