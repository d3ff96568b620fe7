#include "clock.h"
#include "crc.h"
#include "napi_support.h"

namespace chronicle {
namespace {

napi_value crc32Binding(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const Bytes bytes = args.bytes(0, "bytes");
  const uint64_t seed = args.absent(1) ? 0 : args.integer(1, "seed", UINT32_MAX);
  return args.ok() ? makeNumber(env, crc32(static_cast<uint32_t>(seed), bytes.data, bytes.length)) : nullptr;
}

napi_value realtimeNsBinding(napi_env env, napi_callback_info) {
  napi_value result = nullptr;
  napi_create_bigint_uint64(env, realtimeNs(), &result);
  return result;
}

}  // namespace

void defineCrc(napi_env env, napi_value exports) { defineFunction(env, exports, "crc32", crc32Binding); }
void defineClock(napi_env env, napi_value exports) { defineFunction(env, exports, "realtimeNs", realtimeNsBinding); }

}  // namespace chronicle
