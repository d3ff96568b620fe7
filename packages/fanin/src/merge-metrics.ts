/** Where a source stands. */
export type SourceState = 'message' | 'silent' | 'resting' | 'failed'

/** What a fan-in counted for one source since it was added. */
export interface FanInSourceMetrics {
  readonly key: string
  /**
   * - `message`: it shows a message.
   * - `silent`: it shows none; in ordered mode the merge waits for its watermark.
   * - `resting`: it shows none and the merge does not wait for it.
   * - `failed`: it is set aside.
   */
  readonly state: SourceState
  readonly delivered: number
  /** Messages flagged late: a lower timestamp was delivered after a higher one. */
  readonly late: number
  /** Those of the late ones that a replay would deliver at another place. The rest go backwards in their own queue. */
  readonly displaced: number
  /** Messages delivered whose timestamp lay in the future by more than `holdBackMs`. */
  readonly ahead: number
  /** How often an ordered merge went on without it. */
  readonly released: number
  readonly errors: number
  /** The error that set it aside, while it is. */
  readonly error: unknown
  /** It delivers nothing with a lower merge time any more; the time of its next message where it shows one. `undefined` while nothing is known. */
  readonly watermarkNs: bigint | undefined
  readonly lag: SourceLagMetrics
}

/** Its lag. NaN and -1n where that cannot be known: the writer does not publish it, or the source failed. */
export interface SourceLagMetrics {
  readonly messages: number
  readonly bytes: number
  readonly ns: bigint
}

/** The source that an ordered merge waits for while others show messages. */
export interface HeldBackBy {
  readonly key: string
  /** Since when the merge stands still, CLOCK_REALTIME in nanoseconds. */
  readonly sinceNs: bigint
  /**
   * For how long, by a clock that never goes back. Where that is more, it is for how long the merge stood still in all since this source last showed a message or a time past
   * what was delivered. At `holdBackMs`
   * the merge goes on without the source.
   */
  readonly forMs: number
}

/** What a fan-in counted over all sources, those that were removed included. */
export interface FanInMetrics {
  readonly sourceCount: number
  readonly failedCount: number
  readonly delivered: number
  readonly late: number
  /** 0 in ordered mode, together with `ahead`: so far the order is the one that a replay of the same queues gives. */
  readonly displaced: number
  readonly ahead: number
  readonly released: number
  readonly errors: number
  /** Of all sources whose lag is known: sums of messages and bytes, the highest age. */
  readonly lag: SourceLagMetrics
  /** Everything before it was delivered: the lowest watermark of the sources that take part. `undefined` while one says nothing. */
  readonly watermarkNs: bigint | undefined
  /** Ordered mode: which source holds the others back now; `undefined` while none does. */
  readonly heldBackBy: HeldBackBy | undefined
  /** Sorted by key. */
  readonly sources: readonly FanInSourceMetrics[]
}
