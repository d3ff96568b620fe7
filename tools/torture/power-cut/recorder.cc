// A library to be preloaded into a process: writes down everything that the process does to the files below one folder, in order, with the bytes, so that
// what a disk could hold at any instant can be put together later. It sees all threads, and stores through mappings too, because it compares the files
// with what they held before and after each call, and at some of the process's looks at the clock in between.
//
// POWER_CUT_ROOT is the folder, POWER_CUT_LOG where to write, POWER_CUT_EVERY how many looks at the clock lie between two comparisons. The log is a
// sequence of entries: u32 kind, u32 length, body; see recording.ts.

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace {

enum Kind : uint32_t { kFound = 1, kCreate, kContent, kRename, kUnlink, kSyncFile, kSyncDirectory, kNote, kMakeDirectory, kScanned };

constexpr size_t kSector = 512;

struct TrackedFile {
  uint32_t id;
  int fd;
  std::vector<char> shadow;
};

template <typename Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

#define REAL(name) static const auto original = real<decltype(&name)>(#name)

class Recorder {
 public:
  static Recorder* get() {
    static Recorder* const recorder = make();
    return recorder;
  }

  bool contains(const std::string& path) const {
    return path.compare(0, root_.size(), root_) == 0 && (path.size() == root_.size() || path[root_.size()] == '/');
  }

  std::string pathOf(int fd) const {
    char target[4096];
    const ssize_t length = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), target, sizeof target);
    if (length <= 0) return "";
    std::string path(target, static_cast<size_t>(length));
    return contains(path) ? path : "";
  }

  void compareAll() {
    for (auto& [path, file] : files_) compare(file);
  }

  void add(const std::string& path, Kind kind) {
    TrackedFile file{nextId_++, openReal(path.c_str(), O_RDONLY | O_CLOEXEC), {}};
    if (file.fd < 0) return;
    std::string body(reinterpret_cast<const char*>(&file.id), 4);
    write(kind, body + relative(path));
    compare(files_.emplace(path, std::move(file)).first->second);
  }

  void rename(const std::string& from, const std::string& to) {
    write(kRename, relative(from) + '\0' + relative(to));
    forget(to);
    const auto found = files_.find(from);
    if (found == files_.end()) return;
    TrackedFile file = std::move(found->second);
    files_.erase(found);
    files_.emplace(to, std::move(file));
  }

  void unlink(const std::string& path) {
    write(kUnlink, relative(path));
    forget(path);
  }

  void syncFile(const std::string& path, uint64_t from, uint64_t to) {
    const auto found = files_.find(path);
    if (found == files_.end()) return;
    std::string body(20, '\0');
    std::memcpy(&body[0], &found->second.id, 4);
    std::memcpy(&body[4], &from, 8);
    std::memcpy(&body[12], &to, 8);
    write(kSyncFile, body);
  }

  void write(Kind kind, const std::string& body) {
    const uint32_t head[2] = {kind, static_cast<uint32_t>(body.size())};
    std::string entry(reinterpret_cast<const char*>(head), sizeof head);
    entry += body;
    static const auto original = real<ssize_t (*)(int, const void*, size_t)>("write");
    if (original(log_, entry.data(), entry.size()) != static_cast<ssize_t>(entry.size())) abort();
  }

  std::string relative(const std::string& path) const { return path.size() <= root_.size() ? "" : path.substr(root_.size() + 1); }

  std::recursive_mutex mutex;
  unsigned clockEvery = 0;
  unsigned clockCount = 0;

 private:
  static Recorder* make() {
    const char* root = getenv("POWER_CUT_ROOT");
    const char* log = getenv("POWER_CUT_LOG");
    if (root == nullptr || log == nullptr) return nullptr;
    auto* recorder = new Recorder;
    recorder->root_ = root;
    recorder->log_ = openReal(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC);
    const char* every = getenv("POWER_CUT_EVERY");
    recorder->clockEvery = every == nullptr ? 0 : static_cast<unsigned>(atoi(every));
    recorder->scan(recorder->root_);
    recorder->write(kScanned, "");
    return recorder;
  }

  static int openReal(const char* path, int flags) {
    static const auto original = real<int (*)(const char*, int, ...)>("open");
    return original(path, flags, 0666);
  }

  void scan(const std::string& folder) {
    DIR* const directory = opendir(folder.c_str());
    if (directory == nullptr) return;
    while (const dirent* entry = readdir(directory)) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      const std::string path = folder + "/" + name;
      if (entry->d_type == DT_DIR) {
        write(kMakeDirectory, relative(path));
        scan(path);
      } else {
        add(path, kFound);
      }
    }
    closedir(directory);
  }

  void forget(const std::string& path) {
    const auto found = files_.find(path);
    if (found == files_.end()) return;
    close(found->second.fd);
    files_.erase(found);
  }

  // Body: u32 id, u64 length, then u32 index and bytes of each sector that differs.
  void compare(TrackedFile& file) {
    struct stat status;
    if (fstat(file.fd, &status) != 0) return;
    const auto length = static_cast<uint64_t>(status.st_size);
    const size_t padded = (length + kSector - 1) / kSector * kSector;
    std::vector<char> bytes(padded, 0);
    if (length > 0 && pread(file.fd, bytes.data(), length, 0) < 0) return;
    const bool isNew = file.shadow.size() != padded + 8 || std::memcmp(file.shadow.data(), &length, 8) != 0;
    std::string body(reinterpret_cast<const char*>(&file.id), 4);
    body.append(reinterpret_cast<const char*>(&length), 8);
    const size_t before = body.size();
    for (size_t at = 0; at < padded; at += kSector) {
      const bool had = file.shadow.size() >= at + kSector + 8;
      static const char zeros[kSector] = {};
      const char* old = had ? file.shadow.data() + 8 + at : zeros;
      if (std::memcmp(old, bytes.data() + at, kSector) == 0) continue;
      const uint32_t index = static_cast<uint32_t>(at / kSector);
      body.append(reinterpret_cast<const char*>(&index), 4);
      body.append(bytes.data() + at, kSector);
    }
    if (!isNew && body.size() == before) return;
    write(kContent, body);
    file.shadow.assign(reinterpret_cast<const char*>(&length), reinterpret_cast<const char*>(&length) + 8);
    file.shadow.insert(file.shadow.end(), bytes.begin(), bytes.end());
  }

  std::string root_;
  int log_ = -1;
  uint32_t nextId_ = 1;
  std::map<std::string, TrackedFile> files_;
};

