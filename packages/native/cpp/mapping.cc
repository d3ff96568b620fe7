#include "mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "file_blocks.h"
#include "napi_support.h"

namespace chronicle {
namespace {

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

const uint64_t pageLength = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));

struct PageRange {
  uint8_t* begin;
  size_t length;
};

PageRange wholePages(const Mapping& mapping, uint64_t offset, uint64_t length) {
  const uint64_t begin = offset & ~(pageLength - 1);
  return {mapping.data() + begin, offset + length - begin};
}

// Kernels before 5.14 cannot populate on request; touching every page does the same, only slower. Adding nothing changes no byte, also while another process writes
// there at the same time.
void touchPages(const Mapping& mapping, PageRange pages) {
  for (size_t offset = 0; offset < pages.length; offset += pageLength) {
    auto* const word = reinterpret_cast<std::atomic<uint32_t>*>(pages.begin + offset);
    if (mapping.writable()) {
      word->fetch_add(0, std::memory_order_relaxed);
    } else {
      word->load(std::memory_order_relaxed);
    }
  }
}

// JavaScript's references by address. An entry lives from `exposeMapping` to `unmap` or to the collection of the ArrayBuffer.
struct Registry {
  std::mutex mutex;
  std::unordered_map<void*, std::shared_ptr<Mapping>> byAddress;
};
Registry& registry = *new Registry;

std::shared_ptr<Mapping> removeFromRegistry(void* address, const Mapping* expected) {
  const std::lock_guard lock(registry.mutex);
  const auto entry = registry.byAddress.find(address);
  if (entry == registry.byAddress.end() || (expected != nullptr && entry->second.get() != expected)) return nullptr;
  std::shared_ptr<Mapping> mapping = std::move(entry->second);
  registry.byAddress.erase(entry);
  return mapping;
}

// What the ArrayBuffer's finalizer knows. It may run long after `unmap`, when the address belongs to another mapping already; the weak reference
// keeps the identity apart.
struct Exposed {
  std::weak_ptr<Mapping> mapping;
};

void onCollected(napi_env, void* address, void* hint) {
  const std::unique_ptr<Exposed> exposed(static_cast<Exposed*>(hint));
  const std::shared_ptr<Mapping> mapping = exposed->mapping.lock();
  if (mapping != nullptr) removeFromRegistry(address, mapping.get());
}

// The hint of a lent ArrayBuffer is its own reference to the mapping.
void onReturned(napi_env, void*, void* hint) { delete static_cast<std::shared_ptr<Mapping>*>(hint); }

void* bufferAddress(napi_env env, napi_value buffer) {
  bool isArrayBuffer = false;
  void* data = nullptr;
  size_t length = 0;
  if (napi_is_arraybuffer(env, buffer, &isArrayBuffer) != napi_ok || !isArrayBuffer) return nullptr;
  if (napi_get_arraybuffer_info(env, buffer, &data, &length) != napi_ok) return nullptr;
  return data;
}

int toAdvice(const std::string& name) {
  if (name == "normal") return MADV_NORMAL;
  if (name == "sequential") return MADV_SEQUENTIAL;
  if (name == "willneed") return MADV_WILLNEED;
  if (name == "dontneed") return MADV_DONTNEED;
  if (name == "hugepage") return MADV_HUGEPAGE;
  return -1;
}

napi_value mapFile(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const int fd = args.fd(0);
  const uint64_t length = args.integer(1, "length");
  const bool writable = args.boolean(2, "writable");
  if (!args.ok()) return nullptr;
  int error = 0;
  std::shared_ptr<Mapping> mapping = Mapping::map(fd, length, writable, &error);
  if (mapping == nullptr) return throwSystemError(env, error, "mmap");
  if (!args.absent(3) && args.boolean(3, "keepsDescriptor")) {
    const int kept = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (kept < 0) return throwSystemError(env, errno, "fcntl");
    mapping->keepDescriptor(kept);
  }
  if (!args.ok()) return nullptr;
  return exposeMapping(env, std::move(mapping));
}

napi_value unmap(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  if (args[0] == nullptr) return throwTypeError(env, "mapping must be an ArrayBuffer");
  detachMapping(env, args[0]);
  return nullptr;
}

// A second ArrayBuffer over the same pages, for callers of the library: if they transfer or detach it, the first one stays whole.
napi_value lendMapping(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const auto mapping = args.mapping(0, "mapping");
  if (!args.ok()) return nullptr;
  napi_value buffer = nullptr;
  auto* const reference = new std::shared_ptr<Mapping>(mapping);
  napi_create_external_arraybuffer(env, mapping->data(), mapping->length(), onReturned, reference, &buffer);
  return buffer;
}

