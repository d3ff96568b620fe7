// What belongs to one environment: the main thread or one worker. It ends with it, also when a worker is terminated.
#pragma once

#include <node_api.h>

#include <memory>

#include "callbacks.h"

namespace chronicle {

struct Environment {
  std::shared_ptr<Callbacks> callbacks = std::make_shared<Callbacks>();

  static Environment& of(napi_env env);
};

}  // namespace chronicle
