import type { CursorCounts } from './cursor-counts.js'

/** The lag of a source. */
export interface Lag {
  /** Messages appended and not yet returned by `next()`; NaN when it is unknown, as with a writer of the base format. */
  readonly messages: number
  /** Bytes between this source's position and the head, slack at the ends of segments included. */
  readonly bytes: number
  /** Age of the next message, by its timestamp; 0n when caught up. */
  readonly ns: bigint
}

export interface SourceMetrics extends CursorCounts {
  /** Waits that ended with the time, and those that ended with a message. */
  readonly timeouts: number
  readonly waits: number
}

export interface WaitOptions {
  /** Milliseconds, up to `Infinity`. Default: `wait` 1000, because a blocked thread runs no signal handler; `waitAsync` `Infinity`. */
  readonly timeoutMs?: number | undefined
}

export interface AsyncWaitOptions extends WaitOptions {
  /** Ends the wait, which rejects with the signal's reason. One signal may serve any number of waits at once. */
  readonly signal?: AbortSignal | undefined
}

export interface IteratorOptions {
  /** Ends the iterator. One signal may serve any number of iterators at once. */
  readonly signal?: AbortSignal | undefined
}

export interface BatchOptions extends IteratorOptions {
  /** Messages per batch at most. Default 256. */
  readonly max?: number
}
