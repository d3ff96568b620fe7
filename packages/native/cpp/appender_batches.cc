#include <algorithm>

#include "appender_calls.h"

namespace chronicle {
namespace {

// Payloads that are not staged come as arguments, (typeIds, details, ...payloads), because they are there at once; fetching the elements of an array costs much more
// (docs/decisions/0012-batches-are-staged.md). No code of the user runs meanwhile, so nothing that was read can change.
constexpr size_t kSpreadMax = 512;
constexpr size_t kSpreadFixed = 2;

// The details of a batch stand one after the other.
bool detailsAt(const Bytes& all, size_t index, RecordDetails* details) {
  if ((index + 1) * sizeof *details > all.length) return false;
  std::memcpy(details, all.data + index * sizeof *details, sizeof *details);
  return true;
}

struct Types {
  const uint16_t* data = nullptr;
  size_t length = 0;

  // What is missing becomes the padding type, which the core refuses.
  uint32_t at(size_t index) const { return index < length ? data[index] : kPaddingType; }
};

Types readTypes(napi_env env, napi_value value) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  const napi_status status = napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr);
  if (status != napi_ok || type != napi_uint16_array || data == nullptr) return {};
  return {static_cast<const uint16_t*>(data), length};
}

// How many messages of a packed batch share a reading of the clock and a notification.
constexpr size_t kPackedStretch = 512;

// The one type of all messages, or one for each.
struct PackedTypes {
  Types each;
  uint32_t one = kPaddingType;

  uint32_t at(size_t index) const { return each.data == nullptr ? one : each.at(index); }
};

PackedTypes readPackedTypes(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  if (napi_typeof(env, value, &type) == napi_ok && type == napi_number) return {{}, readTypeId(env, value)};
  return {readTypes(env, value)};
}

// Message i is bytes [offsets[i], offsets[i + 1]). The arrays may be shared with a thread that changes them meanwhile.
struct PackedMessages {
  PackedTypes types;
  Bytes bytes;
  const volatile uint32_t* offsets;
};

// Whether every message from the first on lies in the buffer, and none begins before the one before it. Each is looked at again when it is appended.
bool areInside(const uint32_t* offsets, size_t count, uint64_t length) {
  uint32_t before = 0;
  bool isInside = true;
  for (size_t index = 0; index < count; index++) {
    isInside &= offsets[index] >= before && offsets[index] <= length;
    before = offsets[index];
  }
  return isInside;
}

// Messages `*at` to `end` with one reading of the clock and one notification. `*at` becomes the first that was not appended.
int appendStretch(AppenderCore& core, const PackedMessages packed, size_t* at, size_t end) {
  const uint64_t now = realtimeNs();
  int status = kOk;
  size_t next = *at;
  for (; next < end; next++) {
    const uint32_t first = packed.offsets[next];
    const uint32_t last = packed.offsets[next + 1];
    const bool isInside = first <= last && last <= packed.bytes.length;
    status = isInside ? core.appendQuietly(packed.types.at(next), packed.bytes.data + first, last - first, now) : kBadPayload;
    if (status != kOk) [[unlikely]] break;
  }
  if (next > *at) core.finishBatch(now);
  *at = next;
  return status;
}

}  // namespace

napi_value checkBlock(napi_env env, napi_callback_info info) {
  const HotCall<1> call(env, info);
  Bytes block;
  if (!readPayload(env, call.values[0], &block)) return makeStatus(env, kBadPayload);
  return makeStatus(env, call.appender->core.checkBlock(block.data, block.length));
}

napi_value appendBlock(napi_env env, napi_callback_info info) {
  const HotCall<2> call(env, info);
  Bytes block;
  double from = 0;
  napi_get_value_double(env, call.values[1], &from);
  if (!readPayload(env, call.values[0], &block) || !(from >= 0 && from <= static_cast<double>(block.length))) return makeStatus(env, kBadPayload);
  return makeStatus(env, call.appender->core.appendBlock(block.data, block.length, static_cast<uint64_t>(from)));
}

