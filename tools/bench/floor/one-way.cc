// How long one word takes from one process to another without JavaScript and without this library: what the machine itself needs. Prints one JSON object.
//
//   one-way spin RATE COUNT     the receiver looks at the word all the time
//   one-way futex RATE COUNT    the receiver sleeps in the futex
//   one-way thread RATE COUNT   a thread sleeps in the futex and wakes the receiver, which sleeps in epoll: how an event loop is notified
//
// RATE a second, in the open loop: message n is due at a fixed instant, and its latency counts from then. The sender spins between messages, as the bench's does.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "clock.h"
#include "futex_call.h"
#include "prepared_file.h"

namespace {

using chronicle::monotonicNs;

// On a line each, as notification word and message of a queue are.
struct Shared {
  alignas(64) std::atomic<uint32_t> word{0};
  alignas(64) std::atomic<uint64_t> dueNs{0};
  alignas(64) std::atomic<bool> ready{false};
};

void sleepUntilChanged(Shared& shared, uint32_t seen) {
  while (shared.word.load() == seen) chronicle::futexWaitShared(&shared.word, seen, UINT64_MAX);
}

class EventLoop {
 public:
  explicit EventLoop(Shared& shared) : shared_(shared), wake_(eventfd(0, EFD_CLOEXEC)), poll_(epoll_create1(EPOLL_CLOEXEC)) {
    epoll_event event{EPOLLIN, {.fd = wake_}};
    if (wake_ < 0 || poll_ < 0 || epoll_ctl(poll_, EPOLL_CTL_ADD, wake_, &event) != 0) fail("epoll");
    // Ends with the process.
    std::thread([this] { watch(); }).detach();
  }

  void sleep() {
    epoll_event event;
    while (epoll_wait(poll_, &event, 1, -1) != 1) continue;
    uint64_t count;
    if (read(wake_, &count, sizeof(count)) != sizeof(count)) fail("read");
  }

 private:
  void watch() {
    for (uint32_t seen = 0;;) {
      sleepUntilChanged(shared_, seen);
      seen = shared_.word.load();
      const uint64_t one = 1;
      if (write(wake_, &one, sizeof(one)) != sizeof(one)) fail("write");
    }
  }

  Shared& shared_;
  int wake_;
  int poll_;
};

void print(std::vector<uint64_t>& latencies) {
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&](double share) { return latencies[static_cast<size_t>(share * static_cast<double>(latencies.size() - 1))]; };
  std::printf("{\"p50Ns\":%lu,\"p99Ns\":%lu}\n", at(0.5), at(0.99));
  std::fflush(stdout);
}

// What came while the receiver was awake counts as received with the message before it: the sender is far slower than that.
[[noreturn]] void receive(Shared& shared, const std::string& mode, uint32_t count) {
  std::vector<uint64_t> latencies;
  latencies.reserve(count);
  EventLoop* const loop = mode == "thread" ? new EventLoop(shared) : nullptr;
  shared.ready = true;
  for (uint32_t seen = 0; seen < count;) {
    if (mode == "spin") {
      while (shared.word.load(std::memory_order_acquire) == seen) continue;
    } else if (loop == nullptr) {
      sleepUntilChanged(shared, seen);
    } else {
      loop->sleep();
    }
    seen = shared.word.load(std::memory_order_acquire);
    latencies.push_back(monotonicNs() - shared.dueNs.load(std::memory_order_relaxed));
  }
  print(latencies);
  std::_Exit(0);
}

void send(Shared& shared, const std::string& mode, double rate, uint32_t count) {
  while (!shared.ready) usleep(100);
  const double intervalNs = 1e9 / rate;
  const uint64_t startNs = monotonicNs() + 1'000'000;
  for (uint32_t index = 0; index < count; index++) {
    const uint64_t dueNs = startNs + static_cast<uint64_t>(index * intervalNs);
    while (monotonicNs() < dueNs) continue;
    shared.dueNs.store(dueNs, std::memory_order_relaxed);
    shared.word.fetch_add(1);
    if (mode != "spin") chronicle::futexWakeShared(&shared.word, 1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc == 4 ? argv[1] : "";
  if (mode != "spin" && mode != "futex" && mode != "thread") {
    std::fprintf(stderr, "usage: one-way spin|futex|thread RATE COUNT\n");
    return 2;
  }
  const double rate = std::strtod(argv[2], nullptr);
  const auto count = static_cast<uint32_t>(std::strtoul(argv[3], nullptr, 10));
  void* const memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("mmap");
  auto& shared = *new (memory) Shared;
  const pid_t receiver = fork();
  if (receiver < 0) fail("fork");
  if (receiver == 0) receive(shared, mode, count);
  send(shared, mode, rate, count);
  int status = 0;
  waitpid(receiver, &status, 0);
  return status == 0 ? 0 : 1;
}
