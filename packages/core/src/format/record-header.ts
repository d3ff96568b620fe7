import type { Crc32 } from './field.js'
import {
  PADDING_TYPE_ID,
  paddingCommitLength,
  RECORD_COMMIT_LENGTH_OFFSET,
  RECORD_FLAG_HEADER_CRC,
  RECORD_FLAG_SOURCE_POSITION,
  RECORD_FLAG_TRACE_CONTEXT,
  RECORD_FLAG_TRACE_RANDOM,
  RECORD_FLAG_TRACE_SAMPLED,
  RECORD_FLAGS_OFFSET,
  RECORD_HEADER_CRC_COVERAGE,
  RECORD_HEADER_CRC_OFFSET,
  RECORD_HEADER_LENGTH,
  RECORD_PAYLOAD_CRC_OFFSET,
  RECORD_PAYLOAD_OFFSET,
  RECORD_SCHEMA_VERSION_MAX,
  RECORD_SCHEMA_VERSION_SHIFT,
  RECORD_SEQUENCE_OFFSET,
  RECORD_SPAN_ID_LENGTH,
  RECORD_SPAN_ID_OFFSET,
  RECORD_TIMESTAMP_NS_OFFSET,
  RECORD_TRACE_ID_LENGTH,
  RECORD_TRACE_ID_OFFSET,
  RECORD_TYPE_ID_OFFSET,
  RECORD_WRITER_EPOCH_OFFSET,
  recordLength,
} from './record-layout.js'
import { getUint64, setUint64 } from './uint64.js'

/** A record's header as plain values. Fields that a flag declares absent hold the bytes at their place. */
export interface RecordHeader {
  readonly commitLength: number
  readonly sequence: number
  readonly timestampNs: bigint
  readonly typeId: number
  readonly flags: number
  readonly payloadCrc: number
  readonly headerCrc: number
  readonly writerEpoch: number
}

/** Reads the header at `offset` as it is found, committed or not. For cold paths. */
export function decodeRecordHeader(view: DataView, offset: number): RecordHeader {
  return {
    commitLength: view.getUint32(offset + RECORD_COMMIT_LENGTH_OFFSET, true),
    sequence: getUint64(view, offset + RECORD_SEQUENCE_OFFSET),
    timestampNs: view.getBigUint64(offset + RECORD_TIMESTAMP_NS_OFFSET, true),
    typeId: view.getUint16(offset + RECORD_TYPE_ID_OFFSET, true),
    flags: view.getUint16(offset + RECORD_FLAGS_OFFSET, true),
    payloadCrc: view.getUint32(offset + RECORD_PAYLOAD_CRC_OFFSET, true),
    headerCrc: view.getUint32(offset + RECORD_HEADER_CRC_OFFSET, true),
    writerEpoch: view.getUint32(offset + RECORD_WRITER_EPOCH_OFFSET, true),
  }
}

/** Trace context of the record at `offset`, `undefined` when its flags declare none. The ids are copies. */
export function decodeTraceContext(view: DataView, offset: number): Required<TraceContext> | undefined {
  const flags = view.getUint16(offset + RECORD_FLAGS_OFFSET, true)
  if ((flags & RECORD_FLAG_TRACE_CONTEXT) === 0) return undefined
  const at = view.byteOffset + offset
  return {
    traceId: new Uint8Array(view.buffer, at + RECORD_TRACE_ID_OFFSET, RECORD_TRACE_ID_LENGTH).slice(),
    spanId: new Uint8Array(view.buffer, at + RECORD_SPAN_ID_OFFSET, RECORD_SPAN_ID_LENGTH).slice(),
    sampled: (flags & RECORD_FLAG_TRACE_SAMPLED) !== 0,
    random: (flags & RECORD_FLAG_TRACE_RANDOM) !== 0,
  }
}

/** A W3C trace context: 16 bytes, 8 bytes, and its two flags. */
export interface TraceContext {
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  readonly sampled?: boolean
  readonly random?: boolean
}

