#include "fault_handler.h"

#include <csignal>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace chronicle {
namespace {

// More than the kernel's default limit of mappings per process (vm.max_map_count). Pages of this table exist only where it is used.
constexpr size_t kRangesMax = 1 << 16;
WatchedRange ranges[kRangesMax];
std::atomic<size_t> rangesUsed{0};
std::atomic<uint32_t> faultsOfProcess{0};

struct sigaction previousAction;
uintptr_t pageLength = 4096;

// Leaked on purpose: threads of this addon may outlive static destruction.
std::mutex& tableMutex = *new std::mutex;
std::vector<WatchedRange*>& freeRanges = *new std::vector<WatchedRange*>;

WatchedRange* findRange(uintptr_t address) {
  const size_t used = rangesUsed.load(std::memory_order_acquire);
  for (size_t index = 0; index < used; index++) {
    WatchedRange& range = ranges[index];
    if (address >= range.begin.load(std::memory_order_acquire) && address < range.end.load(std::memory_order_acquire)) return &range;
  }
  return nullptr;
}

// Only system calls and lock-free loads from here on: this runs in the middle of the code that touched the page.
bool replacePage(uintptr_t address) {
  WatchedRange* const range = findRange(address);
  if (range == nullptr) return false;
  const int protection = range->writable.load(std::memory_order_relaxed) ? PROT_READ | PROT_WRITE : PROT_READ;
  void* const page = reinterpret_cast<void*>(address & ~(pageLength - 1));
  if (mmap(page, pageLength, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) return false;
  range->faults.fetch_add(1, std::memory_order_release);
  faultsOfProcess.fetch_add(1, std::memory_order_release);
  return true;
}

void passOn(int signal, siginfo_t* info, void* context) {
  if ((previousAction.sa_flags & SA_SIGINFO) != 0) {
    previousAction.sa_sigaction(signal, info, context);
    return;
  }
  const bool sent = info->si_code <= 0;
  if (previousAction.sa_handler == SIG_IGN && sent) return;
  if (previousAction.sa_handler != SIG_DFL && previousAction.sa_handler != SIG_IGN) {
    previousAction.sa_handler(signal);
    return;
  }
  // The default action comes when the faulting instruction runs again, or by sending the signal once more.
  struct sigaction byDefault = {};
  byDefault.sa_handler = SIG_DFL;
  sigaction(signal, &byDefault, nullptr);
  if (sent) raise(signal);
}

void onBusError(int signal, siginfo_t* info, void* context) {
  const int savedErrno = errno;
  const bool replaced = info->si_code > 0 && replacePage(reinterpret_cast<uintptr_t>(info->si_addr));
  errno = savedErrno;
  if (!replaced) passOn(signal, info, context);
}

void installHandler() {
  static const bool installed = [] {
    pageLength = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    struct sigaction action = {};
    action.sa_sigaction = onBusError;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigemptyset(&action.sa_mask);
    return sigaction(SIGBUS, &action, &previousAction) == 0;
  }();
  (void)installed;
}

}  // namespace

std::atomic<uint32_t>& totalFaults() { return faultsOfProcess; }

WatchedRange* watchRange(void* begin, size_t length, bool writable) {
  installHandler();
  const std::lock_guard lock(tableMutex);
  WatchedRange* range = nullptr;
  if (!freeRanges.empty()) {
    range = freeRanges.back();
    freeRanges.pop_back();
  } else {
    const size_t used = rangesUsed.load(std::memory_order_relaxed);
    if (used == kRangesMax) return nullptr;
    range = &ranges[used];
    rangesUsed.store(used + 1, std::memory_order_release);
  }
  range->faults.store(0, std::memory_order_relaxed);
  range->writable.store(writable, std::memory_order_relaxed);
  // The end comes last: until then no address is inside.
  range->begin.store(reinterpret_cast<uintptr_t>(begin), std::memory_order_release);
  range->end.store(reinterpret_cast<uintptr_t>(begin) + length, std::memory_order_release);
  return range;
}

void unwatchRange(WatchedRange* range) {
  const std::lock_guard lock(tableMutex);
  range->end.store(0, std::memory_order_release);
  range->begin.store(0, std::memory_order_release);
  freeRanges.push_back(range);
}

}  // namespace chronicle
