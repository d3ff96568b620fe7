import {
  getUint64,
  RECORD_FLAG_HEADER_CRC,
  RECORD_FLAGS_OFFSET,
  RECORD_SEQUENCE_OFFSET,
  RECORD_TIMESTAMP_NS_OFFSET,
} from '../format/index.js'

/**
 * The bytes of one segment, from a mapping or from `pread`. Everything that judges, walks or searches records works on this, so that a reader, recovery and an offline tool come to the
 * same result.
 *
 * After {@link commitLengthAt} answered a value above 0, the header of that record can be read in {@link view} at {@link indexOf}, until the next call of a method.
 */
export interface SegmentBytes {
  readonly id: number
  /** Bytes per segment. */
  readonly size: number
  /** Where the bytes end that are there: {@link size}, unless the file is shorter. */
  readonly end: number
  /** The sequence with which the segment began, as its header says; `undefined` where it says none. */
  readonly firstSequence: number | undefined
  /** The commit word at an offset, acquire: 0 where no record is committed, or none has room. */
  commitLengthAt(offset: number): number
  /** {@link commitLengthAt} as the file has it now. An offline reader may show bytes of a moment ago, in which 0 may be outdated; anything else is final. */
  freshCommitLengthAt(offset: number): number
  readonly view: DataView
  indexOf(offset: number): number
  /** The CRC-32 of so many bytes; -1 where they are not there. */
  crc32At(offset: number, length: number): number
  /** The first record boundary in `[from, to)` whose 64 bytes are not all zero; `undefined` when all are. */
  firstDirtyOffset(from: number, to?: number): number | undefined
  /** Makes the next look read the file again. Returns whether there is anything to read again: a mapping always shows the present bytes. */
  refresh(): boolean
}

/** Sequence of the record at an offset whose commit word was just seen. */
export function sequenceOf(bytes: SegmentBytes, offset: number): number {
  return getUint64(bytes.view, bytes.indexOf(offset) + RECORD_SEQUENCE_OFFSET)
}

/** Timestamp of the record at an offset whose commit word was just seen. */
export function timestampNsOf(bytes: SegmentBytes, offset: number): bigint {
  return bytes.view.getBigUint64(bytes.indexOf(offset) + RECORD_TIMESTAMP_NS_OFFSET, true)
}

/** Whether the record at an offset whose commit word was just seen has a checksum of its header; records of the base format have none. */
export function hasHeaderCrc(bytes: SegmentBytes, offset: number): boolean {
  return (bytes.view.getUint16(bytes.indexOf(offset) + RECORD_FLAGS_OFFSET, true) & RECORD_FLAG_HEADER_CRC) !== 0
}
