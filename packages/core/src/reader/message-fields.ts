import type { SourcePosition, TraceContext } from '../format/index.js'

/** What every message says about itself, whether it is a view or a copy. */
export interface MessageFields {
  /** Counts the queue's messages from 0 over its whole life. */
  readonly sequence: number
  /** Nanoseconds since the Unix epoch, or the time that the appender gave. */
  readonly timestampNs: bigint
  /** The user's type, 0 to 65534. */
  readonly typeId: number
  /** Bytes of payload. */
  readonly length: number
  /** The payload, in a Buffer of its own: it may be written, kept, transferred. */
  readonly payload: Buffer
  readonly segmentId: number
  /** Offset of the record in its segment. */
  readonly offset: number
  readonly flags: number
  readonly payloadCrc: number
  /** Low 32 bits of the epoch of the writer that appended it; 0 for writers of the base format. */
  readonly writerEpoch: number
  /** Version of the schema of the message's type, 1 to 255; 0 when the appender gave none. */
  readonly schemaVersion: number
  /** W3C trace context, where the appender gave one. No checksum covers the ids. */
  readonly trace: Required<TraceContext> | undefined
  /** Which message of another queue this one was made from, where the appender said it. `undefined` also when its own checksum does not match. */
  readonly source: SourcePosition | undefined
}
