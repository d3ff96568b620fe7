#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <new>
#include <utility>

#include "appender_core.h"
#include "background.h"
#include "durable_job.h"
#include "later_wake.h"
#include "mapping.h"
#include "napi_support.h"
#include "native_object.h"
#include "segment_preparation.h"

namespace chronicle {
namespace {

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
  // Whether `progress` was told where to begin; else it begins at the segment that is attached.
  bool knowsProgress = false;
  std::shared_ptr<Mapping> segment;
  // The segment before this one, until it is retired.
  std::shared_ptr<Mapping> left;
  // Where its records end; of no segment before the first roll.
  SegmentEnd leftEnd;
  uint64_t writerEpoch;
  bool extensions;
  std::unique_ptr<LaterWake> later;
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
napi_value makeStatus(napi_env env, int status) {
  if (status == kOk) [[likely]] return nullptr;
  napi_value result = nullptr;
  napi_create_int32(env, status, &result);
  return result;
}

// What is not an integer of 0..0xFFFE becomes the padding type, which the core refuses.
uint32_t readTypeId(napi_env env, napi_value value) {
  double number = -1;
  if (napi_get_value_double(env, value, &number) != napi_ok) return kPaddingType;
  const bool valid = number >= 0 && number < kPaddingType && number == static_cast<double>(static_cast<uint32_t>(number));
  return valid ? static_cast<uint32_t>(number) : kPaddingType;
}

// An empty payload is fine, a detached one is not: the caller expected bytes.
bool readPayload(napi_env env, napi_value value, Bytes* bytes) {
  if (value == nullptr || !readBytes(env, value, bytes)) return false;
  if (bytes->length > 0) [[likely]] return bytes->data != nullptr;
  napi_value buffer = nullptr;
  bool detached = false;
  napi_get_typedarray_info(env, value, nullptr, nullptr, nullptr, &buffer, nullptr);
  return napi_is_detached_arraybuffer(env, buffer, &detached) != napi_ok || !detached;
}

napi_value append(napi_env env, napi_callback_info info) {
  const HotCall<2> call(env, info);
  Bytes payload;
  if (!readPayload(env, call.values[1], &payload)) return makeStatus(env, kBadPayload);
  return makeStatus(env, call.appender->core.append(readTypeId(env, call.values[0]), payload.data, payload.length));
}

napi_value appendAt(napi_env env, napi_callback_info info) {
  const HotCall<3> call(env, info);
  Bytes payload;
  uint64_t timestampNs = 0;
  bool lossless = false;
  if (!readPayload(env, call.values[1], &payload)) return makeStatus(env, kBadPayload);
  if (napi_get_value_bigint_uint64(env, call.values[2], &timestampNs, &lossless) != napi_ok) {
    return throwTypeError(env, "timestampNs must be a bigint");
  }
  return makeStatus(env, call.appender->core.appendAt(readTypeId(env, call.values[0]), payload.data, payload.length, timestampNs));
}

// What a message carries besides: nothing, the version of its schema as a number, or the bytes of a `RecordDetails`.
bool readDetails(napi_env env, napi_value value, RecordDetails* details) {
  napi_valuetype type = napi_undefined;
  if (value == nullptr || napi_typeof(env, value, &type) != napi_ok || type == napi_undefined) return true;
  if (type == napi_number) {
    uint32_t schemaVersion = 0;
    napi_get_value_uint32(env, value, &schemaVersion);
    details->flags = static_cast<uint16_t>(schemaVersion << kSchemaVersionShift);
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

napi_value appendWith(napi_env env, napi_callback_info info) {
  const HotCall<3> call(env, info);
  Bytes payload;
  RecordDetails details;
  if (!readPayload(env, call.values[1], &payload)) return makeStatus(env, kBadPayload);
  if (!readDetails(env, call.values[2], &details)) return nullptr;
  return makeStatus(env, call.appender->core.append(readTypeId(env, call.values[0]), payload.data, payload.length, details));
}

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

// Payloads come as arguments, (typeIds, details, from, ...payloads), because they are there at once; fetching the elements of an array costs 30 ns each. No code of the user
// runs meanwhile, so nothing that was read can change.
constexpr size_t kSpreadMax = 512;
constexpr size_t kSpreadFixed = 3;

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

napi_value appendSpread(napi_env env, napi_callback_info info) {
  const uint64_t now = realtimeNs();
  napi_value values[kSpreadMax + kSpreadFixed] = {};
  size_t argumentCount = kSpreadMax + kSpreadFixed;
  void* data = nullptr;
  napi_get_cb_info(env, info, &argumentCount, values, nullptr, &data);
  AppenderCore& core = static_cast<Appender*>(data)->core;
  core.state().batchCount = 0;
  uint32_t from = 0;
  if (argumentCount < kSpreadFixed || argumentCount > kSpreadMax + kSpreadFixed || napi_get_value_uint32(env, values[2], &from) != napi_ok) {
    return throwTypeError(env, "appendSpread takes types, details, an index and at most 512 payloads");
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
      status = core.appendQuietly(types.at(from + count), payload.data, payload.length, now);
    } else if (detailsAt(allDetails, from + count, &details)) {
      status = core.appendQuietly(types.at(from + count), payload.data, payload.length, now, details);
    } else {
      status = kBadPayload;
    }
    if (status == kOk) [[likely]] count++;
  }
  if (count > 0) core.finishBatch(now);
  core.state().batchCount = count;
  return makeStatus(env, status);
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
  const PackedTypes types = readPackedTypes(env, call.values[0]);
  const auto* const offsets = static_cast<const volatile uint32_t*>(data);
  size_t at = from;
  int status = kOk;
  while (status == kOk && at + 1 < offsetCount) {
    const uint64_t now = realtimeNs();
    const size_t begin = at;
    const size_t end = std::min(begin + kPackedStretch, offsetCount - 1);
    for (; at < end; at++) {
      const uint32_t first = offsets[at];
      const uint32_t last = offsets[at + 1];
      status = first <= last && last <= bytes.length ? core.appendQuietly(types.at(at), bytes.data + first, last - first, now) : kBadPayload;
      if (status != kOk) [[unlikely]] break;
    }
    if (at > begin) core.finishBatch(now);
  }
  core.state().batchCount = static_cast<double>(at - from);
  return makeStatus(env, status);
}

napi_value claim(napi_env env, napi_callback_info info) {
  const HotCall<3> call(env, info);
  RecordDetails details;
  double length = -1;
  napi_get_value_double(env, call.values[1], &length);
  if (!(length >= 0) || length != std::floor(length)) return makeStatus(env, kBadPayload);
  const uint64_t bounded = length > kPayloadLengthMax ? kPayloadLengthMax + 1 : static_cast<uint64_t>(length);
  if (!readDetails(env, call.values[2], &details)) return nullptr;
  return makeStatus(env, call.appender->core.claim(readTypeId(env, call.values[0]), bounded, details));
}

napi_value shorten(napi_env env, napi_callback_info info) {
  const HotCall<1> call(env, info);
  double length = -1;
  napi_get_value_double(env, call.values[0], &length);
  if (!(length >= 0 && length <= kPayloadLengthMax) || length != std::floor(length)) return makeStatus(env, kBadPayload);
  return makeStatus(env, call.appender->core.shorten(static_cast<uint64_t>(length)));
}

napi_value publish(napi_env env, napi_callback_info info) {
  const HotCall<1> call(env, info);
  uint64_t timestampNs = 0;
  bool lossless = false;
  if (napi_get_value_bigint_uint64(env, call.values[0], &timestampNs, &lossless) != napi_ok) {
    return throwTypeError(env, "timestampNs must be a bigint");
  }
  return makeStatus(env, call.appender->core.publish(timestampNs, coarseRealtimeNs()));
}

napi_value publishNow(napi_env env, napi_callback_info info) {
  const uint64_t now = realtimeNs();
  return makeStatus(env, HotCall<0>(env, info).appender->core.publish(now, now));
}

napi_value abortClaim(napi_env env, napi_callback_info info) { return makeStatus(env, HotCall<0>(env, info).appender->core.abort()); }

napi_value heartbeat(napi_env env, napi_callback_info info) {
  Appender& appender = *HotCall<0>(env, info).appender;
  if (appender.control != nullptr) appender.core.heartbeat();
  return nullptr;
}

napi_value detach(napi_env env, napi_callback_info info) {
  Appender& appender = *HotCall<0>(env, info).appender;
  appender.core.detach();
  appender.later.reset();
  appender.segment.reset();
  appender.left.reset();
  // Not left to the garbage collector: a process that opens and closes queues would keep a page and a mapping of each until then. Nothing but `heartbeat` touches it now.
  appender.control.reset();
  appender.hold.reset();
  return nullptr;
}

bool isUsable(Arguments& args, const Mapping& segment) {
  const bool usable = segment.writable() && segment.length() >= kFirstRecordOffset + kRecordHeaderLength && segment.length() % kAlignment == 0;
  if (!usable) args.fail("segment must be a writable mapping of whole 64-byte blocks");
  return usable;
}

// A mapping, or the descriptor and the length of a file, which then has no ArrayBuffer: making one of a whole segment brings the garbage collector about.
std::shared_ptr<Mapping> readSegment(Arguments& args) {
  napi_valuetype type = napi_undefined;
  if (args[0] == nullptr || napi_typeof(args.env(), args[0], &type) != napi_ok || type != napi_number) return args.mapping(0, "segment");
  const int fd = args.fd(0);
  const uint64_t length = args.integer(4, "length");
  if (!args.ok()) return nullptr;
  int error = 0;
  const int kept = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  auto segment = kept < 0 ? nullptr : Mapping::map(kept, length, true, &error);
  if (kept < 0) error = errno;
  if (segment != nullptr) {
    segment->keepDescriptor(kept);
    return segment;
  }
  if (kept >= 0) close(kept);
  throwSystemError(args.env(), error, kept < 0 ? "fcntl" : "mmap");
  args.giveUp();
  return nullptr;
}

napi_value attach(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  auto segment = readSegment(args);
  if (args.ok()) isUsable(args, *segment);
  const auto segmentId = static_cast<uint32_t>(args.integer(1, "segmentId", UINT32_MAX));
  const uint64_t writeOffset = args.integer(2, "writeOffset");
  const uint64_t nextSequence = args.integer(3, "nextSequence");
  if (args.ok()) args.checkRange(*segment, writeOffset, 0);
  if (args.ok() && (writeOffset < kFirstRecordOffset || writeOffset % kAlignment != 0)) args.fail("writeOffset must be a multiple of 64 from 64 on");
  if (args.ok() && args.data<Appender>()->control == nullptr) args.fail("the appender was detached");
  if (!args.ok()) return nullptr;
  Appender& appender = *args.data<Appender>();
  appender.core.attach(segment->range(), segmentId, writeOffset, nextSequence);
  if (!appender.knowsProgress) appender.progress->mark = {.sequence = 0, .offset = kFirstRecordOffset, .segmentId = segmentId};
  appender.knowsProgress = true;
  appender.segment = std::move(segment);
  return nullptr;
}

napi_value roll(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint64_t job = args.integer(0, "job");
  const auto segmentId = static_cast<uint32_t>(args.integer(1, "nextSegmentId", UINT32_MAX));
  if (!args.ok()) return nullptr;
  Appender& appender = *args.data<Appender>();
  // Before the mapping is taken: who is refused still has it.
  if (const int status = appender.core.mayRoll(); status != kOk) return makeStatus(env, status);
  auto segment = Jobs::shared().takeMappingAndRelease(job);
  if (segment == nullptr) return makeStatus(env, kUnprepared);
  if (!isUsable(args, *segment)) return nullptr;
  const DurableMark end = appender.core.here();
  appender.leftEnd = {.segmentId = end.segmentId, .offset = end.offset};
  const int status = appender.core.roll(segment->range(), segmentId, appender.writerEpoch);
  appender.left = std::exchange(appender.segment, std::move(segment));
  appender.core.setLimit(appender.segment->reservedEnd());
  return makeStatus(env, status);
}

napi_value setLimit(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint64_t limit = args.integer(0, "limit");
  if (args.ok()) args.data<Appender>()->core.setLimit(limit);
  return nullptr;
}

napi_value reservedEnd(napi_env env, napi_callback_info info) {
  const auto& segment = HotCall<0>(env, info).appender->segment;
  return makeNumber(env, segment == nullptr ? 0 : static_cast<double>(segment->reservedEnd()));
}

napi_value startReservedAt(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint64_t end = args.integer(0, "end");
  if (args.ok() && args.data<Appender>()->segment != nullptr) args.data<Appender>()->segment->startReservedAt(end);
  return nullptr;
}

napi_value reserve(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint64_t end = args.integer(0, "end");
  if (!args.ok()) return nullptr;
  const auto segment = args.data<Appender>()->segment;
  return makeNumber(env, segment == nullptr ? 0 : segment->reserve(std::min<uint64_t>(end, segment->length())));
}

napi_value makeReady(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint64_t begin = args.integer(0, "begin");
  const uint64_t end = args.integer(1, "end");
  const bool populates = args.boolean(2, "populates");
  if (!args.ok()) return nullptr;
  const Appender& appender = *args.data<Appender>();
  if (appender.segment == nullptr) return nullptr;
  const ReadySteps steps(appender.segment, {begin, end}, populates, appender.hold.get());
  return startJob(env, {Lane::kPrepare, JobKind::kPopulate, appender.hold}, [steps](Job& job) {
    job.behind = steps;
    return 0;
  });
}

// Making an ArrayBuffer of a whole segment brings the garbage collector about, so it is made only on request.
napi_value segmentBuffer(napi_env env, napi_callback_info info) {
  const auto segment = HotCall<0>(env, info).appender->segment;
  if (segment == nullptr || isExposed(*segment)) return throwTypeError(env, "there is no segment that has no ArrayBuffer yet");
  return exposeMapping(env, segment);
}

constexpr uint64_t kIntegerMax = (uint64_t{1} << 53) - 1;

// Everything appended so far.
DurableJob durableHead(const Appender& appender) {
  DurableJob job;
  job.control = appender.control;
  job.progress = appender.progress;
  job.marks = appender.extensions;
  job.mark = appender.core.here();
  job.firstSequence = appender.core.firstSequence();
  job.leftEnd = appender.leftEnd;
  job.head = appender.segment;
  return job;
}

napi_value startDurable(napi_env env, const Appender& appender, DurableJob job) {
  return startJob(env, {Lane::kFiles, JobKind::kSync, appender.hold}, [job = std::move(job)](Job& running) mutable { return job.run(running.hold.get()); });
}

napi_value makeDurable(napi_env env, napi_callback_info info) {
  const Appender& appender = *HotCall<0>(env, info).appender;
  if (appender.segment == nullptr) return throwTypeError(env, "the appender has no segment");
  return startDurable(env, appender, durableHead(appender));
}

napi_value makeDurableHere(napi_env env, napi_callback_info info) {
  const Appender& appender = *HotCall<0>(env, info).appender;
  if (appender.segment == nullptr) return throwTypeError(env, "the appender has no segment");
  DurableJob job = durableHead(appender);
  job.isQuiet = true;
  return makeNumber(env, job.run(appender.hold.get()));
}

napi_value retire(napi_env env, napi_callback_info info) {
  Appender& appender = *HotCall<0>(env, info).appender;
  if (appender.left == nullptr) return throwTypeError(env, "there is no segment that was left");
  DurableJob job = durableHead(appender);
  job.mark = appender.core.segmentStart();
  job.head = nullptr;
  job.left = std::move(appender.left);
  return startDurable(env, appender, std::move(job));
}

// What is durable already, as the caller knows: { sequence, segmentId, offset }, where a sequence of -1 is not known.
void readProgress(Arguments& args, napi_value value, Appender& appender) {
  napi_valuetype type = napi_undefined;
  if (value == nullptr || napi_typeof(args.env(), value, &type) != napi_ok || type == napi_undefined) return;
  const auto property = [&](const char* name) {
    napi_value result = nullptr;
    napi_get_named_property(args.env(), value, name, &result);
    return result;
  };
  const double sequence = args.numberOf(property("sequence"), "sequence");
  DurableProgress& progress = *appender.progress;
  progress.knowsSequence = sequence >= 0;
  progress.mark.sequence = progress.knowsSequence ? static_cast<uint64_t>(sequence) : 0;
  progress.mark.segmentId = static_cast<uint32_t>(args.integerOf(property("segmentId"), "segmentId", UINT32_MAX));
  progress.mark.offset = args.integerOf(property("offset"), "offset", kIntegerMax);
  if (args.ok() && (progress.mark.offset < kFirstRecordOffset || progress.mark.offset % kAlignment != 0)) args.fail("offset must be a multiple of 64 from 64 on");
  appender.knowsProgress = true;
}

napi_value createAppender(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  auto control = args.mappingOf(args.property(0, "control"), "control");
  const uint64_t writerEpoch = args.integerOf(args.property(0, "writerEpoch"), "writerEpoch", kIntegerMax);
  const bool extensions = args.booleanOf(args.property(0, "extensions"), "extensions");
  if (args.ok()) args.checkRange(*control, 0, kControlLength);
  if (args.ok() && !control->writable()) args.fail("control must be writable");
  auto hold = readHold(args, args.property(0, "hold"));
  if (!args.ok()) return nullptr;
  auto made = std::make_unique<Appender>(std::move(control), writerEpoch, extensions);
  made->hold = std::move(hold);
  readProgress(args, args.property(0, "durable"), *made);
  if (!args.ok()) return nullptr;
  Appender* const appender = made.release();
  constexpr NativeObject<Appender>::Function functions[] = {
      {"attach", attach},   {"append", append},         {"appendAt", appendAt}, {"appendSpread", appendSpread}, {"claim", claim}, {"publish", publish},
      {"publishNow", publishNow}, {"abort", abortClaim}, {"roll", roll},         {"heartbeat", heartbeat},     {"detach", detach},
      {"appendWith", appendWith}, {"appendPacked", appendPacked}, {"checkBlock", checkBlock}, {"appendBlock", appendBlock}, {"shorten", shorten},
      {"setLimit", setLimit}, {"reservedEnd", reservedEnd}, {"startReservedAt", startReservedAt}, {"reserve", reserve}, {"makeReady", makeReady},
      {"segment", segmentBuffer}, {"makeDurable", makeDurable}, {"makeDurableHere", makeDurableHere}, {"retire", retire},
  };
  auto* const state = reinterpret_cast<double*>(&appender->core.state());
  return NativeObject<Appender>::create(env, appender, state, sizeof(AppenderState) / sizeof(double), functions);
}

}  // namespace

void defineAppender(napi_env env, napi_value exports) { defineFunction(env, exports, "createAppender", createAppender); }

}  // namespace chronicle
