// Decides which call fails. A program arms the injector through a page that both map; see injector.ts for its layout.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace failing {

// What a call does, as far as the errors that it can give differ. The same order stands in fault.ts.
enum class Kind : uint32_t {
  kOpen,
  kOpenForWriting,
  kCreate,
  kOpenElsewhere,
  kDuplicate,
  kList,
  kRead,
  kWrite,
  kTruncate,
  kAllocate,
  kMap,
  kProtect,
  kAdvise,
  kSync,
  kRename,
  kRenameNoReplace,
  kLink,
  kUnlink,
  kMakeDirectory,
  kRemoveDirectory,
  kStatus,
  kAttributes,
  kLock,
  kNotifyInit,
  kNotifyWatch,
  kLockMemory,
  kThread,
  kClose,
  kMemory,
  kFutexWaitv,
  kReadLink,
  kAccess,
  kCopy,
};

// The page. `kinds` is a set of kinds: one bit for each.
struct Control {
  uint32_t armed;
  uint32_t fromThenOn;
  uint32_t nth;
  // 0: the call transfers half of what it was asked for.
  uint32_t error;
  uint64_t kinds;
  uint32_t counted;
  uint32_t fired;
  char call[32];
  char path[216];
};

// Whether calls are counted now, for this thread.
bool isArmed();

// Counts a call of this kind and returns whether it must fail. Only while armed.
bool mustFail(Kind kind, const char* call, const std::string& path);

// The error to fail with; 0 for a short count.
int injectedError();

// A path of the program's own folder, as the kernel would find it from `at`; empty when it lies elsewhere.
std::string placeOf(int at, const char* path);
std::string placeOf(int fd);

// Whether the addon made the call that returns to this address, itself or through the C++ library.
bool isCalledByAddon(const void* returnAddress);

// Calls of the injector itself are never counted.
class Pause {
 public:
  Pause();
  ~Pause();
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;
};

}  // namespace failing
