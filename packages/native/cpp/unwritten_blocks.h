// What a failed write-back leaves on ext4: a block that was reserved and never written stays marked as unwritten when its first write fails. The next write of the same cached
// page reaches the block, and the sync succeeds, but the mark stays. After the page is dropped from memory the block reads as zeros. Seen with Linux 6.18; other blocks clear
// it.
#pragma once

#include <cstdint>
#include <vector>

namespace chronicle {

struct BlockRange {
  uint64_t begin;
  uint64_t end;
};

// Adds the parts of [begin, end) that the file system holds as unwritten. Of use after a sync of them. A file system that does not report them has none. Returns 0 or the errno.
int findUnwritten(int fd, BlockRange searched, std::vector<BlockRange>* found);
// Gives a part that `findUnwritten` named other reserved blocks, those of an unnamed file. With that the kernel forgets what it knew of the old ones, while the pages stay in the cache: readers see nothing of it. The pages
// are to be made dirty and synced afterwards. Returns 0 or the errno.
int swapBlocks(int fd, int directory, BlockRange part);

}  // namespace chronicle
