// CRC-32 (IEEE 802.3): reflected polynomial 0xEDB88320, initial value and final xor 0xFFFFFFFF, as zlib computes it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace chronicle {

// The CRC of `length` bytes, continued from `seed`, the CRC of what came before (0 to begin).
uint32_t crc32(uint32_t seed, const uint8_t* bytes, size_t length);

// The same with tables only: the fallback of processors without carry-less multiplication, and the reference in tests.
uint32_t crc32WithTables(uint32_t seed, const uint8_t* bytes, size_t length);

// The CRC of 32 bytes that are still in registers; memory that was stored a moment ago in smaller pieces would have to be waited for.
uint32_t crc32Of32Bytes(uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3);

// The CRCs of a record: of its payload, and of the first 32 bytes of its header, which are given as four words. Six arguments stay in registers.
struct RecordSums {
  uint32_t payload;
  uint32_t header;
};

// Of a record as it stands: the upper half of `word3` holds what should be the payload's CRC. Two sums that do not wait for each other.
RecordSums sumsOfRecord(uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3, const uint8_t* payload, size_t length);

// Of a record that is being made: the upper half of `word3` is zero, and the payload's CRC is put in their place.
RecordSums sumsOfNewRecord(uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3, const uint8_t* payload, size_t length);

// The same, of a payload that it copies to `to`. Its length is the lower half of `word0` less one. The payload's CRC is that of what was stored: another thread may change the source meanwhile.
RecordSums copyNewRecord(uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3, uint8_t* to, const uint8_t* from);

}  // namespace chronicle
