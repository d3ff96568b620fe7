// Preloaded into a program, lets shared mappings of files fail as they do at the limit of mappings (vm.max_map_count). These are the mappings of the queue, and never those
// that V8 lives on. The file that MMAP_REFUSALS names holds a number: 0 refuses nothing, n the n-th mapping from now on, -1 every one. With MMAP_EXHAUST the kernel
// refuses: all mappings that are left are made before the call and given back after it.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <vector>

namespace {

constexpr size_t page = 4096;

void* map(void* address, size_t length, int protection, int flags, int fd, off_t offset) {
  return reinterpret_cast<void*>(syscall(SYS_mmap, address, length, protection, flags, fd, offset));
}

// Counts the number in the file down; whether this mapping is the one to refuse.
bool is_refused() {
  static std::mutex& mutex = *new std::mutex;
  const std::lock_guard lock(mutex);
  const char* const path = std::getenv("MMAP_REFUSALS");
  const int fd = path == nullptr ? -1 : open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return false;
  char text[16] = {};
  const bool was_read = pread(fd, text, sizeof text - 1, 0) > 0;
  const int left = was_read ? std::atoi(text) : 0;
  if (left > 0) {
    const int length = std::snprintf(text, sizeof text, "%d   ", left - 1);
    if (pwrite(fd, text, static_cast<size_t>(length), 0) != length) std::abort();
  }
  close(fd);
  return left == 1 || left < 0;
}

// Pages of alternating protection: the kernel cannot join them.
class Exhaustion {
 public:
  Exhaustion() {
    for (size_t count = 0;; count++) {
      void* const made = map(nullptr, page, count % 2 == 0 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (made == MAP_FAILED) return;
      made_.push_back(made);
    }
  }
  ~Exhaustion() {
    for (void* const made : made_) munmap(made, page);
  }

 private:
  // Grows by reallocation, which may need a mapping of its own: room for the usual limit is there from the beginning.
  std::vector<void*> made_ = [] {
    std::vector<void*> room;
    room.reserve(2 << 20);
    return room;
  }();
};

}  // namespace

extern "C" void* mmap(void* address, size_t length, int protection, int flags, int fd, off_t offset) {
  const bool is_of_queue = fd >= 0 && (flags & MAP_SHARED) != 0;
  if (!is_of_queue || !is_refused()) return map(address, length, protection, flags, fd, offset);
  if (std::getenv("MMAP_EXHAUST") == nullptr) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  const Exhaustion exhaustion;
  void* const made = map(address, length, protection, flags, fd, offset);
  const int error = errno;
  if (made != MAP_FAILED) std::abort();
  errno = error;
  return made;
}

extern "C" void* mmap64(void* address, size_t length, int protection, int flags, int fd, off_t offset) {
  return mmap(address, length, protection, flags, fd, offset);
}
