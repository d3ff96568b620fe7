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

// Limits may be Infinity; what is no positive number counts as 0, and one record is looked at all the same.
uint64_t toLimit(double value) {
  constexpr double kMax = 9e15;
  return value > 0 ? static_cast<uint64_t>(value < kMax ? value : kMax) : 0;
}

// The arguments of a hot call, as numbers; one that is missing is 0.
template <size_t count>
struct NumbersCall {
  NumbersCall(napi_env env, napi_callback_info info) {
    napi_value values[count] = {};
    size_t argumentCount = count;
    void* data = nullptr;
    napi_get_cb_info(env, info, &argumentCount, values, nullptr, &data);
    verifier = static_cast<Verifier*>(data);
    // What is no offset becomes one that no record has.
    for (size_t index = 0; index < count; index++) {
      double number = 0;
      napi_get_value_double(env, values[index], &number);
      numbers[index] = toLimit(number);
    }
  }

  Verifier* verifier;
  uint64_t numbers[count];
};

napi_value makeStatus(napi_env env, int status) {
  napi_value result = nullptr;
  napi_create_int32(env, status, &result);
  return result;
}

napi_value verify(napi_env env, napi_callback_info info) {
  const NumbersCall<3> call(env, info);
  const auto& [offset, maxRecords, maxBytes] = call.numbers;
  return makeStatus(env, call.verifier->core.verify(offset, {maxRecords, maxBytes}));
}

napi_value verifyWhenCommitted(napi_env env, napi_callback_info info) {
  const NumbersCall<4> call(env, info);
  const auto& [offset, maxRecords, maxBytes, looks] = call.numbers;
  return makeStatus(env, call.verifier->core.verifyWhenCommitted(offset, looks, {maxRecords, maxBytes}));
}

napi_value createVerifier(napi_env env, napi_callback_info) {
  auto* const verifier = new Verifier;
  constexpr NativeObject<Verifier>::Function functions[] = {{"attach", attach}, {"verify", verify}, {"verifyWhenCommitted", verifyWhenCommitted}, {"detach", detach}};
  auto* const state = reinterpret_cast<double*>(&verifier->core.state());
  return NativeObject<Verifier>::create(env, verifier, state, sizeof(VerifierState) / sizeof(double), functions);
}

}  // namespace

void defineVerifier(napi_env env, napi_value exports) {
  defineFunction(env, exports, "createVerifier", createVerifier);
}

}  // namespace chronicle
