import {
  type HeaderWalk,
  hasHeaderCrc,
  type RecordVisitor,
  sequenceOf,
  timestampNsOf,
  walkHeaders,
} from '@chronicle-ts/core/internal'
import type { ColdSegment } from './cold-segment.js'

/** What a walk over record headers saw. */
export interface CountedHeaders extends HeaderWalk {
  readonly count: number
  /** Of the first and the last record; -1 when there is none. */
  readonly firstSequence: number
  readonly lastSequence: number
  readonly highestSequence: number
  readonly firstTimestampNs: bigint
  readonly lastTimestampNs: bigint
  /** Whether any record was written by a writer of the base format, whose sequence may begin again at 0. */
  readonly hasLegacy: boolean
}

/** {@link walkHeaders} of a segment, counted. */
export function countHeaders(segment: ColdSegment, from?: number, visit?: RecordVisitor): CountedHeaders {
  let count = 0
  let firstOffset = -1
  let highestSequence = -1
  let hasLegacy = false
  const { end, lastOffset, stoppedBy } = walkHeaders(
    segment,
    (offset) => {
      if (visit !== undefined && !visit(offset)) return false
      if (firstOffset < 0) firstOffset = offset
      count += 1
      highestSequence = Math.max(highestSequence, sequenceOf(segment, offset))
      if (!hasHeaderCrc(segment, offset)) hasLegacy = true
      return true
    },
    from,
  )
  const first = factsAt(segment, firstOffset)
  const last = factsAt(segment, lastOffset)
  return {
    end,
    count,
    lastOffset,
    firstSequence: first.sequence,
    lastSequence: last.sequence,
    highestSequence,
    firstTimestampNs: first.timestampNs,
    lastTimestampNs: last.timestampNs,
    hasLegacy,
    stoppedBy,
  }
}

function factsAt(segment: ColdSegment, offset: number): { sequence: number; timestampNs: bigint } {
  if (offset < 0 || segment.commitLengthAt(offset) === 0) return { sequence: -1, timestampNs: 0n }
  return { sequence: sequenceOf(segment, offset), timestampNs: timestampNsOf(segment, offset) }
}
