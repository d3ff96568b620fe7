#pragma once

#include <node_api.h>

#include <functional>

#include "jobs.h"

namespace chronicle {

// Returns the job's number, or throws.
napi_value startJob(napi_env env, Lane lane, std::function<int(Job&)> work);

// Forgets the jobs of this environment; those under way are finished.
void releaseJobs(const Callbacks* callbacks);

}  // namespace chronicle
