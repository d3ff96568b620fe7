/** Messages that a subscription skips before the event loop turns once: a topic of which nothing is wanted must not keep timers and sockets waiting. */
export const SKIPPED_PER_TURN = 512
