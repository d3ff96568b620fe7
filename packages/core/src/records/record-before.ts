import {
  decodeRecordHeader,
  PADDING_TYPE_ID,
  RECORD_ALIGNMENT,
  RECORD_FLAG_HEADER_CRC,
  RECORD_HEADER_CRC_COVERAGE,
  recordLength,
  SEGMENT_HEADER_LENGTH,
} from '../format/index.js'
import { walkHeaders } from './header-walk.js'
import type { SegmentBytes } from './segment-bytes.js'

/** A record that ends where the control block says that records end: the witness that the control block can be relied on. */
export interface WitnessRecord {
  readonly offset: number
  readonly sequence: number
  /** Whether it has a checksum of its header, which matches: then its sequence is certain. */
  readonly isOwn: boolean
}

/** How far the last record is looked for from its end. Larger ones are few in a segment, and are found by walking from its beginning. */
export const LOOK_BACK_BYTES = 256 * 1024

/** The record that ends exactly at `end`, or `undefined`. Looks at headers only: in the common case at those of the last record's own blocks. */
export function findRecordBefore(bytes: SegmentBytes, end: number): WitnessRecord | undefined {
  return findRecordNear(bytes, end, LOOK_BACK_BYTES) ?? walkTo(bytes, end)
}

/** {@link findRecordBefore} of a record that begins at most so many bytes before its end. */
export function findRecordNear(bytes: SegmentBytes, end: number, lookBackBytes: number): WitnessRecord | undefined {
  const nearest = Math.max(SEGMENT_HEADER_LENGTH, end - lookBackBytes)
  for (let at = end - RECORD_ALIGNMENT; at >= nearest; at -= RECORD_ALIGNMENT) {
    const commitLength = bytes.commitLengthAt(at)
    if (commitLength === 0 || at + recordLength(commitLength - 1) !== end) continue
    const witness = witnessAt(bytes, at)
    if (witness?.isOwn) return witness
  }
  return undefined
}

function walkTo(bytes: SegmentBytes, end: number): WitnessRecord | undefined {
  const walk = walkHeaders(bytes, (at) => at < end)
  return walk.end === end && walk.lastOffset >= 0 ? witnessAt(bytes, walk.lastOffset) : undefined
}

function witnessAt(bytes: SegmentBytes, at: number): WitnessRecord | undefined {
  if (bytes.commitLengthAt(at) === 0) return undefined
  const header = decodeRecordHeader(bytes.view, bytes.indexOf(at))
  if (header.typeId === PADDING_TYPE_ID) return undefined
  const hasCrc = (header.flags & RECORD_FLAG_HEADER_CRC) !== 0
  const isOwn = hasCrc && bytes.crc32At(at, RECORD_HEADER_CRC_COVERAGE) === header.headerCrc
  // A length that fits is witness enough for the offset; a sequence that fails its checksum is not for the sequence.
  return { offset: at, sequence: isOwn || (!hasCrc && Number.isSafeInteger(header.sequence)) ? header.sequence : -1, isOwn }
}
