// Operations on files that Node has no call for. All return 0 or the errno.
#pragma once

#include <cstdint>
#include <string>

namespace chronicle {

// Afterwards every block of the range exists, and what was in it is still there.
int reserveBlocks(int fd, uint64_t offset, uint64_t length);
// Afterwards the range reads as zeros, and its blocks are still reserved. The file keeps its size.
int zeroRange(int fd, uint64_t offset, uint64_t length);
// EEXIST when `to` exists. Relative names are looked up in the directory; AT_FDCWD is the working one.
int renameNoReplace(int directory, const std::string& from, const std::string& to);
// Writes all of it at the offset.
int writeFully(int fd, const uint8_t* bytes, uint64_t length, uint64_t offset);
// Makes the directory entry of this path durable.
int syncDirectoryOf(const std::string& path);
// Not through a link.
int syncFile(int directory, const std::string& path);

}  // namespace chronicle
