// The durable mark of a queue and the position of a reader: two slots each, of which the one not in use is written, its CRC last.
#pragma once

#include <cstdint>

#include "format.h"

namespace chronicle {

struct DurableMark {
  uint64_t sequence;
  uint64_t offset;
  uint32_t segmentId;
};

void storeDurableMark(ControlBlock* control, DurableMark mark);

struct ReaderPosition {
  uint64_t segmentId;
  uint64_t offset;
};

// The two slots of a reader's meta file. What was stored last is remembered: while it is still there, it is the newest valid slot, and no checksum has to be computed to find it.
class PositionSlots {
 public:
  explicit PositionSlots(PositionSlot* slots) : slots_(slots) {}
  // Fully fenced: a load after it does not pass the position.
  void store(ReaderPosition position, uint64_t nowNs);

 private:
  bool isLastThere() const;

  PositionSlot* slots_;
  // Generation 0: nothing was stored yet.
  ReaderPosition last_ = {};
  uint64_t lastNs_ = 0;
  uint64_t generation_ = 0;
  uint32_t lastCrc_ = 0;
};

}  // namespace chronicle
