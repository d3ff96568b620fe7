// libFuzzer target: any bytes as a segment. The first byte chooses where to begin. Memory ends where the bytes end, so that the address sanitizer sees
// every access beside it.
#include "../verifier_core.h"
#include "check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chronicle;
  if (size < 1 + kFirstRecordOffset) return 0;
  Memory segment(size - 1);
  std::memcpy(segment.bytes, data + 1, size - 1);
  VerifierCore verifier;
  verifier.attach(segment.range());
  const int status = verifier.verify(uint64_t{data[0]} * kAlignment, {1 << 20, 1 << 30});
  CHECK(status >= kUncommitted && status <= kSequenceGap);
  return 0;
}
