import { PADDING_TYPE_ID, RECORD_TYPE_ID_OFFSET, SEGMENT_FIRST_RECORD_OFFSET } from '../format/index.js'
import { hasHeaderCrc, type SegmentBytes, sequenceOf } from './segment-bytes.js'

/**
 * Sequence of the first record of a segment, by its header alone; for segments of the base format, whose header does not say it. `undefined` where the segment is empty: padding has no sequence.
 */
export function firstRecordSequence(bytes: SegmentBytes): number | undefined {
  const at = SEGMENT_FIRST_RECORD_OFFSET
  if (bytes.commitLengthAt(at) === 0) return undefined
  const isPadding = bytes.view.getUint16(bytes.indexOf(at) + RECORD_TYPE_ID_OFFSET, true) === PADDING_TYPE_ID
  return isPadding ? undefined : sequenceOf(bytes, at)
}

/** Whether a segment begins with a record of the base format. */
export function beginsWithBaseRecord(bytes: SegmentBytes): boolean {
  return bytes.commitLengthAt(SEGMENT_FIRST_RECORD_OFFSET) !== 0 && !hasHeaderCrc(bytes, SEGMENT_FIRST_RECORD_OFFSET)
}
