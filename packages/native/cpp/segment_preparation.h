// Making the next segment: reserved, with its header, under a temporary name, and published when told to; then populated.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mapping.h"

namespace chronicle {

struct SegmentRequest {
  std::string temporaryPath;
  std::string finalPath;  // empty: not published
  uint64_t length = 0;
  std::vector<uint8_t> header;
  bool populate = false;
  bool lockMemory = false;
  bool hugePages = false;
  bool syncDirectory = false;
};

// Everything but populating. Returns nullptr and sets `error`; then no file is left behind.
std::shared_ptr<Mapping> prepareSegment(const SegmentRequest& request, int* error);

// Touches the pages of a prepared segment from its beginning on, as long as anybody else has the mapping. Comes after the segment can be used, so that a
// writer that needs it at once pays for the pages that it touches, not for the whole segment.
void populateBehind(const std::weak_ptr<Mapping>& prepared);

}  // namespace chronicle
