// Making the next segment: reserved, with its header, under a temporary name, and published on request; then populated.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "jobs.h"
#include "mapping.h"

namespace chronicle {

struct SegmentRequest {
  // Both in the directory of the hold where there is one.
  std::string temporaryPath;
  std::string finalPath;  // empty: not published
  unsigned mode = 0666;   // less umask
  bool replace = false;   // what stands there is removed first
  uint64_t length = 0;
  // How much of it is ready when the job is done: reserved, and soon after it populated.
  uint64_t ready = 0;
  std::vector<uint8_t> header;
  bool populate = false;
  bool lockMemory = false;
  bool hugePages = false;
  bool syncDirectory = false;
};

// Everything but populating. The mapping keeps its descriptor. Returns nullptr and sets `error`; then no file remains. ECANCELED: the job is not wanted any
// more. ENOLCK: the lock is not the writer's any more, and nothing was published.
std::shared_ptr<Mapping> prepareSegment(const SegmentRequest& request, const Job& job, int* error);

struct ByteRange {
  uint64_t begin;
  uint64_t end;
};

// Reserves a range of a segment and touches its pages, some at a call, as long as another holder has the mapping and its writer goes on. Comes after the segment can be
// used, so that a writer that needs it at once pays for the pages that it touches, not for all of them. Changes no byte, so it needs no lock.
class ReadySteps {
 public:
  ReadySteps(const std::shared_ptr<Mapping>& segment, ByteRange range, bool populates, const Hold* hold)
      : segment_(segment), offset_(range.begin), end_(range.end), populates_(populates), ended_(hold == nullptr ? nullptr : hold->endedFlag()) {}

  // False: there is nothing left to do.
  bool operator()();

 private:
  std::weak_ptr<Mapping> segment_;
  uint64_t offset_;
  uint64_t end_;
  bool populates_;
  std::shared_ptr<const std::atomic<bool>> ended_;
};

}  // namespace chronicle
