import { readFileSync, writeFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import {
  decodeRecordHeader,
  PADDING_TYPE_ID,
  RECORD_FLAG_HEADER_CRC,
  RECORD_FLAGS_OFFSET,
  RECORD_HEADER_CRC_COVERAGE,
  RECORD_HEADER_CRC_OFFSET,
  RECORD_HEADER_LENGTH,
  RECORD_SEQUENCE_OFFSET,
  RECORD_WRITER_EPOCH_OFFSET,
  recordLength,
  SEGMENT_FIRST_RECORD_OFFSET,
  viewOf,
} from '../../src/format/index.js'
import { segmentFile } from './raw-queue.js'

/** Changes one record: `at` is its offset in the bytes of the segment, `index` counts the records before it. */
export type RecordChange = (segment: Buffer, at: number, index: number) => void

/** Changes the records of a segment, and makes the header checksums right that they have. Returns how many records there are. */
export function rewriteRecords(directory: string, segmentId: number, change: RecordChange): number {
  const path = segmentFile(directory, segmentId)
  const segment = readFileSync(path)
  let index = 0
  for (let at = SEGMENT_FIRST_RECORD_OFFSET; at + RECORD_HEADER_LENGTH <= segment.length; index++) {
    const { commitLength, typeId } = decodeRecordHeader(viewOf(segment), at)
    if (commitLength === 0 || typeId === PADDING_TYPE_ID) break
    change(segment, at, index)
    const isCovered = (segment.readUInt16LE(at + RECORD_FLAGS_OFFSET) & RECORD_FLAG_HEADER_CRC) !== 0
    const sum = isCovered ? crc32(segment.subarray(at, at + RECORD_HEADER_CRC_COVERAGE)) : 0
    segment.writeUInt32LE(sum, at + RECORD_HEADER_CRC_OFFSET)
    at += recordLength(commitLength - 1)
  }
  writeFileSync(path, segment)
  return index
}

/** Makes a record what a writer of the base format would have appended. */
export const asBaseRecord: RecordChange = (segment, at) => {
  segment.writeUInt16LE(segment.readUInt16LE(at + RECORD_FLAGS_OFFSET) & ~RECORD_FLAG_HEADER_CRC, at + RECORD_FLAGS_OFFSET)
  segment.writeUInt32LE(0, at + RECORD_WRITER_EPOCH_OFFSET)
}

export function setSequence(segment: Buffer, at: number, sequence: number): void {
  segment.writeBigUInt64LE(BigInt(sequence), at + RECORD_SEQUENCE_OFFSET)
}

export function sequenceAt(segment: Buffer, at: number): number {
  return Number(segment.readBigUInt64LE(at + RECORD_SEQUENCE_OFFSET))
}
