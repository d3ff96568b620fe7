// Arguments that several functions share: words of mappings to wait for, and how long.
#pragma once

#include <atomic>
#include <cmath>
#include <memory>
#include <vector>

#include "clock.h"
#include "mapping.h"
#include "napi_support.h"

namespace chronicle {

struct WatchedWord {
  std::shared_ptr<Mapping> mapping;
  std::atomic<uint32_t>* word;
  uint32_t expected;

  bool changed() const { return word->load(std::memory_order_acquire) != expected; }
};

// Far enough for `Infinity`, near enough that the kernel's arithmetic does not overflow.
constexpr double kTimeoutMsMax = 1e12;

// CLOCK_MONOTONIC; what is not a positive number is over at once.
inline uint64_t deadlineAfter(double timeoutMs) {
  const double bounded = timeoutMs > 0 ? std::min(timeoutMs, kTimeoutMsMax) : 0;
  return monotonicNs() + static_cast<uint64_t>(bounded * 1e6);
}

inline std::atomic<uint32_t>* readWord(Arguments& args, const std::shared_ptr<Mapping>& mapping, uint64_t offset) {
  if (!args.ok()) return nullptr;
  args.checkRange(*mapping, offset, sizeof(uint32_t));
  if (args.ok() && offset % sizeof(uint32_t) != 0) {
    throwRangeError(args.env(), "offset must be a multiple of 4");
    args.giveUp();
  }
  return args.ok() ? mapping->word(offset) : nullptr;
}

// Three parallel arrays from argument `index` on.
inline std::vector<WatchedWord> readWords(Arguments& args) {
  const auto mappings = args.array(0, "mappings");
  const auto offsets = args.array(1, "offsets");
  const auto expected = args.array(2, "expected");
  std::vector<WatchedWord> words;
  if (args.ok() && (mappings.size() != offsets.size() || mappings.size() != expected.size())) args.fail("the arrays must have one length");
  for (size_t index = 0; args.ok() && index < mappings.size(); index++) {
    auto mapping = args.mappingOf(mappings[index], "mapping");
    auto* const word = readWord(args, mapping, args.integerOf(offsets[index], "offset", (uint64_t{1} << 53) - 1));
    const auto value = static_cast<uint32_t>(args.integerOf(expected[index], "expected", UINT32_MAX));
    if (args.ok()) words.push_back({std::move(mapping), word, value});
  }
  return words;
}

}  // namespace chronicle
