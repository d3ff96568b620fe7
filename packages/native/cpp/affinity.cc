#include "affinity.h"

#include <sched.h>

#include <cerrno>
#include <cstring>

#include "napi_support.h"

namespace chronicle {
namespace {

// Room for every kernel that is built today; sched_getaffinity refuses a set smaller than the kernel's.
constexpr size_t kCpusMax = 8192;
struct CpuSet {
  uint8_t bits[kCpusMax / 8] = {};

  cpu_set_t* raw() { return reinterpret_cast<cpu_set_t*>(bits); }
  void add(size_t cpu) { bits[cpu / 8] |= static_cast<uint8_t>(1u << (cpu % 8)); }
  bool has(size_t cpu) const { return (bits[cpu / 8] >> (cpu % 8) & 1) != 0; }
};

CpuSet processCpus;
bool processCpusKnown = false;

napi_value setThreadAffinity(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  CpuSet cpus;
  for (const napi_value element : args.array(0, "cpus")) {
    const uint64_t cpu = args.integerOf(element, "cpu", kCpusMax - 1);
    if (args.ok()) cpus.add(cpu);
  }
  if (!args.ok()) return nullptr;
  return sched_setaffinity(0, sizeof cpus, cpus.raw()) == 0 ? nullptr : throwSystemError(env, errno, "sched_setaffinity");
}

napi_value threadAffinity(napi_env env, napi_callback_info) {
  CpuSet cpus;
  if (sched_getaffinity(0, sizeof cpus, cpus.raw()) != 0) return throwSystemError(env, errno, "sched_getaffinity");
  napi_value result = nullptr;
  napi_create_array(env, &result);
  uint32_t count = 0;
  for (size_t cpu = 0; cpu < kCpusMax; cpu++) {
    if (cpus.has(cpu)) napi_set_element(env, result, count++, makeNumber(env, static_cast<double>(cpu)));
  }
  return result;
}

napi_value yieldThread(napi_env, napi_callback_info) {
  sched_yield();
  return nullptr;
}

}  // namespace

void rememberProcessAffinity() {
  if (!processCpusKnown) processCpusKnown = sched_getaffinity(0, sizeof processCpus, processCpus.raw()) == 0;
}

void restoreProcessAffinity() {
  if (processCpusKnown) sched_setaffinity(0, sizeof processCpus, processCpus.raw());
}

void defineAffinity(napi_env env, napi_value exports) {
  static const bool remembered = (rememberProcessAffinity(), true);
  (void)remembered;
  defineFunction(env, exports, "setThreadAffinity", setThreadAffinity);
  defineFunction(env, exports, "threadAffinity", threadAffinity);
  defineFunction(env, exports, "yieldThread", yieldThread);
}

}  // namespace chronicle
