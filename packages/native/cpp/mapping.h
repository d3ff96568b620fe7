// A mapped file. Each user of its pages holds a reference (JavaScript's ArrayBuffer, an appender, the parker, the background thread); the last one
// to let go unmaps.
#pragma once

#include <node_api.h>

#include <atomic>
#include <memory>
#include <mutex>

#include "fault_handler.h"
#include "mapped_range.h"

namespace chronicle {

class Mapping {
 public:
  // Returns nullptr and sets `error`.
  static std::shared_ptr<Mapping> map(int fd, size_t length, bool writable, int* error);
  Mapping(void* data, size_t length, bool writable, WatchedRange* watched);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  uint8_t* data() const { return data_; }
  size_t length() const { return length_; }
  bool writable() const { return writable_; }
  uint32_t faults() const { return watched_->faults.load(std::memory_order_acquire); }
  MappedRange range() const { return {data_, length_, &watched_->faults}; }
  std::atomic<uint32_t>* word(uint64_t offset) const { return reinterpret_cast<std::atomic<uint32_t>*>(data_ + offset); }

  // These return 0 or the errno. Ranges are widened to whole pages.
  int populate(uint64_t offset, uint64_t length) const;
  int sync(uint64_t offset, uint64_t length) const;
  // Makes the pages dirty without changing a byte, also while another process writes to them: the next sync writes them although the kernel took them for clean.
  void dirty(uint64_t offset, uint64_t length) const;

  // Makes the blocks of the file up to `end` exist, beginning where the last call ended. Returns 0 or the errno, and then nothing is reserved. For the writer that has the file as its head: it
  // waits for no other thread. Reserving what another thread reserves at the same time does no harm.
  int reserve(uint64_t end);
  // The same for other threads: the descriptor may be taken away meanwhile. Changes no byte: where the file system cannot reserve without that, it fails with EOPNOTSUPP or ENOSYS,
  // because the writer may be storing there, or the next one.
  int reserveFromAside(uint64_t end);
  // Stores below it need no new block: they cannot fault on a full disk.
  uint64_t reservedEnd() const { return reservedEnd_.load(std::memory_order_acquire); }
  void startReservedAt(uint64_t end) { reservedEnd_.store(end, std::memory_order_release); }

  // Takes the descriptor that the file was mapped by, for `reserve` and `syncUnmapped`.
  void keepDescriptor(int fd) { fd_ = fd; }
  // -1: none was kept, or `syncUnmapped` has taken it.
  int descriptor() const { return fd_; }
  // Lets go of the mapping, then syncs all of the file. While pages are mapped for writing, the kernel interrupts every CPU that runs this process once for each page that it
  // writes. A mapping that kept no descriptor is synced as it is.
  static int syncUnmapped(std::shared_ptr<Mapping> mapping);

 private:
  using MakeBlocks = int(int fd, uint64_t offset, uint64_t length);
  int reserveBy(MakeBlocks* makeBlocks, uint64_t end);

  uint8_t* data_;
  size_t length_;
  bool writable_;
  int fd_ = -1;
  std::mutex reserving_;
  std::atomic<uint64_t> reservedEnd_{0};
  WatchedRange* watched_;
};

// Gives JavaScript its ArrayBuffer. Throws and returns nullptr where the engine refuses (Node 20: more than 4 GiB).
napi_value exposeMapping(napi_env env, std::shared_ptr<Mapping> mapping);
// Whether there is an ArrayBuffer already; a second one could outlive the pages.
bool isExposed(const Mapping& mapping);
// The mapping that an ArrayBuffer stands for; nullptr for any other value and after `unmap`.
std::shared_ptr<Mapping> findMapping(napi_env env, napi_value buffer);
// Detaches the ArrayBuffer and takes its reference. nullptr and no exception: it was unmapped before.
std::shared_ptr<Mapping> detachMapping(napi_env env, napi_value buffer);

}  // namespace chronicle
