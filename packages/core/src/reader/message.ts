import { inspect } from 'node:util'
import { binding } from '@chronicle-ts/native'
import {
  decodeSourcePosition,
  decodeTraceContext,
  RECORD_ALIGNMENT,
  RECORD_FLAG_HEADER_CRC,
  RECORD_FLAG_SOURCE_POSITION,
  RECORD_FLAG_TRACE_CONTEXT,
  RECORD_FLAGS_OFFSET,
  RECORD_HEADER_LENGTH,
  RECORD_PAYLOAD_CRC_OFFSET,
  RECORD_SEQUENCE_OFFSET,
  RECORD_TIMESTAMP_NS_OFFSET,
  RECORD_TYPE_ID_OFFSET,
  RECORD_WRITER_EPOCH_OFFSET,
  type SourcePosition,
  schemaVersionOf,
  type TimeHalf,
  type TraceContext,
  toHalf,
} from '../format/index.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { MessageCopy, type MessageJson, messageAsJson } from './message-copy.js'
import type { MessageFields } from './message-fields.js'
import { copySmallPayload, SMALL_PAYLOAD_MAX } from './small-payload.js'

const BLOCK_SHIFT = Math.log2(RECORD_ALIGNMENT)
/** Rounds header and payload up to whole blocks; the commit word is the payload's length plus one. */
const BLOCK_COUNT_ADDEND = RECORD_HEADER_LENGTH + RECORD_ALIGNMENT - 2

/** What reads typed fields in place, such as a `MessageReader` of `@chronicle-ts/schema`. */
export interface FieldReader {
  wrap(view: DataView, offset: number, length: number, version: number): void
}

/** A Buffer copies up to this length by one native call; what is longer is copied as a typed array, which knows no such limit. */
const BUFFER_COPY_MAX = 0x7fff_ffff

/**
 * A message as it lies in the segment: a flyweight that its reader moves from record to record, so that reading allocates nothing. Every field is read from the mapping
 * when asked for. Valid until the reader moves it: by the next `next()`, `poll()`, seek or `close()`, or, in an iterator, by the loop's next turn. {@link copy} keeps it.
 * Fields of a message that was closed with its reader throw `ERR_CLOSED`.
 *
 * `structuredClone` and `postMessage` see no fields of a flyweight: give them a {@link copy}. `JSON.stringify` and `console.log` show the fields.
 *
 * | | bytes | valid | for |
 * |---|---|---|---|
 * | {@link payload} | copied once per message | without a limit | everything |
 * | {@link payloadView} | in the mapping | as long as it is held | large payloads that are only read |
 * | {@link view}, {@link payloadOffset} | in the mapping | the view: as long as it is held; the offset: until the message moves | hot loops |
 *
 * The pattern is Agrona's flyweight.
 */
export class Message implements MessageFields {
  #segment: MappedSegment | undefined
  #view!: DataView
  #payload: Buffer | undefined
  /** The record's offset in blocks: a small integer for every segment size, so that moving never allocates. */
  #block = 0
  /** The record's commit word as a signed integer, for the same reason; 0 without a record. */
  #commitLength = 0

  /** @internal Used by readers only: goes to another segment, which stays mapped as long as the message is in it. */
  attach(segment: MappedSegment): void {
    const left = this.#segment
    this.#segment = segment.hold()
    this.#view = segment.view
    left?.letGo()
  }

  /** @internal Used by readers only. */
  isIn(segment: MappedSegment): boolean {
    return this.#segment === segment
  }

  /** @internal Used by readers only: lets go of the segment. From then on fields throw what `closed` makes. */
  detach(closed: () => Error): void {
    this.#segment?.letGo()
    this.#segment = undefined
    this.#commitLength = 0
    this.#view = closedView(closed)
  }

  /**
   * @internal Moves to a record and returns how many blocks it occupies, 0 when none is committed there. Used by readers only. The sum does not wrap: a record that fits into
   * a segment after its header is shorter than 4 GiB by two blocks.
   *
   * @param block the record's offset in blocks of `RECORD_ALIGNMENT`.
   */
  moveTo(block: number): number {
    const commitLength = this.#view.getInt32(block * RECORD_ALIGNMENT, true)
    this.#block = block
    this.#commitLength = commitLength
    this.#payload = undefined
    return commitLength === 0 ? 0 : (commitLength + BLOCK_COUNT_ADDEND) >>> BLOCK_SHIFT
  }

  get segmentId(): number {
    return this.#heldSegment.id
  }

  get offset(): number {
    return this.#block * RECORD_ALIGNMENT
  }

  get length(): number {
    const commitLength = this.#commitLength
    // On no record, perhaps because the reader was closed: then this throws.
    if (commitLength === 0) this.#view.getUint16(0)
    return (commitLength >>> 0) - 1
  }

  get sequence(): number {
    const at = this.#block * RECORD_ALIGNMENT + RECORD_SEQUENCE_OFFSET
    return this.#view.getUint32(at + 4, true) * 0x1_0000_0000 + this.#view.getUint32(at, true)
  }

  get timestampNs(): bigint {
    return this.#view.getBigUint64(this.#block * RECORD_ALIGNMENT + RECORD_TIMESTAMP_NS_OFFSET, true)
  }