napi_value mappingFaults(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const auto mapping = args.mapping(0, "mapping");
  return args.ok() ? makeNumber(env, mapping->faults()) : nullptr;
}

// A view of the one word, so that JavaScript looks at it without a call.
napi_value makeFaultCount(napi_env env) {
  napi_value buffer = nullptr;
  napi_value words = nullptr;
  napi_create_external_arraybuffer(env, &totalFaults(), sizeof(uint32_t), nullptr, nullptr, &buffer);
  napi_create_typedarray(env, napi_int32_array, 1, buffer, 0, &words);
  return words;
}

// populate, advise, syncRange share their first three arguments.
struct RangeArguments {
  std::shared_ptr<Mapping> mapping;
  uint64_t offset;
  uint64_t length;

  explicit RangeArguments(Arguments& args)
      : mapping(args.mapping(0, "mapping")), offset(args.integer(1, "offset")), length(args.integer(2, "length")) {
    if (args.ok()) args.checkRange(*mapping, offset, length);
  }
};

napi_value populate(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const RangeArguments range(args);
  if (!args.ok()) return nullptr;
  const int error = range.mapping->populate(range.offset, range.length);
  return error == 0 ? nullptr : throwSystemError(env, error, "madvise");
}

napi_value advise(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const RangeArguments range(args);
  const int advice = toAdvice(args.string(3, "advice"));
  if (!args.ok()) return nullptr;
  if (advice < 0) return throwTypeError(env, "advice must be 'normal', 'sequential', 'willneed', 'dontneed' or 'hugepage'");
  const PageRange pages = wholePages(*range.mapping, range.offset, range.length);
  return madvise(pages.begin, pages.length, advice) == 0 ? nullptr : throwSystemError(env, errno, "madvise");
}

napi_value syncRange(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const RangeArguments range(args);
  if (!args.ok()) return nullptr;
  const int error = range.mapping->sync(range.offset, range.length);
  return error == 0 ? nullptr : throwSystemError(env, error, "msync");
}

napi_value reserveMapped(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const RangeArguments range(args);
  if (!args.ok()) return nullptr;
  range.mapping->startReservedAt(range.offset);
  const int error = range.mapping->reserve(range.offset + range.length);
  return error == 0 ? nullptr : throwSystemError(env, error, "fallocate");
}

napi_value lockMemory(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const auto mapping = args.mapping(0, "mapping");
  if (!args.ok()) return nullptr;
  return mlock(mapping->data(), mapping->length()) == 0 ? nullptr : throwSystemError(env, errno, "mlock");
}

napi_value unlockMemory(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const auto mapping = args.mapping(0, "mapping");
  if (!args.ok()) return nullptr;
  return munlock(mapping->data(), mapping->length()) == 0 ? nullptr : throwSystemError(env, errno, "munlock");
}

}  // namespace

std::shared_ptr<Mapping> Mapping::map(int fd, size_t length, bool writable, int* error) {
  const int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  void* const data = mmap(nullptr, length, protection, MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) {
    *error = errno;
    return nullptr;
  }
  WatchedRange* const watched = watchRange(data, length, writable);
  if (watched == nullptr) {
    munmap(data, length);
    *error = ENOMEM;
    return nullptr;
  }
  return std::make_shared<Mapping>(data, length, writable, watched);
}

Mapping::Mapping(void* data, size_t length, bool writable, WatchedRange* watched)
    : data_(static_cast<uint8_t*>(data)), length_(length), writable_(writable), watched_(watched) {}

Mapping::~Mapping() {
  unwatchRange(watched_);
  munmap(data_, length_);
  if (fd_ >= 0) close(fd_);
}

int Mapping::populate(uint64_t offset, uint64_t length) const {
  const PageRange pages = wholePages(*this, offset, length);
  if (pages.length == 0) return 0;
  for (;;) {
    if (madvise(pages.begin, pages.length, writable_ ? MADV_POPULATE_WRITE : MADV_POPULATE_READ) == 0) return 0;
    if (errno == EINVAL) {
      touchPages(*this, pages);
      return 0;
    }
    if (errno != EINTR && errno != EAGAIN) return errno;
  }
}

int Mapping::reserve(uint64_t end) { return reserveBy(reserveBlocks, end); }

