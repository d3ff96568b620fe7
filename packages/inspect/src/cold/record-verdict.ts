import {
  PADDING_TYPE_ID,
  RECORD_ALIGNMENT,
  RECORD_FLAG_HEADER_CRC,
  RECORD_FLAGS_OFFSET,
  RECORD_HEADER_CRC_OFFSET,
  RECORD_HEADER_LENGTH,
  RECORD_PAYLOAD_CRC_OFFSET,
  RECORD_SEQUENCE_OFFSET,
  RECORD_TYPE_ID_OFFSET,
  recordLength,
  SEGMENT_FIRST_RECORD_OFFSET,
} from '@chronicle-ts/core/internal'
import { checksum } from './checksum.js'
import type { ColdSegment } from './cold-segment.js'
import { firstDirtyOffset } from './dirty-bytes.js'
import type { ProblemCode } from './queue-problem.js'

/** What a look at a committed record says. */
export type RecordVerdict = 'good' | 'padding' | Extract<ProblemCode, `RECORD_BAD_${string}`>

/** Larger payloads are checked piece by piece before they are loaded as a whole: a wrong length must not cost gigabytes of memory. */
const PIECE_LENGTH = 4 * 1024 * 1024

/**
 * Checks the committed record at `offset`: length, padding, header checksum, payload checksum. A failed checksum is looked at a second time, read afresh.
 */
export function judgeRecord(segment: ColdSegment, offset: number, checkPayload = true): RecordVerdict {
  const verdict = judgeOnce(segment, offset, checkPayload)
  if (verdict === 'good' || verdict === 'padding') return verdict
  segment.forget()
  return judgeOnce(segment, offset, checkPayload)
}

/** What is known about the place where records stopped being readable. */
export interface Damage {
  readonly damageOffset: number
  /** Sequence of the last good record before it; negative when there was none. */
  readonly lastSequence: number
}

/**
 * Finds the next good record at or behind `offset`, looking at every 64-byte boundary. Bytes of a payload can look like a record; what tells them apart is
 * the sequence, which must lie above the last one by no more than there is room for records in between.
 */
export function findNextRecord(segment: ColdSegment, offset: number, { damageOffset, lastSequence }: Damage): number | undefined {
  for (let at = offset; segment.hasRoomAt(at); at += RECORD_ALIGNMENT) {
    if (segment.commitLengthAt(at) === 0) continue
    const sequence = sequenceAt(segment, at)
    const highest = lastSequence + 1 + (at - damageOffset) / RECORD_ALIGNMENT
    if (lastSequence >= 0 && (sequence <= lastSequence || sequence > highest)) continue
    if (judgeOnce(segment, at, true) === 'good') return at
  }
  return undefined
}

/** Whether a good record that is no padding stands at a segment's beginning. */
export function beginsWithMessage(segment: ColdSegment): boolean {
  if (!segment.hasRoomAt(SEGMENT_FIRST_RECORD_OFFSET)) return false
  return judgeOnce(segment, SEGMENT_FIRST_RECORD_OFFSET, false) === 'good'
}

/**
 * Whether a segment holds at least one good record, wherever it stands. A committed word at its beginning is not enough: foreign bytes look like one too.
 */
export function holdsRecords(segment: ColdSegment): boolean {
  if (!segment.hasRoomAt(SEGMENT_FIRST_RECORD_OFFSET)) return false
  if (
    segment.commitLengthAt(SEGMENT_FIRST_RECORD_OFFSET) !== 0 &&
    isRecord(judgeOnce(segment, SEGMENT_FIRST_RECORD_OFFSET, true))
  )
    return true
  const dirty = firstDirtyOffset(segment, SEGMENT_FIRST_RECORD_OFFSET)
  return dirty !== undefined && findNextRecord(segment, dirty, { damageOffset: dirty, lastSequence: -1 }) !== undefined
}

function isRecord(verdict: RecordVerdict): boolean {
  return verdict === 'good' || verdict === 'padding'
}

/** Sequence of the record at a loaded offset. */
export function sequenceAt(segment: ColdSegment, offset: number): number {
  const at = segment.indexOf(offset) + RECORD_SEQUENCE_OFFSET
  return segment.view.getUint32(at, true) + segment.view.getUint32(at + 4, true) * 0x1_0000_0000
}

function judgeOnce(segment: ColdSegment, offset: number, checkPayload: boolean): RecordVerdict {
  const commitLength = segment.commitLengthAt(offset)
  const room = segment.segmentSize - offset - RECORD_HEADER_LENGTH
  const payloadLength = commitLength - 1
  if (commitLength === 0 || payloadLength > room) return 'RECORD_BAD_LENGTH'
  const at = segment.indexOf(offset)
  if (segment.view.getUint16(at + RECORD_TYPE_ID_OFFSET, true) === PADDING_TYPE_ID) {
    return payloadLength === room ? 'padding' : 'RECORD_BAD_PADDING'
  }
  if (offset + recordLength(payloadLength) > segment.end) return 'RECORD_BAD_LENGTH'
  if (!headerIsGood(segment, offset, at)) return 'RECORD_BAD_HEADER_CRC'
  if (checkPayload && !payloadIsGood(segment, offset, payloadLength)) return 'RECORD_BAD_PAYLOAD_CRC'
  return 'good'
}

function headerIsGood(segment: ColdSegment, offset: number, at: number): boolean {
  if ((segment.view.getUint16(at + RECORD_FLAGS_OFFSET, true) & RECORD_FLAG_HEADER_CRC) === 0) return true
  return checksum(segment.bytes(offset, RECORD_HEADER_CRC_OFFSET)) === segment.view.getUint32(at + RECORD_HEADER_CRC_OFFSET, true)
}

function payloadIsGood(segment: ColdSegment, offset: number, payloadLength: number): boolean {
  const expected = segment.view.getUint32(segment.indexOf(offset) + RECORD_PAYLOAD_CRC_OFFSET, true)
  if (payloadLength === 0) return expected === 0
  const begin = offset + RECORD_HEADER_LENGTH
  if (payloadLength > PIECE_LENGTH) return checksumInPieces(segment, begin, payloadLength) === expected
  return segment.load(offset, RECORD_HEADER_LENGTH + payloadLength) && checksum(segment.bytes(begin, payloadLength)) === expected
}

function checksumInPieces(segment: ColdSegment, begin: number, length: number): number {
  const piece = Buffer.allocUnsafe(PIECE_LENGTH)
  let sum = 0
  for (let done = 0; done < length; ) {
    const got = segment.file.readAt(piece.subarray(0, Math.min(PIECE_LENGTH, length - done)), begin + done)
    if (got === 0) return -1
    sum = checksum(piece.subarray(0, got), sum)
    done += got
  }
  return sum
}
