import type { SourcePosition, TraceContext } from '../format/index.js'
import type { MessageFields } from './message-fields.js'

/** A message as JSON: integers above 2^53 as decimal text, bytes as base64, ids as hexadecimal text. */
export interface MessageJson {
  readonly sequence: number
  /** Nanoseconds since the Unix epoch, in decimal. */
  readonly timestampNs: string
  readonly typeId: number
  /** Bytes of payload. */
  readonly length: number
  /** The payload in base64. */
  readonly payload: string
  readonly segmentId: number
  readonly offset: number
  readonly flags: number
  readonly payloadCrc: number
  readonly writerEpoch: number
  /** Left out without one. */
  readonly schemaVersion?: number
  readonly trace?: { readonly traceId: string; readonly spanId: string; readonly sampled: boolean; readonly random: boolean }
  readonly source?: SourcePosition
}

/**
 * A message that owns its payload and stays as it is. Its fields are plain properties, so `structuredClone`, `postMessage` and the spread operator take them all;
 * `JSON.stringify` gives {@link MessageJson}.
 */
export class MessageCopy implements MessageFields {
  readonly sequence: number
  readonly timestampNs: bigint
  readonly typeId: number
  readonly length: number
  readonly payload: Buffer
  readonly segmentId: number
  readonly offset: number
  readonly flags: number
  readonly payloadCrc: number
  readonly writerEpoch: number
  readonly schemaVersion: number
  readonly trace: Required<TraceContext> | undefined
  readonly source: SourcePosition | undefined

  /** @internal Use `message.copy()`. @param payload owned by the copy from now on. */
  static of(fields: Omit<MessageFields, 'payload'>, payload: Buffer): MessageCopy {
    return new MessageCopy(fields, payload)
  }

  private constructor(fields: Omit<MessageFields, 'payload'>, payload: Buffer) {
    this.sequence = fields.sequence
    this.timestampNs = fields.timestampNs
    this.typeId = fields.typeId
    this.length = fields.length
    this.payload = payload
    this.segmentId = fields.segmentId
    this.offset = fields.offset
    this.flags = fields.flags
    this.payloadCrc = fields.payloadCrc
    this.writerEpoch = fields.writerEpoch
    this.schemaVersion = fields.schemaVersion
    this.trace = fields.trace
    this.source = fields.source
  }

  toJSON(): MessageJson {
    return messageAsJson(this, this.payload)
  }
}

export function messageAsJson(fields: Omit<MessageFields, 'payload'>, payload: Buffer): MessageJson {
  const { sequence, timestampNs, typeId, length, segmentId, offset, flags, payloadCrc, writerEpoch } = fields
  const { schemaVersion, trace, source } = fields
  return {
    sequence,
    timestampNs: timestampNs.toString(),
    typeId,
    length,
    payload: payload.toString('base64'),
    segmentId,
    offset,
    flags,
    payloadCrc,
    writerEpoch,
    ...(schemaVersion === 0 ? {} : { schemaVersion }),
    ...(trace === undefined ? {} : { trace: { ...trace, traceId: hex(trace.traceId), spanId: hex(trace.spanId) } }),
    ...(source === undefined ? {} : { source }),
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
