/**
 * The addon's whole surface, as TypeScript sees it. The C++ side exports exactly these names.
 *
 * Conventions
 * - A **mapping** is an `ArrayBuffer` over memory that the addon mapped. `unmap` detaches it first, so that every view of it has length
 *   0 from then on: touching unmapped memory is an error or `undefined` in JavaScript, never a crash. A mapping that is unmapped while the
 *   parker or the background thread still uses it keeps its pages until they let go.
 * - A file that shrinks under a mapping does not kill the process: the fault handler puts a zero page in place and counts the fault ({@link mappingFaults}). Appender and
 *   verifier then answer with `STATUS_FAULT`.
 * - Failing system calls throw an `Error` with `code` ('ENOSPC'), `errno` (positive), and `syscall`. Wrong argument types throw `TypeError`.
 * - Offsets, lengths, sequences are `number`s (integers below 2^53). Times on hot paths stay inside native code.
 * - Statuses are small integers or `undefined`; none of the hot functions throws, allocates or returns an object.
 */
export interface Binding {
  // -- mapping.cc ------------------------------------------------------------------------------------------------------------------
  /**
   * Maps `length` bytes of the file, shared. The caller checked the file's size. `writable` false maps PROT_READ. With `keepsDescriptor` the mapping has a descriptor of its own, by which
   * its blocks can be reserved.
   */
  mapFile(fd: number, length: number, writable: boolean, keepsDescriptor?: boolean): ArrayBuffer
  /** Reserves the blocks of this range of the mapping, so that stores into it cannot fault on a full disk. Throws ENOSPC. */
  reserveMapped(mapping: ArrayBuffer, offset: number, length: number): void
  /** Detaches and unmaps; a mapping that is already unmapped is left alone. */
  unmap(mapping: ArrayBuffer): void
  /**
   * A second `ArrayBuffer` over the pages of a mapping. The pages stay mapped until it is collected, also after `unmap`; the engine counts its length as external memory
   * and collects sooner. Detaching or transferring it leaves the first one alone. It is not an argument for other functions of the addon.
   */
  lendMapping(mapping: ArrayBuffer): ArrayBuffer
  /** Pages that had to be replaced because the file no longer backs them; 0 is healthy. */
  mappingFaults(mapping: ArrayBuffer): number
  /** One word: faults in all mappings of the process. While it does not change, no mapping needs to be asked. */
  readonly faultCount: Int32Array
  /** `MADV_POPULATE_WRITE` (writable mappings) or `MADV_POPULATE_READ`. */
  populate(mapping: ArrayBuffer, offset: number, length: number): void
  /** `madvise`; advice: 'sequential' | 'willneed' | 'dontneed' | 'hugepage' | 'normal'. */
  advise(mapping: ArrayBuffer, offset: number, length: number, advice: Advice): void
  /** `msync(MS_SYNC)`; the range is widened to whole pages. */
  syncRange(mapping: ArrayBuffer, offset: number, length: number): void
  lockMemory(mapping: ArrayBuffer): void
  unlockMemory(mapping: ArrayBuffer): void

  // -- file.cc ---------------------------------------------------------------------------------------------------------------------
  /** `fallocate(0)`: blocks are there afterwards or it throws ENOSPC. Falls back to writing zeros where the file system cannot (EOPNOTSUPP). */
  reserveBlocks(fd: number, offset: number, length: number): void
  /**
   * Reads as zeros afterwards, and its blocks are still reserved: `fallocate(ZERO_RANGE)`, or a hole that is filled again, or zeros written, whichever the file system
   * can. The file keeps its size.
   */
  zeroRange(fd: number, offset: number, length: number): void
  /** `renameat2(RENAME_NOREPLACE)`, with link + unlink where the file system cannot; throws EEXIST when `to` exists. */
  renameNoReplace(from: string, to: string): void
  /** `flock(LOCK_NB)`: whether the lock was taken. */
  tryLock(fd: number, exclusive: boolean): boolean
  unlock(fd: number): void

