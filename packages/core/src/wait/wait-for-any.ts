import { BLOCKING_WAIT_TIMEOUT_MS } from '../defaults.js'
import { InvalidArgumentError } from '../errors/index.js'
import type { Interruption } from './interruption.js'
import { anyReady } from './looking.js'
import type { Parkable } from './parkable.js'
import { STRATEGIES, WAIT_STRATEGIES, type WaitStrategyName } from './strategies/wait-strategies.js'
import type { WaitOutcome } from './wait-strategy.js'

export interface WaitForAnyOptions {
  /** Milliseconds, up to `Infinity`. Default: {@link waitForAny} 1000, because a blocked thread runs no signal handler; {@link waitForAnyAsync} `Infinity`. */
  readonly timeoutMs?: number
  readonly strategy?: WaitStrategyName
}

export interface AsyncWaitForAnyOptions extends WaitForAnyOptions {
  /** Ends the wait, which rejects with the signal's reason. One signal may serve any number of waits at once. */
  readonly signal?: AbortSignal | undefined
}

/** In addition to the public options: ends the wait of an iterator whose `return()` was called. */
export interface InterruptibleWaitOptions extends AsyncWaitForAnyOptions {
  readonly interruption: Interruption
}

/**
 * Blocks the calling thread until any source has something to read, or the time is over. Says which of the two (L37). While the thread is blocked, no handler of the program
 * runs, those of signals such as SIGTERM included: prefer {@link waitForAnyAsync}, and keep this for worker threads.
 *
 * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`; what looking at a source throws, for instance `ERR_CLOSED`.
 */
export function waitForAny(sources: readonly Parkable[], options: WaitForAnyOptions = {}): WaitOutcome {
  checkStrategy(options.strategy)
  return waitBlocking(sources, options.timeoutMs, options.strategy ?? 'adaptive')
}

/** {@link waitForAny} without an object for its options: a source that spins calls this once per message. */
export function waitBlocking(
  sources: readonly Parkable[],
  timeoutMs: number | undefined,
  strategy: WaitStrategyName,
): WaitOutcome {
  checkTimeout(timeoutMs)
  if (anyReady(sources)) return 'message'
  return STRATEGIES[strategy].wait(sources, performance.now() + (timeoutMs ?? BLOCKING_WAIT_TIMEOUT_MS))
}

/** Rejects NaN, which would never time out. A negative time is over: callers subtract. */
function checkTimeout(timeoutMs: number | undefined): void {
  if (timeoutMs !== undefined && (typeof timeoutMs !== 'number' || Number.isNaN(timeoutMs)))
    throw new InvalidArgumentError({ argument: 'timeoutMs', value: timeoutMs, expected: 'a number of milliseconds' })
}

function checkStrategy(strategy: WaitStrategyName | undefined): void {
  if (strategy !== undefined && !WAIT_STRATEGIES.includes(strategy))
    throw new InvalidArgumentError({ argument: 'strategy', value: strategy, expected: WAIT_STRATEGIES.join(', ') })
}

/**
 * Resolves when any source has something to read, or the time is over. The event loop goes on turning: `busySpin` and `yield` look once per turn of it, the
 * others have the process's one waiting thread sleep for them.
 *
 * @throws the signal's reason when aborted, also when a message is there; `ERR_CLOSED` when a source is closed meanwhile, at once; {@link InvalidArgumentError}
 * `ERR_INVALID_ARGUMENT`; what looking at a source throws.
 */
export async function waitForAnyAsync(sources: readonly Parkable[], options: AsyncWaitForAnyOptions = {}): Promise<WaitOutcome> {
  checkTimeout(options.timeoutMs)
  checkStrategy(options.strategy)
  const deadline = performance.now() + (options.timeoutMs ?? Number.POSITIVE_INFINITY)
  return STRATEGIES[options.strategy ?? 'adaptive'].waitAsync(sources, deadline, options)
}

/** {@link waitForAnyAsync} without a time limit, that an iterator can end. */
export async function waitInterruptibly(sources: readonly Parkable[], options: InterruptibleWaitOptions): Promise<void> {
  await STRATEGIES[options.strategy ?? 'adaptive'].waitAsync(sources, Number.POSITIVE_INFINITY, options)
}
