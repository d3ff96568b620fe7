#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <new>
#include <utility>

#include "appender_calls.h"
#include "background.h"
#include "durable_job.h"
#include "later_wake.h"
#include "mapping.h"
#include "napi_support.h"
#include "native_object.h"
#include "segment_preparation.h"

namespace chronicle {
namespace {

napi_value append(napi_env env, napi_callback_info info) {
  const HotCall<2> call(env, info);
  Bytes payload;
  if (!readPayload(env, call.values[1], &payload)) return makeStatus(env, kBadPayload);
  return makeStatus(env, call.appender->core.append(readTypeId(env, call.values[0]), payload.data, payload.length));
}

napi_value appendStaged(napi_env env, napi_callback_info info) {
  Appender& appender = *HotCall<0>(env, info).appender;
  AppenderState& state = appender.core.state();
  const uint64_t length = toLength(state.length);
  const uint32_t typeId = toTypeId(state.typeId);
  const uint8_t* const payload = appender.staging->bytes;
  const double schemaVersion = std::exchange(state.schemaVersion, 0);
  if (length > Staging::kBytes) return makeStatus(env, kBadPayload);
  if (schemaVersion == 0) return makeStatus(env, appender.core.append(typeId, payload, length));
  return makeStatus(env, appender.core.append(typeId, payload, length, detailsOfVersion(schemaVersion)));
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

napi_value appendWith(napi_env env, napi_callback_info info) {
  const HotCall<3> call(env, info);
  Bytes payload;
  RecordDetails details;
  if (!readPayload(env, call.values[1], &payload)) return makeStatus(env, kBadPayload);
  if (!readDetails(env, call.values[2], &details)) return nullptr;
  return makeStatus(env, call.appender->core.append(readTypeId(env, call.values[0]), payload.data, payload.length, details));
}

napi_value claim(napi_env env, napi_callback_info info) {
  const HotCall<3> call(env, info);
  RecordDetails details;
  double number = -1;
  napi_get_value_double(env, call.values[1], &number);
  const uint64_t length = toLength(number);
  if (length == kNoLength) return makeStatus(env, kBadPayload);
  if (!readDetails(env, call.values[2], &details)) return nullptr;
  return makeStatus(env, call.appender->core.claim(readTypeId(env, call.values[0]), length, details));
}

napi_value claimPlain(napi_env env, napi_callback_info info) {
  AppenderCore& core = HotCall<0>(env, info).appender->core;
  const uint64_t length = toLength(core.state().length);
  return makeStatus(env, length == kNoLength ? kBadPayload : core.claim(toTypeId(core.state().typeId), length));
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
  // Before the mapping is taken: a refused caller still owns it.
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
      {"appendWith", appendWith}, {"appendPacked", appendPacked}, {"appendStaged", appendStaged}, {"appendStagedBatch", appendStagedBatch}, {"claimPlain", claimPlain}, {"checkBlock", checkBlock}, {"appendBlock", appendBlock}, {"shorten", shorten},
      {"setLimit", setLimit}, {"reservedEnd", reservedEnd}, {"startReservedAt", startReservedAt}, {"reserve", reserve}, {"makeReady", makeReady},
      {"segment", segmentBuffer}, {"makeDurable", makeDurable}, {"makeDurableHere", makeDurableHere}, {"retire", retire},
  };
  const auto state = NativeObject<Appender>::doubles("state", &appender->core.state(), sizeof(AppenderState));
  const auto staging = NativeObject<Appender>::bytes("staging", appender->staging.get(), sizeof(Staging));
  return NativeObject<Appender>::create(env, appender, {state, staging}, functions);
}

}  // namespace

void defineAppender(napi_env env, napi_value exports) { defineFunction(env, exports, "createAppender", createAppender); }

}  // namespace chronicle
