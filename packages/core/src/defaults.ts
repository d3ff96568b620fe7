/** Every default in one place, with its unit and the reason for it. */

/** Bytes per segment of a new queue. Large enough that rolls are rare (a million 64-byte messages), small enough to retire in useful steps. */
export const DEFAULT_SEGMENT_SIZE = 128 * 1024 * 1024

/** How long an open waits for another process that is still creating `control.meta`. Creation takes milliseconds; a dead creator never ends. */
export const READY_TIMEOUT_MS = 1000

/**
 * Bytes of a segment that are ready ahead of a slow writer: some thousand messages, which the background thread makes ready faster than the writer can fill them. The disk and memory
 * that an idle queue takes.
 */
export const READY_BYTES_MIN = 1024 * 1024

/** How far ahead of the writer the segment is made ready, in milliseconds at its rate. At more than half a gigabyte per second that is a whole segment of the default size. */
export const AHEAD_MS = 250

/** How much the distance grows at most from one look to the next. */
export const AHEAD_GROWTH = 4

/** Bytes that an append reserves itself, beyond its record, when the background thread is late: a call into the file system costs tens of microseconds. */
export const AHEAD_RESERVE_BYTES = 4 * 1024 * 1024

/** Pause between two looks while waiting for a short-lived condition of another process. */
export const RETRY_PAUSE_MS = 1

/**
 * How long an open looks again at a lock whose record names a process that runs, in milliseconds. When a writer ends with its worker, there is a moment before
 * its background work is noted in the record, and one after that work is over. In both the record says nothing of it.
 */
export const LOCK_SECOND_LOOK_MS = 50

/** How long `openWriter` and `openReader` retry a lock whose holder may be about to end. */
export const LOCK_RETRY_MS = 100

/** How long an open retries a lock that only probes hold, or background work of a writer that has ended. Both are over in a moment. */
export const LOCK_PATIENCE_MS = 2000

/**
 * How often a sleeping reader looks without being woken. A wake that was never sent (a writer of another kind took over, a writer died before it) costs no more. In an event
 * loop the waiting thread looks, for all readers of the process.
 */
export const PARK_SLICE_MS = 100

/** How often a waiting observer checks. It may not announce itself, so no writer wakes it. */
export const OBSERVER_SLICE_MS = 5

/** How often at least. In between it checks after a twentieth of the time that it has waited: a hundred idle observers cost a tenth of a percent of a CPU. */
export const OBSERVER_SLICE_MAX_MS = 50

/** Longest single park of an asynchronous wait: how often JavaScript runs for a reader that sleeps. Its files and its heartbeat are looked after in between. */
export const PARK_TURN_MS = 60_000

/** How long a blocking wait lasts by default. A blocked thread runs no handler of a signal: supervisors give a process at least 10 seconds to stop. */
export const BLOCKING_WAIT_TIMEOUT_MS = 1000

/** How often a source that is caught up looks whether the files at its names are those that it opened. Promised is a second. */
export const OWNERSHIP_LOOK_MS = 500

/** The same for sources that sleep in an event loop, looked after together: each look is a few system calls for each queue. */
export const PARKED_LOOK_MS = 750

/**
 * Of so many of these looks one goes to each source. At the others one source looks for all that wait for its queue, unless it finds a change: a hundred sources that wait cost no more than one.
 * Readers renew their heartbeat at a look of their own, so it is old by {@link READER_HEARTBEAT_MS} and 7.5 seconds at most.
 */
export const PARKED_LOOKS_PER_SOURCE = 10

/** How often a reader that waits renews the heartbeat in its position file. Retention of the base format lets a reader go after 30 seconds without. */
export const READER_HEARTBEAT_MS = 10_000

/**
 * Calls of `next()` on a source that has caught up between two looks at everything. The looks in between load the commit word and the head segment only. No message is visible
 * without a change of one of them, and no append changes the line of the other. Damage changes neither, and is found by the next full look: every sleep does one first, and
 * a source that is polled does one each {@link OWNERSHIP_LOOK_MS}.
 */
export const QUIET_LOOKS = 256

/** Rounds of pure spinning before `adaptive` starts to yield: about 20 microseconds, the time that parking and waking would cost. */
export const ADAPTIVE_SPINS = 2000