/**
 * What a record is made of. With `writerEpoch`, flag bit 0 is set and the header gets its own CRC; without, the bytes are the base format's. At most one of
 * `traceContext` and `sourcePosition` (the bytes that `encodeSourcePosition` makes) is given.
 */
export interface NewRecord {
  /** 1 to {@link RECORD_SCHEMA_VERSION_MAX}; 0 or left out: no schema. */
  readonly schemaVersion?: number
  readonly traceContext?: TraceContext
  readonly sourcePosition?: Uint8Array
  readonly sequence: number
  readonly timestampNs: bigint
  readonly typeId: number
  readonly payload: Uint8Array
  readonly writerEpoch?: number
}

/**
 * Writes a whole committed record at `offset`: for tools and tests, which own the memory. A live queue's records are written by native code,
 * commit word last.
 */
export function encodeRecord(bytes: Uint8Array, offset: number, record: NewRecord, crc32: Crc32): void {
  const header = bytes.subarray(offset, offset + recordLength(record.payload.length)).fill(0)
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength)
  view.setUint32(RECORD_COMMIT_LENGTH_OFFSET, record.payload.length + 1, true)
  setUint64(view, RECORD_SEQUENCE_OFFSET, record.sequence)
  view.setBigUint64(RECORD_TIMESTAMP_NS_OFFSET, record.timestampNs, true)
  view.setUint16(RECORD_TYPE_ID_OFFSET, record.typeId, true)
  view.setUint32(RECORD_PAYLOAD_CRC_OFFSET, record.payload.length === 0 ? 0 : crc32(record.payload), true)
  header.set(record.payload, RECORD_PAYLOAD_OFFSET)
  setExtensionBytes(header, record)
  const flags = flagsOf(record)
  view.setUint16(RECORD_FLAGS_OFFSET, flags, true)
  if (record.writerEpoch === undefined) return
  view.setUint32(RECORD_WRITER_EPOCH_OFFSET, record.writerEpoch % 0x1_0000_0000, true)
  view.setUint32(RECORD_HEADER_CRC_OFFSET, crc32(header.subarray(0, RECORD_HEADER_CRC_COVERAGE)), true)
}

function flagsOf({ writerEpoch, schemaVersion = 0, traceContext, sourcePosition }: NewRecord): number {
  let flags = schemaVersion << RECORD_SCHEMA_VERSION_SHIFT
  if (writerEpoch !== undefined) flags |= RECORD_FLAG_HEADER_CRC
  if (sourcePosition !== undefined) flags |= RECORD_FLAG_SOURCE_POSITION
  if (traceContext !== undefined) flags |= RECORD_FLAG_TRACE_CONTEXT
  if (traceContext?.sampled) flags |= RECORD_FLAG_TRACE_SAMPLED
  if (traceContext?.random) flags |= RECORD_FLAG_TRACE_RANDOM
  return flags
}

function setExtensionBytes(header: Uint8Array, { traceContext, sourcePosition }: NewRecord): void {
  if (traceContext !== undefined) {
    header.set(traceContext.traceId.subarray(0, RECORD_TRACE_ID_LENGTH), RECORD_TRACE_ID_OFFSET)
    header.set(traceContext.spanId.subarray(0, RECORD_SPAN_ID_LENGTH), RECORD_SPAN_ID_OFFSET)
  } else if (sourcePosition !== undefined) header.set(sourcePosition, RECORD_TRACE_ID_OFFSET)
}

/** The 64 header bytes of the padding record that fills a segment from `offset` to its end; zeros follow them on disk. */
export function encodePaddingHeader(offset: number, segmentSize: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(RECORD_HEADER_LENGTH)
  const view = new DataView(bytes.buffer)
  view.setUint32(RECORD_COMMIT_LENGTH_OFFSET, paddingCommitLength(offset, segmentSize), true)
  view.setUint16(RECORD_TYPE_ID_OFFSET, PADDING_TYPE_ID, true)
  return bytes
}
