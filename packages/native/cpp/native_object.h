// A JavaScript object whose functions reach native state directly through their data pointer, which is faster than unwrapping `this` and cannot be fooled
// with a foreign `this`. The state lives as long as any of its functions or its `state` array.
#pragma once

#include <node_api.h>

#include <atomic>

#include "napi_support.h"

namespace chronicle {

template <typename Native>
class NativeObject {
 public:
  struct Function {
    const char* name;
    napi_callback callback;
  };

  // Takes ownership of `native`. `state` are doubles inside of it.
  template <size_t count>
  static napi_value create(napi_env env, Native* native, double* state, size_t stateLength, const Function (&functions)[count]) {
    auto* const shared = new Shared{native};
    napi_value object = nullptr;
    napi_create_object(env, &object);
    for (const Function& function : functions) {
      napi_value value = nullptr;
      napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.callback, native, &value);
      shared->references.fetch_add(1, std::memory_order_relaxed);
      napi_add_finalizer(env, value, shared, letGo, nullptr, nullptr);
      napi_set_named_property(env, object, function.name, value);
    }
    napi_set_named_property(env, object, "state", stateArray(env, shared, state, stateLength));
    letGo(env, shared, nullptr);
    return object;
  }

 private:
  struct Shared {
    Native* native;
    std::atomic<unsigned> references{1};
  };

  static napi_value stateArray(napi_env env, Shared* shared, double* state, size_t length) {
    napi_value buffer = nullptr, array = nullptr;
    shared->references.fetch_add(1, std::memory_order_relaxed);
    const auto onCollected = [](napi_env owner, void*, void* hint) { letGo(owner, hint, nullptr); };
    napi_create_external_arraybuffer(env, state, length * sizeof(double), onCollected, shared, &buffer);
    napi_create_typedarray(env, napi_float64_array, length, buffer, 0, &array);
    return array;
  }

  static void letGo(napi_env, void* data, void*) {
    auto* const shared = static_cast<Shared*>(data);
    if (shared->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    delete shared->native;
    delete shared;
  }
};

}  // namespace chronicle