  // -- hold.cc: what a writer and its background work hold together -------------------------------------------------------------------
  /**
   * Duplicates the descriptor of a locked file and opens its directory, which gets a shared lock of its own, so that cleaners of temporary files leave it alone.
   * Returns the number of the hold. The `flock` that the file has stays until the hold is closed **and** the last job that carries it has ended, also when the thread
   * that opened it was terminated. Nothing unlocks it before.
   */
  openHold(lockFd: number, directoryFd: number, lockName: string): number
  /** 0 while the file of that name in that directory is the one that is locked; -ENOLCK when it is another or gone; -ENOENT when the hold is closed. */
  holdCheck(hold: number): number
  /**
   * The writer lets go: preparations end unpublished, other jobs are waited for up to `timeoutMs`, and those that have not begun then are dropped. Returns whether all have
   * ended. Those under way keep the lock, and a line `background <kinds>` after the record in the lock file says so until then. The end of a thread does the same without
   * waiting. `clearRecord`: the lock file is cut to an empty line when the lock is given back.
   */
  closeHold(hold: number, clearRecord: boolean, timeoutMs: number): boolean

  // -- crc.cc, clock.cc, affinity.cc -------------------------------------------------------------------------------------------------
  /** CRC-32 (IEEE) of the bytes, continued from `seed` (the CRC so far, 0 to begin). */
  crc32(bytes: Uint8Array, seed?: number): number
  /** CLOCK_REALTIME in nanoseconds. */
  realtimeNs(): bigint
  /** Pins the calling thread; throws EINVAL when none of the CPUs exists. */
  setThreadAffinity(cpus: number[]): void
  threadAffinity(): number[]
  /** Sends a line of `sd_notify(3)` to the service manager. False where none asked for it; throws where its socket refuses. */
  notifyService(state: string): boolean
  /** `sched_yield`: another runnable thread may have the CPU. */
  yieldThread(): void

  // -- futex.cc: shared futexes on a 32-bit word of a mapping --------------------------------------------------------------------------
  /** Blocks the calling thread while the word equals `expected`: one of the `WAIT_*` values. `timeoutMs` may be fractional. */
  futexWait(mapping: ArrayBuffer, offset: number, expected: number, timeoutMs: number): number
  /** Wakes up to `count` waiters, in any process; returns how many. */
  futexWake(mapping: ArrayBuffer, offset: number, count: number): number
  /**
   * Blocks until any word differs from its `expected` value, or the time is over. The arrays run in parallel. `futex_waitv`; where the
   * kernel has none (ENOSYS), or beyond 128 words, it looks at all words every millisecond.
   */
  futexWaitAny(mappings: ArrayBuffer[], offsets: number[], expected: number[], timeoutMs: number): number
  /** Whether this kernel has `futex_waitv` (5.16 and later). */
  hasFutexWaitv(): boolean

  // -- parker.cc: one thread per process (per 127 words) that waits for all readers ------------------------------------------------------
  /**
   * Calls `callback(outcome)` once, on this thread's event loop, when any word differs from `expected` or after `timeoutMs`; outcome is a
   * `WAIT_*` value. Returns a token. Keeps the event loop alive until then.
   *
   * The kernel is asked to sleep on the first `sleptCount` words (default: all). All words are looked at every `pollMs` milliseconds (at least 1; default: never) by the
   * waiting thread. That is what finds a change of the other words, and one that was made without a wake. When a twentieth of the time since the call is more, up to
   * `pollMaxMs` (default:
   * `pollMs`), it looks after that.
   */
  park(
    mappings: ArrayBuffer[],
    offsets: number[],
    expected: number[],
    timeoutMs: number,
    callback: (outcome: number) => void,
    sleptCount?: number,
    pollMs?: number,
    pollMaxMs?: number,
  ): number
  /** The callback of this token is not called any more. Unknown tokens are ignored. */
  unpark(token: number): void

