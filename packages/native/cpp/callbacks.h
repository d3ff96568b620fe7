// Calls of JavaScript functions that other threads ask for. Each environment (main thread, worker) has one; the threads hold it by
// shared pointer and may outlive the environment: then a delivery goes nowhere.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace chronicle {

class Callbacks {
 public:
  // On the environment's own thread. An entry keeps its event loop alive.
  static std::shared_ptr<Callbacks> of(napi_env env);
  // Returns a token that is unique in the process, 0 when an exception is pending.
  uint64_t add(napi_env env, napi_value function);
  // Whether the token was known; its function is not called any more.
  bool remove(napi_env env, uint64_t token);
  void close();

  // From any thread, any number of times: the function is called once, with the first outcome.
  void deliver(uint64_t token, int outcome);

 private:
  bool start(napi_env env);
  void invoke(napi_env env, uint64_t token, int outcome);
  static void onDelivery(napi_env env, napi_value, void* context, void* delivery);

  std::mutex mutex_;
  napi_threadsafe_function queue_ = nullptr;  // guarded by mutex_
  std::unordered_map<uint64_t, napi_ref> functions_;
};

}  // namespace chronicle
