// What the memory of a queue with retention costs, by the way in which the next segment is made. One thread appends, one prepares whole segments ahead. A third
// syncs the segments that were left and deletes all but the last of them, or keeps their files to be used again. Prints one JSON object. docs/decisions/0030-deleted-segments-are-not-used-again.md has the figures.
//
//   retained WAY DIRECTORY PAYLOAD RECORDS SEGMENT
//
//   new      a new file, reserved and populated, as the addon makes it
//   emptied  a file that was deleted: its range zeroed by the file system, synced, populated. A power cut brings nothing back
//   filled   a file that was deleted: its pages filled with zeros in memory. After a power cut old records may stand in it: the least that it could cost, not a way to take
#include <time.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "file_blocks.h"
#include "prepared_file.h"
#include "record_append.h"

namespace {

using namespace chronicle;

enum class Way { kNew, kEmptied, kFilled };

// Files that can be used again when the run begins: as many as are on their way at once.
constexpr int kSpares = 4;
constexpr size_t kStep = 256 << 10;

struct Segment {
  int fd;
  std::string path;
  uint8_t* data;
};

uint64_t threadCpuNs() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

class Segments {
 public:
  Segments(Way way, std::string directory, size_t length) : way_(way), directory_(std::move(directory)), length_(length) {
    if (way != Way::kNew) {
      for (int spare = 0; spare < kSpares; spare++) spares_.push_back(makeSpare());
    }
    preparer_ = std::thread([this] { prepareAll(); });
    cleaner_ = std::thread([this] { cleanAll(); });
  }

  // The next segment; the one before is synced and let go.
  Segment next(std::optional<Segment> left) {
    std::unique_lock lock(mutex_);
    if (!ready_) waits_++;
    changed_.wait(lock, [this] { return ready_.has_value(); });
    const Segment segment = *ready_;
    ready_.reset();
    if (left) left_.push_back(*left);
    changed_.notify_all();
    return segment;
  }

  // Removes every file.
  void end(const Segment& head) {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      changed_.notify_all();
    }
    preparer_.join();
    cleaner_.join();
    if (ready_) kept_.push_back(*ready_);
    kept_.insert(kept_.end(), spares_.begin(), spares_.end());
    kept_.push_back(head);
    for (const Segment& segment : kept_) remove(segment);
  }

  uint64_t waits() const { return waits_; }
  uint64_t prepareCpuNs() const { return prepareCpuNs_; }
  uint64_t cleanCpuNs() const { return cleanCpuNs_; }

 private:
  Segment makeSpare() {
    const Segment segment = makeNew();
    std::memset(segment.data, 1, length_);
    munmap(segment.data, length_);
    if (fdatasync(segment.fd) != 0) fail("fdatasync");
    return segment;
  }

  Segment makeNew() {
    const std::string path = directory_ + "/" + std::to_string(lastId_++);
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) fail("open");
    if (fallocate(fd, 0, 0, static_cast<off_t>(length_)) != 0) fail("fallocate");
    return populated({fd, path, nullptr}, false);
  }

  Segment makeAgain(Segment segment) {
    if (way_ == Way::kFilled) return populated(segment, true);
    if (zeroRange(segment.fd, 0, length_) != 0) fail("fallocate");
    if (fdatasync(segment.fd) != 0) fail("fdatasync");
    return populated(segment, false);
  }

  Segment populated(Segment segment, bool fills) const {
    void* const data = mmap(nullptr, length_, PROT_READ | PROT_WRITE, MAP_SHARED, segment.fd, 0);
    if (data == MAP_FAILED) fail("mmap");
    segment.data = static_cast<uint8_t*>(data);
    for (size_t at = 0; at < length_; at += kStep) {
      const size_t step = std::min(kStep, length_ - at);
      if (madvise(segment.data + at, step, MADV_POPULATE_WRITE) != 0) fail("madvise");
      if (fills) std::memset(segment.data + at, 0, step);
    }
    return segment;
  }

  void prepareAll() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return ended_ || (!ready_ && (way_ == Way::kNew || !spares_.empty())); });
      if (ended_) break;
      std::optional<Segment> spare;
      if (way_ != Way::kNew) {
        spare = spares_.front();
        spares_.pop_front();
      }
      lock.unlock();
      const Segment segment = spare ? makeAgain(*spare) : makeNew();
      lock.lock();
      ready_ = segment;
      changed_.notify_all();
    }
    prepareCpuNs_ = threadCpuNs();
  }

  void cleanAll() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return ended_ || !left_.empty(); });
      if (left_.empty()) break;
      const Segment left = left_.front();
      left_.pop_front();
      lock.unlock();
      munmap(left.data, length_);
      if (fdatasync(left.fd) != 0) fail("fdatasync");
      kept_.push_back(left);
      const Segment oldest = kept_.front();
      const bool goes = kept_.size() > 1;
      if (goes) kept_.pop_front();
      if (goes && way_ == Way::kNew) remove(oldest);
      lock.lock();
      if (goes && way_ != Way::kNew) spares_.push_back(oldest);
      changed_.notify_all();
    }
    cleanCpuNs_ = threadCpuNs();
  }

  static void remove(const Segment& segment) {
    unlink(segment.path.c_str());
    close(segment.fd);
  }

  const Way way_;
  const std::string directory_;
  const size_t length_;
  uint64_t lastId_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Segment> ready_;
  std::deque<Segment> left_, spares_, kept_;
  bool ended_ = false;
  uint64_t waits_ = 0, prepareCpuNs_ = 0, cleanCpuNs_ = 0;
  std::thread preparer_, cleaner_;
};

int runRetained(Way way, const char* directory, const std::vector<uint8_t>& payload, uint64_t records, size_t segmentLength) {
  const uint64_t step = recordLength(payload.size());
  Segments segments(way, directory, segmentLength);
  Segment segment = segments.next(std::nullopt);
  uint64_t offset = kFirstRecordOffset;
  uint64_t rolls = 0;
  const uint64_t waitsBefore = segments.waits();
  const uint64_t begin = monotonicNs();
  for (uint64_t sequence = 0; sequence < records; sequence++) {
    if (step > segmentLength - offset) {
      segment = segments.next(segment);
      offset = kFirstRecordOffset;
      rolls++;
    }
    append<kNotify>(segment.data + offset, payload.data(), payload.size(), sequence);
    offset += step;
  }
  const auto perRecord = [=](uint64_t ns) { return static_cast<double>(ns) / static_cast<double>(records); };
  const double ns = perRecord(monotonicNs() - begin);
  segments.end(segment);
  std::printf("{\"Ns\":%.3f,\"PrepareCpuNs\":%.3f,\"CleanCpuNs\":%.3f,\"Rolls\":%lu,\"UnpreparedRolls\":%lu}\n", ns,
              perRecord(segments.prepareCpuNs()), perRecord(segments.cleanCpuNs()), rolls, segments.waits() - waitsBefore);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc == 6 ? argv[1] : "";
  const std::optional<Way> way = name == "new"       ? std::optional(Way::kNew)
                                 : name == "emptied" ? std::optional(Way::kEmptied)
                                 : name == "filled"  ? std::optional(Way::kFilled)
                                                     : std::nullopt;
  if (!way) {
    std::fprintf(stderr, "usage: retained new|emptied|filled DIRECTORY PAYLOAD RECORDS SEGMENT\n");
    return 2;
  }
  const std::vector<uint8_t> payload(std::strtoull(argv[3], nullptr, 10), 7);
  return runRetained(*way, argv[2], payload, std::strtoull(argv[4], nullptr, 10), std::strtoull(argv[5], nullptr, 10));
}
