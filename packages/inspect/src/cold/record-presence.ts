import { findGoodRecord, judgeRecord, SEGMENT_FIRST_RECORD_OFFSET } from '@chronicle-ts/core/internal'
import { ColdSegment } from './cold-segment.js'

/** Whether a good record that is not padding stands at a segment's beginning. */
export function beginsWithMessage(segment: ColdSegment): boolean {
  return segment.hasRoomAt(SEGMENT_FIRST_RECORD_OFFSET) && judgeRecord(segment, SEGMENT_FIRST_RECORD_OFFSET, false) === 'good'
}

/**
 * Whether a segment holds at least one good record or padding record, at any offset. A committed word at its beginning is not enough: foreign bytes look like one too.
 */
export function holdsRecords(segment: ColdSegment): boolean {
  if (segment.commitLengthAt(SEGMENT_FIRST_RECORD_OFFSET) !== 0) {
    const verdict = judgeRecord(segment, SEGMENT_FIRST_RECORD_OFFSET)
    if (verdict === 'good' || verdict === 'padding') return true
  }
  const dirty = segment.firstDirtyOffset(SEGMENT_FIRST_RECORD_OFFSET)
  return dirty !== undefined && findGoodRecord(segment, dirty) !== undefined
}

/**
 * Whether a commit word stands at the beginning of a segment with a valid header, as the file has it now: its writer has entered it. Judges no record; false where the segment is missing.
 *
 * @throws ColdFileError when it cannot be read
 */
export function isEntered(directory: string, segmentId: number, segmentSize: number | undefined): boolean {
  const segment = ColdSegment.open(directory, segmentId, segmentSize)
  try {
    const isSound = segment !== undefined && segment.headerProblem === undefined
    return isSound && segment.freshCommitLengthAt(SEGMENT_FIRST_RECORD_OFFSET) !== 0
  } finally {
    segment?.close()
  }
}
