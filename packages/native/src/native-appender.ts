import type { Status } from './status.js'

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

/** Indices into {@link NativeAppender.state}. Native code writes these, JavaScript reads them, but for the last three. */
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
/** Version of the schema of the message that {@link NativeAppender.appendWith} passes to native code; 0, which native code sets again, for none. */
export const APPENDER_SCHEMA_VERSION = 10
export const APPENDER_STATE_LENGTH = 11

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
   * Message i is `payloads[from + i]` with `typeIds[from + i]`. What is not a type is refused as the type of the padding record is. One clock reading and one notify per 512 messages. Stops at the first that does not go in, with its
   * status; `state[APPENDER_BATCH_COUNT]` says how many went in before. `details` are those of all messages, one after the other.
   */
  appendBatch(typeIds: ArrayLike<unknown>, payloads: readonly Uint8Array[], from: number, details?: Uint8Array): Status
  /**
   * Message i is `bytes[offsets[i]]` up to `bytes[offsets[i + 1]]`, with `typeIds[i]` or the one type of all; goes on at message `from`. Appends nothing where the offsets from there on descend or
   * leave the buffer. One clock reading and one notify per 512 messages. Stops at the
   * first that does not go in, with its status; `state[APPENDER_BATCH_COUNT]` says how many went in before.
   */
  appendPacked(typeIds: number | Uint16Array, bytes: Uint8Array, offsets: Uint32Array, from: number): Status
  /** Appends with the version of the message's schema (1 to 255), or with all that {@link DETAILS_LENGTH} bytes say. */
  appendWith(typeId: number, payload: Uint8Array, details: number | Uint8Array): Status
  /**
   * Whether every record of a block is good and the sequences continue the queue's. A block is records as they stand in a segment, one after the other. `state[APPENDER_BLOCK_END]` is
   * the offset in the block to which the status refers, `state[APPENDER_BATCH_COUNT]` the number of records before it. The status is that of `NativeVerifier.verify`, or `STATUS_TOO_LARGE`.
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
   * (end summary, SEALED). Then it notifies and wakes. The appender then points at the next segment, whose mapping it takes from a finished `Binding.backgroundPrepare`,
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
   * generation + 1, CRC last. It syncs the control block where the mark on the disk is 8 MiB before it or names another segment. Without extensions there is no mark.
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
