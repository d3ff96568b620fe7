#include "callbacks.h"

#include <atomic>

#include "environment.h"
#include "napi_support.h"

namespace chronicle {
namespace {

struct Delivery {
  uint64_t token;
  int outcome;
};

std::atomic<uint64_t> lastToken{0};

}  // namespace

std::shared_ptr<Callbacks> Callbacks::of(napi_env env) { return Environment::of(env).callbacks; }

bool Callbacks::start(napi_env env) {
  if (queue_ != nullptr) return true;
  napi_value name = nullptr;
  napi_create_string_utf8(env, "chronicle", NAPI_AUTO_LENGTH, &name);
  napi_threadsafe_function queue = nullptr;
  const napi_status status =
      napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, onDelivery, &queue);
  if (status != napi_ok) {
    throwSystemError(env, ENOMEM, "napi_create_threadsafe_function");
    return false;
  }
  napi_unref_threadsafe_function(env, queue);
  const std::lock_guard lock(mutex_);
  queue_ = queue;
  return true;
}

uint64_t Callbacks::add(napi_env env, napi_value function) {
  if (!start(env)) return 0;
  napi_ref reference = nullptr;
  if (napi_create_reference(env, function, 1, &reference) != napi_ok) return 0;
  const uint64_t token = lastToken.fetch_add(1, std::memory_order_relaxed) + 1;
  if (functions_.empty()) napi_ref_threadsafe_function(env, queue_);
  functions_.emplace(token, reference);
  return token;
}

bool Callbacks::remove(napi_env env, uint64_t token) {
  const auto entry = functions_.find(token);
  if (entry == functions_.end()) return false;
  napi_delete_reference(env, entry->second);
  functions_.erase(entry);
  if (functions_.empty()) napi_unref_threadsafe_function(env, queue_);
  return true;
}

void Callbacks::close() {
  const std::lock_guard lock(mutex_);
  queue_ = nullptr;
}

void Callbacks::deliver(uint64_t token, int outcome) {
  const std::lock_guard lock(mutex_);
  if (queue_ == nullptr) return;
  auto* const delivery = new Delivery{token, outcome};
  const napi_status status = napi_call_threadsafe_function(queue_, delivery, napi_tsfn_nonblocking);
  if (status == napi_ok) return;
  delete delivery;
  // Closing: this call was the last that the queue takes.
  queue_ = nullptr;
}

void Callbacks::invoke(napi_env env, uint64_t token, int outcome) {
  const auto entry = functions_.find(token);
  if (entry == functions_.end()) return;
  napi_value function = nullptr, receiver = nullptr;
  napi_get_reference_value(env, entry->second, &function);
  napi_get_undefined(env, &receiver);
  remove(env, token);
  const napi_value argument = makeNumber(env, outcome);
  if (napi_call_function(env, receiver, function, 1, &argument, nullptr) != napi_pending_exception) return;
  napi_value thrown = nullptr;
  napi_get_and_clear_last_exception(env, &thrown);
  napi_fatal_exception(env, thrown);
}

// Without an environment only the delivery is left to be freed.
void Callbacks::onDelivery(napi_env env, napi_value, void* context, void* data) {
  const std::unique_ptr<Delivery> delivery(static_cast<Delivery*>(data));
  if (env != nullptr) static_cast<Callbacks*>(context)->invoke(env, delivery->token, delivery->outcome);
}

}  // namespace chronicle