  // -- background.cc: two threads per process that do slow file work, each in order ------------------------------------------------------
  // Where the system gives no thread, the calling thread does the work, and the job is done when the function returns. A job with a hold keeps the writer's lock
  // until it has ended; its names are relative to the directory of the hold.
  /**
   * Queues the preparation of a segment: create `temporaryPath`, size it, reserve blocks, map it, and write `header` at 0. The file is new and never reached through a link;
   * one of that name is removed first. When `finalPath` is not empty, publish it there as {@link renameNoReplace} does. `flags` is a sum of `PREPARE_*`; `mode` is 0o666 by
   * default, less umask. Populating goes on when the job is done already, so that a caller that needs the segment at once pays only for the pages that it touches. The
   * mapping is handed over by `takeMapping`, or by {@link NativeAppender.roll}. A failed preparation removes the temporary file and maps nothing. With a hold, nothing
   * is published or removed after the lock was lost (-ENOLCK) or the hold closed (-ECANCELED). `ready` bytes are reserved and populated, all by default: the appender that takes the mapping
   * is limited to them.
   */
  backgroundPrepare(
    temporaryPath: string,
    finalPath: string,
    header: Uint8Array,
    length: number,
    flags: number,
    hold?: number,
    mode?: number,
    ready?: number,
  ): number
  /** Touches the pages of the mapping from `offset` on, whenever there is no preparation to do, until all are, the mapping is unmapped or the hold closed. */
  backgroundPopulate(mapping: ArrayBuffer, offset: number, hold?: number): number
  /** Detaches the mapping now (no view works any more) and unmaps it in the background. */
  backgroundUnmap(mapping: ArrayBuffer): number
  /** Syncs `length` bytes of the mapping from `offset`. */
  backgroundSync(mapping: ArrayBuffer, offset: number, length: number): number
  /**
   * Unlinks; a file that is not there is fine. The position files of `syncFirst` are synced before, and when one cannot be, nothing is unlinked. With a hold, nothing is
   * unlinked after the lock was lost (-ENOLCK). `after` is another unlinking that was handed over before: when that one fails, this one does nothing (-ECANCELED). A
   * job that was released counts as done.
   */
  backgroundUnlink(path: string, syncFirst?: readonly string[], hold?: number, after?: number): number
  /** Replaces a small file: writes it under its temporary name and renames it. With a hold, nothing is written after the lock was lost (-ENOLCK). Not synced. */
  backgroundReplace(temporaryPath: string, path: string, bytes: Uint8Array, hold?: number, mode?: number): number
  /** 1 done, 0 under way or queued, -errno failed. Jobs that are done stay known until `jobRelease`. */
  jobState(job: number): number
  /** Blocks the calling thread until the job is done, failed or the time is over; returns {@link jobState}. */
  jobWait(job: number, timeoutMs: number): number
  /** Calls `callback(state)` on this thread's event loop when the job is done (soon, when it is already). */
  jobNotify(job: number, callback: (state: number) => void): void
  /** The mapping that a finished `backgroundPrepare` made; once. */
  takeMapping(job: number): ArrayBuffer
  /** A preparation that has not begun ends now with -ECANCELED, one that has ends so at its next step, unless it is published already. Other jobs go on. */
  jobCancel(job: number): void
  /** Forgets a job; a mapping that was not taken is unmapped when it is done. */
  jobRelease(job: number): void

  // -- appender.cc -----------------------------------------------------------------------------------------------------------------------
  createAppender(options: AppenderOptions): NativeAppender

  // -- verifier.cc -----------------------------------------------------------------------------------------------------------------------
  createVerifier(): NativeVerifier
  createFileVerifier(): NativeFileVerifier

  // -- position_saver.cc -----------------------------------------------------------------------------------------------------------------
  /** For a reader's meta mapping (80 bytes, two slots), and the control block of its queue. */
  createPositionSaver(meta: ArrayBuffer, control: ArrayBuffer): NativePositionSaver
}

export type Advice = 'normal' | 'sequential' | 'willneed' | 'dontneed' | 'hugepage'

export const WAIT_CHANGED = 0
export const WAIT_TIMED_OUT = 1

/** What a hot function answers: `undefined` for success, because nothing needs to be made for it, or one of the numbers below. */
export type Status = number | undefined
export const STATUS_OK = undefined
/** append, claim: the record does not fit into what is left of the segment; nothing was written. Roll and call again. */
export const STATUS_ROLL = 1
/** append: the payload is no `Uint8Array`, or detached, or shrank; claim: the length is not an integer from 0 on. Nothing was written. */
export const STATUS_BAD_PAYLOAD = 2
/** append: `typeId` is not an integer of 0..0xFFFE; nothing was written. */
export const STATUS_BAD_TYPE = 3
/** append: the record would not fit into an empty segment; nothing was written. */
export const STATUS_TOO_LARGE = 4
/** The mapped file shrank. */
export const STATUS_FAULT = 5
/** A claim is open (append), or none is (publish, abort). */
export const STATUS_CLAIM = 6
/** The appender or verifier is detached from any segment. */
export const STATUS_DETACHED = 7
/** append, claim: the record would end beyond the limit that `setLimit` set; nothing was written. `state[APPENDER_AHEAD_END]` is where it would end. */
export const STATUS_AHEAD = 18
/** roll: the preparation is not done, or failed, or its mapping was taken; nothing changed. */
export const STATUS_UNPREPARED = 8
/** No sequence is left that a number can hold. Only damage comes near it. */
export const STATUS_ENDED = 9
/** verify: the next record is not committed yet. */
export const STATUS_UNCOMMITTED = 10
/** verify: stopped at the limit, more may follow. */
export const STATUS_LIMIT = 11
/** verify: no record can begin at this offset any more (offset > length - 64). */
export const STATUS_SEGMENT_END = 12
/** verify: a padding record stands here; it ends the segment. */
export const STATUS_PADDING = 13
/** verify: the record's length leaves the segment. */
export const STATUS_BAD_LENGTH = 14
export const STATUS_BAD_PAYLOAD_CRC = 15
export const STATUS_BAD_HEADER_CRC = 16
/** verify: the sequence is not the expected one. */
export const STATUS_SEQUENCE_GAP = 17

