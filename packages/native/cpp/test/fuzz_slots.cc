// For a reader's position file and the durable slots of a control block that hold anything: what is stored is what a load finds. Until its checksum is there the newest valid
// slot from before is untouched. A bit of the first byte corrects the checksum of each slot first.
#include "../slots.h"
#include "reference.h"

namespace chronicle {
namespace {

template <typename Slot>
bool isValid(const Slot& slot) {
  return slot.crc.load() == crcByDefinition(0, reinterpret_cast<const uint8_t*>(&slot), offsetof(Slot, crc));
}

// Generations of marks count on behind their end, 2^32 - 1: the newer one is ahead by less than half of them. Those of positions never get there.
bool isNewer(const DurableSlot& one, const DurableSlot& other) { return static_cast<int32_t>(one.generation - other.generation) > 0; }
bool isNewer(const PositionSlot& one, const PositionSlot& other) { return one.generation > other.generation; }

// -1: none is valid.
template <typename Slot>
int newest(const Slot* slots) {
  if (!isValid(slots[0])) return isValid(slots[1]) ? 1 : -1;
  return isValid(slots[1]) && isNewer(slots[1], slots[0]) ? 1 : 0;
}

// Returns the slot that was stored, nullptr where the bytes are such that no writer left them.
template <typename Slot, typename Store>
const Slot* storeAndLoad(Slot* slots, uint8_t correct, const Store& store) {
  for (int index = 0; index < 2; index++) {
    if ((correct >> index & 1) != 0) slots[index].crc.store(crcByDefinition(0, reinterpret_cast<const uint8_t*>(&slots[index]), offsetof(Slot, crc)));
  }
  const int before = newest(slots);
  // A writer leaves the newest generation in the slot that its parity names; another place is a forgery.
  if (before >= 0 && slots[before].generation % 2 != static_cast<unsigned>(before)) return nullptr;
  if (before >= 0 && slots[before].generation + 1 == 0 && sizeof slots[before].generation == 8) return nullptr;
  std::vector<uint8_t> kept(sizeof(Slot));
  if (before >= 0) std::memcpy(kept.data(), static_cast<const void*>(&slots[before]), sizeof(Slot));
  store();
  const int after = newest(slots);
  CHECK(after >= 0 && after != before);
  if (before >= 0) CHECK(std::memcmp(kept.data(), static_cast<const void*>(&slots[before]), sizeof(Slot)) == 0);
  return &slots[after];
}

void storeSlots(Choices choices) {
  const auto correct = choices.number<uint8_t>();
  Memory control(kControlLength);
  Memory meta(kReaderMetaLength);
  auto* const block = reinterpret_cast<ControlBlock*>(control.bytes);
  auto* const positions = reinterpret_cast<PositionSlot*>(meta.bytes);
  choices.take(static_cast<void*>(block->durable), sizeof block->durable);
  choices.take(meta.bytes, meta.length);
  const DurableMark mark{choices.number<uint64_t>(), choices.number<uint64_t>(), choices.number<uint32_t>()};
  const auto* const durable = storeAndLoad(block->durable, correct, [&] { storeDurableMark(block, mark); });
  if (durable != nullptr) CHECK(durable->sequence == mark.sequence && durable->offset == mark.offset && durable->segment == mark.segmentId);
  const ReaderPosition at{mark.sequence, mark.offset};
  const auto* const position = storeAndLoad(positions, static_cast<uint8_t>(correct >> 2), [&] { PositionSlots(positions).store(at, mark.segmentId); });
  if (position != nullptr) CHECK(position->segmentId == at.segmentId && position->offset == at.offset && position->heartbeatNs == mark.segmentId);
}

}  // namespace
}  // namespace chronicle

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) chronicle::storeSlots({data, size});
  return 0;
}
