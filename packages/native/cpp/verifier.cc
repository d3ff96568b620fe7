#include "verifier_core.h"

#include "mapping.h"
#include "napi_support.h"
#include "native_object.h"

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

// Limits may be Infinity; a value that is not positive counts as 0, and one record is looked at all the same. An invalid offset becomes 0, at which no record is.
uint64_t toLimit(double value) {
  constexpr double kMax = 9e15;
  return value > 0 ? static_cast<uint64_t>(value < kMax ? value : kMax) : 0;
}

VerifierCore& coreOf(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  return static_cast<Verifier*>(data)->core;
}

VerifyLimits limitsIn(const VerifierState& state) { return {toLimit(state.maxRecords), toLimit(state.maxBytes)}; }

napi_value makeStatus(napi_env env, int status) {
  napi_value result = nullptr;
  napi_create_int32(env, status, &result);
  return result;
}

napi_value verify(napi_env env, napi_callback_info info) {
  VerifierCore& core = coreOf(env, info);
  return makeStatus(env, core.verify(toLimit(core.state().offset), limitsIn(core.state())));
}

napi_value verifyWhenCommitted(napi_env env, napi_callback_info info) {
  VerifierCore& core = coreOf(env, info);
  const VerifierState& state = core.state();
  return makeStatus(env, core.verifyWhenCommitted(toLimit(state.offset), toLimit(state.looks), limitsIn(state)));
}

napi_value createVerifier(napi_env env, napi_callback_info) {
  auto* const verifier = new Verifier;
  constexpr NativeObject<Verifier>::Function functions[] = {{"attach", attach}, {"verify", verify}, {"verifyWhenCommitted", verifyWhenCommitted}, {"detach", detach}};
  return NativeObject<Verifier>::create(env, verifier, {NativeObject<Verifier>::doubles("state", &verifier->core.state(), sizeof(VerifierState))}, functions);
}

}  // namespace

void defineVerifier(napi_env env, napi_value exports) {
  defineFunction(env, exports, "createVerifier", createVerifier);
}

}  // namespace chronicle
