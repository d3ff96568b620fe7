import { judgeRecord, mayHoldRecords, SEGMENT_FIRST_RECORD_OFFSET } from '@chronicle-ts/core/internal'
import { ColdSegment } from './cold-segment.js'

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