  /** Upper 32 bits of the timestamp less 2^31; with {@link timestampLow} for comparing times without a bigint: first the upper halves, then the lower ones. */
  get timestampHigh(): TimeHalf {
    return toHalf(this.#view.getInt32(this.#block * RECORD_ALIGNMENT + RECORD_TIMESTAMP_NS_OFFSET + 4, true))
  }

  /** Lower 32 bits of the timestamp less 2^31. */
  get timestampLow(): TimeHalf {
    return toHalf(this.#view.getInt32(this.#block * RECORD_ALIGNMENT + RECORD_TIMESTAMP_NS_OFFSET, true))
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

  get schemaVersion(): number {
    return schemaVersionOf(this.flags)
  }

  // Asked here, too: most messages have neither, and the engine calls the decoders where it copies these lines into the caller.

  get trace(): Required<TraceContext> | undefined {
    return (this.flags & RECORD_FLAG_TRACE_CONTEXT) === 0 ? undefined : decodeTraceContext(this.#view, this.offset)
  }

  get source(): SourcePosition | undefined {
    if ((this.flags & RECORD_FLAG_SOURCE_POSITION) === 0) return undefined
    return decodeSourcePosition(this.#view, this.offset, binding.crc32)
  }

  /**
   * The payload in a Buffer of its own, 0 to `length` bytes: copied from the mapping the first time, the same Buffer until the message moves. It may be written, kept,
   * transferred, cloned, sent and used asynchronously. Once it was transferred, the next look copies again.
   */
  get payload(): Buffer {
    const payload = this.#payload
    // One that was transferred has length 0.
    return payload !== undefined && payload.length !== 0 ? payload : this.#copyPayload()
  }

  /**
   * The payload where it lies in the mapping, for reading: no byte is copied. Valid as long as it is held, also after the reader moved on, retention deleted the segment or
   * the reader was closed. The segment (its address space, and on a deleted file its blocks) is given back when the last view of it is garbage-collected.
   *
   * **Never write into it**: the mapping is read-only, and the kernel ends the process with SIGSEGV. Cloning it (`structuredClone`, `postMessage`) clones the whole segment, because
   * its `buffer` is the segment: send {@link payload} instead.
   */
  get payloadView(): Buffer {
    const from = this.payloadOffset
    return this.#heldSegment.lentBytes.subarray(from, from + this.length)
  }

  /**
   * The whole segment; the payload begins at {@link payloadOffset}. For hot loops that read fields in place without making a view per message. Valid as long as it is held,
   * and read-only, as {@link payloadView} is.
   */
  get view(): DataView {
    return (this.#segment ?? this.#heldSegment).lentView
  }

  get payloadOffset(): number {
    return this.#block * RECORD_ALIGNMENT + RECORD_HEADER_LENGTH
  }

  /**
   * @internal Moves a reader of typed fields onto the payload. One method for all that it needs: the engine copies it into the loop that reads, where four getters would have no
   * room and be called.
   */
  wrapWith(fields: FieldReader): void {
    const block = this.#block * RECORD_ALIGNMENT
    const commitLength = this.#commitLength
    const view = (this.#segment ?? this.#heldSegment).lentView
    const flags = view.getUint16(block + RECORD_FLAGS_OFFSET, true)
    fields.wrap(view, block + RECORD_HEADER_LENGTH, (commitLength >>> 0) - 1, schemaVersionOf(flags))
  }

  /** All fields and the payload, for keeping: plain properties, which `JSON.stringify`, `structuredClone`, `postMessage` and the spread operator take. */
  copy(): MessageCopy {
    return MessageCopy.of(this, this.#ownedBytes())
  }

  /** The fields, with `timestampNs` in decimal and the payload in base64: what `JSON.stringify` shows. */
  toJSON(): MessageJson {
    return messageAsJson(this, this.#mappedBytes())
  }

  /** The fields: what `console.log` shows. */
  [inspect.custom](_depth: number, options: object): string {
    if (this.#segment === undefined) return 'Message { closed }'
    return inspect(MessageCopy.of(this, this.#mappedBytes()), options).replace(/^MessageCopy/, 'Message')
  }

  #copyPayload(): Buffer {
    const payload = this.#ownedBytes()
    this.#payload = payload
    return payload
  }

  #ownedBytes(): Buffer {
    const segment = this.#heldSegment
    const { bytes } = segment
    const { length, payloadOffset } = this
    if (length <= SMALL_PAYLOAD_MAX) return copySmallPayload(segment, this.#block, length)
    // Not from the Buffer pool, for the same reason as there.
    const owned = Buffer.allocUnsafeSlow(length)
    if (length <= BUFFER_COPY_MAX) bytes.copy(owned, 0, payloadOffset, payloadOffset + length)
    else owned.set(new Uint8Array(bytes.buffer, payloadOffset, length))
    return owned
  }

  /** For this object only. */
  #mappedBytes(): Buffer {
    return this.#heldSegment.bytes.subarray(this.payloadOffset, this.payloadOffset + this.length)
  }

  get #heldSegment(): MappedSegment {
    const segment = this.#segment
    if (segment === undefined) {
      // The view of a closed source throws the error that says so.
      this.#view.getUint16(0)
      throw new RangeError('The message stands on no record: a reader returns messages that do')
    }
    return segment
  }
}

/** {@link Message.wrapWith} for the packages above. */
export function wrapPayload(message: Message, fields: FieldReader): void {
  message.wrapWith(fields)
}

/** Stands for a view of memory that was unmapped. */
function closedView(closed: () => Error): DataView {
  const refuse = (): never => {
    throw closed()
  }
  return { getUint16: refuse, getUint32: refuse, getInt32: refuse, getBigUint64: refuse } as unknown as DataView
}
