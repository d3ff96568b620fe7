import { SEGMENT_FIRST_RECORD_OFFSET } from '../format/index.js'
import { judgeRecord } from './judge-record.js'
import { findGoodRecord } from './resync.js'
import type { SegmentBytes } from './segment-bytes.js'

/** What the records of a segment are, independent of its header. `padding`: it only leads on to the next one. */
export type RecordPresence = 'records' | 'padding' | 'none'

/** Looks for a good record, at any offset of a segment. A committed word at its beginning is not enough: foreign bytes look like one too. */
export function recordsIn(bytes: SegmentBytes): RecordPresence {
  if (bytes.commitLengthAt(SEGMENT_FIRST_RECORD_OFFSET) !== 0) {
    const verdict = judgeRecord(bytes, SEGMENT_FIRST_RECORD_OFFSET)
    if (verdict === 'good') return 'records'
    if (verdict === 'padding') return 'padding'
  }
  const dirty = bytes.firstDirtyOffset(SEGMENT_FIRST_RECORD_OFFSET)
  return dirty !== undefined && findGoodRecord(bytes, dirty) !== undefined ? 'records' : 'none'
}

/** Whether a commit word stands where the first record of a segment begins, good or not: what a look at a live queue can know without reading the record. */
export function mayHoldRecords(bytes: SegmentBytes): boolean {
  return bytes.freshCommitLengthAt(SEGMENT_FIRST_RECORD_OFFSET) !== 0
}