napi_value appendSpread(napi_env env, napi_callback_info info) {
  const uint64_t now = realtimeNs();
  napi_value values[kSpreadMax + kSpreadFixed] = {};
  size_t argumentCount = kSpreadMax + kSpreadFixed;
  void* data = nullptr;
  napi_get_cb_info(env, info, &argumentCount, values, nullptr, &data);
  AppenderCore& core = static_cast<Appender*>(data)->core;
  core.state().batchCount = 0;
  if (argumentCount < kSpreadFixed || argumentCount > kSpreadMax + kSpreadFixed) {
    return throwTypeError(env, "appendSpread takes types, details and at most 512 payloads");
  }
  const Types types = readTypes(env, values[0]);
  Bytes allDetails;
  const bool hasDetails = readBytes(env, values[1], &allDetails);
  uint32_t count = 0;
  int status = kOk;
  for (const size_t messages = argumentCount - kSpreadFixed; status == kOk && count < messages;) {
    Bytes payload;
    RecordDetails details;
    if (!readPayload(env, values[count + kSpreadFixed], &payload)) {
      status = kBadPayload;
    } else if (!hasDetails) [[likely]] {
      status = core.appendQuietly(types.at(count), payload.data, payload.length, now);
    } else if (detailsAt(allDetails, count, &details)) {
      status = core.appendQuietly(types.at(count), payload.data, payload.length, now, details);
    } else {
      status = kBadPayload;
    }
    if (status == kOk) [[likely]] count++;
  }
  if (count > 0) core.finishBatch(now);
  core.state().batchCount = count;
  return makeStatus(env, status);
}

napi_value appendPacked(napi_env env, napi_callback_info info) {
  const HotCall<4> call(env, info);
  AppenderCore& core = call.appender->core;
  core.state().batchCount = 0;
  Bytes bytes;
  uint32_t from = 0;
  napi_typedarray_type type;
  size_t offsetCount = 0;
  void* data = nullptr;
  if (!readPayload(env, call.values[1], &bytes) || napi_get_value_uint32(env, call.values[3], &from) != napi_ok) return makeStatus(env, kBadPayload);
  if (napi_get_typedarray_info(env, call.values[2], &type, &offsetCount, &data, nullptr, nullptr) != napi_ok || type != napi_uint32_array) {
    return makeStatus(env, kBadPayload);
  }
  if (from < offsetCount && !areInside(static_cast<const uint32_t*>(data) + from, offsetCount - from, bytes.length)) return makeStatus(env, kBadPayload);
  const PackedMessages packed = {readPackedTypes(env, call.values[0]), bytes, static_cast<const volatile uint32_t*>(data)};
  size_t at = from;
  int status = kOk;
  while (status == kOk && at + 1 < offsetCount) status = appendStretch(core, packed, &at, std::min(at + kPackedStretch, offsetCount - 1));
  core.state().batchCount = static_cast<double>(at - from);
  return makeStatus(env, status);
}

// So many messages as `length` says, from the staging area.
napi_value appendStagedBatch(napi_env env, napi_callback_info info) {
  Appender& appender = *HotCall<0>(env, info).appender;
  const Staging& staging = *appender.staging;
  const uint64_t count = toLength(appender.core.state().length);
  appender.core.state().batchCount = 0;
  if (count > Staging::kMessages) return makeStatus(env, kBadPayload);
  const PackedMessages packed = {{{staging.typeIds, Staging::kMessages}}, {const_cast<uint8_t*>(staging.bytes), Staging::kBytes}, staging.offsets};
  size_t at = 0;
  const int status = appendStretch(appender.core, packed, &at, count);
  appender.core.state().batchCount = static_cast<double>(at);
  return makeStatus(env, status);
}

}  // namespace chronicle
