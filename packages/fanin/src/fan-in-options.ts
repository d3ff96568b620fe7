import { InvalidArgumentError, realtimeNs, WAIT_STRATEGIES, type WaitStrategyName } from '@chronicle-ts/core'
import { checkOptions, type OptionNames } from '@chronicle-ts/core/internal'
import { HOLD_BACK_MS } from './defaults.js'
import type { MergeOptions } from './merge.js'
import type { SourceFailure } from './source-failure.js'

/** Which message is next: the earliest that is visible, or the earliest that is possible. */
export type FanInMode = 'eager' | 'ordered'

/**
 * How much older, in nanoseconds by its timestamp, a message may be than the writer heartbeat published before it. `'unbounded'`: heartbeats prove
 * nothing; for timestamps of another clock than this machine's, such as recorded ones.
 */
export type AllowedLateness = bigint | 'unbounded'

export interface FanInOptions {
  /** `'eager'` by default. */
  readonly mode?: FanInMode
  /** Ordered mode, default 0n: every writer stamps with the present, as `append` does when it is given no time. */
  readonly allowedLatenessNs?: AllowedLateness
  /**
   * How long one source can hold others back, in milliseconds; default 2000. Ordered mode: how long the merge waits for silent sources of living writers, for all of them together. Both modes: how far after
   * the clock a timestamp counts; a later timestamp is clamped to the clock plus `holdBackMs`, and the message is flagged `ahead`. `Infinity`: without a limit.
   */
  readonly holdBackMs?: number
  /** Wait strategy; `'adaptive'` by default. */
  readonly wait?: WaitStrategyName
  /** Whether `remove` and `close` close the sources. `false` by default. */
  readonly ownsSources?: boolean
  /**
   * Whether a source that failed for a reason that may pass (no permission, no descriptor, not ready) is tried again by itself. The first try comes after 100 ms, later ones
   * every 5 s. `true` by default.
   */
  readonly retryFailures?: boolean
  /**
   * Called with the error of a source, between two messages; with that of a source that is tried again and again, once. It may call every method of the fan-in. An exception of the
   * callback propagates to the caller of the current method.
   */
  readonly onSourceError?: (failure: SourceFailure) => void
}

/** What one source does otherwise than the fan-in's options say. */
export interface FanInSourceOptions {
  readonly allowedLatenessNs?: AllowedLateness
}

export interface ResolvedFanInOptions extends MergeOptions {
  readonly wait: WaitStrategyName
  readonly ownsSources: boolean
}

const NAMES: OptionNames<FanInOptions> = {
  mode: true,
  allowedLatenessNs: true,
  holdBackMs: true,
  wait: true,
  ownsSources: true,
  retryFailures: true,
  onSourceError: true,
}

/** @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` that names the option. */
export function resolveFanInOptions(options: FanInOptions): ResolvedFanInOptions {
  checkOptions(options, NAMES)
  const { mode = 'eager', holdBackMs = HOLD_BACK_MS, wait = 'adaptive', ownsSources = false } = options
  const { retryFailures = true, onSourceError } = options
  check('mode', mode, mode === 'eager' || mode === 'ordered', "'eager' or 'ordered'")
  check('holdBackMs', holdBackMs, typeof holdBackMs === 'number' && holdBackMs >= 0, 'milliseconds, at least 0')
  check('wait', wait, WAIT_STRATEGIES.includes(wait), `one of ${WAIT_STRATEGIES.join(', ')}`)
  check('ownsSources', ownsSources, typeof ownsSources === 'boolean', 'true or false')
  check('retryFailures', retryFailures, typeof retryFailures === 'boolean', 'true or false')
  check('onSourceError', onSourceError, onSourceError === undefined || typeof onSourceError === 'function', 'a function')
  const { allowedLatenessNs } = options
  return {
    mode,
    allowedLatenessNs: allowedLatenessNs === undefined ? 0n : resolveLateness(allowedLatenessNs, mode),
    holdBackMs,
    clocks: { realtimeNs, monotonicMs: () => performance.now() },
    onSourceError,
    retryFailures,
    wait,
    ownsSources,
  }
}

/** Returns `undefined` for unbounded. Refuses it in the eager mode, which waits for no message that may be late. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. */
export function resolveLateness(lateness: AllowedLateness, mode: FanInMode): bigint | undefined {
  const isValid = lateness === 'unbounded' || (typeof lateness === 'bigint' && lateness >= 0n)
  check('allowedLatenessNs', lateness, isValid, "a bigint of nanoseconds, at least 0n, or 'unbounded'")
  check('allowedLatenessNs', lateness, mode === 'ordered', "mode: 'ordered' of the fan-in beside it")
  return lateness === 'unbounded' ? undefined : lateness
}

/** Rejects NaN, which would never time out. A negative time is over at once. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. */
export function checkTimeout(timeoutMs: unknown): void {
  check('timeoutMs', timeoutMs, typeof timeoutMs === 'number' && !Number.isNaN(timeoutMs), 'a number of milliseconds')
}

function check(argument: string, value: unknown, isValid: boolean, expected: string): void {
  if (!isValid) throw new InvalidArgumentError({ argument, value, expected })
}
