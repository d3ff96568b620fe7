#include "hold.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "background.h"
#include "callbacks.h"
#include "jobs.h"
#include "napi_support.h"
#include "open_file.h"
#include "watched_words.h"

namespace chronicle {
namespace {

struct Owned {
  std::shared_ptr<Callbacks> environment;
  std::shared_ptr<Hold> hold;
};

// Leaked on purpose, as the jobs are.
struct Registry {
  std::mutex mutex;
  std::unordered_map<uint64_t, Owned> byId;
  uint64_t lastId = 0;
};
Registry& registry = *new Registry;

std::shared_ptr<Hold> takeHold(uint64_t id) {
  const std::lock_guard lock(registry.mutex);
  const auto entry = registry.byId.find(id);
  if (entry == registry.byId.end()) return nullptr;
  std::shared_ptr<Hold> hold = std::move(entry->second.hold);
  registry.byId.erase(entry);
  return hold;
}

napi_value openHold(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const int lockFd = args.fd(0);
  const auto directoryFd = static_cast<int>(args.integer(1, "directoryFd", INT32_MAX));
  std::string lockName = args.string(2, "lockName");
  if (!args.ok()) return nullptr;
  int error = 0;
  std::shared_ptr<Hold> hold = Hold::open(lockFd, directoryFd, std::move(lockName), &error);
  if (hold == nullptr) return throwSystemError(env, error, "fcntl");
  const std::lock_guard lock(registry.mutex);
  const uint64_t id = ++registry.lastId;
  registry.byId.emplace(id, Owned{Callbacks::of(env), std::move(hold)});
  return makeNumber(env, static_cast<double>(id));
}

napi_value holdCheck(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint64_t id = args.integer(0, "hold");
  if (!args.ok()) return nullptr;
  const auto hold = findHold(id);
  return makeNumber(env, hold == nullptr ? -ENOENT : -hold->check());
}

napi_value closeHold(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint64_t id = args.integer(0, "hold");
  const bool clearRecord = args.boolean(1, "clearRecord");
  const double timeoutMs = args.number(2, "timeoutMs");
  if (!args.ok()) return nullptr;
  const auto hold = takeHold(id);
  if (hold == nullptr) return makeBoolean(env, true);
  if (clearRecord) hold->clearRecordAtEnd();
  return makeBoolean(env, Jobs::shared().endHold(hold, deadlineAfter(timeoutMs)));
}

}  // namespace

// Takes the lock shared, or makes an exclusive one shared. False: another process holds it.
static bool shareLock(int fd) {
  int result;
  while ((result = flock(fd, LOCK_SH | LOCK_NB)) != 0 && errno == EINTR) continue;
  return result == 0;
}

std::shared_ptr<Hold> Hold::open(int lockFd, int directoryFd, std::string lockName, int* error) {
  const int lock = fcntl(lockFd, F_DUPFD_CLOEXEC, 0);
  // Opened and not duplicated: the caller's may be one that only names the directory, and this one is also synced and locked.
  const int directory = lock < 0 ? -1 : openFile(directoryFd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) {
    *error = errno;
    if (lock >= 0) ::close(lock);
    return nullptr;
  }
  // Cleaners of temporary files leave a directory alone that is locked. Where another lock stands in the way, or the file system has none, things go on without.
  shareLock(directory);
  return std::make_shared<Hold>(lock, directory, std::move(lockName));
}

Hold::Hold(int lockFd, int directoryFd, std::string lockName) : lock_(lockFd), directory_(directoryFd), lockName_(std::move(lockName)) {}

// Down to an empty line at least: an empty file gives its block back, and a full disk does not return it to the next writer.
static void cutText(int lock, off_t length) {
  struct stat status;
  if (fstat(lock, &status) != 0 || status.st_size == 0) return;
  if (length == 0 && pwrite(lock, "\n", 1, 0) != 1) return;
  if (ftruncate(lock, length == 0 ? 1 : length) != 0) errno = 0;
}

// The text is put right while the lock is still held, but shared, as by a probe: the next writer waits for it then. This thread may get no CPU between the two steps. A lock
// that is held exclusively, without a note of work, would pass for that of a writer that lives. The text of a lock that was lost is left alone. Where the system refuses, the
// text stays: it only explains.
Hold::~Hold() {
  const bool changes = clearsRecord_ || notedAt_ >= 0;
  if (changes && check() == 0 && shareLock(lock_)) cutText(lock_, clearsRecord_ ? 0 : static_cast<off_t>(notedAt_));
  ::close(directory_);
  ::close(lock_);
}

int Hold::check() const {
  struct stat locked, named;
  if (fstat(lock_, &locked) != 0) return 0;
  // Another reason, such as a right that was taken away, does not say that the lock is gone.
  if (fstatat(directory_, lockName_.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT ? ENOLCK : 0;
  return locked.st_dev == named.st_dev && locked.st_ino == named.st_ino ? 0 : ENOLCK;
}

void Hold::noteWork(const std::string& kinds) {
  struct stat status;
  if (check() != 0 || fstat(lock_, &status) != 0) return;
  const std::string line = "background " + kinds + "\n";
  const off_t at = clearsRecord_ ? 0 : status.st_size;
  if (pwrite(lock_, line.data(), line.size(), at) < 0) return;
  notedAt_ = at;
  if (clearsRecord_ && ftruncate(lock_, static_cast<off_t>(line.size())) != 0) errno = 0;
}

std::shared_ptr<Hold> findHold(uint64_t id) {
  if (id == 0) return nullptr;
  const std::lock_guard lock(registry.mutex);
  const auto entry = registry.byId.find(id);
  return entry == registry.byId.end() ? nullptr : entry->second.hold;
}

void endHoldsOf(const Callbacks* callbacks) {
  std::vector<std::shared_ptr<Hold>> holds;
  {
    const std::lock_guard lock(registry.mutex);
    std::erase_if(registry.byId, [&](auto& entry) {
      if (entry.second.environment.get() != callbacks) return false;
      holds.push_back(std::move(entry.second.hold));
      return true;
    });
  }
  for (const auto& hold : holds) Jobs::shared().endHold(hold, 0);
}

void defineHold(napi_env env, napi_value exports) {
  defineFunction(env, exports, "openHold", openHold);
  defineFunction(env, exports, "holdCheck", holdCheck);
  defineFunction(env, exports, "closeHold", closeHold);
}

}  // namespace chronicle
