import type { Field } from './field.js'

/**
 * Layout of a segment file: this header, then records, each on a 64-byte boundary, to the file's end. Integers are little-endian.
 *
 * ```text
        0       1       2       3       4       5       6       7
      +-------------------------------+-------------------------------+
    0 |             magic             |            version            |
      +-------------------------------+-------------------------------+
    8 |           segmentId           |             flags             |
      +-------------------------------+-------------------------------+
   16 |                      firstSequencePlusOne                     |
      +---------------------------------------------------------------+
   24 |                           createdNs                           |
      +---------------------------------------------------------------+
   32 |                          writerEpoch                          |
      +---------------------------------------------------------------+
   40 |                           endOffset                           |
      +---------------------------------------------------------------+
   48 |                          recordCount                          |
      +---------------------------------------------------------------+
   56 |                        lastTimestampNs                        |
      +---------------------------------------------------------------+
 * ```
 *
 * The fields from 16 on are extensions: zero means absent. The last three are stored before SEALED is set and describe the finished segment.
 */
export const SEGMENT_HEADER_LENGTH = 64
/** On disk `30 47 45 53`. */
export const SEGMENT_MAGIC = 0x53454730
export const SEGMENT_VERSION = 1

export const SEGMENT_MAGIC_OFFSET = 0
export const SEGMENT_VERSION_OFFSET = 4
export const SEGMENT_ID_OFFSET = 8
/** u32, set atomically: the writer may seal while others read. */
export const SEGMENT_FLAGS_OFFSET = 12
/** u64, the sequence of the segment's first record plus 1; stored when the segment becomes the head. */
export const SEGMENT_FIRST_SEQUENCE_PLUS_ONE_OFFSET = 16
/** u64, when the segment was prepared. */
export const SEGMENT_CREATED_NS_OFFSET = 24
/** u64, of the writer that made the segment the head. */
export const SEGMENT_WRITER_EPOCH_OFFSET = 32
/** u64, where the records end. */
export const SEGMENT_END_OFFSET_OFFSET = 40
export const SEGMENT_RECORD_COUNT_OFFSET = 48
/** u64, timestamp of the segment's last record. */
export const SEGMENT_LAST_TIMESTAMP_NS_OFFSET = 56

/** Bit of the flags: no record will be added any more. */
export const SEGMENT_FLAG_SEALED = 1

/** Where the first record stands. */
export const SEGMENT_FIRST_RECORD_OFFSET = SEGMENT_HEADER_LENGTH

/** Bytes. New queues: whole pages, or padding and mapping would not come out even. */
export const SEGMENT_SIZE_MULTIPLE = 4096
export const SEGMENT_SIZE_MIN = 4096
export const SEGMENT_SIZE_DEFAULT = 128 * 1024 * 1024
/** Bytes. One ArrayBuffer maps a segment, and 4 GiB is what the oldest supported Node.js allows; the u32 of a padding record ends there too. */
export const SEGMENT_SIZE_MAX = 4 * 1024 * 1024 * 1024
export const SEGMENT_ID_MAX = 0xffff_ffff

export const SEGMENT_FIELDS: readonly Field[] = [
  { name: 'magic', offset: SEGMENT_MAGIC_OFFSET, length: 4 },
  { name: 'version', offset: SEGMENT_VERSION_OFFSET, length: 4 },
  { name: 'segmentId', offset: SEGMENT_ID_OFFSET, length: 4 },
  { name: 'flags', offset: SEGMENT_FLAGS_OFFSET, length: 4 },
  { name: 'firstSequencePlusOne', offset: SEGMENT_FIRST_SEQUENCE_PLUS_ONE_OFFSET, length: 8 },
  { name: 'createdNs', offset: SEGMENT_CREATED_NS_OFFSET, length: 8 },
  { name: 'writerEpoch', offset: SEGMENT_WRITER_EPOCH_OFFSET, length: 8 },
  { name: 'endOffset', offset: SEGMENT_END_OFFSET_OFFSET, length: 8 },
  { name: 'recordCount', offset: SEGMENT_RECORD_COUNT_OFFSET, length: 8 },
  { name: 'lastTimestampNs', offset: SEGMENT_LAST_TIMESTAMP_NS_OFFSET, length: 8 },
]

/** Whether a new queue may have segments of this many bytes. */
export function isNewSegmentSize(size: number): boolean {
  return isExistingSegmentSize(size) && size >= SEGMENT_SIZE_MIN && size % SEGMENT_SIZE_MULTIPLE === 0
}

/** Whether an existing queue's segments of this many bytes can be used: room for one record, whole 64-byte units. */
export function isExistingSegmentSize(size: number): boolean {
  return (
    Number.isSafeInteger(size) &&
    size >= 2 * SEGMENT_HEADER_LENGTH &&
    size <= SEGMENT_SIZE_MAX &&
    size % SEGMENT_HEADER_LENGTH === 0
  )
}

/** The highest offset at which a record can begin. */
export function lastRecordOffset(segmentSize: number): number {
  return segmentSize - SEGMENT_HEADER_LENGTH
}

/** The longest payload that an empty segment takes. */
export function maxPayloadLengthOf(segmentSize: number): number {
  return Math.min(segmentSize - 2 * SEGMENT_HEADER_LENGTH, 0xffff_fffe)
}
