import type { TimeHalf } from '@chronicle-ts/core'

/** What the merge needs to know of a message. */
export interface TimedMessage {
  /** Upper 32 bits of its timestamp in nanoseconds, less 2^31. */
  readonly timestampHigh: TimeHalf
  /** Lower 32 bits of its timestamp in nanoseconds, less 2^31. */
  readonly timestampLow: TimeHalf
}

/** What a source says about its writer. */
export interface SourceWriter {
  /** Whether a process has the queue open for writing. */
  readonly alive: boolean
}

/** The lag of a source. */
export interface SourceLag {
  /** NaN where the writer does not say. */
  readonly messages: number
  readonly bytes: number
  /** Age of the next message; 0n when caught up. */
  readonly ns: bigint
}

/**
 * The part of a reader that the merge uses. Queue readers and observers have it; anything else that delivers messages in an order of its own can.
 *
 * While a source is in a fan-in, no other code may call `next`, `poll`, `seek` or `commit` on it: the merge remembers what it saw.
 */
export interface FanInSource<M extends TimedMessage> {
  /** The next message, or `undefined` when caught up. It stays valid until the next `next()`; `peek()` must not disturb it. */
  next(): M | undefined
  /** The message that `next()` will return. */
  peek(): M | undefined
  /**
   * Whether `peek()` would show nothing, as far as a few loads can show; `false` says only that it is time to call it. A source with nothing that cheap has no such method. It must not say `true`
   * forever: what these loads do not show would never be found.
   */
  isStillEmpty?(): boolean
  /**
   * CLOCK_REALTIME at some moment of the writer's life before which everything that it had appended was visible. What `peek()` does not show after this was loaded will be
   * stamped with this time or a later one.
   */
  readonly heartbeatNs: bigint
  /** Asked rarely, and only in front of a source that holds others back. */
  writerStatus(): SourceWriter
  lag(): SourceLag
  /** Saves the position after the last message that `next()` returned. Observers have none. */
  commit?(options?: { readonly durable?: boolean }): void
  close(): void
}
