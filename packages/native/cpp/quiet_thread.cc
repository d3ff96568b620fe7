#include "quiet_thread.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <initializer_list>

#include "affinity.h"

namespace chronicle {
namespace {

constexpr int kNiceness = 10;

struct Start {
  void (*body)(void*);
  void* argument;
};

void* runThread(void* data) {
  const Start start = *static_cast<Start*>(data);
  delete static_cast<Start*>(data);
  restoreProcessAffinity();
  start.body(start.argument);
  return nullptr;
}

// Signals of the process go to threads that expect them. Faults of the thread itself stay: the fault handler needs SIGBUS.
void blockSignals(sigset_t* before) {
  sigset_t blocked;
  sigfillset(&blocked);
  for (const int fault : {SIGBUS, SIGSEGV, SIGILL, SIGFPE, SIGTRAP, SIGABRT}) sigdelset(&blocked, fault);
  pthread_sigmask(SIG_SETMASK, &blocked, before);
}

}  // namespace

int startQuietThread(const char* name, void (*body)(void*), void* argument) {
  auto* const start = new Start{body, argument};
  sigset_t before;
  blockSignals(&before);
  pthread_t thread;
  const int error = pthread_create(&thread, nullptr, runThread, start);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) {
    delete start;
    return error;
  }
  pthread_setname_np(thread, name);
  pthread_detach(thread);
  return 0;
}

void yieldToOtherThreads() {
  const sched_param parameters = {};
  // Where something is refused, things go on as before. On Linux threads have nice values of their own.
  pthread_setschedparam(pthread_self(), SCHED_BATCH, &parameters);
  errno = 0;
  const auto thread = static_cast<id_t>(syscall(SYS_gettid));
  const int before = getpriority(PRIO_PROCESS, thread);
  if (errno == 0) setpriority(PRIO_PROCESS, thread, before + kNiceness);
}

}  // namespace chronicle