/** Remove what stands at the final path before publishing. */
export const PREPARE_REPLACE = 1
/** Touch all pages for writing, from the beginning on. */
export const PREPARE_POPULATE = 2
export const PREPARE_LOCK_MEMORY = 4
export const PREPARE_HUGE_PAGES = 8
/** Sync the directory behind publishing. */
export const PREPARE_SYNC_DIRECTORY = 16

/** Up to where a queue is durable: the record with `sequence` stands, or would stand, at `offset` of the segment. */
export interface DurablePosition {
  /** -1: not known. */
  readonly sequence: number
  readonly segmentId: number
  readonly offset: number
}

export interface AppenderOptions {
  readonly control: ArrayBuffer
  readonly writerEpoch: number
  /** Write headerCrc, writerEpoch (record header) and the control and segment extensions. False keeps to the base format's bytes. */
  readonly extensions: boolean
  /** Carried by the jobs of this appender. */
  readonly hold?: number
  /** What is durable at the beginning; by default, everything before the segment that is attached first. */
  readonly durable?: DurablePosition
}

/** Indices into {@link NativeAppender.state}. Native code writes these, JavaScript reads them, but for the last two. */
export const APPENDER_WRITE_OFFSET = 0
/** Sequence of the next record. */
export const APPENDER_NEXT_SEQUENCE = 1
/** Futex wake system calls made so far. */
export const APPENDER_WAKES = 2
/** Payload offset of the open claim, 0 when none is open. */
export const APPENDER_CLAIM_OFFSET = 3
/** How many messages of the last `appendBatch` or `appendPacked` went in. */
export const APPENDER_BATCH_COUNT = 4
/** Id of the head segment. */
export const APPENDER_SEGMENT_ID = 5
/** Where the last `checkBlock` or `appendBlock` ended. */
export const APPENDER_BLOCK_END = 6
/** Where the record would end that was answered with `STATUS_AHEAD`. */
export const APPENDER_AHEAD_END = 7
/** Type of the message that {@link NativeAppender.append} or {@link NativeAppender.claim} passes to native code. */
export const APPENDER_TYPE_ID = 8
/** Length of that message, or the number of messages of a batch. */
export const APPENDER_LENGTH = 9
export const APPENDER_STATE_LENGTH = 10

/**
 * Bytes of the details of a message: u64 `timestampNs`, u16 `flags` without the bit of the header CRC, u8 (1 when the time counts) and 5 zeros. The 24 bytes of the trace
 * context or the source position follow.
 */
export const DETAILS_LENGTH = 40
export const DETAILS_TIMESTAMP_NS_OFFSET = 0
export const DETAILS_FLAGS_OFFSET = 8
export const DETAILS_HAS_TIMESTAMP_OFFSET = 10
export const DETAILS_TRACE_OFFSET = 16

/**
 * The hot part of the writer. The order of its stores per append and per roll is normative in docs/format.md#publishing and docs/format.md#rolling. It wakes readers only when
 * `parkedReaders` or `waitersPending` is not 0.
 */
