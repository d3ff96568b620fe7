import {
  PADDING_TYPE_ID,
  RECORD_FLAG_HEADER_CRC,
  RECORD_FLAGS_OFFSET,
  RECORD_HEADER_LENGTH,
  RECORD_TIMESTAMP_NS_OFFSET,
  RECORD_TYPE_ID_OFFSET,
  recordLength,
  SEGMENT_FIRST_RECORD_OFFSET,
} from '@chronicle-ts/core/internal'
import type { ColdSegment } from './cold-segment.js'
import { sequenceAt } from './record-verdict.js'

/** What a walk over record headers saw. */
export interface RecordWalk {
  /** Offset behind the last record. */
  readonly end: number
  readonly count: number
  /** Of the first and the last record; -1 when there is none. */
  readonly firstSequence: number
  readonly lastSequence: number
  readonly highestSequence: number
  readonly firstTimestampNs: bigint
  readonly lastTimestampNs: bigint
  /** Whether any record was written by a writer of the base format, whose sequence may begin again at 0. */
  readonly hasLegacy: boolean
  readonly stoppedBy: 'uncommitted' | 'padding' | 'segment-end' | 'bad-length' | 'visitor'
}

/** Called with the offset of each record; `false` ends the walk in front of it. */
export type RecordVisitor = (segment: ColdSegment, offset: number) => boolean

/** Walks committed records from `from` on by their lengths alone, checking no CRC: for counting and finding, not for reading. */
export function walkRecords(segment: ColdSegment, from = SEGMENT_FIRST_RECORD_OFFSET, visit?: RecordVisitor): RecordWalk {
  let at = from
  let count = 0
  let firstAt = -1
  let lastAt = -1
  let highestSequence = -1
  let hasLegacy = false
  let stoppedBy: RecordWalk['stoppedBy'] = 'segment-end'
  while (segment.hasRoomAt(at)) {
    const commitLength = segment.commitLengthAt(at)
    const stop = commitLength === 0 ? 'uncommitted' : stopReason(segment, at, commitLength)
    if (stop !== undefined) {
      stoppedBy = stop
      break
    }
    if (visit !== undefined && !visit(segment, at)) {
      stoppedBy = 'visitor'
      break
    }
    if (firstAt < 0) firstAt = at
    lastAt = at
    count += 1
    highestSequence = Math.max(highestSequence, sequenceAt(segment, at))
    if ((segment.view.getUint16(segment.indexOf(at) + RECORD_FLAGS_OFFSET, true) & RECORD_FLAG_HEADER_CRC) === 0) hasLegacy = true
    at += recordLength(commitLength - 1)
  }
  const first = factsAt(segment, firstAt)
  const last = factsAt(segment, lastAt)
  return {
    end: at,
    count,
    firstSequence: first.sequence,
    lastSequence: last.sequence,
    highestSequence,
    firstTimestampNs: first.timestampNs,
    lastTimestampNs: last.timestampNs,
    hasLegacy,
    stoppedBy,
  }
}

/** Timestamp of the record at a loaded offset. */
export function timestampNsAt(segment: ColdSegment, offset: number): bigint {
  return segment.view.getBigUint64(segment.indexOf(offset) + RECORD_TIMESTAMP_NS_OFFSET, true)
}

function factsAt(segment: ColdSegment, offset: number): { sequence: number; timestampNs: bigint } {
  if (offset < 0 || !segment.load(offset, RECORD_HEADER_LENGTH)) return { sequence: -1, timestampNs: 0n }
  return { sequence: sequenceAt(segment, offset), timestampNs: timestampNsAt(segment, offset) }
}

function stopReason(segment: ColdSegment, offset: number, commitLength: number): RecordWalk['stoppedBy'] | undefined {
  if (offset + recordLength(commitLength - 1) > segment.end) return 'bad-length'
  return segment.view.getUint16(segment.indexOf(offset) + RECORD_TYPE_ID_OFFSET, true) === PADDING_TYPE_ID ? 'padding' : undefined
}
