// What a failed write-back leaves on ext4: a block that was reserved and never written stays marked as unwritten when its first write fails. The next write of the same cached page reaches the
// block, and the sync succeeds, but the mark stays: after the page is dropped from memory the block reads as zeros. Seen with Linux 6.18; a first write past the cache clears the mark.
#pragma once

#include <cstdint>
#include <vector>

namespace chronicle {

struct BlockRange {
  uint64_t begin;
  uint64_t end;
};

// Adds the parts of [begin, end) that the file system holds as unwritten. Of use after a sync of them. A file system that does not tell has none. Returns 0 or the errno.
int findUnwritten(int fd, BlockRange searched, std::vector<BlockRange>* found);
// Gives a part that `findUnwritten` named other reserved blocks, those of an unnamed file. With that the kernel forgets what it knew of the old ones, while the pages stay in the cache: readers see nothing of it. The pages
// are to be made dirty and synced afterwards. Returns 0 or the errno; EOPNOTSUPP where the file system cannot.
int swapBlocks(int fd, int directory, BlockRange part);
// For where `swapBlocks` cannot. Has the blocks written that `findUnwritten` names within the range, past the cache: `bytes` is the whole file, mapped. The kernel then drops cached pages, also around what is written, and some of those may be all that
// there is of their bytes: so nothing is dropped that is not written by the same call, and no other thread may store into the file meanwhile. A reader may see zeros there for the time of the write. Returns 0 or the errno.
int writeUnwritten(int fd, const uint8_t* bytes, uint64_t length, BlockRange range);

}  // namespace chronicle
