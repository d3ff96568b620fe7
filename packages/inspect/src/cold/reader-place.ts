import { isRecordOffset, judgeRecord } from '@chronicle-ts/core/internal'
import type { ColdPosition } from './cold-item.js'
import type { ColdPlaces } from './cold-places.js'
import { ColdSegment } from './cold-segment.js'
import { countHeaders } from './counted-headers.js'

/** Where a position stands among the records of its segment. */
export interface ReaderPlace {
  /** `record`: at a record or where the next one will be. `inside`: in the middle of a record, or at no offset of any. `unknown`: damage in front of it hides that. */
  readonly kind: 'record' | 'inside' | 'unknown'
  /** The record that it stands in the middle of. */
  readonly record: ColdPosition | undefined
}

const AT_RECORD: ReaderPlace = { kind: 'record', record: undefined }
const UNKNOWN: ReaderPlace = { kind: 'unknown', record: undefined }

/** Finds out where a position stands. A good record at it answers at once; otherwise the segment's headers are walked up to it. */
export function placeOfReader(places: ColdPlaces, position: ColdPosition): ReaderPlace {
  let segment: ColdSegment | undefined
  try {
    segment = ColdSegment.open(places.directory, position.segmentId, places.control?.segmentSize)
    return segment === undefined ? UNKNOWN : placeIn(segment, position)
  } catch {
    // What cannot be read is a problem of its own.
    return UNKNOWN
  } finally {
    segment?.close()
  }
}

function placeIn(segment: ColdSegment, { segmentId, offset }: ColdPosition): ReaderPlace {
  const isPossible = isRecordOffset(offset) && offset <= segment.size
  if (isPossible && segment.hasRoomAt(offset) && segment.commitLengthAt(offset) !== 0 && judgeRecord(segment, offset) === 'good')
    return AT_RECORD
  // Where a seal says that the records end, a reader waits that has read them all.
  if (segment.sealed && segment.header.endOffset === offset) return AT_RECORD
  let before: number | undefined
  const { end, stoppedBy } = countHeaders(segment, undefined, (at) => {
    if (at < offset) before = at
    return at < offset
  })
  if (end === offset) return AT_RECORD
  if (end > offset) return { kind: 'inside', record: before === undefined ? undefined : { segmentId, offset: before } }
  // After the records of its segment: at the very end of one that is full, or in the slack, where nothing will ever be.
  if (stoppedBy === 'bad-length' || !isPossible) return isPossible ? UNKNOWN : { kind: 'inside', record: undefined }
  return offset === segment.size || stoppedBy === 'padding' ? AT_RECORD : UNKNOWN
}
