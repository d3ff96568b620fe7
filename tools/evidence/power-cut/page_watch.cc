#include "page_watch.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace power_cut {
namespace {

enum State : int { kFree = 0, kWatched, kStored };

// Fixed, because the signal handler looks at it.
struct Page {
  std::atomic<int> state{kFree};
  uintptr_t address;
  uint64_t offset;
  uint32_t file;
};
constexpr size_t kPagesMax = 4096;
Page pages[kPagesMax];
struct sigaction before;

void onFault(int signal, siginfo_t* info, void* context) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(info->si_addr) & ~(kPage - 1);
  bool wasWatched = false;
  for (Page& page : pages) {
    if (page.address != address) continue;
    wasWatched = true;
    if (page.state.load() != kFree) page.state.store(kStored);
  }
  // Another thread may have made the page writable between its store and here, and the page may have been taken meanwhile: then this store goes on as well.
  if (wasWatched && mprotect(reinterpret_cast<void*>(address), kPage, PROT_READ | PROT_WRITE) == 0) return;
  if ((before.sa_flags & SA_SIGINFO) != 0) return before.sa_sigaction(signal, info, context);
  sigaction(signal, &before, nullptr);
}

void listenOnce() {
  static const bool listens = [] {
    struct sigaction action = {};
    action.sa_sigaction = onFault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    return sigaction(SIGSEGV, &action, &before) == 0;
  }();
  (void)listens;
}

void watchPage(uintptr_t address, uint32_t file, uint64_t offset) {
  for (Page& page : pages) {
    if (page.state.load() == kWatched && page.address == address) return;
  }
  for (Page& page : pages) {
    if (page.state.load() != kFree) continue;
    page.address = address;
    page.offset = offset;
    page.file = file;
    page.state.store(kWatched);
    mprotect(reinterpret_cast<void*>(address), kPage, PROT_READ);
    return;
  }
}

}  // namespace

void watchPages(const std::string& path, uint32_t file, uint64_t from, uint64_t to) {
  listenOnce();
  FILE* const maps = fopen("/proc/self/maps", "re");
  if (maps == nullptr) return;
  char line[4608];
  while (fgets(line, sizeof line, maps) != nullptr) {
    unsigned long long begin = 0, end = 0, offset = 0;
    char rights[8] = "";
    int nameAt = 0;
    if (sscanf(line, "%llx-%llx %7s %llx %*s %*s %n", &begin, &end, rights, &offset, &nameAt) < 4) continue;
    std::string name = line + nameAt;
    while (!name.empty() && name.back() == '\n') name.pop_back();
    // A page that is watched already is read-only.
    if (name != path || rights[3] != 's' || rights[1] != 'w') continue;
    for (uint64_t address = begin; address < end; address += kPage) {
      const uint64_t at = offset + (address - begin);
      if (at + kPage > from && at < to) watchPage(address, file, at);
    }
  }
  fclose(maps);
}

void takeDirtied(const std::function<void(uint32_t file, uint64_t offset)>& take) {
  for (Page& page : pages) {
    if (page.state.load() != kStored) continue;
    take(page.file, page.offset);
    page.state.store(kFree);
  }
}

void forgetPages(const void* address, size_t length) {
  const auto begin = reinterpret_cast<uintptr_t>(address);
  for (Page& page : pages) {
    if (page.state.load() == kWatched && page.address >= begin && page.address < begin + length) page.state.store(kFree);
  }
}

}  // namespace power_cut
