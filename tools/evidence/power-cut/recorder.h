// Writes down what happens to the files below one folder; see recording.ts for the entries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "../preload/open_calls.h"

namespace power_cut {

enum Kind : uint32_t {
  kFound = 1,
  kCreate,
  kContent,
  kRename,
  kUnlink,
  kSyncFile,
  kSyncDirectory,
  kNote,
  kMakeDirectory,
  kScanned,
  kFailedSync,
  kStored,
  kLink,
};

// One per process. Its users hold the mutex.
class Recorder {
 public:
  // Null when nothing is to be recorded.
  static Recorder* get();

  bool contains(const std::string& path) const;

  // Writes down what the files hold now, as far as that is not written down.
  void compareAll();

  void add(const std::string& path, Kind kind);
  void rename(const std::string& from, const std::string& to);
  void link(const std::string& from, const std::string& to);
  void unlink(const std::string& path);
  void syncFile(const std::string& path, uint64_t from, uint64_t to);

  // A write-back failed, and the kernel takes the pages for clean: from now on stores to them are looked for, also those that change nothing.
  void failSync(const std::string& path, uint64_t from, uint64_t to);
  // A new mapping of the file, through which pages can be stored to.
  void watchMapping(const std::string& path);
  // Bytes that a call wrote are stored also where they are the old ones.
  void store(const std::string& path, uint64_t from, uint64_t to);

  void write(Kind kind, const std::string& body);
  std::string relative(const std::string& path) const;

  std::recursive_mutex mutex;
  unsigned clockEvery = 0;
  unsigned clockCount = 0;

 private:
  struct TrackedFile {
    uint32_t id;
    int fd;
    std::vector<char> shadow;
    // What a failed write-back took for clean, or may have.
    uint64_t lostFrom = 0;
    uint64_t lostTo = 0;
  };

  static Recorder* make();
  void scan(const std::string& folder);
  void forget(const std::string& path);
  void compare(TrackedFile& file);
  void writeRange(Kind kind, uint32_t id, uint64_t from, uint64_t to);

  std::string root_;
  int log_ = -1;
  uint32_t nextId_ = 1;
  std::map<std::string, TrackedFile> files_;
};

}  // namespace power_cut
