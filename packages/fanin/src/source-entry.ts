import type { FanInSource, TimedMessage } from './fan-in-source.js'
import type { RetryBackoff } from './retry-backoff.js'
import type { SourceFailure } from './source-failure.js'

/** The sign of a source that was not looked at: of no standstill that was. */
export const NEVER = Number.POSITIVE_INFINITY

/** What the merge keeps per source besides the numbers that it compares. */
export class SourceEntry<M extends TimedMessage, S extends FanInSource<M>> {
  delivered = 0
  late = 0
  displaced = 0
  /** Messages with a timestamp from the future, see `TimeBound`. */
  ahead = 0
  errors = 0
  /** How often the merge stopped waiting for it. */
  released = 0
  failure: SourceFailure | undefined
  /** What sort of error was reported last; `undefined` once the source delivers again. */
  toldError: string | undefined
  /** When to try a source again that failed for a reason that may pass. */
  backoff: RetryBackoff | undefined
  /** Ordered mode: the last heartbeat seen. */
  heartbeatNs = -1n
  /** Ordered mode: the writer was seen dead and has not come back since; a new one would have changed the heartbeat. */
  isEnded = false
  /** Ordered mode: the merge went on without it, and it has not caught up since. */
  isLeftBehind = false
  /** Ordered mode: for how long the merge had stood still in all, in milliseconds, when the source last gave a sign. */
  signMs = NEVER
  /** Milliseconds of `performance.now` of the last question whether its writer lives. */
  askedMs = Number.NEGATIVE_INFINITY

  constructor(
    readonly key: string,
    readonly source: S,
    /** Nanoseconds by which a message may be older than the heartbeat before it; `undefined`: any number, heartbeats prove nothing. */
    readonly allowedLatenessNs: bigint | undefined,
  ) {}
}
