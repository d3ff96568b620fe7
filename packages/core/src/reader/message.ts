import {
  decodeTraceContext,
  RECORD_ALIGNMENT,
  RECORD_FLAG_HEADER_CRC,
  RECORD_FLAG_TRACE_CONTEXT,
  RECORD_FLAGS_OFFSET,
  RECORD_HEADER_LENGTH,
  RECORD_PAYLOAD_CRC_OFFSET,
  RECORD_SEQUENCE_OFFSET,
  RECORD_TIMESTAMP_NS_OFFSET,
  RECORD_TYPE_ID_OFFSET,
  RECORD_WRITER_EPOCH_OFFSET,
} from '../format/index.js'
import type { MappedSegment } from '../segment/mapped-segment.js'

/** What every message says about itself, whether it is a view or a copy. */
export interface MessageFields {
  /** Counts the queue's messages from 0 over its whole life. */
  readonly sequence: number
  /** Nanoseconds since the Unix epoch, or whatever the appender gave. */
  readonly timestampNs: bigint
  /** The user's type, 0 to 65534. */
  readonly typeId: number
  /** Bytes of payload. */
  readonly length: number
  readonly payload: Buffer
  readonly segmentId: number
  /** Offset of the record in its segment. */
  readonly offset: number
  readonly flags: number
  readonly payloadCrc: number
  /** Low 32 bits of the epoch of the writer that appended it; 0 for writers of the base format. */
  readonly writerEpoch: number
  /** W3C trace context, where the appender gave one. */
  readonly traceContext: { readonly traceId: Uint8Array; readonly spanId: Uint8Array } | undefined
}

const BLOCK_SHIFT = Math.log2(RECORD_ALIGNMENT)
/** Rounds header and payload up to whole blocks; the commit word is the payload's length plus one. */
const BLOCK_COUNT_ADDEND = RECORD_HEADER_LENGTH + RECORD_ALIGNMENT - 2

/** A message that owns its payload and lives as long as anybody holds it. */
export type MessageCopy = MessageFields

/**
 * A message as it lies in the segment: a flyweight that its reader moves from record to record, so that reading allocates nothing. Every field is
 * read from the mapping when asked for. Valid until the next `next()`, `poll()`, seek or `close()` of its reader; {@link copy} keeps it.
 *
 * The pattern is Agrona's flyweight.
 */
export class Message implements MessageFields {
  #segment!: MappedSegment
  #view!: DataView
  /** The record's offset in blocks: a small integer for every segment size, so that moving never allocates. */
  #block = 0

  /** Used by readers only. */
  attach(segment: MappedSegment): void {
    this.#segment = segment
    this.#view = segment.view
  }

  /** Used by readers only. @param block the record's offset in blocks of {@link RECORD_ALIGNMENT}. */
  moveTo(block: number): void {
    this.#block = block
  }

  /**
   * Blocks that the record occupies, 0 when none is committed here. Used by readers only. The sum does not wrap: a record that fits into a segment behind
   * its header is shorter than 4 GiB by two blocks.
   */
  get blockCount(): number {
    const commitLength = this.#view.getUint32(this.#block * RECORD_ALIGNMENT, true)
    return commitLength === 0 ? 0 : (commitLength + BLOCK_COUNT_ADDEND) >>> BLOCK_SHIFT
  }

  get segmentId(): number {
    return this.#segment.id
  }

  get offset(): number {
    return this.#block * RECORD_ALIGNMENT
  }

  get length(): number {
    return this.#view.getUint32(this.#block * RECORD_ALIGNMENT, true) - 1
  }

  get sequence(): number {
    const at = this.#block * RECORD_ALIGNMENT + RECORD_SEQUENCE_OFFSET
    return this.#view.getUint32(at + 4, true) * 0x1_0000_0000 + this.#view.getUint32(at, true)
  }

  get timestampNs(): bigint {
    return this.#view.getBigUint64(this.#block * RECORD_ALIGNMENT + RECORD_TIMESTAMP_NS_OFFSET, true)
  }

  /** Upper 32 bits of the timestamp; with {@link timestampLow} for comparing times without a bigint. */
  get timestampHigh(): number {
    return this.#view.getUint32(this.#block * RECORD_ALIGNMENT + RECORD_TIMESTAMP_NS_OFFSET + 4, true)
  }

  get timestampLow(): number {
    return this.#view.getUint32(this.#block * RECORD_ALIGNMENT + RECORD_TIMESTAMP_NS_OFFSET, true)
  }

  get typeId(): number {
    return this.#view.getUint16(this.#block * RECORD_ALIGNMENT + RECORD_TYPE_ID_OFFSET, true)
  }

  get flags(): number {
    return this.#view.getUint16(this.#block * RECORD_ALIGNMENT + RECORD_FLAGS_OFFSET, true)
  }

  get payloadCrc(): number {
    return this.#view.getUint32(this.#block * RECORD_ALIGNMENT + RECORD_PAYLOAD_CRC_OFFSET, true)
  }

  get writerEpoch(): number {
    if ((this.flags & RECORD_FLAG_HEADER_CRC) === 0) return 0
    return this.#view.getUint32(this.#block * RECORD_ALIGNMENT + RECORD_WRITER_EPOCH_OFFSET, true)
  }

  get traceContext(): { readonly traceId: Uint8Array; readonly spanId: Uint8Array } | undefined {
    if ((this.flags & RECORD_FLAG_TRACE_CONTEXT) === 0) return undefined
    return decodeTraceContext(this.#view, this.offset)
  }

  /** A view of the payload in the mapping. Making the view allocates it (not the bytes); {@link view} and {@link payloadOffset} do not even that. */
  get payload(): Buffer {
    const from = this.payloadOffset
    return this.#segment.bytes.subarray(from, from + this.length)
  }

  /** The whole segment; the payload begins at {@link payloadOffset}. For reading fields in place without making a view per message. */
  get view(): DataView {
    return this.#view
  }

  get payloadOffset(): number {
    return this.#block * RECORD_ALIGNMENT + RECORD_HEADER_LENGTH
  }

  copy(): MessageCopy {
    return {
      sequence: this.sequence,
      timestampNs: this.timestampNs,
      typeId: this.typeId,
      length: this.length,
      payload: Buffer.from(this.payload),
      segmentId: this.segmentId,
      offset: this.offset,
      flags: this.flags,
      payloadCrc: this.payloadCrc,
      writerEpoch: this.writerEpoch,
      traceContext: this.traceContext,
    }
  }
}
