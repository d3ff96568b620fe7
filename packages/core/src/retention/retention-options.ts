/**
 * Which segments may be deleted. Without any of these, no segment is deleted. A segment that a registered reader has not committed past stays, whether that reader runs or
 * not, unless `readerTtlMs` or `maxReaderLagBytes` releases the reader. `maxAgeMs`, `maxBytes` and `maxSegments` delete only what no reader needs. The head is never deleted.
 */
export interface RetentionOptions {
  /** Delete a segment once every registered reader has committed past it (and at least one reader is registered). Default false; true in a bounded queue without another rule that deletes. */
  readonly consumed?: boolean
  /**
   * Delete segments whose last message was written longer ago. Timestamps that the caller gave count only as far as the times at which segments were prepared agree with them.
   * One that is wrong neither keeps a segment nor deletes it.
   */
  readonly maxAgeMs?: number
  /** Delete the oldest segments while the queue is larger. */
  readonly maxBytes?: number
  readonly maxSegments?: number
  /** Keep at least this many segments, the head included, also when other rules would delete them. In a bounded queue it must be below the limit, because the queue would stay full otherwise. */
  readonly minSegments?: number
  /**
   * A reader that is not running and has neither committed nor closed for this long pins nothing any more. One that is killed counts from its last commit: choose more than the
   * longest time between two messages and a restart.
   */
  readonly readerTtlMs?: number
  /** A reader that is further behind than this pins nothing any more. */
  readonly maxReaderLagBytes?: number
}

/** Reader lifetimes that have proven themselves: how long a dead reader's unread messages are kept. */
export const READER_TTL_PRESETS_MS = { marketData: 10_000, orders: 60_000, audit: 300_000 } as const
