import type { SourcePosition, TraceContext } from '@chronicle-ts/core'
import type { QueueProblem } from './queue-problem.js'

/** A record as it stands in its segment, checked. `payload` is a view that is valid until the next `next()`; everything else is a copy. */
export interface ColdRecord {
  readonly kind: 'record'
  readonly segmentId: number
  readonly offset: number
  readonly sequence: number
  readonly timestampNs: bigint
  readonly typeId: number
  readonly flags: number
  /** Low 32 bits of the epoch of the writer that appended it; 0 when the record does not have it. */
  readonly writerEpoch: number
  /** 1 to 255; 0 when the record has none. */
  readonly schemaVersion: number
  readonly trace: Required<TraceContext> | undefined
  readonly source: SourcePosition | undefined
  readonly payload: Buffer
  /** The sequence begins again at 0 here, as a writer of the base format does at every open. */
  readonly restarted: boolean
}

/** A padding record: a repair closed the segment here. */
export interface ColdPadding {
  readonly kind: 'padding'
  readonly segmentId: number
  readonly offset: number
}

/** Something is wrong here; the reader goes on after it where it can. */
export interface ColdProblem {
  readonly kind: 'problem'
  readonly segmentId: number
  readonly offset: number
  readonly problem: QueueProblem
}

export type ColdItem = ColdRecord | ColdPadding | ColdProblem

/** Where a reader stands: the record that begins here is the next one. */
export interface ColdPosition {
  readonly segmentId: number
  readonly offset: number
}
