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

// What the CRC of a message changes by (xor) when its last four bytes do. It lets a header's CRC be computed while the payload's, which stands in
// its last four bytes, is not known yet.
uint32_t crc32ChangeOfLast4Bytes(uint32_t difference);

}  // namespace chronicle