/** Looks of native code between two looks of JavaScript at everything: three or four microseconds, in which a message is the likeliest thing to come. */
export const SPIN_LOOKS = 256

/** How often an asynchronous wait ends by spinning before the event loop turns once: a peer that always answers at once must not keep timers and sockets waiting. */
export const SPINS_AT_ONCE = 64

/** Waits of a source at most that do not spin after spins that found nothing: each such spin doubles their number. */
export const SPINS_LEFT_OUT_MAX = 64

/** Rounds of yielding before `adaptive` parks. */
export const ADAPTIVE_YIELDS = 50

/** Records that one native verification call checks at most. More would push what was checked out of the first-level cache before it is read. */
export const VERIFY_RECORDS = 256

/** Bytes that one native verification call checks at most (at least one record). */
export const VERIFY_BYTES = 64 * 1024

/** Bytes of a segment that blocks have passed before their pages are given back: few calls, and little memory. */
export const PASSED_PAGES_STEP = 4 * 1024 * 1024

/** Tries of the seqlock read before the generation counts as abandoned by a dead writer. */
export const SEQLOCK_TRIES = 1000

/** Messages an async iterator delivers before it lets the event loop turn once. */
export const ITERATOR_TURN_COUNT = 256

/** Messages in a batch by default: as many as an iterator delivers before the event loop turns. */
export const BATCH_COUNT_MAX = 256

/** How long preparing or deleting a segment may take before the caller that needs it gives up: slow disks take seconds, not minutes, for gigabytes. */
export const BACKGROUND_TIMEOUT_MS = 60_000

/** Deletions that a bounded queue lets lag behind: one, so that a roll does not wait for the segment that it let go itself. */
export const LAGGING_DELETIONS_MAX = 1

/** How often an idle writer renews its heartbeat. Ordered fan-ins wait for it, so it limits how long an idle queue holds them back. */
export const HEARTBEAT_INTERVAL_MS = 1000

/** Longest single sleep of a blocked writer: readers of the base format, and readers that die, make no wake. */
export const BLOCKED_SLICE_MS = 50

/**
 * How long an append that is blocked by a full queue waits for its readers before it fails. A blocked thread runs no handler of a signal, so the time is finite. It is long
 * enough for a reader to be restarted, and shorter than a service manager waits before it kills a process that does not end (systemd: 90 s).
 */
export const BACKPRESSURE_TIMEOUT_MS = 30_000

/** How often an append that waits on the event loop looks when no thread can be started to wait for it. */
export const ANNOUNCED_RETRY_MS = 5

/** Longest timer of the runtime: what is longer fires at once. */
export const TIMER_MAX_MS = 2 ** 31 - 1

/** How often retention looks when inotify, or a look at the readers, is not to be had. */
export const RETENTION_FALLBACK_MS = 5000

/** Deletions that are handed to the background thread at a time: a flush waits for those before it. */
export const DELETIONS_UNDER_WAY_MAX = 64

/** Syncs of segments that a writer has left and that are not done: each keeps a descriptor and a mapping. With more, the next roll waits. */
export const SYNCS_UNDER_WAY_MAX = 64

/** Deletions that are not done: with more, each roll of a writer that never yields waits for two of them. */
export const DELETIONS_LEFT_MAX = 64

/** How often retention looks whether a running reader that pins a segment was killed, which is not an event. */
export const READER_PROBE_MS = 1000

/** A look at the readers that takes no longer is done as often as something happens. */
export const SURVEY_CHEAP_MS = 2

/** The share of the time that longer looks may take. With hundreds of readers, each of which causes a look, they would take all of it. */
export const SURVEY_SHARE = 0.2

/** How often an open locates its start again when retention deletes the segment in between. Each time it has to lose a race against one deletion. */
export const PLACE_TRIES = 100

/** How often an open that waits for its queue looks. Each look is a few system calls. */
export const QUEUE_LOOK_MS = 10

/** Bytes of a block of records by default: frames of this size fill a network link, and a block stays in the second-level cache. */
export const BLOCK_BYTES_MAX = 128 * 1024

/** Segment ids in a row that are counted without a look at the directory: more are listed, because a range that wide may have gaps. A listing of so many takes about a millisecond. */
export const SEGMENT_IDS_WALKED_MAX = 1024
