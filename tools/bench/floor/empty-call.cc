// An addon whose only function does nothing: what it costs JavaScript to call native code at all.
#include <node_api.h>

namespace {

napi_value doNothing(napi_env, napi_callback_info) { return nullptr; }

}  // namespace

NAPI_MODULE_INIT() {
  napi_value function = nullptr;
  if (napi_create_function(env, "doNothing", NAPI_AUTO_LENGTH, doNothing, nullptr, &function) != napi_ok) return exports;
  return function;
}
