#pragma once

#include <node_api.h>

#include <functional>

#include "jobs.h"
#include "napi_support.h"

namespace chronicle {

struct JobPlan {
  Lane lane;
  JobKind kind;
  // Of the writer that asks; may be nullptr.
  std::shared_ptr<Hold> hold;
};

// Returns the job's number.
napi_value startJob(napi_env env, JobPlan plan, std::function<int(Job&)> work);

// The hold that an argument names; absent or 0: none. One that is closed throws.
std::shared_ptr<Hold> readHold(Arguments& args, napi_value value);

// Forgets the jobs of this environment; those under way are finished.
void releaseJobs(const Callbacks* callbacks);

}  // namespace chronicle
