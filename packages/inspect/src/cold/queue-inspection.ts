import type { ControlBlock, DurableMark } from '@chronicle-ts/core/internal'
import type { StateThresholds } from '../state/state-thresholds.js'
import type { LockInspection } from './inspect-lock.js'
import type { ReaderFileInspection } from './inspect-readers.js'
import type { SegmentInspection } from './inspect-segments.js'
import type { ReaderLag } from './measure-lag.js'
import type { QueueProblem } from './queue-problem.js'
import type { RecentRate } from './recent-rate.js'

/** What a look at a queue's files says. A plain object; everything that was not found, or is unknown, is `undefined`. */
export interface QueueInspection {
  readonly directory: string
  /** When it was looked at. */
  readonly inspectedNs: bigint
  /** Whether the directory holds a control block or a segment at all. */
  readonly isQueue: boolean
  /** Bytes per segment: from the control block, or from the first segment's length when that is not valid. */
  readonly segmentSize: number | undefined
  /** The control block's fields as found, valid or not. */
  readonly control: ControlBlock | undefined
  readonly controlIsValid: boolean
  /** Whether a writer that maintains the extension fields (durable mark, next sequence, ...) opened the queue last. */
  readonly hasExtensions: boolean
  readonly segments: SegmentsSummary
  readonly head: HeadInspection
  /** The oldest record that is there. */
  readonly first: RecordPlace | undefined
  /** Everything before this place survives a power cut. */
  readonly durable: DurableMark | undefined
  readonly writer: WriterInspection
  readonly readers: readonly ReaderInspection[]
  readonly markers: { readonly ready: boolean; readonly lease: boolean }
  /** Those of its `thresholds.json`; none when that is missing or invalid, which is the problem `THRESHOLDS_BAD`. */
  readonly thresholds: StateThresholds
  /** Names of temporary files. */
  readonly leftovers: readonly string[]
  readonly hasQuarantine: boolean
  readonly problems: readonly QueueProblem[]
}

export interface SegmentsSummary {
  readonly count: number
  readonly firstId: number | undefined
  readonly lastId: number | undefined
  /** Looked at one by one: all of them, or the ends of a long queue. */
  readonly inspected: readonly SegmentInspection[]
  /** How many in the middle were not looked at. */
  readonly omitted: number
  /** Length of all segment files; exact for those that were looked at, the segment size for the others. */
  readonly bytes: number
  /** What they take of the disk: blocks are reserved a bounded distance ahead of the writer, and not for the rest of the head. Of segments that were not looked at, as above. */
  readonly allocatedBytes: number
}

export interface RecordPlace {
  readonly segmentId: number
  readonly sequence: number
  readonly timestampNs: bigint
}

/** The end of the queue as the segments show it: the control block is not asked, it may be wrong. */
export interface HeadInspection {
  /** The last segment that holds a record. */
  readonly segmentId: number | undefined
  /** Where its records end. */
  readonly offset: number | undefined
  /** Sequence that the next record will have. */
  readonly nextSequence: number | undefined
  readonly lastTimestampNs: bigint | undefined
  /** Records in the head segment. */
  readonly recordCount: number
  /** Messages and bytes per second over the last seconds, by the records' own timestamps. `undefined` in a quick look, and where these are not the times at which the records were appended. */
  readonly rate: RecentRate | undefined
}

export interface WriterInspection extends LockInspection {
  /** The lock decides: the process that holds it is the writer. `undefined` when that cannot be known. */
  readonly alive: boolean | undefined
  readonly epoch: number | undefined
  readonly lastHeartbeatNs: bigint | undefined
  /** When a writer appended last, by the clock of its host; `undefined` where nothing was appended since writers record it. The times in messages do not matter. */
  readonly lastAppendNs: bigint | undefined
}

export interface ReaderInspection extends ReaderFileInspection {
  readonly lag: ReaderLag | undefined
  /** The lowest segment that this reader still needs; retention deletes nothing from it on. */
  readonly pinsFrom: number | undefined
}
