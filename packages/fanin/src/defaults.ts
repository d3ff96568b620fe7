/** Every default of a fan-in in one place, with its unit and the reason for it. */

/**
 * How long an ordered merge stands still for sources that are silent, and how far after the clock a timestamp counts. Above the heartbeat interval of idle writers, so that healthy ones are
 * waited for.
 */
export const HOLD_BACK_MS = 2000

/** How often the lock of one source that holds others back is asked whether its writer is dead: the answer costs system calls. */
export const WRITER_QUESTION_INTERVAL_MS = 10

/** First sleep while messages are held back: a heartbeat wakes no reader, so the fan-in looks for it. */
export const HEARTBEAT_LOOK_INTERVAL_MS = 1

/**
 * Longest sleep while messages are held back. In between it is an eighth of the time for which they have been. A message that waited is late by an eighth more at most, and a
 * merge that stands still costs a fraction of a percent of a CPU.
 */
export const HEARTBEAT_LOOK_MAX_MS = 1000
export const HEARTBEAT_LOOK_SHARE = 8

/** How long a blocking wait without any source to wait for sleeps at most. No source could end it. */
export const EMPTY_WAIT_MS = 100

/** Messages that the async iterator delivers before it lets the event loop turn once. */
export const ITERATOR_TURN_COUNT = 256

/** First and longest pause before a source is tried again that failed for a reason that may pass. Most such reasons pass within seconds or need a person. */
export const RETRY_FIRST_MS = 100
export const RETRY_LAST_MS = 5_000
