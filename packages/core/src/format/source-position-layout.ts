import type { Crc32, Field } from './field.js'
import { RECORD_FLAG_SOURCE_POSITION, RECORD_FLAGS_OFFSET, RECORD_TRACE_ID_OFFSET } from './record-layout.js'
import { getUint64, setUint64, viewOf } from './uint64.js'

/**
 * Layout of the source position of a record: the 24 bytes at offset 40 of the header when flag bit 2 is set. Integers are little-endian.
 *
 * ```text
        0       1       2       3       4       5       6       7
      +---------------------------------------------------------------+
    0 |                         sourceSequence                        |
      +-------------------------------+-------------------------------+
    8 |            sourceId           |          sourceEpoch          |
      +---------------+---------------+-------------------------------+
   16 |  outputIndex  |  sourceFlags  |              crc              |
      +---------------+---------------+-------------------------------+
 * ```
 *
 * `crc` is the CRC-32 of the 20 bytes before it: the record's `headerCrc` covers bytes 0 to 31 only.
 */
export const SOURCE_POSITION_LENGTH = 24

/** u64, the sequence of the input message. */
export const SOURCE_POSITION_SOURCE_SEQUENCE_OFFSET = 0
/** u32, the number that `sources.json` gives the source. */
export const SOURCE_POSITION_SOURCE_ID_OFFSET = 8
/** u32, low half of the epoch of the writer that appended the input message: another message with its sequence has another epoch. */
export const SOURCE_POSITION_SOURCE_EPOCH_OFFSET = 12
/** u16, plus 1 per record that one input message leads to, from 0. */
export const SOURCE_POSITION_OUTPUT_INDEX_OFFSET = 16
/** u16 of `SOURCE_FLAG_*` bits. */
export const SOURCE_POSITION_SOURCE_FLAGS_OFFSET = 18
export const SOURCE_POSITION_CRC_OFFSET = 20
/** How many leading bytes the CRC covers. */
export const SOURCE_POSITION_CRC_COVERAGE = 20

/** The last record that its input message leads to. */
export const SOURCE_FLAG_LAST_OUTPUT = 1
export const SOURCE_OUTPUT_INDEX_MAX = 0xffff

export const SOURCE_POSITION_FIELDS: readonly Field[] = [
  { name: 'sourceSequence', offset: SOURCE_POSITION_SOURCE_SEQUENCE_OFFSET, length: 8 },
  { name: 'sourceId', offset: SOURCE_POSITION_SOURCE_ID_OFFSET, length: 4 },
  { name: 'sourceEpoch', offset: SOURCE_POSITION_SOURCE_EPOCH_OFFSET, length: 4 },
  { name: 'outputIndex', offset: SOURCE_POSITION_OUTPUT_INDEX_OFFSET, length: 2 },
  { name: 'sourceFlags', offset: SOURCE_POSITION_SOURCE_FLAGS_OFFSET, length: 2 },
  { name: 'crc', offset: SOURCE_POSITION_CRC_OFFSET, length: 4 },
]

/** Which input message of another queue a record was made from. */
export interface SourcePosition {
  readonly sourceSequence: number
  /** 0 to 2^32 - 1. */
  readonly sourceId: number
  /** 0 to 2^32 - 1. */
  readonly sourceEpoch: number
  /** 0 to `SOURCE_OUTPUT_INDEX_MAX`. */
  readonly outputIndex: number
  readonly isLastOutput: boolean
}

/** The source position of the record at `offset`; `undefined` when its flags declare none, or its CRC does not match. */
export function decodeSourcePosition(view: DataView, offset: number, crc32: Crc32): SourcePosition | undefined {
  if ((view.getUint16(offset + RECORD_FLAGS_OFFSET, true) & RECORD_FLAG_SOURCE_POSITION) === 0) return undefined
  const bytes = new Uint8Array(view.buffer, view.byteOffset + offset + RECORD_TRACE_ID_OFFSET, SOURCE_POSITION_LENGTH)
  const source = viewOf(bytes)
  const crc = source.getUint32(SOURCE_POSITION_CRC_OFFSET, true)
  if (crc !== crc32(bytes.subarray(0, SOURCE_POSITION_CRC_COVERAGE))) return undefined
  return {
    sourceSequence: getUint64(source, SOURCE_POSITION_SOURCE_SEQUENCE_OFFSET),
    sourceId: source.getUint32(SOURCE_POSITION_SOURCE_ID_OFFSET, true),
    sourceEpoch: source.getUint32(SOURCE_POSITION_SOURCE_EPOCH_OFFSET, true),
    outputIndex: source.getUint16(SOURCE_POSITION_OUTPUT_INDEX_OFFSET, true),
    isLastOutput: (source.getUint16(SOURCE_POSITION_SOURCE_FLAGS_OFFSET, true) & SOURCE_FLAG_LAST_OUTPUT) !== 0,
  }
}

/** The 24 bytes that stand at offset 40 of the record. */
export function encodeSourcePosition(source: SourcePosition, crc32: Crc32): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(SOURCE_POSITION_LENGTH)
  const view = viewOf(bytes)
  setUint64(view, SOURCE_POSITION_SOURCE_SEQUENCE_OFFSET, source.sourceSequence)
  view.setUint32(SOURCE_POSITION_SOURCE_ID_OFFSET, source.sourceId, true)
  view.setUint32(SOURCE_POSITION_SOURCE_EPOCH_OFFSET, source.sourceEpoch, true)
  view.setUint16(SOURCE_POSITION_OUTPUT_INDEX_OFFSET, source.outputIndex, true)
  view.setUint16(SOURCE_POSITION_SOURCE_FLAGS_OFFSET, source.isLastOutput ? SOURCE_FLAG_LAST_OUTPUT : 0, true)
  view.setUint32(SOURCE_POSITION_CRC_OFFSET, crc32(bytes.subarray(0, SOURCE_POSITION_CRC_COVERAGE)), true)
  return bytes
}
