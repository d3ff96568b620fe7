import { SEGMENT_FIRST_RECORD_OFFSET } from '../format/index.js'
import { hasHeaderCrc, type SegmentBytes, sequenceOf } from './segment-bytes.js'

/** Sequence of the first record of a segment, by its header alone; for segments of the base format, whose header does not say it. */
export function firstRecordSequence(bytes: SegmentBytes): number | undefined {
  const hasRecord = bytes.commitLengthAt(SEGMENT_FIRST_RECORD_OFFSET) !== 0
  return hasRecord ? sequenceOf(bytes, SEGMENT_FIRST_RECORD_OFFSET) : undefined
}

/** Whether a segment begins with a record of the base format. */
export function beginsWithBaseRecord(bytes: SegmentBytes): boolean {
  return bytes.commitLengthAt(SEGMENT_FIRST_RECORD_OFFSET) !== 0 && !hasHeaderCrc(bytes, SEGMENT_FIRST_RECORD_OFFSET)
}