int Mapping::reserveFromAside(uint64_t end) {
  const std::lock_guard lock(reserving_);
  return reserveBy(allocateBlocks, end);
}

// Without a descriptor the pages themselves are asked for, which the kernel refuses where it would raise SIGBUS.
int Mapping::reserveBy(MakeBlocks* makeBlocks, uint64_t end) {
  uint64_t begin = reservedEnd();
  if (end <= begin) return 0;
  int error = fd_ < 0 ? populate(begin, end - begin) : makeBlocks(fd_, begin, end - begin);
  if (fd_ < 0 && error == EFAULT) error = ENOSPC;
  if (error != 0) return error;
  while (begin < end && !reservedEnd_.compare_exchange_weak(begin, end, std::memory_order_acq_rel)) {
  }
  return 0;
}

// A page that was replaced by the fault handler syncs without an error, yet nothing of it reaches the file.
int Mapping::sync(uint64_t offset, uint64_t length) const {
  const PageRange pages = wholePages(*this, offset, length);
  if (faults() != 0) return EIO;
  if (pages.length == 0) return 0;
  if (msync(pages.begin, pages.length, MS_SYNC) != 0) return errno;
  return faults() != 0 ? EIO : 0;
}

void Mapping::dirty(uint64_t offset, uint64_t length) const { touchPages(*this, wholePages(*this, offset, length)); }

int Mapping::syncUnmapped(std::shared_ptr<Mapping> mapping) {
  if (mapping->fd_ < 0) return mapping->sync(0, mapping->length());
  if (mapping->faults() != 0) return EIO;
  int fd;
  {
    const std::lock_guard lock(mapping->reserving_);
    fd = std::exchange(mapping->fd_, -1);
  }
  mapping.reset();
  const int error = fdatasync(fd) == 0 ? 0 : errno;
  close(fd);
  return error;
}

napi_value exposeMapping(napi_env env, std::shared_ptr<Mapping> mapping) {
  void* const address = mapping->data();
  const size_t length = mapping->length();
  auto* const exposed = new Exposed{mapping};
  {
    const std::lock_guard lock(registry.mutex);
    registry.byAddress[address] = std::move(mapping);
  }
  napi_value buffer = nullptr;
  // When the engine refuses, it throws and calls the finalizer itself.
  napi_create_external_arraybuffer(env, address, length, onCollected, exposed, &buffer);
  return buffer;
}

bool isExposed(const Mapping& mapping) {
  const std::lock_guard lock(registry.mutex);
  const auto entry = registry.byAddress.find(mapping.data());
  return entry != registry.byAddress.end() && entry->second.get() == &mapping;
}

std::shared_ptr<Mapping> findMapping(napi_env env, napi_value buffer) {
  void* const address = bufferAddress(env, buffer);
  if (address == nullptr) return nullptr;
  const std::lock_guard lock(registry.mutex);
  const auto entry = registry.byAddress.find(address);
  return entry == registry.byAddress.end() ? nullptr : entry->second;
}

std::shared_ptr<Mapping> detachMapping(napi_env env, napi_value buffer) {
  bool detached = false;
  if (napi_is_detached_arraybuffer(env, buffer, &detached) == napi_ok && detached) return nullptr;
  const std::shared_ptr<Mapping> mapping = findMapping(env, buffer);
  if (mapping == nullptr) {
    throwTypeError(env, "mapping must be an ArrayBuffer that this addon mapped");
    return nullptr;
  }
  if (napi_detach_arraybuffer(env, buffer) != napi_ok) {
    throwTypeError(env, "mapping cannot be detached");
    return nullptr;
  }
  return removeFromRegistry(mapping->data(), mapping.get());
}

void defineMapping(napi_env env, napi_value exports) {
  defineFunction(env, exports, "mapFile", mapFile);
  defineFunction(env, exports, "unmap", unmap);
  defineFunction(env, exports, "lendMapping", lendMapping);
  defineFunction(env, exports, "mappingFaults", mappingFaults);
  napi_set_named_property(env, exports, "faultCount", makeFaultCount(env));
  defineFunction(env, exports, "populate", populate);
  defineFunction(env, exports, "advise", advise);
  defineFunction(env, exports, "syncRange", syncRange);
  defineFunction(env, exports, "reserveMapped", reserveMapped);
  defineFunction(env, exports, "lockMemory", lockMemory);
  defineFunction(env, exports, "unlockMemory", unlockMemory);
}

}  // namespace chronicle
