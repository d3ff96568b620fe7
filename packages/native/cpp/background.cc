#include "background.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "file_blocks.h"
#include "jobs.h"
#include "napi_support.h"
#include "open_file.h"
#include "segment_preparation.h"
#include "watched_words.h"

namespace chronicle {

napi_value startJob(napi_env env, JobPlan plan, std::function<int(Job&)> work) {
  auto job = std::make_unique<Job>();
  job->lane = plan.lane;
  job->kind = plan.kind;
  job->hold = std::move(plan.hold);
  job->callbacks = Callbacks::of(env);
  job->work = std::move(work);
  return makeNumber(env, static_cast<double>(Jobs::shared().add(std::move(job))));
}

std::shared_ptr<Hold> readHold(Arguments& args, napi_value value) {
  napi_valuetype type = napi_undefined;
  if (value == nullptr || napi_typeof(args.env(), value, &type) != napi_ok || type == napi_undefined) return nullptr;
  const uint64_t id = args.integerOf(value, "hold", (uint64_t{1} << 53) - 1);
  if (!args.ok() || id == 0) return nullptr;
  auto hold = findHold(id);
  if (hold == nullptr) args.fail("hold is closed");
  return hold;
}

namespace {

// The same numbers stand in src/binding.ts.
enum PrepareFlag : uint64_t { kReplace = 1, kPopulate = 2, kLockMemory = 4, kHugePages = 8, kSyncDirectory = 16 };

// Positions instead of an object, whose properties would cost a microsecond each in an append that rolls.
SegmentRequest readRequest(Arguments& args) {
  SegmentRequest request;
  request.temporaryPath = args.string(0, "temporaryPath");
  request.finalPath = args.string(1, "finalPath");
  const Bytes header = args.bytes(2, "header");
  request.header.assign(header.data, header.data + header.length);
  request.length = args.integer(3, "length", uint64_t{1} << 52);
  request.ready = args.absent(7) ? request.length : args.integer(7, "ready", request.length);
  const uint64_t flags = args.integer(4, "flags");
  request.replace = (flags & kReplace) != 0;
  request.populate = (flags & kPopulate) != 0;
  request.lockMemory = (flags & kLockMemory) != 0;
  request.hugePages = (flags & kHugePages) != 0;
  request.syncDirectory = (flags & kSyncDirectory) != 0;
  if (args.ok() && request.header.size() > request.ready) args.fail("header must not be longer than what is ready");
  return request;
}

napi_value backgroundPrepare(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  SegmentRequest request = readRequest(args);
  auto hold = readHold(args, args[5]);
  if (!args.absent(6)) request.mode = static_cast<unsigned>(args.integer(6, "mode", 07777));
  if (!args.ok()) return nullptr;
  return startJob(env, {Lane::kPrepare, JobKind::kPrepare, std::move(hold)}, [request = std::move(request)](Job& job) {
    int error = 0;
    job.mapping = prepareSegment(request, job, &error);
    if (request.populate && error == 0) job.behind = ReadySteps(job.mapping, {0, request.ready}, true, job.hold.get());
    return error;
  });
}

napi_value backgroundPopulate(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const auto mapping = args.mapping(0, "mapping");
  const uint64_t offset = args.integer(1, "offset");
  auto hold = readHold(args, args[2]);
  if (!args.ok()) return nullptr;
  mapping->startReservedAt(mapping->length());
  const ReadySteps steps(mapping, {offset, mapping->length()}, true, hold.get());
  return startJob(env, {Lane::kPrepare, JobKind::kPopulate, std::move(hold)}, [steps](Job& job) {
    job.behind = steps;
    return 0;
  });
}

// The job's reference is the last one unless another holder still uses the pages.
napi_value backgroundUnmap(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  if (args[0] == nullptr) return throwTypeError(env, "mapping must be an ArrayBuffer");
  std::shared_ptr<Mapping> mapping = detachMapping(env, args[0]);
  bool failed = false;
  napi_is_exception_pending(env, &failed);
  if (failed) return nullptr;
  return startJob(env, {Lane::kFiles, JobKind::kUnmap, nullptr}, [mapping = std::move(mapping)](Job&) { return 0; });
}

napi_value backgroundSync(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  auto mapping = args.mapping(0, "mapping");
  const uint64_t offset = args.integer(1, "offset");
  const uint64_t length = args.integer(2, "length");
  if (args.ok()) args.checkRange(*mapping, offset, length);
  if (!args.ok()) return nullptr;
  return startJob(env, {Lane::kFiles, JobKind::kSync, nullptr}, [=](Job&) { return mapping->sync(offset, length); });
}

napi_value backgroundUnlink(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  std::string path = args.string(0, "path");
  std::vector<std::string> syncFirst;
  if (!args.absent(1)) {
    for (const napi_value value : args.array(1, "syncFirst")) syncFirst.push_back(args.stringOf(value, "syncFirst"));
  }
  auto hold = readHold(args, args[2]);
  const uint64_t after = args.absent(3) ? 0 : args.integer(3, "after", (uint64_t{1} << 53) - 1);
  if (!args.ok()) return nullptr;
  auto previous = Jobs::shared().known(after);
  return startJob(env, {Lane::kFiles, JobKind::kUnlink, std::move(hold)}, [=, path = std::move(path), syncFirst = std::move(syncFirst)](Job& job) {
    if (previous != nullptr && previous->state < 0) return ECANCELED;
    const int directory = job.hold == nullptr ? AT_FDCWD : job.hold->directory();
    for (const std::string& file : syncFirst) {
      if (const int error = syncPosition(directory, file); error != 0 && error != ENOENT) return error;
    }
    if (job.hold != nullptr) {
      if (const int error = job.hold->check(); error != 0) return error;
    }
    const int error = unlinkFile(directory, path);
    return error == ENOENT ? 0 : error;
  });
}

// Returns 0 or the errno.
int replaceFile(int directory, const std::string& temporaryPath, const std::string& path, const std::vector<uint8_t>& bytes, unsigned mode) {
  if (unlinkat(directory, temporaryPath.c_str(), 0) != 0 && errno != ENOENT) return errno;
  const int fd = openFile(directory, temporaryPath.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd < 0) return errno;
  int error = writeFully(fd, bytes.data(), bytes.size(), 0);
  close(fd);
  if (error == 0 && renameat(directory, temporaryPath.c_str(), directory, path.c_str()) != 0) error = errno;
  if (error != 0) unlinkat(directory, temporaryPath.c_str(), 0);
  return error;
}

napi_value backgroundReplace(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  std::string temporaryPath = args.string(0, "temporaryPath");
  std::string path = args.string(1, "path");
  const Bytes given = args.bytes(2, "bytes");
  auto hold = readHold(args, args[3]);
  const auto mode = args.absent(4) ? 0666u : static_cast<unsigned>(args.integer(4, "mode", 07777));
  if (!args.ok()) return nullptr;
  std::vector<uint8_t> bytes(given.data, given.data + given.length);
  const auto work = [=, temporaryPath = std::move(temporaryPath), path = std::move(path), bytes = std::move(bytes)](Job& job) {
    if (job.hold == nullptr) return replaceFile(AT_FDCWD, temporaryPath, path, bytes, mode);
    const int error = job.hold->check();
    return error != 0 ? error : replaceFile(job.hold->directory(), temporaryPath, path, bytes, mode);
  };
  return startJob(env, {Lane::kFiles, JobKind::kReplace, std::move(hold)}, work);
}

napi_value jobState(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint64_t id = args.integer(0, "job");
  return args.ok() ? makeNumber(env, Jobs::shared().state(id)) : nullptr;
}

napi_value jobWait(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint64_t id = args.integer(0, "job");
  const double timeoutMs = args.number(1, "timeoutMs");
  return args.ok() ? makeNumber(env, Jobs::shared().wait(id, deadlineAfter(timeoutMs))) : nullptr;
}

napi_value jobNotify(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint64_t id = args.integer(0, "job");
  const napi_value callback = args.function(1, "callback");
  if (!args.ok()) return nullptr;
  const auto callbacks = Callbacks::of(env);
  const uint64_t token = callbacks->add(env, callback);
  if (token == 0) return nullptr;
  if (!Jobs::shared().listen(id, token)) callbacks->deliver(token, -ENOENT);
  return nullptr;
}

napi_value takeMapping(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint64_t id = args.integer(0, "job");
  if (!args.ok()) return nullptr;
  auto mapping = Jobs::shared().takeMapping(id);
  if (mapping == nullptr) return throwSystemError(env, ENOENT, "takeMapping");
  return exposeMapping(env, std::move(mapping));
}

napi_value jobCancel(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint64_t id = args.integer(0, "job");
  if (args.ok()) Jobs::shared().cancel(id);
  return nullptr;
}

napi_value jobRelease(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint64_t id = args.integer(0, "job");
  if (args.ok()) Jobs::shared().release(id);
  return nullptr;
}

}  // namespace

void releaseJobs(const Callbacks* callbacks) { Jobs::shared().releaseAllOf(callbacks); }

void defineBackground(napi_env env, napi_value exports) {
  defineFunction(env, exports, "backgroundPrepare", backgroundPrepare);
  defineFunction(env, exports, "backgroundPopulate", backgroundPopulate);
  defineFunction(env, exports, "backgroundUnmap", backgroundUnmap);
  defineFunction(env, exports, "backgroundSync", backgroundSync);
  defineFunction(env, exports, "backgroundUnlink", backgroundUnlink);
  defineFunction(env, exports, "backgroundReplace", backgroundReplace);
  defineFunction(env, exports, "jobState", jobState);
  defineFunction(env, exports, "jobWait", jobWait);
  defineFunction(env, exports, "jobNotify", jobNotify);
  defineFunction(env, exports, "takeMapping", takeMapping);
  defineFunction(env, exports, "jobCancel", jobCancel);
  defineFunction(env, exports, "jobRelease", jobRelease);
}

}  // namespace chronicle
