// The sums of any bytes, computed in every way there is and in two pieces, are those of the definition.
#include "../crc.h"
#include "reference.h"

namespace chronicle {
namespace {

void sum(uint32_t seed, const uint8_t* source, size_t length) {
  const std::unique_ptr<uint8_t[]> bytes(new uint8_t[length]);
  if (length > 0) std::memcpy(bytes.get(), source, length);
  const uint32_t expected = crcByDefinition(seed, bytes.get(), length);
  CHECK(crc32(seed, bytes.get(), length) == expected);
  CHECK(crc32WithTables(seed, bytes.get(), length) == expected);
  const size_t split = length == 0 ? 0 : seed % length;
  CHECK(crc32(crc32(seed, bytes.get(), split), bytes.get() + split, length - split) == expected);
  if (length < 32) return;
  uint64_t words[4];
  std::memcpy(words, bytes.get(), sizeof words);
  const uint32_t ofWords = crcByDefinition(0, bytes.get(), sizeof words);
  CHECK(crc32Of32Bytes(words[0], words[1], words[2], words[3]) == ofWords);
  const RecordSums stored = sumsOfRecord(words[0], words[1], words[2], words[3], bytes.get() + 32, length - 32);
  CHECK(stored.header == ofWords && stored.payload == crcByDefinition(0, bytes.get() + 32, length - 32));
  words[3] &= 0xFFFF'FFFFu;
  const RecordSums made = sumsOfNewRecord(words[0], words[1], words[2], words[3], bytes.get() + 32, length - 32);
  CHECK(made.payload == stored.payload);
  words[3] |= uint64_t{made.payload} << 32;
  CHECK(made.header == crcByDefinition(0, reinterpret_cast<const uint8_t*>(words), sizeof words));
  const std::unique_ptr<uint8_t[]> copied(new uint8_t[length - 32]);
  words[0] = (words[0] & ~uint64_t{0xFFFF'FFFFu}) | (length - 31);
  words[3] &= 0xFFFF'FFFFu;
  const RecordSums moved = copyNewRecord(words[0], words[1], words[2], words[3], copied.get(), bytes.get() + 32);
  CHECK(moved.payload == made.payload && (length == 32 || std::memcmp(copied.get(), bytes.get() + 32, length - 32) == 0));
  words[3] |= uint64_t{moved.payload} << 32;
  CHECK(moved.header == crcByDefinition(0, reinterpret_cast<const uint8_t*>(words), sizeof words));
}

}  // namespace
}  // namespace chronicle

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint32_t seed = 0;
  if (size < sizeof seed) return 0;
  std::memcpy(&seed, data, sizeof seed);
  chronicle::sum(seed, data + sizeof seed, size - sizeof seed);
  return 0;
}
