import { RECORD_ALIGNMENT, recordLength, SEGMENT_HEADER_LENGTH } from '../format/index.js'
import { isGoodRecord, judgeRecord } from './judge-record.js'
import { roomBetween } from './place.js'
import { hasHeaderCrc, type SegmentBytes, sequenceOf } from './segment-bytes.js'

/** The place where records stopped being readable. */
export interface Damage {
  readonly offset: number
  /** The sequence that the damaged record should have had; -1 when that is not known. */
  readonly expected: number
}

/**
 * Finds the record with which reading goes on after damage; `undefined` when nothing good follows in the segment. Bytes of a payload can look like a record (a queue may carry another
 * queue's segments). So nothing within a damaged record counts whose header checksum matches and whose sequence is the expected one, or the only one known. The candidates are taken in this order
 * (docs/format.md#damage-and-missing-records):
 *
 * 1. the record that follows by the damaged one's own length, where that is right, or where that record has exactly the next sequence;
 * 2. the first good record whose sequence is above the last one by no more than there is room for records in between. Where the segment's header says that its
 *    first record has a higher sequence than the expected one, that one counts;
 * 3. the first good record with a sequence that was not read yet; any sequence is one where none was expected;
 * 4. only with `mayRestart`: the first good record of the base format, whose writers begin again at 0. For recovery, which cuts nothing off that a writer may have committed. A reader that
 *    takes a crash leftover for records would stop where nothing is wrong.
 */
export function findNextRecord(bytes: SegmentBytes, damage: Damage, { mayRestart = false } = {}): number | undefined {
  const { offset } = damage
  const damaged = damagedRecordAt(bytes, offset)
  const expected = damage.expected < 0 && damaged?.isCertain === true ? possibleSequenceAt(bytes, offset) : damage.expected
  const isFollowed =
    damaged !== undefined && (damaged.isCertain || (expected >= 0 && hasSequence(bytes, damaged.end, expected + 1)))
  if (isFollowed && isGoodRecord(bytes, damaged.end)) return damaged.end
  const isThere = damaged?.isCertain === true && hasSequence(bytes, offset, expected)
  const dirty = bytes.firstDirtyOffset(isThere ? damaged.end : offset + RECORD_ALIGNMENT)
  if (dirty === undefined) return undefined
  if (expected < 0) return findGoodRecord(bytes, dirty)
  const { id: segmentId, size } = bytes
  // Messages may be missing before the segment, too.
  const nearest = offset === SEGMENT_HEADER_LENGTH ? Math.max(expected, bytes.firstSequence ?? expected) : expected
  const isNear = (sequence: number, at: number) =>
    sequence >= nearest && sequence - nearest <= roomBetween({ segmentId, offset }, { segmentId, offset: at }, size)
  return (
    findGoodRecord(bytes, dirty, isNear) ??
    findGoodRecord(bytes, dirty, (sequence) => sequence >= expected) ??
    (damage.expected < 0 ? findGoodRecord(bytes, dirty) : undefined) ??
    (mayRestart ? findGoodRecord(bytes, dirty, (_, at) => !hasHeaderCrc(bytes, at)) : undefined)
  )
}

/** The first good record at or after an offset and before another, looked for at every 64-byte boundary. `accepts` is asked before checksums are computed. */
export function findGoodRecord(
  bytes: SegmentBytes,
  from: number,
  accepts: (sequence: number, offset: number) => boolean = () => true,
  to = bytes.end,
): number | undefined {
  for (let at = from; at + RECORD_ALIGNMENT <= Math.min(to, bytes.end); at += RECORD_ALIGNMENT) {
    if (bytes.commitLengthAt(at) === 0) continue
    if (accepts(sequenceOf(bytes, at), at) && isGoodRecord(bytes, at)) return at
  }
  return undefined
}

/** Where the damaged record ends by its own length, and whether its header checksum says that the length is right. */
function damagedRecordAt(bytes: SegmentBytes, offset: number): { readonly end: number; readonly isCertain: boolean } | undefined {
  const commitLength = bytes.commitLengthAt(offset)
  if (commitLength === 0) return undefined
  const isCertain = hasHeaderCrc(bytes, offset) && judgeRecord(bytes, offset, false) === 'good'
  return { end: offset + recordLength(commitLength - 1), isCertain }
}

function possibleSequenceAt(bytes: SegmentBytes, offset: number): number {
  if (bytes.commitLengthAt(offset) === 0) return -1
  const sequence = sequenceOf(bytes, offset)
  return sequence < Number.MAX_SAFE_INTEGER ? sequence : -1
}

function hasSequence(bytes: SegmentBytes, offset: number, sequence: number): boolean {
  return bytes.commitLengthAt(offset) !== 0 && sequenceOf(bytes, offset) === sequence
}
