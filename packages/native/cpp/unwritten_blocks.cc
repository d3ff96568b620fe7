#include "unwritten_blocks.h"

#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "file_blocks.h"
#include "open_file.h"

namespace chronicle {
namespace {

constexpr uint32_t kExtentsPerCall = 32;
constexpr uint64_t kPage = 4096;

bool unsupported(int error) { return error == EOPNOTSUPP || error == ENOTTY || error == ENOSYS || error == EBADR; }

// The ioctl of ext4 that defragments; the kernel's headers for programs lack it.
struct MoveExtent {
  uint32_t reserved;
  uint32_t donor;
  uint64_t start;
  uint64_t donorStart;
  uint64_t count;
  uint64_t moved;
};
#define CHRONICLE_EXT4_MOVE_EXTENT _IOWR('f', 15, MoveExtent)

}  // namespace

int findUnwritten(int fd, BlockRange searched, std::vector<BlockRange>* found) {
  while (searched.begin < searched.end) {
    alignas(fiemap) uint8_t bytes[sizeof(fiemap) + kExtentsPerCall * sizeof(fiemap_extent)] = {};
    auto* const asked = reinterpret_cast<fiemap*>(bytes);
    asked->fm_start = searched.begin;
    asked->fm_length = searched.end - searched.begin;
    asked->fm_extent_count = kExtentsPerCall;
    if (ioctl(fd, FS_IOC_FIEMAP, asked) != 0) {
      if (errno == EINTR) continue;
      return unsupported(errno) ? 0 : errno;
    }
    const uint32_t count = std::min(asked->fm_mapped_extents, kExtentsPerCall);
    if (count == 0) return 0;
    for (uint32_t i = 0; i < count; i++) {
      const fiemap_extent& extent = asked->fm_extents[i];
      const BlockRange part = {std::max<uint64_t>(extent.fe_logical, searched.begin), std::min<uint64_t>(extent.fe_logical + extent.fe_length, searched.end)};
      if ((extent.fe_flags & FIEMAP_EXTENT_UNWRITTEN) != 0 && part.begin < part.end) found->push_back(part);
    }
    const fiemap_extent& last = asked->fm_extents[count - 1];
    if ((last.fe_flags & FIEMAP_EXTENT_LAST) != 0) return 0;
    searched.begin = last.fe_logical + last.fe_length;
  }
  return 0;
}

int swapBlocks(int fd, int directory, BlockRange part) {
  const uint64_t begin = part.begin / kPage * kPage;
  const uint64_t length = (part.end - begin + kPage - 1) / kPage * kPage;
  const int donor = openFile(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (donor < 0) return errno;
  int error = allocateBlocks(donor, begin, length);
  struct statvfs volume;
  if (error == 0 && fstatvfs(fd, &volume) != 0) error = errno;
  for (uint64_t done = 0; error == 0 && done < length;) {
    const uint64_t block = volume.f_bsize;
    MoveExtent moving = {0, static_cast<uint32_t>(donor), (begin + done) / block, (begin + done) / block, (length - done) / block, 0};
    if (ioctl(fd, CHRONICLE_EXT4_MOVE_EXTENT, &moving) != 0) error = errno;
    else if (moving.moved == 0) error = EIO;
    done += moving.moved * block;
  }
  close(donor);
  return error;
}

}  // namespace chronicle
