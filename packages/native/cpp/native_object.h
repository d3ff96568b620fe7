// A JavaScript object whose functions reach native state directly through their data pointer, which is faster than unwrapping `this` and cannot be fooled
// with a foreign `this`. The state lives as long as any of its functions or its arrays.
#pragma once

#include <node_api.h>

#include <atomic>
#include <initializer_list>

#include "napi_support.h"

namespace chronicle {

template <typename Native>
class NativeObject {
 public:
  struct Function {
    const char* name;
    napi_callback callback;
  };

  // Memory inside of `native` that JavaScript sees as a typed array.
  struct Array {
    const char* name;
    void* data;
    size_t byteLength;
    napi_typedarray_type type;
    size_t length;
  };

  static Array doubles(const char* name, void* data, size_t byteLength) { return {name, data, byteLength, napi_float64_array, byteLength / sizeof(double)}; }
  static Array bytes(const char* name, void* data, size_t byteLength) { return {name, data, byteLength, napi_uint8_array, byteLength}; }

  // Takes ownership of `native`.
  template <size_t count>
  static napi_value create(napi_env env, Native* native, std::initializer_list<Array> arrays, const Function (&functions)[count]) {
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
    for (const Array& array : arrays) napi_set_named_property(env, object, array.name, exposed(env, shared, array));
    letGo(env, shared, nullptr);
    return object;
  }

 private:
  struct Shared {
    Native* native;
    std::atomic<unsigned> references{1};
  };

  static napi_value exposed(napi_env env, Shared* shared, const Array& array) {
    napi_value buffer = nullptr, value = nullptr;
    shared->references.fetch_add(1, std::memory_order_relaxed);
    const auto onCollected = [](napi_env owner, void*, void* hint) { letGo(owner, hint, nullptr); };
    napi_create_external_arraybuffer(env, array.data, array.byteLength, onCollected, shared, &buffer);
    napi_create_typedarray(env, array.type, array.length, buffer, 0, &value);
    return value;
  }

  static void letGo(napi_env, void* data, void*) {
    auto* const shared = static_cast<Shared*>(data);
    if (shared->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    delete shared->native;
    delete shared;
  }
};

}  // namespace chronicle
