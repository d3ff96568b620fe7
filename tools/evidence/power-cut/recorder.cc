#include "recorder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "../preload/place.h"
#include "page_watch.h"

namespace power_cut {
namespace {

constexpr size_t kSector = 512;

int openReal(const char* path, int flags) {
  static const auto original = real<int (*)(const char*, int, ...)>("open");
  return original(path, flags, 0666);
}

// Not through a library in front of this one, which would take them for calls of the process.
int statusReal(int fd, struct stat* status) {
  static const auto original = real<int (*)(int, struct stat*)>("fstat");
  return original(fd, status);
}

ssize_t readReal(int fd, void* bytes, size_t count) {
  static const auto original = real<ssize_t (*)(int, void*, size_t, off_t)>("pread");
  return original(fd, bytes, count, 0);
}

void closeReal(int fd) {
  static const auto original = real<int (*)(int)>("close");
  original(fd);
}

}  // namespace

Recorder* Recorder::get() {
  static Recorder* const recorder = make();
  return recorder;
}

bool Recorder::contains(const std::string& path) const { return preload::isInside(root_, path); }

void Recorder::compareAll() {
  for (auto& [path, file] : files_) compare(file);
  takeDirtied([this](uint32_t id, uint64_t offset) { writeRange(kStored, id, offset, offset + kPage); });
}

void Recorder::add(const std::string& path, Kind kind) {
  TrackedFile file{nextId_++, openReal(path.c_str(), O_RDONLY | O_CLOEXEC), {}, 0, 0};
  if (file.fd < 0) return;
  // Its write-back may have failed in an earlier process.
  if (kind == kFound) file.lostTo = UINT64_MAX;
  std::string body(reinterpret_cast<const char*>(&file.id), 4);
  write(kind, body + relative(path));
  compare(files_.emplace(path, std::move(file)).first->second);
}

void Recorder::rename(const std::string& from, const std::string& to) {
  write(kRename, relative(from) + '\0' + relative(to));
  forget(to);
  const auto found = files_.find(from);
  if (found == files_.end()) return;
  TrackedFile file = std::move(found->second);
  files_.erase(found);
  files_.emplace(to, std::move(file));
}

// The second name has a descriptor of its own, so that either name can go.
void Recorder::link(const std::string& from, const std::string& to) {
  write(kLink, relative(from) + '\0' + relative(to));
  const auto found = files_.find(from);
  if (found == files_.end()) return;
  TrackedFile file = found->second;
  file.fd = openReal(to.c_str(), O_RDONLY | O_CLOEXEC);
  if (file.fd >= 0) files_.emplace(to, std::move(file));
}

void Recorder::unlink(const std::string& path) {
  write(kUnlink, relative(path));
  forget(path);
}

void Recorder::syncFile(const std::string& path, uint64_t from, uint64_t to) {
  const auto found = files_.find(path);
  if (found != files_.end()) writeRange(kSyncFile, found->second.id, from, to);
}

void Recorder::failSync(const std::string& path, uint64_t from, uint64_t to) {
  const auto found = files_.find(path);
  if (found == files_.end()) return;
  TrackedFile& file = found->second;
  file.lostFrom = file.lostTo == 0 ? from : std::min(file.lostFrom, from);
  file.lostTo = std::max(file.lostTo, to);
  writeRange(kFailedSync, file.id, from, to);
  watchPages(path, file.id, file.lostFrom, file.lostTo);
}

void Recorder::watchMapping(const std::string& path) {
  const auto found = files_.find(path);
  if (found != files_.end() && found->second.lostTo > 0)
    watchPages(path, found->second.id, found->second.lostFrom, found->second.lostTo);
}

void Recorder::store(const std::string& path, uint64_t from, uint64_t to) {
  const auto found = files_.find(path);
  if (found != files_.end() && found->second.lostTo > 0) writeRange(kStored, found->second.id, from, to);
}

void Recorder::writeRange(Kind kind, uint32_t id, uint64_t from, uint64_t to) {
  std::string body(20, '\0');
  std::memcpy(&body[0], &id, 4);
  std::memcpy(&body[4], &from, 8);
  std::memcpy(&body[12], &to, 8);
  write(kind, body);
}

void Recorder::write(Kind kind, const std::string& body) {
  const uint32_t head[2] = {kind, static_cast<uint32_t>(body.size())};
  std::string entry(reinterpret_cast<const char*>(head), sizeof head);
  entry += body;
  static const auto original = real<ssize_t (*)(int, const void*, size_t)>("write");
  if (original(log_, entry.data(), entry.size()) != static_cast<ssize_t>(entry.size())) abort();
}

std::string Recorder::relative(const std::string& path) const { return path.size() <= root_.size() ? "" : path.substr(root_.size() + 1); }

Recorder* Recorder::make() {
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

void Recorder::scan(const std::string& folder) {
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

void Recorder::forget(const std::string& path) {
  const auto found = files_.find(path);
  if (found == files_.end()) return;
  closeReal(found->second.fd);
  files_.erase(found);
}

// Body: u32 id, u64 length, then u32 index and bytes of each sector that differs.
void Recorder::compare(TrackedFile& file) {
  struct stat status;
  if (statusReal(file.fd, &status) != 0) return;
  const auto length = static_cast<uint64_t>(status.st_size);
  const size_t padded = (length + kSector - 1) / kSector * kSector;
  std::vector<char> bytes(padded, 0);
  if (length > 0 && readReal(file.fd, bytes.data(), length) < 0) return;
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

}  // namespace power_cut
