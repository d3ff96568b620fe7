#include "segment_preparation.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "file_blocks.h"

namespace chronicle {
namespace {

// Reserving comes first: a full disk shows here, not as a fault at the first store.
std::shared_ptr<Mapping> fillFile(int fd, const SegmentRequest& request, int* error) {
  if (ftruncate(fd, static_cast<off_t>(request.length)) != 0) {
    *error = errno;
    return nullptr;
  }
  if ((*error = reserveBlocks(fd, 0, request.length)) != 0) return nullptr;
  std::shared_ptr<Mapping> mapping = Mapping::map(fd, request.length, true, error);
  if (mapping == nullptr) return nullptr;
  // Not every file system has huge pages; the segment works without.
  if (request.hugePages) madvise(mapping->data(), mapping->length(), MADV_HUGEPAGE);
  if (request.lockMemory && mlock(mapping->data(), mapping->length()) != 0) {
    *error = errno;
    return nullptr;
  }
  std::copy(request.header.begin(), request.header.end(), mapping->data());
  if (mapping->faults() == 0) return mapping;
  *error = EIO;
  return nullptr;
}

int publish(const SegmentRequest& request) {
  if (request.finalPath.empty()) return 0;
  if (request.replace && unlink(request.finalPath.c_str()) != 0 && errno != ENOENT) return errno;
  if (const int error = renameNoReplace(request.temporaryPath, request.finalPath); error != 0) return error;
  return request.syncDirectory ? syncDirectoryOf(request.finalPath) : 0;
}

// Small, because each step keeps everybody else of the process from mapping memory, large enough to be one system call for many pages.
constexpr uint64_t kPopulateStep = 256 << 10;

}  // namespace

bool PopulateSteps::operator()() {
  const std::shared_ptr<Mapping> mapping = segment_.lock();
  if (mapping == nullptr || offset_ >= mapping->length()) return false;
  const uint64_t left = mapping->length() - offset_;
  // Where it fails, the writer's first touch does the same work.
  if (mapping->populate(offset_, std::min(left, kPopulateStep)) != 0) return false;
  offset_ += kPopulateStep;
  return true;
}

std::shared_ptr<Mapping> prepareSegment(const SegmentRequest& request, int* error) {
  const int fd = open(request.temporaryPath.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) {
    *error = errno;
    return nullptr;
  }
  std::shared_ptr<Mapping> mapping = fillFile(fd, request, error);
  if (mapping != nullptr && (*error = publish(request)) == 0) {
    mapping->keepDescriptor(fd);
    return mapping;
  }
  close(fd);
  unlink(request.temporaryPath.c_str());
  return nullptr;
}

}  // namespace chronicle
