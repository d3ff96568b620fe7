import type { Field } from './field.js'

/**
 * Layout of one record in a segment: this header, the payload, zeros to the next 64-byte boundary. Integers are little-endian.
 *
 * ```text
        0       1       2       3       4       5       6       7
      +-------------------------------+-------------------------------+
    0 |          commitLength         |              zero             |
      +-------------------------------+-------------------------------+
    8 |                            sequence                           |
      +---------------------------------------------------------------+
   16 |                          timestampNs                          |
      +---------------+---------------+-------------------------------+
   24 |     typeId    |     flags     |           payloadCrc          |
      +---------------+---------------+-------------------------------+
   32 |           headerCrc           |          writerEpoch          |
      +-------------------------------+-------------------------------+
   40 |                       traceId, 16 bytes                       |
      +---------------------------------------------------------------+
   56 |                             spanId                            |
      +---------------------------------------------------------------+
 * ```
 *
 * `commitLength` is stored last, with release ordering, and read with acquire ordering. Zero means that nothing is here yet. A positive value is the payload's length plus
 * one, so that an empty payload differs from no record. `headerCrc` and `writerEpoch` are present with flag bit 0,
 * the trace context with flag bit 1. With flag bit 2 the 24 bytes of the trace context hold a source position instead, see `source-position-layout.ts`.
 * `headerCrc` covers the flags, not the bytes from 40 on.
 *
 * A padding record (typeId 0xFFFF, all other fields 0) fills a segment to its end after a crash repair and carries no message.
 */
export const RECORD_HEADER_LENGTH = 64
export const RECORD_ALIGNMENT = 64

/** The publish word, u32: payload length + 1, or 0. */
export const RECORD_COMMIT_LENGTH_OFFSET = 0
export const RECORD_ZERO_OFFSET = 4
/** u64, plus 1 per record over the queue's whole life. */
export const RECORD_SEQUENCE_OFFSET = 8
/** u64, nanoseconds since 1970 or what the caller gave. */
export const RECORD_TIMESTAMP_NS_OFFSET = 16
export const RECORD_TYPE_ID_OFFSET = 24
export const RECORD_FLAGS_OFFSET = 26
/** u32, CRC-32 of the payload, 0 for an empty one. */
export const RECORD_PAYLOAD_CRC_OFFSET = 28
/** u32, CRC-32 of the header's bytes 0 to 31 as committed. */
export const RECORD_HEADER_CRC_OFFSET = 32
/** u32, low half of the writer's epoch. */
export const RECORD_WRITER_EPOCH_OFFSET = 36
export const RECORD_TRACE_ID_OFFSET = 40
export const RECORD_TRACE_ID_LENGTH = 16
export const RECORD_SPAN_ID_OFFSET = 56
export const RECORD_SPAN_ID_LENGTH = 8
/** Where the payload begins, from the record's start. */
export const RECORD_PAYLOAD_OFFSET = RECORD_HEADER_LENGTH

/** How many leading bytes of the header `headerCrc` covers. */
export const RECORD_HEADER_CRC_COVERAGE = 32

export const RECORD_FLAG_HEADER_CRC = 1
export const RECORD_FLAG_TRACE_CONTEXT = 2
/** Excludes {@link RECORD_FLAG_TRACE_CONTEXT}, whose bytes it uses. */
export const RECORD_FLAG_SOURCE_POSITION = 4
/** "sampled" of the W3C trace context; only with {@link RECORD_FLAG_TRACE_CONTEXT}. */
export const RECORD_FLAG_TRACE_SAMPLED = 8
/** "random" of the W3C trace context; only with {@link RECORD_FLAG_TRACE_CONTEXT}. */
export const RECORD_FLAG_TRACE_RANDOM = 16
/** The high byte of the flags is the schema version of the record's type. */
export const RECORD_SCHEMA_VERSION_SHIFT = 8
export const RECORD_SCHEMA_VERSION_MAX = 0xff
/** All flags that this version knows. A reader refuses no record because of another one. */
export const RECORD_FLAGS_KNOWN =
  RECORD_FLAG_HEADER_CRC |
  RECORD_FLAG_TRACE_CONTEXT |
  RECORD_FLAG_SOURCE_POSITION |
  RECORD_FLAG_TRACE_SAMPLED |
  RECORD_FLAG_TRACE_RANDOM |
  (RECORD_SCHEMA_VERSION_MAX << RECORD_SCHEMA_VERSION_SHIFT)

