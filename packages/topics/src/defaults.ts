/** Messages that a subscription skips before the event loop turns once: a topic of which nothing is wanted must not keep timers and sockets waiting. */
export const SKIPPED_PER_TURN = 512
/** Damage needs a person, and is looked at again so seldom that it costs nothing: it may have been repaired. */
export const DAMAGE_RETRY_MS = 30_000
/** How often the names of feeds or strategies are listed where nothing announces them; as often as the bus looks at everything. */
export const NAMES_RESCAN_MS = 500
/** Messages between two looks for queues that came or went, while there is always a message. */
export const LOOKS_PER_POLL = 1024
