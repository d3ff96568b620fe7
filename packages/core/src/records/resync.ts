import { RECORD_ALIGNMENT, recordLength } from '../format/index.js'
import { isGoodRecord, judgeRecord } from './judge-record.js'
import { hasHeaderCrc, type SegmentBytes, sequenceOf } from './segment-bytes.js'

/** The place where records stopped being readable. */
export interface Damage {
  readonly offset: number
  /** The sequence that the damaged record should have had; -1 when that is not known. */
  readonly expected: number
}

/**
 * Finds the record with which reading goes on after damage; `undefined` when nothing good follows in the segment. Bytes of a payload can look like a record (a queue may carry another
 * queue's segments), so that the candidates are taken in this order (docs/format.md#damage-and-missing-records):
 *
 * 1. the record that follows by the damaged one's own length, where its header checksum says that the length is right, or where that record has exactly the next sequence;
 * 2. the first good record whose sequence is above the last one by no more than there is room for records in between;
 * 3. the first good record with a sequence that was not read yet;
 * 4. with `anySequence`, the first good record at all: a writer of the base format may have begun again at 0. A reader must not deliver such a record, but recovery must not write over it.
 */
export function findNextRecord(
  bytes: SegmentBytes,
  { offset, expected }: Damage,
  { anySequence = false } = {},
): number | undefined {
  const follower = followerOf(bytes, offset, expected)
  if (follower !== undefined) return follower
  const from = offset + RECORD_ALIGNMENT
  const dirty = bytes.firstDirtyOffset(from)
  if (dirty === undefined) return undefined
  if (expected < 0) return findGoodRecord(bytes, dirty)
  const near = findGoodRecord(bytes, dirty, (sequence, at) => {
    return sequence >= expected && sequence <= expected + (at - offset) / RECORD_ALIGNMENT
  })
  const later = near ?? findGoodRecord(bytes, dirty, (sequence) => sequence >= expected)
  return later === undefined && anySequence ? findGoodRecord(bytes, dirty) : later
}

/** The first good record at or after an offset, looked for at every 64-byte boundary. `accepts` is asked before checksums are computed. */
export function findGoodRecord(
  bytes: SegmentBytes,
  from: number,
  accepts: (sequence: number, offset: number) => boolean = () => true,
): number | undefined {
  for (let at = from; at + RECORD_ALIGNMENT <= bytes.end; at += RECORD_ALIGNMENT) {
    if (bytes.commitLengthAt(at) === 0) continue
    if (accepts(sequenceOf(bytes, at), at) && isGoodRecord(bytes, at)) return at
  }
  return undefined
}

function followerOf(bytes: SegmentBytes, offset: number, expected: number): number | undefined {
  const commitLength = bytes.commitLengthAt(offset)
  if (commitLength === 0) return undefined
  const lengthIsCertain = hasHeaderCrc(bytes, offset) && judgeRecord(bytes, offset, false) === 'good'
  const follower = offset + recordLength(commitLength - 1)
  if (!isGoodRecord(bytes, follower) || bytes.commitLengthAt(follower) === 0) return undefined
  return lengthIsCertain || (expected >= 0 && sequenceOf(bytes, follower) === expected + 1) ? follower : undefined
}
