import type { MappedControl } from '../control/mapped-control.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { SEGMENT_FIRST_RECORD_OFFSET, SEGMENT_MAGIC, SEGMENT_VERSION, type SegmentHeader } from '../format/index.js'
import { type Place, roomBetween } from '../records/place.js'
import { findRecordBefore } from '../records/record-before.js'
import { type RecordSurvey, surveyRecords } from '../records/record-survey.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { surveySegment } from '../segment/segment-survey.js'

/** The queue that a file may belong to. */
export interface QueueOfSegment {
  readonly directory: QueueDirectory
  readonly control: MappedControl
  readonly segmentSize: number
}

/** The record that comes next in the queue: its sequence, and the place at which it would stand if nothing were lost. */
export interface NextRecord extends Place {
  readonly sequence: number
}

interface Witnesses {
  readonly segment: MappedSegment
  readonly header: SegmentHeader
  readonly next: NextRecord | undefined
  /** Default: made when it is needed. */
  readonly survey?: RecordSurvey
}

interface Surveyed {
  readonly segment: MappedSegment
  readonly survey: RecordSurvey
}

/**
 * Weighs what says that a file is the segment that its name says. Its id in the header, with a sign of a header beside it, says so. Where the id is wrong, the file may be
 * another segment in a wrong place. Then its records must be those that the control block, the durable mark or the segment before it expects.
 */
export function isSegmentOfQueue(queue: QueueOfSegment, witnesses: Witnesses): boolean {
  const { segment, header, next } = witnesses
  const looksLikeHeader = header.magic === SEGMENT_MAGIC || header.version === SEGMENT_VERSION
  const isOther = header.magic === SEGMENT_MAGIC && header.version === SEGMENT_VERSION
  if (header.segmentId === segment.id && looksLikeHeader) return true
  const { survey = surveyRecords(segment) } = witnesses
  if (survey.firstSequence === undefined) return false
  const beginning = { segmentId: 0, offset: SEGMENT_FIRST_RECORD_OFFSET, sequence: 0 }
  if (segment.id === 0 && goesOnFrom(queue, beginning, { segment, survey })) return true
  if (next !== undefined && goesOnFrom(queue, next, { segment, survey })) return true
  return isWitnessed(queue, segment) || followsPredecessor(queue, { segment, survey }, !isOther)
}

/** Whether the first good record of a segment has the sequence that comes next, or one above it by no more than what has room between the two places. */
function goesOnFrom({ segmentSize }: QueueOfSegment, next: NextRecord, { segment, survey }: Surveyed): boolean {
  const { firstSequence = -1, firstOffset } = survey
  const missing = firstSequence - next.sequence
  return missing >= 0 && missing <= roomBetween(next, { segmentId: segment.id, offset: firstOffset }, segmentSize)
}

/** Whether the control block, or the durable mark, names a place in the segment and the sequence of the record before it. */
function isWitnessed({ control }: QueueOfSegment, segment: MappedSegment): boolean {
  const head = control.readHead()
  const next = control.nextSequenceAcquire()
  const mark = control.readDurableMark()
  const claims = [
    { segmentId: mark?.segmentId, offset: mark?.offset, sequence: mark?.sequence },
    { segmentId: head?.segmentId, offset: head?.offset, sequence: next },
  ]
  return claims.some(({ segmentId, offset, sequence }) => {
    if (segmentId !== segment.id || offset === undefined || sequence === undefined || offset > segment.end) return false
    const last = findRecordBefore(segment, offset)
    return last !== undefined && sequence - last.sequence >= 1 && sequence - last.sequence <= 2
  })
}

/** `mayRestart`: not where a whole header names another segment, because the first segment of every queue begins with sequence 0. */
function followsPredecessor(queue: QueueOfSegment, { segment, survey }: Surveyed, mayRestart: boolean): boolean {
  const segmentId = segment.id - 1
  if (segmentId < 0) return false
  const below = surveySegment(queue.directory, segmentId, queue.segmentSize)
  if (below === undefined) return false
  const { highestSequence, end: offset } = below
  // One that holds nothing says nothing about what was lost in it.
  if (highestSequence < 0) return mayRestart && survey.firstSequence === 0
  return goesOnFrom(queue, { segmentId, offset, sequence: highestSequence + 1 }, { segment, survey })
}
