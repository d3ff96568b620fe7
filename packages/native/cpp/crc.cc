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

uint64_t load64(const uint8_t* bytes) {
  uint64_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
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

// Folding after Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ" (Intel, 2009). Each constant is a power of x modulo
// the polynomial, bit-reflected: multiplying by it moves a block over the distance it is named after.
struct alignas(16) Constants {
  uint64_t by64[2] = {0x154442bd4, 0x1c6e41596};
  uint64_t by16[2] = {0x1751997d0, 0x0ccaa009e};
  uint64_t by4[2] = {0x163cd6124, 0};
  uint64_t barrett[2] = {0x1db710641, 0x1f7011641};
};
constexpr Constants kConstants;

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

// 128 bits to the 32 of the shift register.
CHRONICLE_FOLDING inline uint32_t reduce(__m128i block) {
  const __m128i low32 = _mm_setr_epi32(-1, 0, -1, 0);
  block = _mm_xor_si128(_mm_srli_si128(block, 8), _mm_clmulepi64_si128(block, loadBlock(kConstants.by16), 0x10));
  const __m128i upper = _mm_srli_si128(block, 4);
  block = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(block, low32), loadBlock(kConstants.by4), 0x00), upper);
  const __m128i barrett = loadBlock(kConstants.barrett);
  __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(block, low32), barrett, 0x10);
  quotient = _mm_clmulepi64_si128(_mm_and_si128(quotient, low32), barrett, 0x00);
  return static_cast<uint32_t>(_mm_extract_epi32(_mm_xor_si128(block, quotient), 1));
}

// Any length from 16 on. An incomplete last block is made whole by moving the state over it, so that no byte goes through a table.
CHRONICLE_FOLDING uint32_t advanceWithFolding(uint32_t crc, const uint8_t* bytes, size_t length) {
  const uint8_t* const end = bytes + length;
  const __m128i by16 = loadBlock(kConstants.by16);
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
    state = fold(fold(fold(state, by16, state1), by16, state2), by16, state3);
  }
  for (; end - bytes >= 16; bytes += 16) state = fold(state, by16, loadBlock(bytes));
  const size_t rest = static_cast<size_t>(end - bytes);
  if (rest > 0) {
    const __m128i head = _mm_shuffle_epi8(state, loadBlock(kShift + rest));
    const __m128i tailMask = loadBlock(kShift + rest);
    const __m128i kept = _mm_shuffle_epi8(state, loadBlock(kShift + 16 + rest));
    // tailMask is 0x80 where the shifted-up state is zero, that is in the first 16 - rest bytes.
    const __m128i tail = _mm_blendv_epi8(loadBlock(end - 16), _mm_setzero_si128(), tailMask);
    state = fold(head, by16, _mm_or_si128(kept, tail));
  }
  return reduce(state);
}

CHRONICLE_FOLDING uint32_t crc32Of32BytesWithFolding(uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3) {
  const __m128i first = _mm_set_epi64x(static_cast<int64_t>(word1), static_cast<int64_t>(word0 ^ 0xFFFF'FFFFu));
  const __m128i second = _mm_set_epi64x(static_cast<int64_t>(word3), static_cast<int64_t>(word2));
  return ~reduce(fold(first, loadBlock(kConstants.by16), second));
}

bool detectFolding() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.1");
}

const bool kHasFolding = detectFolding();

#endif

}  // namespace

uint32_t crc32WithTables(uint32_t seed, const uint8_t* bytes, size_t length) { return ~advanceWithTables(~seed, bytes, length); }

uint32_t crc32(uint32_t seed, const uint8_t* bytes, size_t length) {
#if defined(__x86_64__)
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

}  // namespace chronicle
