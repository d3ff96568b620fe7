import type { SourcePosition } from '../format/index.js'

/** The trace context of a message, as W3C Trace Context defines it. Ids are bytes or hexadecimal digits, and not all zero. */
export interface TraceOption {
  /** 16 bytes, or 32 hexadecimal digits. */
  readonly traceId: Uint8Array | string
  /** 8 bytes, or 16 hexadecimal digits. */
  readonly spanId: Uint8Array | string
  /** The trace flag "sampled". Default false. */
  readonly sampled?: boolean
  /** The trace flag "random": the trace id was made at random. Default false. */
  readonly random?: boolean
}

/**
 * What a message can carry besides its type and payload. All but the time are additions to the base format, whose readers ignore them; a writer with `extensions: false` refuses them. A message
 * has room for a trace or a source, not for both.
 */
export interface MessageDetails {
  /** Nanoseconds since the Unix epoch, or a Date, to be stored with the message; the time of the append by default. */
  readonly timestampNs?: bigint | Date | undefined
  /** Version of the schema of the message's type, 1 to 255; 0, the default, without a schema. */
  readonly schemaVersion?: number | undefined
  readonly trace?: TraceOption | undefined
  /** Which message of another queue this one was made from. */
  readonly source?: SourcePosition | undefined
}

export interface AppendOptions extends MessageDetails {}

/** The time of a claimed message is given at its commit. */
export type ClaimOptions = Omit<MessageDetails, 'timestampNs'>

export interface CommitOptions {
  /** Nanoseconds since the Unix epoch, or a Date; the time of the commit by default. */
  readonly timestampNs?: bigint | Date | undefined
  /** Bytes of payload, at most those that were claimed; all of them by default. */
  readonly length?: number | undefined
}

export interface AsyncAppendOptions extends MessageDetails {
  /** Ends the wait: the promise rejects with the signal's reason, and nothing was appended. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds to wait for room; the writer's `backpressureTimeoutMs` by default. */
  readonly timeoutMs?: number | undefined
}

export interface BatchMessage extends MessageDetails {
  readonly typeId: number
  readonly payload: Uint8Array
}

/** What `tryAppend` answers: the message's sequence, or why there is none. */
export type TryAppendResult =
  | { readonly status: 'appended'; readonly sequence: number }
  | { readonly status: 'full' | 'no-space' }
