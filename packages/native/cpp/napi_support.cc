#include "napi_support.h"

#include <cmath>
#include <cstring>

#include "errno_name.h"
#include "mapping.h"

namespace chronicle {
namespace {

napi_value makeString(napi_env env, const std::string& text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  return value;
}

}  // namespace

napi_value throwSystemError(napi_env env, int error, const char* systemCall) {
  const std::string code = errnoName(error);
  napi_value thrown = nullptr;
  napi_create_error(env, makeString(env, code), makeString(env, code + ": " + std::strerror(error) + ", " + systemCall), &thrown);
  napi_set_named_property(env, thrown, "errno", makeNumber(env, error));
  napi_set_named_property(env, thrown, "syscall", makeString(env, systemCall));
  napi_throw(env, thrown);
  return nullptr;
}

napi_value throwTypeError(napi_env env, const std::string& message) {
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message.c_str());
  return nullptr;
}

napi_value throwRangeError(napi_env env, const std::string& message) {
  napi_throw_range_error(env, "ERR_OUT_OF_RANGE", message.c_str());
  return nullptr;
}

napi_value makeNumber(napi_env env, double value) {
  napi_value result = nullptr;
  napi_create_double(env, value, &result);
  return result;
}

napi_value makeBoolean(napi_env env, bool value) {
  napi_value result = nullptr;
  napi_get_boolean(env, value, &result);
  return result;
}

bool readBytes(napi_env env, napi_value value, Bytes* bytes) {
  napi_typedarray_type type;
  void* data = nullptr;
  size_t length = 0;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok || type != napi_uint8_array) return false;
  *bytes = {static_cast<uint8_t*>(data), length};
  return true;
}

void Arguments::fail(const std::string& message) {
  if (ok_) throwTypeError(env_, message);
  ok_ = false;
}

bool Arguments::isType(napi_value value, napi_valuetype type, const char* name, const char* what) {
  napi_valuetype actual = napi_undefined;
  if (ok_ && (value == nullptr || napi_typeof(env_, value, &actual) != napi_ok || actual != type)) {
    fail(std::string(name) + " must be " + what);
  }
  return ok_;
}

double Arguments::numberOf(napi_value value, const char* name) {
  double result = 0;
  if (isType(value, napi_number, name, "a number")) napi_get_value_double(env_, value, &result);
  return result;
}

uint64_t Arguments::integerOf(napi_value value, const char* name, uint64_t max) {
  const double number = numberOf(value, name);
  if (!ok_) return 0;
  if (!(number >= 0 && number <= static_cast<double>(max)) || number != std::floor(number)) {
    throwRangeError(env_, std::string(name) + " must be an integer of 0 to " + std::to_string(max));
    ok_ = false;
    return 0;
  }
  return static_cast<uint64_t>(number);
}

bool Arguments::booleanOf(napi_value value, const char* name) {
  bool result = false;
  if (isType(value, napi_boolean, name, "a boolean")) napi_get_value_bool(env_, value, &result);
  return result;
}

std::string Arguments::stringOf(napi_value value, const char* name) {
  if (!isType(value, napi_string, name, "a string")) return {};
  size_t length = 0;
  napi_get_value_string_utf8(env_, value, nullptr, 0, &length);
  std::string result(length, '\0');
  napi_get_value_string_utf8(env_, value, result.data(), length + 1, &length);
  if (result.find('\0') != std::string::npos) fail(std::string(name) + " must not contain null bytes");
  return result;
}

Bytes Arguments::bytesOf(napi_value value, const char* name) {
  Bytes result;
  if (ok_ && (value == nullptr || !readBytes(env_, value, &result))) fail(std::string(name) + " must be a Uint8Array");
  return result;
}

std::shared_ptr<Mapping> Arguments::mappingOf(napi_value value, const char* name) {
  if (!ok_) return nullptr;
  std::shared_ptr<Mapping> result = value == nullptr ? nullptr : findMapping(env_, value);
  if (result == nullptr) fail(std::string(name) + " must be a mapping that is not unmapped");
  return result;
}

double Arguments::number(size_t index, const char* name) { return numberOf(values_[index], name); }
uint64_t Arguments::integer(size_t index, const char* name, uint64_t max) { return integerOf(values_[index], name, max); }
bool Arguments::boolean(size_t index, const char* name) { return booleanOf(values_[index], name); }
std::string Arguments::string(size_t index, const char* name) { return stringOf(values_[index], name); }
Bytes Arguments::bytes(size_t index, const char* name) { return bytesOf(values_[index], name); }
std::shared_ptr<Mapping> Arguments::mapping(size_t index, const char* name) { return mappingOf(values_[index], name); }

bool Arguments::absent(size_t index) const {
  napi_valuetype type = napi_undefined;
  return values_[index] == nullptr || napi_typeof(env_, values_[index], &type) != napi_ok || type == napi_undefined;
}

napi_value Arguments::function(size_t index, const char* name) {
  return isType(values_[index], napi_function, name, "a function") ? values_[index] : nullptr;
}

std::vector<napi_value> Arguments::array(size_t index, const char* name) {
  bool isArray = false;
  if (!ok_) return {};
  if (values_[index] == nullptr || napi_is_array(env_, values_[index], &isArray) != napi_ok || !isArray) {
    fail(std::string(name) + " must be an array");
    return {};
  }
  uint32_t count = 0;
  napi_get_array_length(env_, values_[index], &count);
  std::vector<napi_value> elements(count);
  for (uint32_t element = 0; ok_ && element < count; element++) {
    if (napi_get_element(env_, values_[index], element, &elements[element]) != napi_ok) ok_ = false;
  }
  return elements;
}

napi_value Arguments::property(size_t index, const char* name) {
  napi_value value = nullptr;
  if (!isType(values_[index], napi_object, "options", "an object")) return nullptr;
  if (napi_get_named_property(env_, values_[index], name, &value) != napi_ok) ok_ = false;
  return value;
}

void Arguments::checkRange(const Mapping& mapping, uint64_t offset, uint64_t length) {
  if (!ok_ || (offset <= mapping.length() && length <= mapping.length() - offset)) return;
  throwRangeError(env_, "offset " + std::to_string(offset) + " and length " + std::to_string(length) + " leave the mapping of " +
                            std::to_string(mapping.length()) + " bytes");
  ok_ = false;
}

void defineFunction(napi_env env, napi_value target, const char* name, napi_callback callback, void* data) {
  napi_value function = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, data, &function);
  napi_set_named_property(env, target, name, function);
}

}  // namespace chronicle