thread_local bool busy = false;

// Serializes what is recorded: nothing comes between the look before a call, the call, and its entry.
class Turn {
 public:
  explicit Turn(bool concerned) : recorder_(busy || !concerned ? nullptr : Recorder::get()) {
    if (recorder_ == nullptr) return;
    recorder_->mutex.lock();
    busy = true;
    recorder_->compareAll();
  }
  ~Turn() {
    if (recorder_ == nullptr) return;
    const int kept = errno;
    recorder_->compareAll();
    busy = false;
    recorder_->mutex.unlock();
    errno = kept;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  Recorder* operator->() { return recorder_; }
  explicit operator bool() const { return recorder_ != nullptr; }

 private:
  Recorder* const recorder_;
};

bool isOurs(const char* path) {
  if (busy || path == nullptr || path[0] != '/') return false;
  Recorder* const recorder = Recorder::get();
  return recorder != nullptr && recorder->contains(path);
}

std::string ourPath(int fd) {
  if (busy) return "";
  Recorder* const recorder = Recorder::get();
  return recorder == nullptr ? "" : recorder->pathOf(fd);
}

template <typename Open>
int recordedOpen(const char* path, int flags, Open open) {
  if (!isOurs(path) || (flags & (O_CREAT | O_TRUNC)) == 0) return open();
  Turn turn(true);
  const bool existed = faccessat(AT_FDCWD, path, F_OK, 0) == 0;
  const int fd = open();
  if (fd >= 0 && !existed) turn->add(path, kCreate);
  return fd;
}

template <typename Call>
auto recordedChange(int fd, Call call) -> decltype(call()) {
  const std::string path = ourPath(fd);
  if (path.empty()) return call();
  Turn turn(true);
  return call();
}

template <typename Call>
int recordedRename(const char* from, const char* to, Call call) {
  if (!isOurs(from)) return call();
  Turn turn(true);
  const int result = call();
  if (result == 0) turn->rename(from, to);
  return result;
}

template <typename Call>
int recordedSync(int fd, Call call) {
  const std::string path = ourPath(fd);
  if (path.empty()) return call();
  Turn turn(true);
  const int result = call();
  struct stat status;
  if (result != 0 || fstat(fd, &status) != 0) return result;
  if (S_ISDIR(status.st_mode)) turn->write(kSyncDirectory, turn->relative(path));
  else turn->syncFile(path, 0, UINT64_MAX);
  return result;
}

// Which file a mapping is of, and where in it: /proc/self/maps tells.
bool findMapping(uint64_t address, std::string* path, uint64_t* fileOffset) {
  FILE* const maps = fopen("/proc/self/maps", "re");
  if (maps == nullptr) return false;
  char line[4608];
  bool found = false;
  while (!found && fgets(line, sizeof line, maps) != nullptr) {
    unsigned long long from = 0, to = 0, offset = 0;
    int nameAt = 0;
    if (sscanf(line, "%llx-%llx %*s %llx %*s %*s %n", &from, &to, &offset, &nameAt) < 3) continue;
    if (address < from || address >= to) continue;
    *path = line + nameAt;
    while (!path->empty() && path->back() == '\n') path->pop_back();
    *fileOffset = offset + (address - from);
    found = true;
  }
  fclose(maps);
  return found;
}

int modeOf(int flags, va_list list) { return (flags & O_CREAT) != 0 ? va_arg(list, int) : 0; }

}  // namespace

