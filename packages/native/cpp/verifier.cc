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

// Limits may be Infinity; a value that is not positive counts as 0, and one record is looked at all the same.
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
  // An invalid offset becomes 0, at which no record is.
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

}  // namespace

void defineVerifier(napi_env env, napi_value exports) {
  defineFunction(env, exports, "createVerifier", createVerifier);
}

}  // namespace chronicle
