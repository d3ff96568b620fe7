#include "crc.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace chronicle {
namespace {

constexpr size_t kSlices = 16;
using Tables = std::array<std::array<uint32_t, 256>, kSlices>;

// tables[n][byte] is the CRC of that byte followed by n zero bytes, so that sixteen bytes are looked up independently of each other.
constexpr Tables makeTables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0u);
    tables[0][byte] = crc;
  }
  for (uint32_t byte = 0; byte < 256; byte++) {
    for (size_t slice = 1; slice < kSlices; slice++) {
      const uint32_t previous = tables[slice - 1][byte];
      tables[slice][byte] = (previous >> 8) ^ tables[0][previous & 0xFF];
    }
  }
  return tables;
}

constexpr Tables kTables = makeTables();

// The payload's length, as the first word of a record's header has it.
size_t lengthIn(uint64_t word0) { return static_cast<uint32_t>(word0) - 1; }

uint64_t load64(const uint8_t* bytes) {
  uint64_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

// What the last four of some bytes add to their CRC: sums of different bytes are added.
inline uint32_t lookUp4(uint32_t value) {
  return kTables[3][value & 0xFF] ^ kTables[2][value >> 8 & 0xFF] ^ kTables[1][value >> 16 & 0xFF] ^ kTables[0][value >> 24];
}

// Eight bytes that are followed by `after` more in the same step.
inline uint32_t lookUp8(uint64_t value, size_t after) {
  uint32_t crc = 0;
  for (size_t index = 0; index < 8; index++) crc ^= kTables[after + 7 - index][(value >> (8 * index)) & 0xFF];
  return crc;
}

// `crc` is the inner state here: inverted, as the shift register holds it.
uint32_t advanceWithTables(uint32_t crc, const uint8_t* bytes, size_t length) {
  for (; length >= 16; bytes += 16, length -= 16) crc = lookUp8(load64(bytes) ^ crc, 8) ^ lookUp8(load64(bytes + 8), 0);
  if (length >= 8) {
    crc = lookUp8(load64(bytes) ^ crc, 0);
    bytes += 8;
    length -= 8;
  }
  for (; length > 0; bytes++, length--) crc = (crc >> 8) ^ kTables[0][(crc ^ *bytes) & 0xFF];
  return crc;
}

#if defined(__x86_64__)

#define CHRONICLE_FOLDING __attribute__((target("pclmul,ssse3,sse4.1")))

// Folding after Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ" (Intel, 2009). A block of 16 bytes is a polynomial whose
// highest power is its first bit. Multiplying its halves by x^(8n + 32) and x^(8n - 32), modulo the CRC's polynomial P, moves it n bytes ahead. Constants are bit-reflected
// as the data is.
struct alignas(16) Constants {
  // The first three stand together: they move three blocks to the place of the fourth.
  uint64_t by48[2] = {0x03db1ecdc, 0x174359406};
  uint64_t by32[2] = {0x0f1da05aa, 0x15a546366};
  uint64_t by16[2] = {0x1751997d0, 0x0ccaa009e};
  uint64_t by64[2] = {0x154442bd4, 0x1c6e41596};
  // x^95 divided by P, and P: quotient and remainder of a division by P cost one multiplication each (Barrett).
  uint64_t quotient[2] = {0xb4e5b025f7011641, 0x1db710641};
};
constexpr Constants kConstants;
static_assert(offsetof(Constants, by48) == 0 && offsetof(Constants, by32) == 16 && offsetof(Constants, by16) == 32);

// 16 bytes from offset 16 - n shift a block up by n bytes, from offset 16 + n they shift it down; the rest becomes zero.
alignas(16) constexpr uint8_t kShift[48] = {
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
    0,    1,    2,    3,    4,    5,    6,    7,    8,    9,    10,   11,   12,   13,   14,   15,
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
};

CHRONICLE_FOLDING inline __m128i loadBlock(const void* bytes) { return _mm_loadu_si128(static_cast<const __m128i*>(bytes)); }

CHRONICLE_FOLDING inline __m128i fold(__m128i block, __m128i distance, __m128i next) {
  const __m128i low = _mm_clmulepi64_si128(block, distance, 0x00);
  const __m128i high = _mm_clmulepi64_si128(block, distance, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

// 128 bits to the 32 of the shift register. First to 96: the last four bytes become bits 32 to 63 as they are. Of those the lower 64 are divided, and the next 32 are what the division leaves
// as they are.
CHRONICLE_FOLDING inline uint32_t reduce(__m128i block) {
  const __m128i bits = _mm_xor_si128(_mm_srli_si128(block, 8), _mm_clmulepi64_si128(block, loadBlock(kConstants.by16), 0x10));
  const __m128i constants = loadBlock(kConstants.quotient);
  const __m128i quotient = _mm_clmulepi64_si128(bits, constants, 0x00);
  const __m128i product = _mm_clmulepi64_si128(quotient, constants, 0x10);
  return static_cast<uint32_t>(_mm_extract_epi32(_mm_xor_si128(bits, product), 2));
}

// The state moved over an incomplete block of `count` bytes, 1 to 15, which `tail` ends with after zeros. No byte goes through a table.
CHRONICLE_FOLDING inline __m128i foldTail(__m128i state, __m128i tail, size_t count) {
  const __m128i head = _mm_shuffle_epi8(state, loadBlock(kShift + count));
  const __m128i kept = _mm_shuffle_epi8(state, loadBlock(kShift + 16 + count));
  return fold(head, loadBlock(kConstants.by16), _mm_or_si128(kept, tail));
}

// What is left after `state`, which stands for everything before `bytes`.
CHRONICLE_FOLDING inline uint32_t finishWithFolding(__m128i state, const uint8_t* bytes, const uint8_t* end) {
  const __m128i by16 = loadBlock(kConstants.by16);
  for (; end - bytes >= 16; bytes += 16) state = fold(state, by16, loadBlock(bytes));
  const size_t rest = static_cast<size_t>(end - bytes);
  // The shift is 0x80 in the first 16 - rest bytes, which are zero in the tail.
  if (rest > 0) state = foldTail(state, _mm_blendv_epi8(loadBlock(end - 16), _mm_setzero_si128(), loadBlock(kShift + rest)), rest);
  return reduce(state);
}

// Any length from 16 on.
CHRONICLE_FOLDING inline uint32_t advanceWithFolding(uint32_t crc, const uint8_t* bytes, size_t length) {
  const uint8_t* const end = bytes + length;
  __m128i state = _mm_xor_si128(loadBlock(bytes), _mm_cvtsi32_si128(static_cast<int>(crc)));
  bytes += 16;
  if (length >= 64) {
    const __m128i by64 = loadBlock(kConstants.by64);
    __m128i state1 = loadBlock(bytes), state2 = loadBlock(bytes + 16), state3 = loadBlock(bytes + 32);
    for (bytes += 48; end - bytes >= 64; bytes += 64) {
      state = fold(state, by64, loadBlock(bytes));
      state1 = fold(state1, by64, loadBlock(bytes + 16));
      state2 = fold(state2, by64, loadBlock(bytes + 32));
      state3 = fold(state3, by64, loadBlock(bytes + 48));
    }
    // Not one after the other: the four meet in the time of one multiplication.
    const __m128i both = fold(state, loadBlock(kConstants.by48), fold(state1, loadBlock(kConstants.by32), state3));
    state = fold(state2, loadBlock(kConstants.by16), both);
  }
  return finishWithFolding(state, bytes, end);
}

// A payload that was copied a moment ago stands in stores of other widths, which a load of 64 bytes would have to wait for. From this length on the wait is worth it.
constexpr size_t kWideNewMin = 512;

#define CHRONICLE_WIDE_FOLDING __attribute__((target("avx512f,avx512bw,avx512vl,vpclmulqdq,pclmul")))

CHRONICLE_WIDE_FOLDING inline __m512i fold64(__m512i states, __m512i next) {
  const __m512i by64 = _mm512_broadcast_i32x4(loadBlock(kConstants.by64));
  const __m512i low = _mm512_clmulepi64_epi128(states, by64, 0x00);
  const __m512i high = _mm512_clmulepi64_epi128(states, by64, 0x11);
  return _mm512_ternarylogic_epi64(low, high, next, 0x96);
}

// Four blocks to the place of the last, which stays where it is.
CHRONICLE_WIDE_FOLDING inline __m128i meet(__m512i states) {
  const __m512i distances = _mm512_maskz_loadu_epi64(0x3F, &kConstants);
  const __m512i low = _mm512_clmulepi64_epi128(states, distances, 0x00);
  const __m512i high = _mm512_clmulepi64_epi128(states, distances, 0x11);
  const __m512i moved = _mm512_ternarylogic_epi64(low, high, _mm512_maskz_mov_epi64(0xC0, states), 0x96);
  const __m256i pairs = _mm256_xor_si256(_mm512_castsi512_si256(moved), _mm512_extracti64x4_epi64(moved, 1));
  return _mm_xor_si128(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
}

// The four blocks of 64 bytes at once, where the processor multiplies four pairs with one instruction. Any length from 64 on.
CHRONICLE_WIDE_FOLDING inline uint32_t advanceWithWideFolding(uint32_t crc, const uint8_t* bytes, size_t length) {
  const uint8_t* const end = bytes + length;
  __m512i states = _mm512_xor_si512(_mm512_loadu_si512(bytes), _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(crc))));
  for (bytes += 64; end - bytes >= 64; bytes += 64) states = fold64(states, _mm512_loadu_si512(bytes));
  return finishWithFolding(meet(states), bytes, end);
}

// The movers return what they stored. Each byte is loaded once, so that its sum is that of what was stored, also when another thread changes the source meanwhile.
CHRONICLE_WIDE_FOLDING inline __m512i move64(uint8_t* to, const uint8_t* from) {
  const __m512i blocks = _mm512_loadu_si512(from);
  _mm512_storeu_si512(to, blocks);
  return blocks;
}

CHRONICLE_WIDE_FOLDING inline __m128i move16(uint8_t* to, const uint8_t* from) {
  const __m128i block = loadBlock(from);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), block);
  return block;
}

