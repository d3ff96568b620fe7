#include "injector.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../preload/place.h"

namespace failing {
namespace {

thread_local int paused = 0;

struct Range {
  uintptr_t begin = 0;
  uintptr_t end = 0;
  bool has(uintptr_t address) const { return begin <= address && address < end; }
};

Control* mapControl() {
  const char* const path = getenv("FAILING_CALLS_CONTROL");
  if (path == nullptr) return nullptr;
  const Pause pause;
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return nullptr;
  void* const page = mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return page == MAP_FAILED ? nullptr : static_cast<Control*>(page);
}

Control* control() {
  static Control* const page = mapControl();
  return page;
}

const std::string& root() {
  static const std::string& folder = *new std::string(getenv("FAILING_CALLS_ROOT") == nullptr ? "" : getenv("FAILING_CALLS_ROOT"));
  return folder;
}

std::string insideOrEmpty(std::string path) { return preload::isInside(root(), path) ? path : ""; }

struct LoadedRanges {
  Range addon;
  Range standardLibrary;
};

int noteRanges(dl_phdr_info* info, size_t, void* data) {
  auto* const ranges = static_cast<LoadedRanges*>(data);
  const std::string name = info->dlpi_name == nullptr ? "" : info->dlpi_name;
  const bool isAddon = name.find("chronicle.node") != std::string::npos;
  if (!isAddon && name.find("libstdc++") == std::string::npos) return 0;
  Range range;
  for (int index = 0; index < info->dlpi_phnum; index++) {
    const ElfW(Phdr)& header = info->dlpi_phdr[index];
    if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
    range.begin = info->dlpi_addr + header.p_vaddr;
    range.end = range.begin + header.p_memsz;
  }
  (isAddon ? ranges->addon : ranges->standardLibrary) = range;
  return 0;
}

// A program that is started with the injector armed has calls before it loads the addon: until then each of them looks again. Without a lock: the loader of libraries, which holds its own, has calls, too.
LoadedRanges loadedRanges() {
  enum State { kUnknown, kBeingStored, kKnown };
  static LoadedRanges known;
  static std::atomic<State> state{kUnknown};
  if (state.load(std::memory_order_acquire) == kKnown) return known;
  LoadedRanges found;
  dl_iterate_phdr(noteRanges, &found);
  State expected = kUnknown;
  if (found.addon.end != 0 && state.compare_exchange_strong(expected, kBeingStored)) {
    known = found;
    state.store(kKnown, std::memory_order_release);
  }
  return found;
}

struct Walk {
  int frames = 0;
  bool found = false;
};

_Unwind_Reason_Code lookAtFrame(_Unwind_Context* context, void* data) {
  auto* const walk = static_cast<Walk*>(data);
  if (loadedRanges().addon.has(_Unwind_GetIP(context))) walk->found = true;
  return walk->found || ++walk->frames >= 8 ? _URC_END_OF_STACK : _URC_NO_REASON;
}

}  // namespace

Pause::Pause() { paused++; }
Pause::~Pause() { paused--; }

bool isArmed() {
  if (paused > 0) return false;
  const Control* const page = control();
  return page != nullptr && __atomic_load_n(&page->armed, __ATOMIC_ACQUIRE) != 0;
}

bool mustFail(Kind kind, const char* call, const std::string& path) {
  const Pause pause;
  const int kept = errno;
  Control* const page = control();
  if ((page->kinds >> static_cast<uint32_t>(kind) & 1) == 0) return false;
  const uint32_t count = __atomic_add_fetch(&page->counted, 1, __ATOMIC_ACQ_REL);
  errno = kept;
  if (count < page->nth || (count > page->nth && page->fromThenOn == 0)) return false;
  if (__atomic_fetch_add(&page->fired, 1, __ATOMIC_ACQ_REL) == 0) {
    snprintf(page->call, sizeof page->call, "%s", call);
    snprintf(page->path, sizeof page->path, "%s", path.c_str());
  }
  return true;
}

int injectedError() { return static_cast<int>(control()->error); }

std::string placeOf(int at, const char* path) {
  const Pause pause;
  if (path == nullptr || (at < 0 && at != AT_FDCWD && path[0] != '/')) return "";
  return insideOrEmpty(preload::absolutePath(at, path));
}

std::string placeOf(int fd) {
  const Pause pause;
  return insideOrEmpty(preload::pathOfDescriptor(fd));
}

bool isCalledByAddon(const void* returnAddress) {
  const Pause pause;
  const auto address = reinterpret_cast<uintptr_t>(returnAddress);
  const LoadedRanges ranges = loadedRanges();
  if (ranges.addon.has(address)) return true;
  if (!ranges.standardLibrary.has(address)) return false;
  Walk walk;
  _Unwind_Backtrace(lookAtFrame, &walk);
  return walk.found;
}

}  // namespace failing
