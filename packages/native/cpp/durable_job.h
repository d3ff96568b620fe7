// Making a stretch of a segment durable: its sync, then the durable mark, then the sync of the mark.
#pragma once

#include <memory>

#include "mapping.h"
#include "slots.h"

namespace chronicle {

struct DurableJob {
  std::shared_ptr<Mapping> segment;
  std::shared_ptr<Mapping> control;
  uint64_t offset = 0;
  uint64_t length = 0;
  // Let go of the segment first, and sync all of it.
  bool unmap = false;
  // False keeps to the base format, which has no mark.
  bool marks = true;
  DurableMark mark = {};

  // Once. Returns 0 or the errno. After a failure every job under this control block fails: a mark never covers a hole.
  int run();
};

}  // namespace chronicle
