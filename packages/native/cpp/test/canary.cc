// An addon that does what a sanitizer must see, when it is loaded: without it, silence would mean nothing.
#include <node_api.h>
#include <pthread.h>

#include <cstdint>

namespace {

int shared = 0;

void* add(void* data) {
  auto* const counter = static_cast<volatile int*>(data);
  for (int count = 0; count < 1000; count++) *counter = *counter + 1;
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  pthread_t thread;
  if (pthread_create(&thread, nullptr, add, &shared) == 0) {
    add(&shared);
    pthread_join(thread, nullptr);
  }
  auto* const bytes = new uint8_t[64];
  volatile uint8_t* const behind = bytes + 64;
  *behind = 1;
  delete[] bytes;
  (void)env;
  return exports;
}
