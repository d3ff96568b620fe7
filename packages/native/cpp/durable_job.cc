#include "durable_job.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "format.h"
#include "open_file.h"

namespace chronicle {
namespace {

// The 9 digits and the suffix of core/src/format/file-names.ts.
std::string segmentFileName(uint32_t segmentId) {
  char name[24];
  snprintf(name, sizeof name, "%09u.q", segmentId);
  return name;
}

// Ids normally follow each other. A damaged control block may name a head far above the others: then the directory says which segments exist.
constexpr uint32_t kIdsTriedMax = 64;

// The ids of the segment files from `from` to `to - 1`, ascending. Returns 0 or the errno.
int listSegments(int directory, uint32_t from, uint32_t to, std::vector<uint32_t>* ids) {
  const int fd = openFile(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const listing = fd < 0 ? nullptr : fdopendir(fd);
  if (listing == nullptr) {
    const int error = errno;
    if (fd >= 0) close(fd);
    return error;
  }
  errno = 0;
  while (const dirent* const entry = readdir(listing)) {
    uint32_t id = 0;
    if (sscanf(entry->d_name, "%10u.q", &id) == 1 && segmentFileName(id) == entry->d_name && id >= from && id < to) ids->push_back(id);
  }
  const int error = errno;
  closedir(listing);
  std::sort(ids->begin(), ids->end());
  return error;
}

int openSegmentFile(const Hold& hold, uint32_t segmentId) {
  return openFile(hold.directory(), segmentFileName(segmentId).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

// Where the records of a segment end that its writer has left; 0 when its header does not say so.
uint64_t sealedEndOf(const Mapping& segment) {
  if (segment.length() < kFirstRecordOffset) return 0;
  const auto* const header = reinterpret_cast<const SegmentHeader*>(segment.data());
  const uint64_t end = header->endOffset.load(std::memory_order_relaxed);
  const bool isSealed = (header->flags.load(std::memory_order_acquire) & kSegmentSealed) != 0;
  return isSealed && end <= segment.length() ? end : 0;
}

}  // namespace

int DurableJob::run(const Hold* hold) {
  if (hold != nullptr) {
    if (const int error = hold->check(); error != 0) return error;
  }
  std::atomic<uint32_t>& writeBack = block()->writeBack;
  const uint32_t before = writeBack.load(std::memory_order_acquire);
  again_ = before != kWriteBackGood;
  writeBack.store(std::max(before, kWriteBackUnderWay), std::memory_order_release);
  const Outcome outcome = syncAll(hold);
  if (outcome.error != 0) {
    writeBack.store(outcome.syncFailed ? kWriteBackFailed : before, std::memory_order_release);
    return outcome.error;
  }
  const bool isDue = isMarkDue();
  progress->mark = mark;
  progress->knowsSequence = true;
  progress->isFirst = false;
  if (marks) {
    // A sync takes long enough for the lock to be lost meanwhile, and then the control block may be another writer's.
    if (const int error = hold == nullptr ? 0 : hold->check(); error != 0) return error;
    storeDurableMark(block(), mark);
    const uint64_t firstSegment = block()->firstSegmentPlusOne.load(std::memory_order_acquire);
    if (const int error = isDue ? control->sync(0, kControlLength) : 0; error != 0) {
      writeBack.store(kWriteBackFailed, std::memory_order_release);
      return error;
    }
    if (isDue) {
      progress->onDisk = mark;
      progress->firstSegmentOnDisk = firstSegment;
    }
  }
  writeBack.store(kWriteBackGood, std::memory_order_release);
  return 0;
}

// A sync of the mark takes as long as one of the messages. A mark on the disk that is older than the messages loses nothing: recovery verifies from there on, and finds everything that was synced.
// It is synced where that look would be long, where other files than the head would have to be found first, and where deletions were announced since.
bool DurableJob::isMarkDue() const {
  constexpr uint64_t kDistanceMax = uint64_t{8} << 20;
  const DurableMark& onDisk = progress->onDisk;
  if (progress->isFirst || again_ || block()->firstSegmentPlusOne.load(std::memory_order_acquire) != progress->firstSegmentOnDisk) return true;
  return onDisk.segmentId != mark.segmentId || mark.offset < onDisk.offset || mark.offset - onDisk.offset >= kDistanceMax;
}

DurableJob::Outcome DurableJob::syncAll(const Hold* hold) {
  uint32_t segmentId = std::min(progress->mark.segmentId, mark.segmentId);
  // Recovery may have sealed it.
  if (progress->isFirst && segmentId == mark.segmentId && segmentId > 0 && hold != nullptr) segmentId--;
  const bool knowsSequence = progress->knowsSequence && progress->mark.segmentId <= mark.segmentId;
  verifier_.state().sequence = knowsSequence ? static_cast<double>(progress->mark.sequence) : -1;
  if (hold != nullptr && mark.segmentId - segmentId > kIdsTriedMax) {
    std::vector<uint32_t> ids;
    if (const int error = listSegments(hold->directory(), segmentId, mark.segmentId - 1, &ids); error != 0) return {error};
    for (const uint32_t id : ids) {
      // The sequence goes on only from a segment to its neighbour.
      if (id != segmentId) verifier_.state().sequence = -1;
      if (const Outcome outcome = syncSegment(id, hold); outcome.error != 0) return outcome;
      segmentId = id + 1;
    }
    if (segmentId != mark.segmentId - 1) verifier_.state().sequence = -1;
    segmentId = mark.segmentId - 1;
  }
  for (; segmentId < mark.segmentId; segmentId++) {
    if (const Outcome outcome = syncSegment(segmentId, hold); outcome.error != 0) return outcome;
  }
  return head == nullptr ? Outcome{} : syncHead(hold);
}

DurableJob::Outcome DurableJob::syncSegment(uint32_t segmentId, const Hold* hold) {
  return left != nullptr && segmentId + 1 == mark.segmentId ? syncLeft(hold) : syncFile(segmentId, hold);
}

DurableJob::Outcome DurableJob::syncLeft(const Hold* hold) {
  return Outcome::ofSync(again_ ? syncAgain(*left, mark.segmentId - 1, {0, left->length()}, hold) : Mapping::syncUnmapped(std::move(left)));
}

// What cannot be opened as a file holds no record that a mark could promise; a file that is gone was deleted by retention.
DurableJob::Outcome DurableJob::syncFile(uint32_t segmentId, const Hold* hold) {
  if (hold == nullptr) return {EBADF};
  const int fd = openSegmentFile(*hold, segmentId);
  if (fd < 0) {
    verifier_.state().sequence = -1;
    return {errno == ENOENT || errno == EISDIR || errno == ELOOP ? 0 : errno};
  }
  Outcome outcome;
  struct stat status;
  if (fstat(fd, &status) != 0) {
    outcome = {errno};
  } else if (S_ISREG(status.st_mode)) {
    std::shared_ptr<Mapping> mapping;
    if (again_ && status.st_size > 0) {
      mapping = Mapping::map(fd, static_cast<size_t>(status.st_size), true, &outcome.error);
      if (mapping != nullptr) outcome = Outcome::ofSync(writeAgain(*mapping, segmentId));
    }
    if (outcome.error == 0) outcome = Outcome::ofSync(fdatasync(fd) == 0 ? 0 : errno);
    if (outcome.error == 0 && mapping != nullptr) outcome = Outcome::ofSync(settle(fd, *mapping, segmentId, hold));
  }
  close(fd);
  return outcome;
}

DurableJob::Outcome DurableJob::syncHead(const Hold* hold) {
  const bool begins = progress->isFirst || again_ || progress->mark.segmentId != mark.segmentId;
  const uint64_t from = begins ? 0 : std::min(progress->mark.offset, mark.offset);
  return Outcome::ofSync(again_ ? syncAgain(*head, mark.segmentId, {from, mark.offset}, hold) : head->sync(from, mark.offset - from));
}

int DurableJob::syncAgain(const Mapping& segment, uint32_t segmentId, BlockRange part, const Hold* hold) {
  if (const int error = writeAgain(segment, segmentId); error != 0) return error;
  if (const int error = segment.sync(part.begin, part.end - part.begin); error != 0) return error;
  if (segment.descriptor() >= 0) return settle(segment.descriptor(), segment, segmentId, hold);
  if (hold == nullptr) return 0;
  const int fd = openSegmentFile(*hold, segmentId);
  if (fd < 0) return errno;
  const int error = settle(fd, segment, segmentId, hold);
  close(fd);
  return error;
}

// The header's page, too, for the seal may be what was not written. Records of the head after the mark are of no concern.
int DurableJob::writeAgain(const Mapping& segment, uint32_t segmentId) {
  segment.dirty(0, std::min<uint64_t>(kFirstRecordOffset, segment.length()));
  dirtied_ = {};
  // The records of segments before the mark were made durable with it.
  if (segmentId < progress->mark.segmentId && progress->mark.segmentId <= mark.segmentId) return segment.faults() == 0 ? 0 : EIO;
  const uint64_t start = startIn(segmentId);
  const uint64_t knownEnd = segmentId == mark.segmentId ? mark.offset : segmentId == leftEnd.segmentId && leftEnd.offset > 0 ? leftEnd.offset : sealedEndOf(segment);
  // Not further than the records: what follows them may be holes, which have no blocks.
  const uint64_t end = knownEnd > 0 ? std::min<uint64_t>(knownEnd, segment.length()) : segment.length();
  if (end > start) {
    segment.dirty(start, end - start);
    dirtied_ = {start, end};
  }
  const auto* const header = reinterpret_cast<const SegmentHeader*>(segment.data());
  if (segment.faults() != 0 || segment.length() < kFirstRecordOffset || header->magic != kSegmentMagic) return EIO;
  verifier_.attach(segment.range());
  return isWholeUpTo(knownEnd, segment, segmentId) ? 0 : EIO;
}

int DurableJob::settle(int fd, const Mapping& segment, uint32_t segmentId, const Hold* hold) {
  const BlockRange header = {0, std::min<uint64_t>(kFirstRecordOffset, segment.length())};
  for (const bool isSecondLook : {false, true}) {
    std::vector<BlockRange> unwritten;
    if (const int error = findUnwritten(fd, header, &unwritten); error != 0) return error;
    if (const int error = findUnwritten(fd, dirtied_, &unwritten); error != 0) return error;
    if (unwritten.empty()) return 0;
    if (isSecondLook) return EIO;
    if (segmentId == mark.segmentId && !isQuiet) return EBUSY;
    for (const BlockRange& part : unwritten) {
      if (hold == nullptr) return EIO;
      if (const int error = swapBlocks(fd, hold->directory(), part); error != 0) return error;
      segment.dirty(part.begin, part.end - part.begin);
    }
    if (fdatasync(fd) != 0) return errno;
    if (segment.faults() != 0) return EIO;
  }
  return EIO;
}

// Records that are gone as a whole look like the end of a segment. What distinguishes them from it is the place where the records ended or, where that is not known, the sequence with which the next
// segment begins. Between two segments of which neither is known, the verifier finds the gap at the next record.
bool DurableJob::isWholeUpTo(uint64_t end, const Mapping& segment, uint32_t segmentId) {
  const uint64_t start = startIn(segmentId);
  const int status = verifier_.verify(start, {UINT64_MAX, UINT64_MAX});
  const VerifierState& state = verifier_.state();
  const auto verified = static_cast<uint64_t>(state.end);
  if (segmentId == mark.segmentId) return verified >= end;
  const bool isEnd = status == kUncommitted || status == kSegmentEnd || status == kPadding;
  if (!isEnd || verified > std::max(start, end > 0 ? end : segment.length())) return false;
  if (end > 0 && status != kPadding && verified < end) return false;
  const bool isLast = segmentId + 1 == mark.segmentId;
  if (!isLast || end > 0 || status == kPadding || firstSequence < 0 || state.sequence < 0 || state.lastIsBase != 0) return true;
  return state.sequence == firstSequence;
}

}  // namespace chronicle