// Up to 15 bytes, at the end of a block that begins with zeros.
CHRONICLE_WIDE_FOLDING inline __m128i moveTail(uint8_t* to, const uint8_t* from, size_t count) {
  const auto mask = static_cast<__mmask16>((1u << count) - 1);
  const __m128i tail = _mm_maskz_loadu_epi8(mask, from);
  _mm_mask_storeu_epi8(to, mask, tail);
  return _mm_shuffle_epi8(tail, loadBlock(kShift + count));
}

// Copies 16 bytes or more, and returns the state after them.
CHRONICLE_WIDE_FOLDING inline __m128i copyWithWideFolding(uint8_t* to, const uint8_t* from, size_t length) {
  const uint8_t* const end = from + length;
  __m128i state = _mm_cvtsi32_si128(-1);
  if (length >= 64) {
    __m512i states = _mm512_xor_si512(move64(to, from), _mm512_zextsi128_si512(state));
    for (from += 64, to += 64; end - from >= 64; from += 64, to += 64) states = fold64(states, move64(to, from));
    state = meet(states);
  } else {
    state = _mm_xor_si128(move16(to, from), state);
    from += 16;
    to += 16;
  }
  for (; end - from >= 16; from += 16, to += 16) state = fold(state, loadBlock(kConstants.by16), move16(to, from));
  const size_t rest = static_cast<size_t>(end - from);
  return rest > 0 ? foldTail(state, moveTail(to, from, rest), rest) : state;
}

