/**
 * Payloads up to this many bytes are filled in memory of the writer and appended by one call. Longer ones are filled in the segment, which takes two calls and no copy.
 * Copying 4 KiB costs about what the second call costs.
 */
export const SCRATCH_LENGTH = 4096

/** Messages that an iterator skips before the event loop turns once: a topic of which nothing is wanted must not keep timers and sockets waiting. */
export const SKIPPED_PER_TURN = 512

/** Messages that an iterator delivers before the event loop turns once, as in core. */
export const DELIVERED_PER_TURN = 512
