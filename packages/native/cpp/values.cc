#include "clock.h"
#include "crc.h"
#include "napi_support.h"

namespace chronicle {
namespace {

// Called per record by some, so without the comfort of `Arguments`.
napi_value crc32Binding(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value values[2] = {};
  Bytes bytes;
  double seed = 0;
  napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  if (count < 1 || !readBytes(env, values[0], &bytes)) return throwTypeError(env, "bytes must be a Uint8Array");
  if (count > 1 && napi_get_value_double(env, values[1], &seed) != napi_ok) {
    napi_valuetype type = napi_undefined;
    if (napi_typeof(env, values[1], &type) != napi_ok || type != napi_undefined) return throwTypeError(env, "seed must be a number");
  }
  if (!(seed >= 0 && seed <= UINT32_MAX)) return throwRangeError(env, "seed must be an integer of 0 to 4294967295");
  napi_value result = nullptr;
  napi_create_uint32(env, crc32(static_cast<uint32_t>(seed), bytes.data, bytes.length), &result);
  return result;
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