CHRONICLE_FOLDING inline __m128i fold32Bytes(uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3) {
  const __m128i first = _mm_set_epi64x(static_cast<int64_t>(word1), static_cast<int64_t>(word0 ^ 0xFFFF'FFFFu));
  const __m128i second = _mm_set_epi64x(static_cast<int64_t>(word3), static_cast<int64_t>(word2));
  return fold(first, loadBlock(kConstants.by16), second);
}

CHRONICLE_FOLDING uint32_t crc32Of32BytesWithFolding(uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3) {
  return ~reduce(fold32Bytes(word0, word1, word2, word3));
}

// The sums of a record that is being made, where `header` is that of a header without the payload's. Its four bytes are the last that the header's sum covers.
inline RecordSums withSumInHeader(uint32_t payload, uint32_t header) { return {payload, header ^ lookUp4(payload)}; }

// Here, too, so that the sums of a record are one function.
CHRONICLE_FOLDING inline uint32_t sumOfPayload(const uint8_t* payload, size_t length) {
  return ~(length >= 16 ? advanceWithFolding(~0u, payload, length) : advanceWithTables(~0u, payload, length));
}

CHRONICLE_WIDE_FOLDING inline uint32_t wideSumOfPayload(const uint8_t* payload, size_t length) {
  return length >= 64 ? ~advanceWithWideFolding(~0u, payload, length) : sumOfPayload(payload, length);
}

CHRONICLE_FOLDING RecordSums sumsOfRecordWithFolding(uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3, const uint8_t* payload, size_t length) {
  const uint32_t header = crc32Of32BytesWithFolding(word0, word1, word2, word3);
  return {sumOfPayload(payload, length), header};
}

CHRONICLE_FOLDING RecordSums sumsOfNewRecordWithFolding(uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3, const uint8_t* payload, size_t length) {
  const RecordSums sums = sumsOfRecordWithFolding(word0, word1, word2, word3, payload, length);
  return withSumInHeader(sums.payload, sums.header);
}

CHRONICLE_WIDE_FOLDING RecordSums sumsOfRecordWithWideFolding(uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3, const uint8_t* payload, size_t length) {
  const uint32_t header = ~reduce(fold32Bytes(word0, word1, word2, word3));
  return {wideSumOfPayload(payload, length), header};
}

CHRONICLE_WIDE_FOLDING RecordSums sumsOfNewRecordWithWideFolding(uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3, const uint8_t* payload, size_t length) {
  const uint32_t header = ~reduce(fold32Bytes(word0, word1, word2, word3));
  const uint32_t sum = length >= kWideNewMin ? ~advanceWithWideFolding(~0u, payload, length) : sumOfPayload(payload, length);
  return withSumInHeader(sum, header);
}

// `reduce` of both states at once.
CHRONICLE_WIDE_FOLDING inline RecordSums reduceBoth(__m128i payload, __m128i header) {
  const __m256i states = _mm256_set_m128i(header, payload);
  const __m256i by16 = _mm256_broadcastsi128_si256(loadBlock(kConstants.by16));
  const __m256i bits = _mm256_xor_si256(_mm256_srli_si256(states, 8), _mm256_clmulepi64_epi128(states, by16, 0x10));
  const __m256i constants = _mm256_broadcastsi128_si256(loadBlock(kConstants.quotient));
  const __m256i quotients = _mm256_clmulepi64_epi128(bits, constants, 0x00);
  const __m256i remainders = _mm256_xor_si256(bits, _mm256_clmulepi64_epi128(quotients, constants, 0x10));
  return {~static_cast<uint32_t>(_mm256_extract_epi32(remainders, 2)), ~static_cast<uint32_t>(_mm256_extract_epi32(remainders, 6))};
}

CHRONICLE_WIDE_FOLDING RecordSums copyNewRecordWithWideFolding(uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3, uint8_t* to, const uint8_t* from) {
  const size_t length = lengthIn(word0);
  const __m128i header = fold32Bytes(word0, word1, word2, word3);
  RecordSums sums;
  if (length >= 16) [[likely]] {
    sums = reduceBoth(copyWithWideFolding(to, from, length), header);
  } else {
    // The inner state begins with the first four bytes, and fewer have no room for it.
    const __m128i tail = moveTail(to, from, length);
    if (length >= 4) {
      sums = reduceBoth(_mm_xor_si128(tail, _mm_shuffle_epi8(_mm_cvtsi32_si128(-1), loadBlock(kShift + length))), header);
    } else {
      const auto few = static_cast<uint32_t>(_mm_extract_epi32(tail, 3));
      sums = {~advanceWithTables(~0u, reinterpret_cast<const uint8_t*>(&few) + 4 - length, length), ~reduce(header)};
    }
  }
  return withSumInHeader(sums.payload, sums.header);
}

bool detectFolding() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.1");
}

bool detectWideFolding() {
  return detectFolding() && __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}

const bool kHasFolding = detectFolding();
const bool kHasWideFolding = detectWideFolding();

#endif

}  // namespace

