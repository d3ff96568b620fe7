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

// `slots` are the two of the reader's meta file.
void storePosition(PositionSlot* slots, ReaderPosition position, uint64_t nowNs);

}  // namespace chronicle
