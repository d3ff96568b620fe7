// Operations on files that Node has no call for. All return 0 or the errno.
#pragma once

#include <cstdint>
#include <string>

namespace chronicle {

// Afterwards every block of the range exists, and what was in it is still there.
//
// Where the file system cannot reserve, zeros are written over zeros that were read: no other thread may store into the range meanwhile.
int reserveBlocks(int fd, uint64_t offset, uint64_t length);
// The same without that fallback, whose error it returns instead (EOPNOTSUPP or ENOSYS): changes no byte, also while another thread stores into the range.
int allocateBlocks(int fd, uint64_t offset, uint64_t length);
// Afterwards the range reads as zeros, and its blocks are still reserved. The file keeps its size.
int zeroRange(int fd, uint64_t offset, uint64_t length);
// Relative paths have at most one folder, which is not reached through a link in the directory: ELOOP or ENOTDIR.

// EEXIST when `to` exists. Relative names are looked up in the directory; AT_FDCWD is the working one.
int renameNoReplace(int directory, const std::string& from, const std::string& to);
// Writes all of it at the offset.
int writeFully(int fd, const uint8_t* bytes, uint64_t length, uint64_t offset);
// Makes the directory entry of this path durable.
int syncDirectoryOf(const std::string& path);
// Syncs a reader's position file, also what an earlier sync failed to write. A file that is not there is ENOENT.
int syncPosition(int directory, const std::string& path);
int unlinkFile(int directory, const std::string& path);

}  // namespace chronicle
