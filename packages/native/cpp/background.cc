#include "background.h"

#include <unistd.h>

#include <cerrno>

#include "file_blocks.h"
#include "jobs.h"
#include "napi_support.h"
#include "segment_preparation.h"
#include "watched_words.h"

namespace chronicle {

napi_value startJob(napi_env env, Lane lane, std::function<int(Job&)> work) {
  auto job = std::make_unique<Job>();
  job->lane = lane;
  job->callbacks = Callbacks::of(env);
  job->work = std::move(work);
  uint64_t id = 0;
  const int error = Jobs::shared().add(std::move(job), &id);
  return error == 0 ? makeNumber(env, static_cast<double>(id)) : throwSystemError(env, error, "pthread_create");
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
  const uint64_t flags = args.integer(4, "flags");
  request.replace = (flags & kReplace) != 0;
  request.populate = (flags & kPopulate) != 0;
  request.lockMemory = (flags & kLockMemory) != 0;
  request.hugePages = (flags & kHugePages) != 0;
  request.syncDirectory = (flags & kSyncDirectory) != 0;
  if (args.ok() && request.header.size() > request.length) args.fail("header must not be longer than the segment");
  return request;
}

napi_value backgroundPrepare(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  SegmentRequest request = readRequest(args);
  if (!args.ok()) return nullptr;
  return startJob(env, Lane::kPrepare, [request = std::move(request)](Job& job) {
    int error = 0;
    job.mapping = prepareSegment(request, &error);
    if (request.populate && error == 0) job.behind = PopulateSteps(job.mapping, 0);
    return error;
  });
}

napi_value backgroundPopulate(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const auto mapping = args.mapping(0, "mapping");
  const uint64_t offset = args.integer(1, "offset");
  if (!args.ok()) return nullptr;
  return startJob(env, Lane::kPrepare, [steps = PopulateSteps(mapping, offset)](Job& job) {
    job.behind = steps;
    return 0;
  });
}

// The job's reference is the last one unless somebody else still uses the pages.
napi_value backgroundUnmap(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  if (args[0] == nullptr) return throwTypeError(env, "mapping must be an ArrayBuffer");
  std::shared_ptr<Mapping> mapping = detachMapping(env, args[0]);
  bool failed = false;
  napi_is_exception_pending(env, &failed);
  if (failed) return nullptr;
  return startJob(env, Lane::kFiles, [mapping = std::move(mapping)](Job&) { return 0; });
}

napi_value backgroundSync(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  auto mapping = args.mapping(0, "mapping");
  const uint64_t offset = args.integer(1, "offset");
  const uint64_t length = args.integer(2, "length");
  const auto control = args.absent(3) ? nullptr : args.mapping(3, "control");
  if (args.ok()) args.checkRange(*mapping, offset, length);
  if (!args.ok()) return nullptr;
  return startJob(env, Lane::kFiles, [=](Job&) {
    const int error = mapping->sync(offset, length);
    return error != 0 && control != nullptr ? control->failDurable(error) : error;
  });
}

napi_value backgroundUnlink(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  std::string path = args.string(0, "path");
  std::vector<std::string> syncFirst;
  if (!args.absent(1)) {
    for (const napi_value value : args.array(1, "syncFirst")) syncFirst.push_back(args.stringOf(value, "syncFirst"));
  }
  if (!args.ok()) return nullptr;
  return startJob(env, Lane::kFiles, [path = std::move(path), syncFirst = std::move(syncFirst)](Job&) {
    for (const std::string& file : syncFirst) {
      if (const int error = syncFile(file); error != 0 && error != ENOENT) return error;
    }
    return unlink(path.c_str()) == 0 || errno == ENOENT ? 0 : errno;
  });
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
  defineFunction(env, exports, "jobState", jobState);
  defineFunction(env, exports, "jobWait", jobWait);
  defineFunction(env, exports, "jobNotify", jobNotify);
  defineFunction(env, exports, "takeMapping", takeMapping);
  defineFunction(env, exports, "jobRelease", jobRelease);
}

}  // namespace chronicle
