export interface AppendOptions {
  /** Nanoseconds since the Unix epoch, or a Date, to be stored with the message; the time of the append by default. */
  readonly timestampNs?: bigint | Date
}

export interface AsyncAppendOptions extends AppendOptions {
  /** Ends the wait: the promise rejects with the signal's reason, and nothing was appended. */
  readonly signal?: AbortSignal
  /** Milliseconds to wait for room; the writer's `backpressureTimeoutMs` by default. */
  readonly timeoutMs?: number
}

export interface BatchMessage {
  readonly typeId: number
  readonly payload: Uint8Array
}

/** What `tryAppend` answers: the message's sequence, or why there is none. */
export type TryAppendResult =
  | { readonly status: 'appended'; readonly sequence: number }
  | { readonly status: 'full' | 'no-space' }