uint32_t crc32WithTables(uint32_t seed, const uint8_t* bytes, size_t length) { return ~advanceWithTables(~seed, bytes, length); }

uint32_t crc32(uint32_t seed, const uint8_t* bytes, size_t length) {
#if defined(__x86_64__)
  if (length >= 64 && kHasWideFolding) return ~advanceWithWideFolding(~seed, bytes, length);
  if (length >= 16 && kHasFolding) return ~advanceWithFolding(~seed, bytes, length);
#endif
  return crc32WithTables(seed, bytes, length);
}

uint32_t crc32Of32Bytes(uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3) {
#if defined(__x86_64__)
  if (kHasFolding) return crc32Of32BytesWithFolding(word0, word1, word2, word3);
#endif
  const uint32_t first = lookUp8(word0 ^ 0xFFFF'FFFFu, 8) ^ lookUp8(word1, 0);
  return ~(lookUp8(word2 ^ first, 8) ^ lookUp8(word3, 0));
}

RecordSums sumsOfRecord(uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3, const uint8_t* payload, size_t length) {
#if defined(__x86_64__)
  if (kHasWideFolding) return sumsOfRecordWithWideFolding(word0, word1, word2, word3, payload, length);
  if (kHasFolding) return sumsOfRecordWithFolding(word0, word1, word2, word3, payload, length);
#endif
  return {crc32WithTables(0, payload, length), crc32Of32Bytes(word0, word1, word2, word3)};
}

RecordSums sumsOfNewRecord(uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3, const uint8_t* payload, size_t length) {
#if defined(__x86_64__)
  if (kHasWideFolding) return sumsOfNewRecordWithWideFolding(word0, word1, word2, word3, payload, length);
  if (kHasFolding) return sumsOfNewRecordWithFolding(word0, word1, word2, word3, payload, length);
#endif
  const uint32_t sum = crc32WithTables(0, payload, length);
  return {sum, crc32Of32Bytes(word0, word1, word2, word3 | uint64_t{sum} << 32)};
}

RecordSums copyNewRecord(uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3, uint8_t* to, const uint8_t* from) {
#if defined(__x86_64__)
  if (kHasWideFolding) return copyNewRecordWithWideFolding(word0, word1, word2, word3, to, from);
#endif
  const size_t length = lengthIn(word0);
  if (length > 0) std::memcpy(to, from, length);
  return sumsOfNewRecord(word0, word1, word2, word3, to, length);
}

}  // namespace chronicle
