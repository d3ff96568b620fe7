import { hasHeaderCrc, SEGMENT_FIRST_RECORD_OFFSET, sequenceOf, timestampNsOf } from '@chronicle-ts/core/internal'
import type { ColdPosition } from './cold-item.js'
import type { ColdPlaces } from './cold-places.js'
import { ColdSegment } from './cold-segment.js'
import { type CountedHeaders, countHeaders } from './counted-headers.js'
import type { RecentRate } from './recent-rate.js'

/** How far a position is from the end of its queue. A value that cannot be determined at reasonable cost is `undefined`. */
export interface ReaderLag {
  readonly messages: number | undefined
  /** Bytes of segment space between the position and the end. */
  readonly bytes: number | undefined
  /** Time between the next message and the last one, by their timestamps; 0 when caught up. */
  readonly ns: bigint | undefined
}

/** The end of a queue: its last segment with records, walked. */
export interface QueueEnd {
  readonly segmentId: number
  readonly walk: CountedHeaders
  readonly rate: RecentRate | undefined
  /** The highest sequence that was given away for certain; -1 when nothing proves any. */
  readonly provenSequence: number
  /** Where records go on after a hole at the walk's end; `undefined` when nothing does. */
  readonly goesOnAt: number | undefined
}

/** Counting messages of the base format, whose sequences begin again at every open, walks the segments: this many at most. */
const COUNTED_SEGMENTS_MAX = 64

/** The lag of a reader that has read everything. */
export const CAUGHT_UP: ReaderLag = { messages: 0, bytes: 0, ns: 0n }

/** Measures a reader's lag from outside, without joining the queue. */
export function measureLag(places: ColdPlaces, position: ColdPosition, end: QueueEnd): ReaderLag {
  const { segmentId, offset } = position
  if (segmentId > end.segmentId || (segmentId === end.segmentId && offset >= end.walk.end)) return CAUGHT_UP
  const next = nextRecord(places, position)
  if (next === undefined) return { messages: undefined, bytes: bytesBetween(places, position, end), ns: undefined }
  return {
    messages:
      next.legacy || end.walk.hasLegacy ? countMessages(places, position, end) : end.walk.lastSequence + 1 - next.sequence,
    bytes: bytesBetween(places, position, end),
    ns: end.walk.lastTimestampNs > next.timestampNs ? end.walk.lastTimestampNs - next.timestampNs : 0n,
  }
}

interface NextRecord {
  readonly sequence: number
  readonly timestampNs: bigint
  readonly legacy: boolean
}

/** The record at a position, or the first one of the next segment when the position stands at a segment's end. */
export function nextRecord(places: ColdPlaces, position: ColdPosition): NextRecord | undefined {
  return (
    recordAt(places, position) ?? recordAt(places, { segmentId: position.segmentId + 1, offset: SEGMENT_FIRST_RECORD_OFFSET })
  )
}

function recordAt(places: ColdPlaces, { segmentId, offset }: ColdPosition): NextRecord | undefined {
  const segment = openQuietly(places, segmentId)
  try {
    if (segment === undefined || !segment.hasRoomAt(offset) || segment.commitLengthAt(offset) === 0) return undefined
    const legacy = !hasHeaderCrc(segment, offset)
    return { sequence: sequenceOf(segment, offset), timestampNs: timestampNsOf(segment, offset), legacy }
  } catch {
    return undefined
  } finally {
    segment?.close()
  }
}

function countMessages(places: ColdPlaces, position: ColdPosition, end: QueueEnd): number | undefined {
  const between = places.segmentIds.filter((id) => id >= position.segmentId && id <= end.segmentId)
  if (between.length > COUNTED_SEGMENTS_MAX) return undefined
  let count = 0
  for (const id of between) {
    const segment = openQuietly(places, id)
    try {
      if (segment !== undefined) count += countHeaders(segment, id === position.segmentId ? position.offset : undefined).count
    } catch {
      return undefined
    } finally {
      segment?.close()
    }
  }
  return count
}

function bytesBetween(places: ColdPlaces, position: ColdPosition, end: QueueEnd): number | undefined {
  if (position.segmentId === end.segmentId) return end.walk.end - position.offset
  const segment = openQuietly(places, position.segmentId)
  const segmentSize = places.control?.segmentSize ?? segment?.size
  const segmentEnd = segment === undefined ? segmentSize : segment.header.endOffset || segment.end
  segment?.close()
  if (segmentSize === undefined || segmentEnd === undefined) return undefined
  const whole = places.segmentIds.filter((id) => id > position.segmentId && id < end.segmentId).length
  const room = segmentSize - SEGMENT_FIRST_RECORD_OFFSET
  return Math.max(0, segmentEnd - position.offset) + whole * room + end.walk.end - SEGMENT_FIRST_RECORD_OFFSET
}

function openQuietly(places: ColdPlaces, segmentId: number): ColdSegment | undefined {
  try {
    return ColdSegment.open(places.directory, segmentId, places.control?.segmentSize)
  } catch {
    return undefined
  }
}
