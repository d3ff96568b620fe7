// What a writer holds while it, or background work that it asked for, goes on: its lock and the directory that it locked. The lock's descriptor is a duplicate of the caller's
// and shares its `flock`. The kernel drops it when the last of them is closed, and that is when the last job has ended. Nothing here ever unlocks.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace chronicle {

class Callbacks;

class Hold {
 public:
  // Returns nullptr and sets `error`. `lockName` is the lock file's name in the directory.
  static std::shared_ptr<Hold> open(int lockFd, int directoryFd, std::string lockName, int* error);
  Hold(int lockFd, int directoryFd, std::string lockName);
  ~Hold();
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

  // Names are opened, published and deleted relative to it.
  int directory() const { return directory_; }
  // 0 while the lock file at its name is the one that is locked; ENOLCK when it is another, or gone. Then nothing may be published, deleted or marked.
  int check() const;

  // The writer has let go: what it prepares is of no use any more.
  bool ended() const { return ended_->load(std::memory_order_acquire); }
  std::shared_ptr<const std::atomic<bool>> endedFlag() const { return ended_; }
  void end() { ended_->store(true, std::memory_order_release); }

  // Says in the lock file, after the record, which work goes on without its writer. Taken back with the lock.
  void noteWork(const std::string& kinds);
  // The record is cleared when the lock is given back.
  void clearRecordAtEnd() { clearsRecord_ = true; }

  // Jobs that carry this hold; guarded by the mutex of `Jobs`.
  unsigned jobCount = 0;

 private:
  int lock_;
  int directory_;
  std::string lockName_;
  std::shared_ptr<std::atomic<bool>> ended_ = std::make_shared<std::atomic<bool>>(false);
  bool clearsRecord_ = false;
  int64_t notedAt_ = -1;
};

// The hold with a number that JavaScript has; nullptr for 0 and for one that is closed.
std::shared_ptr<Hold> findHold(uint64_t id);
// The writers of this environment end without a close: it was terminated, or the process exits.
void endHoldsOf(const Callbacks* callbacks);

}  // namespace chronicle
