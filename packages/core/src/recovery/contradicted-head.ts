import { SEGMENT_HEADER_LENGTH } from '../format/index.js'
import { walkHeaders } from '../records/header-walk.js'
import { isGoodRecord } from '../records/judge-record.js'
import { type Place, roomBetween } from '../records/place.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { glanceAtSegment, openDamagedSegment } from '../segment/segment-files.js'
import { isPlausible, positionsOf } from './positions-seen.js'
import type { RecoveryContext } from './recovery-context.js'
import { lastMessageUpTo } from './sequence-bounds.js'

/**
 * Returns the sequence above the furthest place that anything names in the head, where two witnesses say that its file is not the segment that was written. Its records do not count the messages
 * that are lost with that one.
 *
 * A writer and its readers stop only between records: a place inside a good record is a witness. So is one after the end of a segment that was left, a length that is wrong, and a
 * beginning that does not follow the segment before. One alone is damage of its own: then this is 0. Looks only where no record ends where the control block says.
 */
export function sequenceAboveContradicted(context: RecoveryContext): number {
  const { control, directory, segmentSize } = context
  if (isEndWitnessed(context)) return 0
  const head = control.readHead()
  const segment = head && openDamagedSegment(directory, head.segmentId, segmentSize, false)
  if (segment === undefined) return 0
  try {
    return sequenceAbove(context, segment, head?.offset ?? SEGMENT_HEADER_LENGTH)
  } finally {
    segment.close()
  }
}

function isEndWitnessed({ control, actions }: RecoveryContext): boolean {
  return control.nextSequenceAcquire() !== undefined && actions.every(({ case: name }) => name === 'stale-lock')
}

function sequenceAbove(context: RecoveryContext, segment: MappedSegment, offset: number): number {
  const { id: segmentId } = segment
  const isHere = (place: Place) => place.segmentId === segmentId && isPlausible(context, place, segmentId)
  const said = [{ segmentId, offset }].filter(isHere)
  const readers = positionsOf(context.directory).filter(isHere)
  const witnesses = [said, readers].filter((places) => places.some((place) => contradicts(segment, place.offset)))
  if (witnesses.length === 0) return 0
  const below = lastMessageUpTo(context, segmentId - 1) ?? { segmentId: 0, offset: SEGMENT_HEADER_LENGTH, sequence: -1 }
  if (witnesses.length < 2 && !isOfAnotherQueue(context, segmentId, below.sequence)) return 0
  const furthest = Math.max(...[...said, ...readers].map((place) => place.offset))
  return below.sequence + 1 + roomBetween(below, { segmentId, offset: furthest }, context.segmentSize)
}

function contradicts(segment: MappedSegment, place: number): boolean {
  if (place > segment.end) return segment.sealedAcquire()
  const { end, lastOffset } = walkHeaders(segment, (at) => at < place)
  return end > place && lastOffset >= 0 && isGoodRecord(segment, lastOffset)
}

/** Whether it has another length, or begins neither after the messages before it nor, as a writer of the base format does, at 0 again. */
function isOfAnotherQueue({ directory, segmentSize }: RecoveryContext, segmentId: number, below: number): boolean {
  const glance = glanceAtSegment(directory, segmentId, segmentSize)
  if (glance === undefined || !glance.hasRecords) return false
  return glance.length !== segmentSize || (glance.firstSequence !== 0 && glance.firstSequence <= below)
}
