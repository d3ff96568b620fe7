// Preloaded into a program, refuses new threads as long as the file exists that THREAD_REFUSALS names, as the kernel does at RLIMIT_NPROC or pids.max.
#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*), void* argument) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto real = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  if (access(std::getenv("THREAD_REFUSALS"), F_OK) == 0) return EAGAIN;
  return real(thread, attributes, body, argument);
}
