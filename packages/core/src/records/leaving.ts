import { RECORD_HEADER_LENGTH } from '../format/index.js'
import { type Damage, findNextRecord } from './resync.js'
import type { SegmentBytes } from './segment-bytes.js'

/** What says whether the writer is done with a segment. Each call looks at the present state; acquire: every commit before it is visible afterwards. */
export interface LeavingEvidence {
  /** SEALED stands in the segment's header. */
  isSealed(): boolean
  /** A later segment is the head. */
  isLeft(): boolean
  /** Where the records end, as the seal says; `undefined` when it does not, or when that is not a place in the segment. */
  sealedEnd(): number | undefined
  /** The control block says that the record at an offset of this segment was committed. */
  saysCommitted(offset: number): boolean
}

/** Evidence of a process that looks at one segment alone: nothing but the bytes says whether a record stands there. */
export const BYTES_ALONE: LeavingEvidence = {
  isSealed: () => false,
  isLeft: () => false,
  sealedEnd: () => undefined,
  saysCommitted: () => false,
}

/**
 * What a reader does that finds commit word 0. `hole`: records follow, or stood here, so that this is damage; see {@link wayOn}. `again`: a record was committed meanwhile.
 */
export type AtUncommitted = 'wait' | 'leave' | 'hole' | 'again'

/** Decides by docs/format.md#leaving-a-segment, with its second load of the commit word (L2), whether a segment is left. */
export function decideAtUncommitted(bytes: SegmentBytes, place: Damage, evidence: LeavingEvidence): AtUncommitted {
  const { offset } = place
  const hasRoom = offset + RECORD_HEADER_LENGTH <= bytes.end
  const isSealed = evidence.isSealed()
  const isDone = isSealed || evidence.isLeft()
  const isCommitted = hasRoom && evidence.saysCommitted(offset)
  if (!isDone && !isCommitted) return 'wait'
  if (!hasRoom) return 'leave'
  if (bytes.freshCommitLengthAt(offset) !== 0) return 'again'
  return isCommitted || hidesRecords(bytes, place, isSealed ? (evidence.sealedEnd() ?? bytes.end) : offset) ? 'hole' : 'leave'
}

/** Where reading goes on after a damaged record or a hole: at an offset of the segment, in the next segment, or nowhere yet. */
export type WayOn = number | 'next-segment' | 'wait'

/** Finds the {@link WayOn}. Whether the writer is done is asked before the search, which then finds all that it had committed (L2). */
export function wayOn(bytes: SegmentBytes, damage: Damage, evidence: LeavingEvidence): WayOn {
  const isDone = evidence.isSealed() || evidence.isLeft()
  return findNextRecord(bytes, damage) ?? (isDone ? 'next-segment' : 'wait')
}

/** Whether the rest of a segment that was left is not as a writer leaves it: zeros. A crash leftover without a record in it is harmless, unless the seal says that records stood there. */
function hidesRecords(bytes: SegmentBytes, place: Damage, recordsEnd: number): boolean {
  const dirty = bytes.firstDirtyOffset(place.offset)
  if (dirty === undefined) return false
  return dirty < recordsEnd || findNextRecord(bytes, place) !== undefined
}