extern "C" {

#define DEFINE_OPEN(name)                                                     \
  int name(const char* path, int flags, ...) {                                \
    static const auto original = real<int (*)(const char*, int, ...)>(#name); \
    va_list list;                                                             \
    va_start(list, flags);                                                    \
    const int mode = modeOf(flags, list);                                     \
    va_end(list);                                                             \
    return recordedOpen(path, flags, [&] { return original(path, flags, mode); }); \
  }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

#define DEFINE_OPENAT(name)                                                        \
  int name(int at, const char* path, int flags, ...) {                             \
    static const auto original = real<int (*)(int, const char*, int, ...)>(#name); \
    va_list list;                                                                  \
    va_start(list, flags);                                                         \
    const int mode = modeOf(flags, list);                                          \
    va_end(list);                                                                  \
    return recordedOpen(path, flags, [&] { return original(at, path, flags, mode); }); \
  }
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

#define DEFINE_CHANGE(result, name, parameters, arguments)                \
  result name parameters {                                                \
    static const auto original = real<result(*) parameters>(#name);       \
    return recordedChange(fd, [&]() -> result { return original arguments; }); \
  }
DEFINE_CHANGE(ssize_t, write, (int fd, const void* bytes, size_t count), (fd, bytes, count))
DEFINE_CHANGE(ssize_t, pwrite, (int fd, const void* bytes, size_t count, off_t at), (fd, bytes, count, at))
DEFINE_CHANGE(ssize_t, pwrite64, (int fd, const void* bytes, size_t count, off_t at), (fd, bytes, count, at))
DEFINE_CHANGE(ssize_t, writev, (int fd, const iovec* parts, int count), (fd, parts, count))
DEFINE_CHANGE(ssize_t, pwritev, (int fd, const iovec* parts, int count, off_t at), (fd, parts, count, at))
DEFINE_CHANGE(ssize_t, pwritev64, (int fd, const iovec* parts, int count, off_t at), (fd, parts, count, at))
DEFINE_CHANGE(int, ftruncate, (int fd, off_t length), (fd, length))
DEFINE_CHANGE(int, ftruncate64, (int fd, off_t length), (fd, length))
DEFINE_CHANGE(int, fallocate, (int fd, int mode, off_t at, off_t length), (fd, mode, at, length))
DEFINE_CHANGE(int, fallocate64, (int fd, int mode, off_t at, off_t length), (fd, mode, at, length))

int fsync(int fd) {
  static const auto original = real<int (*)(int)>("fsync");
  return recordedSync(fd, [&] { return original(fd); });
}

int fdatasync(int fd) {
  static const auto original = real<int (*)(int)>("fdatasync");
  return recordedSync(fd, [&] { return original(fd); });
}

int msync(void* address, size_t length, int flags) {
  static const auto original = real<int (*)(void*, size_t, int)>("msync");
  Turn turn(true);
  const int result = original(address, length, flags);
  std::string path;
  uint64_t offset = 0;
  if (turn && result == 0 && (flags & MS_SYNC) != 0 && findMapping(reinterpret_cast<uint64_t>(address), &path, &offset) && turn->contains(path))
    turn->syncFile(path, offset, offset + length);
  return result;
}

int rename(const char* from, const char* to) {
  static const auto original = real<int (*)(const char*, const char*)>("rename");
  return recordedRename(from, to, [&] { return original(from, to); });
}

long syscall(long number, ...) {
  static const auto original = real<long (*)(long, ...)>("syscall");
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& value : a) value = va_arg(list, long);
  va_end(list);
  const auto call = [&] { return original(number, a[0], a[1], a[2], a[3], a[4], a[5]); };
  if (number != SYS_renameat2) return call();
  return recordedRename(reinterpret_cast<const char*>(a[1]), reinterpret_cast<const char*>(a[3]), [&] { return static_cast<int>(call()); });
}

int unlink(const char* path) {
  static const auto original = real<int (*)(const char*)>("unlink");
  if (!isOurs(path)) return original(path);
  Turn turn(true);
  const int result = original(path);
  if (result == 0) turn->unlink(path);
  return result;
}

int mkdir(const char* path, mode_t mode) {
  static const auto original = real<int (*)(const char*, mode_t)>("mkdir");
  if (!isOurs(path)) return original(path, mode);
  Turn turn(true);
  const int result = original(path, mode);
  if (result == 0) turn->write(kMakeDirectory, turn->relative(path));
  return result;
}

// How the process says something about itself: it asks for a path below this one.
int access(const char* path, int mode) {
  static const auto original = real<int (*)(const char*, int)>("access");
  constexpr char kPrefix[] = "/power-cut-note/";
  if (std::strncmp(path, kPrefix, sizeof kPrefix - 1) != 0) return original(path, mode);
  Turn turn(true);
  if (turn) turn->write(kNote, path + sizeof kPrefix - 1);
  return 0;
}

int clock_gettime(clockid_t clock, timespec* time) {
  static const auto original = real<int (*)(clockid_t, timespec*)>("clock_gettime");
  if (!busy && clock == CLOCK_REALTIME) {
    Recorder* const recorder = Recorder::get();
    if (recorder != nullptr && recorder->clockEvery > 0 && ++recorder->clockCount % recorder->clockEvery == 0) Turn turn(true);
  }
  return original(clock, time);
}

}  // extern "C"
