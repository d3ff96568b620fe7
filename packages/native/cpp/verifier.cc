#include "verifier_core.h"

#include "clock.h"
#include "mapping.h"
#include "napi_support.h"
#include "native_object.h"
#include "slots.h"

namespace chronicle {
namespace {

struct Verifier {
  std::shared_ptr<Mapping> segment;
  VerifierCore core;
};

napi_value attach(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  auto segment = args.mapping(0, "segment");
  if (!args.ok()) return nullptr;
  Verifier& verifier = *args.data<Verifier>();
  verifier.core.attach(segment->range());
  verifier.segment = std::move(segment);
  return nullptr;
}

napi_value detach(napi_env env, napi_callback_info info) {
  Verifier& verifier = *Arguments(env, info).data<Verifier>();
  verifier.core.attach({});
  verifier.segment.reset();
  return nullptr;
}

// Limits may be Infinity; what is no positive number counts as 0, and one record is looked at all the same.
uint64_t toLimit(double value) {
  constexpr double kMax = 9e15;
  return value > 0 ? static_cast<uint64_t>(value < kMax ? value : kMax) : 0;
}

napi_value verify(napi_env env, napi_callback_info info) {
  size_t count = 3;
  napi_value values[3] = {};
  void* data = nullptr;
  napi_get_cb_info(env, info, &count, values, nullptr, &data);
  double offset = -1, maxRecords = 0, maxBytes = 0;
  napi_get_value_double(env, values[0], &offset);
  napi_get_value_double(env, values[1], &maxRecords);
  napi_get_value_double(env, values[2], &maxBytes);
  // What is no offset becomes one that no record has.
  const int status = static_cast<Verifier*>(data)->core.verify(toLimit(offset), {toLimit(maxRecords), toLimit(maxBytes)});
  napi_value result = nullptr;
  napi_create_int32(env, status, &result);
  return result;
}

napi_value createVerifier(napi_env env, napi_callback_info) {
  auto* const verifier = new Verifier;
  constexpr NativeObject<Verifier>::Function functions[] = {{"attach", attach}, {"verify", verify}, {"detach", detach}};
  auto* const state = reinterpret_cast<double*>(&verifier->core.state());
  return NativeObject<Verifier>::create(env, verifier, state, sizeof(VerifierState) / sizeof(double), functions);
}

napi_value savePosition(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const auto meta = args.mapping(0, "meta");
  const uint64_t segmentId = args.integer(1, "segmentId");
  const uint64_t offset = args.integer(2, "offset");
  if (args.ok()) args.checkRange(*meta, 0, kReaderMetaLength);
  if (args.ok() && !meta->writable()) args.fail("meta must be writable");
  if (!args.ok()) return nullptr;
  // The coarse clock: who looks at the heartbeat thinks in seconds, and a precise reading would be a fifth of the call.
  storePosition(reinterpret_cast<PositionSlot*>(meta->data()), {segmentId, offset}, coarseRealtimeNs());
  // The caller looks next whether a writer is blocked. That load must not pass the position: the writer says that it is blocked and then looks at positions.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return nullptr;
}

}  // namespace

void defineVerifier(napi_env env, napi_value exports) {
  defineFunction(env, exports, "createVerifier", createVerifier);
  defineFunction(env, exports, "savePosition", savePosition);
}

}  // namespace chronicle