/** The typeId that no user may append. */
export const PADDING_TYPE_ID = 0xffff
export const RECORD_TYPE_ID_MAX = 0xfffe
/** Bytes: the commit word must hold one more. */
export const RECORD_PAYLOAD_LENGTH_MAX = 0xffff_fffe

export const RECORD_FIELDS: readonly Field[] = [
  { name: 'commitLength', offset: RECORD_COMMIT_LENGTH_OFFSET, length: 4 },
  { name: 'zero', offset: RECORD_ZERO_OFFSET, length: 4 },
  { name: 'sequence', offset: RECORD_SEQUENCE_OFFSET, length: 8 },
  { name: 'timestampNs', offset: RECORD_TIMESTAMP_NS_OFFSET, length: 8 },
  { name: 'typeId', offset: RECORD_TYPE_ID_OFFSET, length: 2 },
  { name: 'flags', offset: RECORD_FLAGS_OFFSET, length: 2 },
  { name: 'payloadCrc', offset: RECORD_PAYLOAD_CRC_OFFSET, length: 4 },
  { name: 'headerCrc', offset: RECORD_HEADER_CRC_OFFSET, length: 4 },
  { name: 'writerEpoch', offset: RECORD_WRITER_EPOCH_OFFSET, length: 4 },
  { name: 'traceId', offset: RECORD_TRACE_ID_OFFSET, length: RECORD_TRACE_ID_LENGTH },
  { name: 'spanId', offset: RECORD_SPAN_ID_OFFSET, length: RECORD_SPAN_ID_LENGTH },
]

/**
 * Bytes that a record with this payload occupies in its segment, padding included. Division instead of bit masks, which would wrap at 2 GiB.
 */
export function recordLength(payloadLength: number): number {
  return Math.ceil((RECORD_HEADER_LENGTH + payloadLength) / RECORD_ALIGNMENT) * RECORD_ALIGNMENT
}

/** Bytes that the record at an offset of a view occupies, padding included, as its commit word says; one block where none is committed. */
export function recordLengthAt(view: DataView, offset: number): number {
  return recordLength(view.getUint32(offset + RECORD_COMMIT_LENGTH_OFFSET, true) - 1)
}

/** Whether a record can begin at this offset of any segment. */
export function isRecordOffset(offset: number): boolean {
  return Number.isSafeInteger(offset) && offset >= RECORD_ALIGNMENT && offset % RECORD_ALIGNMENT === 0
}

/** The commit word of the padding record that fills a segment from `offset` to its end. */
export function paddingCommitLength(offset: number, segmentSize: number): number {
  return segmentSize - offset - RECORD_HEADER_LENGTH + 1
}

/** The schema version of the record's type, 1 to {@link RECORD_SCHEMA_VERSION_MAX}; 0 when the record has no schema. */
export function schemaVersionOf(flags: number): number {
  return (flags >>> RECORD_SCHEMA_VERSION_SHIFT) & RECORD_SCHEMA_VERSION_MAX
}

/** The flags byte of the W3C trace context, which has bit 0 "sampled" and bit 1 "random"; 0 without a trace context. */
export function traceFlagsOf(flags: number): number {
  if ((flags & RECORD_FLAG_TRACE_CONTEXT) === 0) return 0
  return ((flags & RECORD_FLAG_TRACE_SAMPLED) !== 0 ? 1 : 0) | ((flags & RECORD_FLAG_TRACE_RANDOM) !== 0 ? 2 : 0)
}

/** Why no writer makes these flags, or `undefined`. For checks: a reader reads such a record all the same. */
export function recordFlagsProblem(flags: number): string | undefined {
  const hasTrace = (flags & RECORD_FLAG_TRACE_CONTEXT) !== 0
  if (hasTrace && (flags & RECORD_FLAG_SOURCE_POSITION) !== 0) return 'trace context and source position'
  if (!hasTrace && (flags & (RECORD_FLAG_TRACE_SAMPLED | RECORD_FLAG_TRACE_RANDOM)) !== 0)
    return 'trace flags without a trace context'
  return undefined
}