export interface NativeAppender {
  readonly state: Float64Array
  /**
   * Points the appender at a segment (at open). Stores nothing in any file. A descriptor with the segment's length maps the file without an `ArrayBuffer`, and keeps a descriptor of its own.
   */
  attach(segment: ArrayBuffer | number, segmentId: number, writeOffset: number, nextSequence: number, length?: number): void
  /** Timestamp: CLOCK_REALTIME now. */
  append(typeId: number, payload: Uint8Array): Status
  appendAt(typeId: number, payload: Uint8Array, timestampNs: bigint): Status
  /**
   * Message i is `payloads[from + i]` with `typeIds[from + i]`; one clock reading and one notify per 512 messages. Stops at the first that does not go in, with its
   * status; `state[APPENDER_BATCH_COUNT]` says how many went in before. `details` are those of all messages, one after the other.
   */
  appendBatch(typeIds: Uint16Array, payloads: readonly Uint8Array[], from: number, details?: Uint8Array): Status
  /**
   * Message i is `bytes[offsets[i]]` up to `bytes[offsets[i + 1]]`, with `typeIds[i]` or the one type of all; goes on at message `from`. One clock reading and one notify per 512 messages. Stops at the
   * first that does not go in, with its status; `state[APPENDER_BATCH_COUNT]` says how many went in before.
   */
  appendPacked(typeIds: number | Uint16Array, bytes: Uint8Array, offsets: Uint32Array, from: number): Status
  /** Appends with the version of the message's schema (1 to 255), or with all that {@link DETAILS_LENGTH} bytes say. */
  appendWith(typeId: number, payload: Uint8Array, details: number | Uint8Array): Status
  /**
   * Whether every record of a block is good and the sequences continue the queue's. A block is records as they stand in a segment, one after the other. `state[APPENDER_BLOCK_END]` is
   * the offset in the block to which the status refers, `state[APPENDER_BATCH_COUNT]` the number of records before it. The status is that of {@link NativeVerifier.verify}, or `STATUS_TOO_LARGE`.
   */
  checkBlock(block: Uint8Array): Status
  /** Appends the records of a checked block from an offset in it on, with the two states as in {@link checkBlock}. Writer epoch and header CRC are this appender's. */
  appendBlock(block: Uint8Array, from: number): Status
  /**
   * Lets records end at or below this offset only: what ends beyond is answered with `STATUS_AHEAD`. `attach` sets all of the segment, `roll` what is reserved of it.
   */
  setLimit(limit: number): void
  /** Up to where the segment is reserved: stores below need no block of the file system. */
  reservedEnd(): number
  /** Says what {@link reservedEnd} is, where no preparation did. */
  startReservedAt(end: number): void
  /** Reserves up to `end`; returns 0 or the errno, and then nothing is reserved. */
  reserve(end: number): number
  /** A background job that reserves a range of the segment and, on request, touches its pages, whenever there is no preparation to do. */
  makeReady(begin: number, end: number, populates: boolean): number
  /** Reserves room; `state[APPENDER_CLAIM_OFFSET]` is where the payload goes. `details` as in {@link appendWith}; a time in them is ignored. */
  claim(typeId: number, length: number, details?: number | Uint8Array): Status
  /** Makes the open claim shorter, to `length` bytes, and zeroes what may have been written beyond. `STATUS_BAD_PAYLOAD`: the claim has less. */
  shorten(length: number): Status
  /** Publishes the open claim. */
  publish(timestampNs: bigint): Status
  /** {@link publish} with the time now. */
  publishNow(): Status
  /** Zeroes what the open claim may have written and closes it. */
  abort(): Status
  /**
   * Steps 2 to 4 of a roll as memory stores. They go into the next segment's header (first sequence), the control block (seqlock of id and 64, `dirtyEnd`) and the old segment
   * (end summary, SEALED). Then it notifies and wakes. The appender then points at the next segment, whose mapping it takes from a finished {@link Binding.backgroundPrepare},
   * which is
   * released. The old one stays mapped until {@link retire}.
   */
  roll(job: number, nextSegmentId: number): Status
  /**
   * The mapping of a segment that came from a preparation, once; the caller unmaps it. Costly: an `ArrayBuffer` of that size makes the engine collect garbage.
   */
  segment(): ArrayBuffer
  /**
   * A background job that makes everything appended so far durable. It syncs what was stored since the last job of this kind succeeded, segments that were left meanwhile by
   * their names. It stores the durable mark in the control block (format: durable slots, see `core/src/format/control-layout.ts`): in the slot that is not in use, with
   * generation + 1, CRC last. It syncs the control block where the mark on the disk is 8 MiB behind or names another segment. Without extensions there is no mark.
   *
   * A failed sync is noted in the control block (`writeBack`) before the job ends. The next job, of this appender or of a later one, then makes everything since the last good
   * mark dirty again, checks that it is whole and syncs it. It succeeds only when all of it is on the disk. Fails with -ENOLCK when the lock is lost.
   */
  makeDurable(): number
  /** The work of {@link makeDurable} in the calling thread: 0, or the errno. Only while no job of {@link makeDurable} or {@link retire} is under way. */
  makeDurableHere(): number
  /**
   * The same for everything before the present segment, with the segment before unmapped first: unmapped pages are written without an interrupt of the CPU that appends.
   * Once after each roll; without it, the next {@link makeDurable} does that work.
   */
  retire(): number
  /** Stores the heartbeat (CLOCK_REALTIME). */
  heartbeat(): void
  /** For good: every call answers STATUS_DETACHED after it, `attach` throws, `heartbeat` does nothing, and no page is kept mapped. */
  detach(): void
}

