// The append that the programs of the floor measure: the least that leaves a checksummed, timestamped record for readers of the format.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "clock.h"
#include "crc.h"
#include "format.h"

namespace chronicle {

// The last one also does what a reader of the format needs to follow: the control block's fields, and the notification with its full fence.
enum Steps { kCopy, kClock, kCrc, kNotify };

alignas(kControlLength) inline ControlBlock control;

template <Steps steps>
inline uint64_t append(uint8_t* record, const uint8_t* payload, size_t length, uint64_t sequence) {
  auto* const header = reinterpret_cast<RecordHeader*>(record);
  std::memcpy(record + kRecordHeaderLength, payload, length);
  const uint64_t now = steps >= kClock ? realtimeNs() : sequence;
  header->sequence = sequence;
  header->timestampNs = now;
  header->typeId = 1;
  if constexpr (steps >= kCrc) header->payloadCrc = crc32(0, record + kRecordHeaderLength, length);
  header->commitLength.store(static_cast<uint32_t>(length + 1), std::memory_order_release);
  if constexpr (steps == kNotify) {
    control.writeOffset.store(sequence * recordLength(length), std::memory_order_release);
    control.writerHeartbeatNs.store(now, std::memory_order_release);
    control.notifySequence.fetch_add(1, std::memory_order_seq_cst);
    if (control.waitersPending.load(std::memory_order_seq_cst) != 0) std::abort();
  }
  return now;
}

}  // namespace chronicle
