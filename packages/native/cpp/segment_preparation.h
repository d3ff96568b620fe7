// Making the next segment: reserved, with its header, under a temporary name, and published when told to; then populated.
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
  std::vector<uint8_t> header;
  bool populate = false;
  bool lockMemory = false;
  bool hugePages = false;
  bool syncDirectory = false;
};

// Everything but populating. The mapping keeps its descriptor. Returns nullptr and sets `error`; then no file is left behind. ECANCELED: the job is not wanted any
// more. ENOLCK: the lock is not the writer's any more, and nothing was published.
std::shared_ptr<Mapping> prepareSegment(const SegmentRequest& request, const Job& job, int* error);

// Touches the pages of a segment from an offset on, some at a call, as long as anybody else has the mapping and its writer goes on. Comes after the segment can be
// used, so that a writer that needs it at once pays for the pages that it touches, not for the whole segment. Changes no byte, so it needs no lock.
class PopulateSteps {
 public:
  PopulateSteps(const std::shared_ptr<Mapping>& segment, uint64_t offset, const Hold* hold)
      : segment_(segment), offset_(offset), ended_(hold == nullptr ? nullptr : hold->endedFlag()) {}

  // False: there is nothing left to do.
  bool operator()();

 private:
  std::weak_ptr<Mapping> segment_;
  uint64_t offset_;
  std::shared_ptr<const std::atomic<bool>> ended_;
};

}  // namespace chronicle
