// Sees stores that change no byte: after a failed write-back the kernel takes the pages for clean, and only a page that is stored to again is ever written. Pages of
// such files are made read-only; the first store to one traps, is noted, and goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace power_cut {

// Watches a file's pages in every mapping of this process through which they can be stored to.
void watchPages(const std::string& path, uint32_t file, uint64_t from, uint64_t to);

// Takes the pages that were stored to since the last call.
void takeDirtied(const std::function<void(uint32_t file, uint64_t offset)>& take);

// The address range means something else from now on.
void forgetPages(const void* address, size_t length);

constexpr uint64_t kPage = 4096;

}  // namespace power_cut
