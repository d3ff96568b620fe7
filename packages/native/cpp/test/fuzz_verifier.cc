// Any bytes as a segment: a status, no access outside, and nothing passes that the format's text would refuse. The first two bytes choose where to begin and
// whether checksums are corrected first. Memory ends where the bytes end, so that the address sanitizer sees every access beside it.
#include "../verifier_core.h"
#include "reference.h"

namespace chronicle {
namespace {

constexpr uint8_t kCorrect = 1;
constexpr uint8_t kExpectSequence = 2;

struct Outcome {
  int status;
  double end;
  double sequence;
  uint64_t count;
};

Outcome verifyFrom(MappedRange segment, uint64_t offset, double sequence, uint64_t recordsAtOnce) {
  VerifierCore verifier;
  verifier.attach(segment);
  verifier.state().sequence = sequence;
  Outcome outcome{kLimit, static_cast<double>(offset), sequence, 0};
  while (outcome.status == kLimit) {
    outcome.status = verifier.verify(static_cast<uint64_t>(outcome.end), {recordsAtOnce, 1 << 30});
    outcome.end = verifier.state().end;
    outcome.count += static_cast<uint64_t>(verifier.state().count);
  }
  outcome.sequence = verifier.state().sequence;
  return outcome;
}

void checkPassed(const Memory& segment, uint64_t offset, const Outcome& outcome) {
  for (uint64_t index = 0; index < outcome.count; index++) {
    CHECK(isSoundRecord(segment.bytes, segment.length, offset));
    const auto* const header = reinterpret_cast<const RecordHeader*>(segment.bytes + offset);
    offset += recordLength(header->commitLength.load(std::memory_order_relaxed) - 1);
  }
  CHECK(static_cast<double>(offset) == outcome.end);
}

void verifyBytes(Choices choices, const uint8_t* bytes, size_t length) {
  const uint64_t offset = uint64_t{choices.number<uint8_t>()} * kAlignment;
  const auto mode = choices.number<uint8_t>();
  Memory segment(length);
  std::memcpy(segment.bytes, bytes, length);
  if ((mode & kCorrect) != 0) correctChecksums(segment.bytes, length, offset);
  const double sequence = (mode & kExpectSequence) != 0 ? mode >> 2 : -1;
  const Outcome whole = verifyFrom(segment.range(), offset, sequence, 1 << 20);
  CHECK(whole.status >= kUncommitted && whole.status <= kSequenceGap && whole.status != kLimit);
  if (whole.status == kBadLength && whole.count == 0) return;
  checkPassed(segment, offset, whole);
  const Outcome single = verifyFrom(segment.range(), offset, sequence, 1);
  CHECK(single.status == whole.status && single.end == whole.end && single.sequence == whole.sequence && single.count == whole.count);
}

}  // namespace
}  // namespace chronicle

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2 + chronicle::kFirstRecordOffset) return 0;
  chronicle::verifyBytes({data, 2}, data + 2, size - 2);
  return 0;
}
