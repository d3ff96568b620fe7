// Making the next segment: reserved, populated, with its header, under a temporary name, and published when told to.
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

// Returns nullptr and sets `error`; then no file is left behind.
std::shared_ptr<Mapping> prepareSegment(const SegmentRequest& request, int* error);

}  // namespace chronicle