/** Indices into {@link NativeVerifier.state}. */
export const VERIFIER_END = 0
/** Sequence that the record at `state[VERIFIER_END]` must have; -1 takes any. JavaScript may set it before a call. */
export const VERIFIER_SEQUENCE = 1
export const VERIFIER_COUNT = 2
/** 1 after a record without headerCrc, which a writer of the base format appended: a higher sequence may follow it. JavaScript may set it before a call. */
export const VERIFIER_LAST_IS_BASE = 3
/** The arguments of {@link NativeVerifier.verify} and {@link NativeVerifier.verifyWhenCommitted}, as these functions pass them to native code. */
export const VERIFIER_OFFSET = 4
export const VERIFIER_MAX_RECORDS = 5
export const VERIFIER_MAX_BYTES = 6
export const VERIFIER_LOOKS = 7
export const VERIFIER_STATE_LENGTH = 8

/** Indices into {@link NativeFileVerifier.times}: the last time that was seen, and the limit, in halves of 32 bits. JavaScript sets them before a call. */
export const TIMES_PREVIOUS_HIGH = 0
export const TIMES_PREVIOUS_LOW = 1
export const TIMES_LIMIT_HIGH = 2
export const TIMES_LIMIT_LOW = 3
/** How many records of a call are older than the one before, and the offset of the first of them. */
export const TIMES_BACKWARDS = 4
export const TIMES_BACKWARDS_OFFSET = 5
/** How many are later than the limit. */
export const TIMES_AHEAD = 6
export const TIMES_AHEAD_OFFSET = 7

/** Checks the records of files that JavaScript does not map: for tools that check whole queues. */
export interface NativeFileVerifier {
  /** As {@link NativeVerifier.state}. */
  readonly state: Float64Array
  readonly times: Float64Array
  /** Maps the first `length` bytes of a file, in place of the one before, and has another thread touch them. The caller checked that the file has them. Throws what mmap says. */
  attach(fd: number, length: number): void
  /** As {@link NativeVerifier.verify}, without a limit of records, and compares the times of the good ones. */
  verify(offset: number, maxBytes: number): number
  detach(): void
}

/** Indices into {@link NativePositionSaver.state}. JavaScript writes the first two before a call. */
export const POSITION_SEGMENT_ID = 0
export const POSITION_OFFSET = 1
/** 1 when the writer waited for readers after the last position was saved, else 0. */
export const POSITION_WRITER_BLOCKED = 2

/** Saves a reader's position, with the time of now as its heartbeat. The caller holds the lock of the file. */
export interface NativePositionSaver {
  readonly state: Float64Array
  /**
   * Stores the position in {@link state}: the slot not in use, generation + 1, CRC last. Then, after a full fence, looks whether the writer waits for readers. A writer that announces that
   * it waits and then looks at the positions finds this one, or is found.
   */
  save(): void
  /** For good: nothing is stored after it, and no page is kept mapped. */
  detach(): void
}

/** The reader's hot half: checks committed records ahead of JavaScript, in batches. */
export interface NativeVerifier {
  readonly state: Float64Array
  attach(segment: ArrayBuffer): void
  /**
   * Checks records from `offset` on until one is uncommitted or bad, a limit is reached, or the segment ends. `state[VERIFIER_END]` is the offset after the last good
   * record, to which the returned status refers; `state[VERIFIER_COUNT]` how many were good. At least one record is looked at, for any `maxBytes`.
   * A record without headerCrc (legacy writer) with sequence 0 restarts the expected sequence, and
   * the first record with one behind such records may lie above it.
   */
  verify(offset: number, maxRecords: number, maxBytes: number): number
  /**
   * {@link verify} after looking at the commit word at `offset` all the time until a record is there, at most `looks` times. Some nanoseconds each, in which the thread does
   * nothing else. When
   * none came, the status is `STATUS_UNCOMMITTED`.
   */
  verifyWhenCommitted(offset: number, maxRecords: number, maxBytes: number, looks: number): number
  detach(): void
}
