// The values that hot functions return; the same numbers stand in src/status.ts, where `kOk` is `undefined`.
#pragma once

namespace chronicle {

enum Status : int {
  kOk = 0,
  kRoll = 1,
  kBadPayload = 2,
  kBadType = 3,
  kTooLarge = 4,
  kFault = 5,
  kClaim = 6,
  kDetached = 7,
  kUnprepared = 8,
  kEnded = 9,
  kUncommitted = 10,
  kLimit = 11,
  kSegmentEnd = 12,
  kPadding = 13,
  kBadLength = 14,
  kBadPayloadCrc = 15,
  kBadHeaderCrc = 16,
  kSequenceGap = 17,
  kAhead = 18,
};

enum WaitOutcome : int { kWaitChanged = 0, kWaitTimedOut = 1 };

}  // namespace chronicle
