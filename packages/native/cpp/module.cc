#include <node_api.h>

#include "background.h"
#include "environment.h"
#include "hold.h"
#include "interface_id.h"
#include "napi_support.h"
#include "parker.h"

namespace chronicle {
namespace {

// Runs before the environment's queues close. The threads that serve it live on and forget it.
void onEnvironmentEnds(void* data) {
  const auto* const environment = static_cast<Environment*>(data);
  environment->callbacks->close();
  forgetParks(environment->callbacks.get());
  releaseJobs(environment->callbacks.get());
  endHoldsOf(environment->callbacks.get());
}

napi_value initialise(napi_env env, napi_value exports) {
  auto* const environment = new Environment;
  napi_set_instance_data(
      env, environment, [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); }, nullptr);
  napi_add_env_cleanup_hook(env, onEnvironmentEnds, environment);
  defineMapping(env, exports);
  defineFile(env, exports);
  defineHold(env, exports);
  defineCrc(env, exports);
  defineClock(env, exports);
  defineAffinity(env, exports);
  defineNotifyService(env, exports);
  defineHangUp(env, exports);
  defineFutex(env, exports);
  defineParker(env, exports);
  defineBackground(env, exports);
  defineAppender(env, exports);
  defineVerifier(env, exports);
  defineFileVerifier(env, exports);
  definePositionSaver(env, exports);
  napi_value interfaceId = nullptr;
  napi_create_string_latin1(env, kInterfaceId, NAPI_AUTO_LENGTH, &interfaceId);
  napi_set_named_property(env, exports, "interfaceId", interfaceId);
  return exports;
}

}  // namespace

Environment& Environment::of(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return *static_cast<Environment*>(data);
}

}  // namespace chronicle

NAPI_MODULE_INIT() { return chronicle::initialise(env, exports); }
