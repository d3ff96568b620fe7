// Making a queue durable up to a mark: the syncs of everything since the last good mark, then the durable mark, then its sync.
//
// The control block's `writeBack` word says what is known of these syncs, because a sync that failed does not fail again: the kernel marks the pages clean. It is
// stored before a sync and after it, so that a later writer knows of one that failed, and of one whose outcome died with its process. Then everything since the last
// good mark is made dirty and synced once more, after a check that it is all still there.
#pragma once

#include <memory>

#include "hold.h"
#include "mapping.h"
#include "slots.h"
#include "unwritten_blocks.h"
#include "verifier_core.h"

namespace chronicle {

// How far a writer has made its queue durable. Its jobs use it, one after the other.
struct DurableProgress {
  // Everything before it is on the disk.
  DurableMark mark = {};
  // False: what the first record has for a sequence is not known.
  bool knowsSequence = false;
  // No job of this writer has succeeded yet: earlier writers and recovery may have left things unsynced in the head and in the segment before it.
  bool isFirst = true;
  // The control block as a job of this writer last synced it: the mark, which may be behind `mark` (see `DurableJob::isMarkDue`), and the announced deletions.
  DurableMark onDisk = {};
  uint64_t firstSegmentOnDisk = 0;
};

// Where the records of a segment end that its writer has left. Known to the writer alone: the seal and `endOffset` in the header are on a page that the kernel may have dropped, too.
struct SegmentEnd {
  uint32_t segmentId = 0;
  // 0: not known.
  uint64_t offset = 0;
};

class DurableJob {
 public:
  std::shared_ptr<Mapping> control;
  std::shared_ptr<DurableProgress> progress;
  // False keeps to the base format, which has no mark.
  bool marks = true;
  DurableMark mark = {};
  // The segment of the mark; not needed for a mark at its beginning.
  std::shared_ptr<Mapping> head;
  // The sequence with which the segment of the mark begins; -1 where it is not known.
  double firstSequence = -1;
  // No other thread stores into the head while this runs.
  bool isQuiet = false;
  // Of the segment before that of the mark, where this writer left it.
  SegmentEnd leftEnd;
  // The segment before, which its writer has left: unmapped before it is synced. Where it is not given, the file is synced by its name.
  std::shared_ptr<Mapping> left;

  // Once, on the file lane, or in any thread while no job of this writer is there. Returns 0 or the errno; after a failure the next job does the rest and what failed. ENOLCK: the lock is lost, and nothing was marked.
  // EBUSY: only a quiet job can do it.
  int run(const Hold* hold);

 private:
  struct Outcome {
    int error = 0;
    // The kernel refused to write: what it did not write it may have marked clean.
    bool syncFailed = false;

    static Outcome ofSync(int error) { return {error, error != 0}; }
  };

  ControlBlock* block() const { return reinterpret_cast<ControlBlock*>(control->data()); }
  bool isMarkDue() const;
  Outcome syncAll(const Hold* hold);
  Outcome syncSegment(uint32_t segmentId, const Hold* hold);
  Outcome syncLeft(const Hold* hold);
  Outcome syncFile(uint32_t segmentId, const Hold* hold);
  Outcome syncHead(const Hold* hold);
  // Writes a segment again, and syncs this part of it and what was written. Returns 0 or the errno.
  int syncAgain(const Mapping& segment, uint32_t segmentId, BlockRange part, const Hold* hold);
  // Makes the pages dirty and checks the records. Returns 0 or EIO.
  int writeAgain(const Mapping& segment, uint32_t segmentId);
  // After the sync of what was written again: has the file system count blocks as written whose first write failed. Returns 0, EIO, or EBUSY where a quiet job can do it.
  int settle(int fd, const Mapping& segment, uint32_t segmentId, const Hold* hold);
  bool isWholeUpTo(uint64_t end, const Mapping& segment, uint32_t segmentId);
  uint64_t startIn(uint32_t segmentId) const { return segmentId == progress->mark.segmentId ? progress->mark.offset : kFirstRecordOffset; }

  bool again_ = false;
  // The records that `writeAgain` made dirty.
  BlockRange dirtied_ = {};
  VerifierCore verifier_;
};

}  // namespace chronicle
