// What every function of an appender shares: the native object, and how arguments are read without an allocation or an exception.
#pragma once

#include <cmath>
#include <memory>
#include <utility>

#include "appender_core.h"
#include "durable_job.h"
#include "later_wake.h"
#include "mapping.h"
#include "napi_support.h"
#include "native_object.h"

namespace chronicle {

// Where JavaScript puts payloads that it appends without arguments. Storing them there is cheap, and fetching the address of a small array through Node-API is not. V8 keeps such arrays
// in its own heap, and has to move them out of it first.
struct Staging {
  static constexpr size_t kMessages = 512;
  static constexpr size_t kBytes = 64 * 1024;

  // Of a batch: message i is bytes [offsets[i], offsets[i + 1]).
  uint32_t offsets[kMessages + 2];
  uint16_t typeIds[kMessages];
  uint8_t bytes[kBytes];
};
static_assert(offsetof(Staging, typeIds) == 2056 && offsetof(Staging, bytes) == 3080, "staging.ts has the same offsets");

// The core and the references that keep its pages mapped.
struct Appender {
  Appender(std::shared_ptr<Mapping> controlMapping, uint64_t epoch, bool useExtensions)
      : control(std::move(controlMapping)),
        writerEpoch(epoch),
        extensions(useExtensions),
        later(std::make_unique<LaterWake>(control->word(offsetof(ControlBlock, notifySequence)))),
        core(control->range(), {static_cast<uint32_t>(epoch), useExtensions}) {
    core.useLaterWaker(later.get());
  }

  ~Appender() { core.detach(); }

  std::shared_ptr<Mapping> control;
  std::shared_ptr<Hold> hold;
  std::shared_ptr<DurableProgress> progress = std::make_shared<DurableProgress>();
  // Whether `progress` was given a place to begin; else it begins at the segment that is attached.
  bool knowsProgress = false;
  std::shared_ptr<Mapping> segment;
  // The segment before this one, until it is retired.
  std::shared_ptr<Mapping> left;
  // Where its records end; of no segment before the first roll.
  SegmentEnd leftEnd;
  uint64_t writerEpoch;
  bool extensions;
  std::unique_ptr<LaterWake> later;
  // Not initialized: its pages are touched when they are used.
  std::unique_ptr<Staging> staging = std::make_unique_for_overwrite<Staging>();
  AppenderCore core;
};

// The fixed part of every hot call: no allocation, no exception.
template <size_t count>
struct HotCall {
  HotCall(napi_env env, napi_callback_info info) {
    size_t argumentCount = count;
    void* data = nullptr;
    napi_get_cb_info(env, info, &argumentCount, values, nullptr, &data);
    appender = static_cast<Appender*>(data);
  }

  Appender* appender;
  napi_value values[count > 0 ? count : 1] = {};
};

// Success is `undefined`, which costs nothing to make.
inline napi_value makeStatus(napi_env env, int status) {
  if (status == kOk) [[likely]] return nullptr;
  napi_value result = nullptr;
  napi_create_int32(env, status, &result);
  return result;
}

// What is not an integer of 0..0xFFFE becomes the padding type, which the core refuses.
inline uint32_t toTypeId(double number) {
  const bool valid = number >= 0 && number < kPaddingType && number == static_cast<double>(static_cast<uint32_t>(number));
  return valid ? static_cast<uint32_t>(number) : kPaddingType;
}

inline uint32_t readTypeId(napi_env env, napi_value value) {
  double number = -1;
  return napi_get_value_double(env, value, &number) == napi_ok ? toTypeId(number) : kPaddingType;
}

// What a record's flags have no room for becomes 0, which means absent.
inline RecordDetails detailsOfVersion(double schemaVersion) {
  RecordDetails details;
  if (schemaVersion >= 1 && schemaVersion <= kSchemaVersionMax) details.flags = static_cast<uint16_t>(static_cast<uint16_t>(schemaVersion) << kSchemaVersionShift);
  return details;
}

constexpr uint64_t kNoLength = UINT64_MAX;

// Bytes of a payload; `kNoLength` for what is not an integer from 0 on, and one more than the longest payload has for what is longer.
inline uint64_t toLength(double number) {
  if (!(number >= 0) || number != std::floor(number)) return kNoLength;
  return number > kPayloadLengthMax ? kPayloadLengthMax + 1 : static_cast<uint64_t>(number);
}

// An empty payload is fine, a detached one is not: the caller expected bytes.
inline bool readPayload(napi_env env, napi_value value, Bytes* bytes) {
  if (value == nullptr || !readBytes(env, value, bytes)) return false;
  if (bytes->length > 0) [[likely]] return bytes->data != nullptr;
  napi_value buffer = nullptr;
  bool detached = false;
  napi_get_typedarray_info(env, value, nullptr, nullptr, nullptr, &buffer, nullptr);
  return napi_is_detached_arraybuffer(env, buffer, &detached) != napi_ok || !detached;
}

// What a message carries besides: nothing, the version of its schema as a number, or the bytes of a `RecordDetails`.
inline bool readDetails(napi_env env, napi_value value, RecordDetails* details) {
  napi_valuetype type = napi_undefined;
  if (value == nullptr || napi_typeof(env, value, &type) != napi_ok || type == napi_undefined) return true;
  if (type == napi_number) {
    double schemaVersion = 0;
    napi_get_value_double(env, value, &schemaVersion);
    *details = detailsOfVersion(schemaVersion);
    return true;
  }
  Bytes bytes;
  if (!readBytes(env, value, &bytes) || bytes.length != sizeof *details) {
    throwTypeError(env, "details must be a number or 40 bytes");
    return false;
  }
  std::memcpy(details, bytes.data, sizeof *details);
  return true;
}

// Messages that are appended together, in one call.
napi_value checkBlock(napi_env env, napi_callback_info info);
napi_value appendBlock(napi_env env, napi_callback_info info);
napi_value appendSpread(napi_env env, napi_callback_info info);
napi_value appendPacked(napi_env env, napi_callback_info info);
napi_value appendStagedBatch(napi_env env, napi_callback_info info);

}  // namespace chronicle
