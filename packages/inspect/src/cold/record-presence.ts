import {
  type ControlBlock,
  judgeRecord,
  mayHoldRecords,
  type RecordPresence,
  recordsIn,
  SEGMENT_FIRST_RECORD_OFFSET,
} from '@chronicle-ts/core/internal'
import { ColdSegment } from './cold-segment.js'

/**
 * {@link recordsIn}, of a few bytes where both the control block and the first commit word say that the segment was not used. Damage may hide records in such a segment. But to find them, all of it must
 * be read: a prepared segment, or the head of an empty queue, would cost a look its whole length.
 */
export function recordsSaidIn(segment: ColdSegment, control: ControlBlock | undefined): RecordPresence {
  return saysUnused(control, segment.id) && !mayHoldRecords(segment) ? 'none' : recordsIn(segment)
}

function saysUnused(control: ControlBlock | undefined, segmentId: number): boolean {
  if (control === undefined || segmentId < control.currentSegment) return false
  return segmentId > control.currentSegment || control.writeOffset <= SEGMENT_FIRST_RECORD_OFFSET
}

/** Whether a good record that is not padding stands at a segment's beginning. */
export function beginsWithMessage(segment: ColdSegment): boolean {
  return segment.hasRoomAt(SEGMENT_FIRST_RECORD_OFFSET) && judgeRecord(segment, SEGMENT_FIRST_RECORD_OFFSET, false) === 'good'
}

/**
 * Whether a commit word stands at the beginning of a segment with a valid header, as the file has it now: its writer has entered it. Judges no record; false where the segment is missing.
 *
 * @throws ColdFileError when it cannot be read
 */
export function isEntered(directory: string, segmentId: number, segmentSize: number | undefined): boolean {
  const segment = ColdSegment.open(directory, segmentId, segmentSize)
  try {
    return segment !== undefined && segment.headerProblem === undefined && mayHoldRecords(segment)
  } finally {
    segment?.close()
  }
}
