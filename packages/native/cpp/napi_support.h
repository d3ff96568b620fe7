// The little that all parts need to talk to JavaScript: reading checked arguments, throwing coded errors, defining functions.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace chronicle {

class Mapping;

// Error with `code`, `errno`, `syscall`. Always returns nullptr, so that a binding can `return throwSystemError(...)`.
napi_value throwSystemError(napi_env env, int error, const char* systemCall);
napi_value throwTypeError(napi_env env, const std::string& message);
napi_value throwRangeError(napi_env env, const std::string& message);

napi_value makeNumber(napi_env env, double value);
napi_value makeBoolean(napi_env env, bool value);

struct Bytes {
  uint8_t* data = nullptr;
  size_t length = 0;
};

// Whether the value is a Uint8Array (a Buffer is one). A detached one has length 0 and no data.
bool readBytes(napi_env env, napi_value value, Bytes* bytes);

// Reads the arguments of one call. The first that is wrong throws; after that `ok` is false and everything read is empty.
class Arguments {
 public:
  static constexpr size_t kMax = 8;

  Arguments(napi_env env, napi_callback_info info) : env_(env) {
    size_t count = kMax;
    napi_get_cb_info(env, info, &count, values_, nullptr, &data_);
  }

  bool ok() const { return ok_; }
  napi_env env() const { return env_; }
  napi_value operator[](size_t index) const { return values_[index]; }
  template <typename T>
  T* data() const {
    return static_cast<T*>(data_);
  }

  double number(size_t index, const char* name);
  // An integer of 0..max.
  uint64_t integer(size_t index, const char* name, uint64_t max = (uint64_t{1} << 53) - 1);
  int fd(size_t index) { return static_cast<int>(integer(index, "fd", INT32_MAX)); }
  bool boolean(size_t index, const char* name);
  std::string string(size_t index, const char* name);
  Bytes bytes(size_t index, const char* name);
  bool absent(size_t index) const;
  napi_value function(size_t index, const char* name);
  std::shared_ptr<Mapping> mapping(size_t index, const char* name);
  std::vector<napi_value> array(size_t index, const char* name);

  // The same for values that are not arguments themselves: elements of arrays, properties of objects.
  double numberOf(napi_value value, const char* name);
  uint64_t integerOf(napi_value value, const char* name, uint64_t max);
  std::shared_ptr<Mapping> mappingOf(napi_value value, const char* name);
  napi_value property(size_t index, const char* name);
  bool booleanOf(napi_value value, const char* name);
  std::string stringOf(napi_value value, const char* name);
  Bytes bytesOf(napi_value value, const char* name);

  // Throws a RangeError when [offset, offset + length) leaves the mapping.
  void checkRange(const Mapping& mapping, uint64_t offset, uint64_t length);
  // Throws a TypeError, unless something was wrong before.
  void fail(const std::string& message);
  // After throwing something else.
  void giveUp() { ok_ = false; }

 private:
  bool isType(napi_value value, napi_valuetype type, const char* name, const char* what);

  napi_env env_;
  napi_value values_[kMax] = {};
  void* data_ = nullptr;
  bool ok_ = true;
};

void defineFunction(napi_env env, napi_value target, const char* name, napi_callback callback, void* data = nullptr);

// Each part of the addon adds its functions to the exports.
void defineMapping(napi_env env, napi_value exports);
void defineFile(napi_env env, napi_value exports);
void defineHold(napi_env env, napi_value exports);
void defineCrc(napi_env env, napi_value exports);
void defineClock(napi_env env, napi_value exports);
void defineAffinity(napi_env env, napi_value exports);
void defineNotifyService(napi_env env, napi_value exports);
void defineHangUp(napi_env env, napi_value exports);
void defineFutex(napi_env env, napi_value exports);
void defineParker(napi_env env, napi_value exports);
void defineBackground(napi_env env, napi_value exports);
void defineAppender(napi_env env, napi_value exports);
void defineVerifier(napi_env env, napi_value exports);
void defineFileVerifier(napi_env env, napi_value exports);
void definePositionSaver(napi_env env, napi_value exports);

}  // namespace chronicle
