#include "segment_preparation.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "file_blocks.h"
#include "open_file.h"

namespace chronicle {
namespace {

// Reserving comes first: a full disk shows here, not as a fault at the first store.
std::shared_ptr<Mapping> fillFile(int fd, const SegmentRequest& request, int* error) {
  while (ftruncate(fd, static_cast<off_t>(request.length)) != 0) {
    if (errno == EINTR) continue;
    *error = errno;
    return nullptr;
  }
  if ((*error = reserveBlocks(fd, 0, request.ready)) != 0) return nullptr;
  std::shared_ptr<Mapping> mapping = Mapping::map(fd, request.length, true, error);
  if (mapping == nullptr) return nullptr;
  // Not every file system has huge pages; the segment works without.
  if (request.hugePages) madvise(mapping->data(), mapping->length(), MADV_HUGEPAGE);
  if (request.lockMemory && mlock(mapping->data(), mapping->length()) != 0) {
    *error = errno;
    return nullptr;
  }
  std::copy(request.header.begin(), request.header.end(), mapping->data());
  mapping->startReservedAt(request.ready);
  if (mapping->faults() == 0) return mapping;
  *error = EIO;
  return nullptr;
}

int directoryOf(const Job& job) { return job.hold == nullptr ? AT_FDCWD : job.hold->directory(); }

// Whether the work may still change what others see.
int mayPublish(const Job& job) {
  if (!job.isWanted()) return ECANCELED;
  return job.hold == nullptr ? 0 : job.hold->check();
}

int syncDirectory(const SegmentRequest& request, const Job& job) {
  if (job.hold == nullptr) return syncDirectoryOf(request.finalPath);
  return fsync(job.hold->directory()) == 0 ? 0 : errno;
}

int publish(const SegmentRequest& request, const Job& job) {
  if (const int error = mayPublish(job); error != 0) return error;
  if (request.finalPath.empty()) return 0;
  const int directory = directoryOf(job);
  if (request.replace && unlinkat(directory, request.finalPath.c_str(), 0) != 0 && errno != ENOENT) return errno;
  if (const int error = renameNoReplace(directory, request.temporaryPath, request.finalPath); error != 0) return error;
  return request.syncDirectory ? syncDirectory(request, job) : 0;
}

// A file of this name is a crash leftover. Removed and not truncated: it may be a link, or another process may have it open.
int createFile(const SegmentRequest& request, const Job& job) {
  const int directory = directoryOf(job);
  if (unlinkat(directory, request.temporaryPath.c_str(), 0) != 0 && errno != ENOENT) return -1;
  return openFile(directory, request.temporaryPath.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, request.mode);
}

// Small, because each step keeps every other thread of the process from mapping memory, large enough to be one system call for many pages.
constexpr uint64_t kPopulateStep = 256 << 10;
// Each reservation is a transaction of the file system.
constexpr uint64_t kReserveStep = 4 << 20;

}  // namespace

bool ReadySteps::operator()() {
  if (ended_ != nullptr && ended_->load(std::memory_order_acquire)) return false;
  const std::shared_ptr<Mapping> mapping = segment_.lock();
  if (mapping == nullptr) return false;
  const uint64_t end = std::min<uint64_t>(end_, mapping->length());
  if (offset_ >= end) return false;
  // Where it fails, the writer that needs the blocks tries again, and says so.
  if (offset_ >= mapping->reservedEnd() && mapping->reserveFromAside(std::min(end, offset_ + kReserveStep)) != 0) return false;
  const uint64_t length = std::min({end, mapping->reservedEnd(), offset_ + (populates_ ? kPopulateStep : kReserveStep)}) - offset_;
  // Where it fails, the writer's first touch does the same work.
  if (populates_ && mapping->populate(offset_, length) != 0) return false;
  offset_ += length;
  return true;
}

std::shared_ptr<Mapping> prepareSegment(const SegmentRequest& request, const Job& job, int* error) {
  if ((*error = mayPublish(job)) != 0) return nullptr;
  const int fd = createFile(request, job);
  if (fd < 0) {
    *error = errno;
    return nullptr;
  }
  std::shared_ptr<Mapping> mapping = fillFile(fd, request, error);
  if (mapping != nullptr && (*error = publish(request, job)) == 0) {
    mapping->keepDescriptor(fd);
    return mapping;
  }
  close(fd);
  // Nothing is removed from a directory that has another owner by now.
  if (job.hold == nullptr || job.hold->check() == 0) unlinkat(directoryOf(job), request.temporaryPath.c_str(), 0);
  return nullptr;
}

}  // namespace chronicle
