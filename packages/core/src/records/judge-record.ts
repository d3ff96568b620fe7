import {
  PADDING_TYPE_ID,
  RECORD_FLAG_HEADER_CRC,
  RECORD_FLAGS_OFFSET,
  RECORD_HEADER_CRC_COVERAGE,
  RECORD_HEADER_CRC_OFFSET,
  RECORD_HEADER_LENGTH,
  RECORD_PAYLOAD_CRC_OFFSET,
  RECORD_TYPE_ID_OFFSET,
  recordLength,
} from '../format/index.js'
import type { SegmentBytes } from './segment-bytes.js'

/**
 * What a committed record is. `bad-length`: it leaves the segment, or the file ends in it. `bad-padding`: a padding record that does not end the segment. `bad-header`, `bad-payload`: a
 * checksum does not match.
 */
export type RecordVerdict = 'good' | 'padding' | RecordFault

/** A {@link RecordVerdict} on a damaged record. */
export type RecordFault = 'bad-length' | 'bad-padding' | 'bad-header' | 'bad-payload'

/**
 * Judges the committed record at an offset: length, padding, header checksum, payload checksum, in this order. The sequence is judged by
 * `SequenceRule`, because it depends on what came before.
 *
 * The native verifier (`packages/native/cpp/verifier_core.h`) applies the same rules in the same order, in batches; a test compares the two. A faulty record is judged a second time from
 * bytes that were read again: a read may have met an append half way.
 */
export function judgeRecord(bytes: SegmentBytes, offset: number, checkPayload = true): RecordVerdict {
  const verdict = judgeOnce(bytes, offset, checkPayload)
  if (verdict === 'good' || verdict === 'padding' || !bytes.refresh()) return verdict
  return judgeOnce(bytes, offset, checkPayload)
}

/** Whether a whole record stands at an offset that matches its checksums and is not padding. */
export function isGoodRecord(bytes: SegmentBytes, offset: number): boolean {
  return bytes.commitLengthAt(offset) !== 0 && judgeOnce(bytes, offset, true) === 'good'
}

function judgeOnce(bytes: SegmentBytes, offset: number, checkPayload: boolean): RecordVerdict {
  const commitLength = bytes.commitLengthAt(offset)
  const payloadLength = commitLength - 1
  const length = recordLength(payloadLength)
  const room = bytes.size - offset
  if (commitLength === 0 || length > room) return 'bad-length'
  const { view } = bytes
  const at = bytes.indexOf(offset)
  const flags = view.getUint16(at + RECORD_FLAGS_OFFSET, true)
  if (view.getUint16(at + RECORD_TYPE_ID_OFFSET, true) === PADDING_TYPE_ID) {
    if (flags !== 0) return 'bad-header'
    return length === room ? 'padding' : 'bad-padding'
  }
  if (offset + length > bytes.end) return 'bad-length'
  const headerCrc = view.getUint32(at + RECORD_HEADER_CRC_OFFSET, true)
  const payloadCrc = view.getUint32(at + RECORD_PAYLOAD_CRC_OFFSET, true)
  const isCovered = (flags & RECORD_FLAG_HEADER_CRC) !== 0
  if (isCovered && bytes.crc32At(offset, RECORD_HEADER_CRC_COVERAGE) !== headerCrc) return 'bad-header'
  if (checkPayload && bytes.crc32At(offset + RECORD_HEADER_LENGTH, payloadLength) !== payloadCrc) return 'bad-payload'
  return 'good'
}
