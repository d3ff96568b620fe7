import { BLOCKING_WAIT_TIMEOUT_MS } from '../defaults.js'
import { InvalidArgumentError } from '../errors/index.js'
import { checkOptions, checkSignal, type OptionNames } from '../files/option-names.js'
import type { Interruption } from './interruption.js'
import { anyReady } from './looking.js'
import type { Parkable } from './parkable.js'
import { STRATEGIES, WAIT_STRATEGIES, type WaitStrategyName } from './strategies/wait-strategies.js'
import type { WaitOutcome } from './wait-strategy.js'

export interface WaitForAnyOptions {
  /** Milliseconds, up to `Infinity`. Default: {@link waitForAny} 1000, because a blocked thread runs no signal handler; {@link waitForAnyAsync} `Infinity`. */
  readonly timeoutMs?: number | undefined
  readonly strategy?: WaitStrategyName | undefined
}

export interface AsyncWaitForAnyOptions extends WaitForAnyOptions {
  /** Ends the wait, which rejects with the signal's reason. One signal may serve any number of waits at once. */
  readonly signal?: AbortSignal | undefined
}

/** In addition to the public options: ends the wait of an iterator whose `return()` was called. */
export interface InterruptibleWaitOptions extends AsyncWaitForAnyOptions {
  readonly interruption: Interruption
}

const WAIT_NAMES: OptionNames<WaitForAnyOptions> = { timeoutMs: true, strategy: true }
const ASYNC_WAIT_NAMES: OptionNames<AsyncWaitForAnyOptions> = { ...WAIT_NAMES, signal: true }

/**
 * Blocks the calling thread until any source has something to read, or the time is over. Says which of the two. While the thread is blocked, no handler of the program
 * runs, those of signals such as SIGTERM included: prefer {@link waitForAnyAsync}, and keep this for worker threads.
 *
 * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`; what looking at a source throws, for instance `ERR_CLOSED`.
 */
export function waitForAny(sources: readonly Parkable[], options: WaitForAnyOptions = {}): WaitOutcome {
  checkOptions(options, WAIT_NAMES)
  checkWait(sources, options)
  return waitBlocking(sources, options.timeoutMs, options.strategy ?? 'adaptive')
}

/** {@link waitForAny} whose arguments are checked, without an object for them: a source that spins calls this once per message. */
export function waitBlocking(
  sources: readonly Parkable[],
  timeoutMs: number | undefined,
  strategy: WaitStrategyName,
): WaitOutcome {
  if (anyReady(sources)) return 'message'
  return STRATEGIES[strategy].wait(sources, performance.now() + (timeoutMs ?? BLOCKING_WAIT_TIMEOUT_MS))
}

function checkWait(sources: readonly Parkable[], { timeoutMs, strategy }: WaitForAnyOptions): void {
  if (!Array.isArray(sources) || !sources.every(isParkable))
    throw new InvalidArgumentError({ argument: 'sources', value: sources, expected: 'an array of readers and observers' })
  checkTimeout(timeoutMs)
  if (strategy !== undefined && !WAIT_STRATEGIES.includes(strategy))
    throw new InvalidArgumentError({ argument: 'strategy', value: strategy, expected: WAIT_STRATEGIES.join(', ') })
}

function isParkable(source: unknown): boolean {
  return typeof source === 'object' && source !== null && 'whileParked' in source
}

/** Checks what is to be a reader or an observer, also one of another copy of this library. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. */
export function checkSource(argument: string, source: unknown): void {
  if (!isParkable(source)) throw new InvalidArgumentError({ argument, value: source, expected: 'a reader or an observer' })
}

/** Rejects NaN, which would never time out. A negative time is over: callers subtract. */
export function checkTimeout(timeoutMs: unknown): void {
  if (timeoutMs !== undefined && (typeof timeoutMs !== 'number' || Number.isNaN(timeoutMs)))
    throw new InvalidArgumentError({ argument: 'timeoutMs', value: timeoutMs, expected: 'a number of milliseconds' })
}

/**
 * Resolves when any source has something to read, or the time is over. The event loop goes on turning: `busySpin` and `yield` look once per turn of it, the
 * others have the process's one waiting thread sleep for them.
 *
 * @throws the signal's reason when aborted, also when a message is there; `ERR_CLOSED` when a source is closed meanwhile, at once; {@link InvalidArgumentError}
 * `ERR_INVALID_ARGUMENT`; what looking at a source throws.
 */
export async function waitForAnyAsync(sources: readonly Parkable[], options: AsyncWaitForAnyOptions = {}): Promise<WaitOutcome> {
  checkOptions(options, ASYNC_WAIT_NAMES)
  checkSignal(options.signal)
  checkWait(sources, options)
  return whenReady(sources, options)
}

/** {@link waitForAnyAsync} whose arguments are checked. */
export async function whenReady(sources: readonly Parkable[], options: AsyncWaitForAnyOptions): Promise<WaitOutcome> {
  const deadline = performance.now() + (options.timeoutMs ?? Number.POSITIVE_INFINITY)
  return STRATEGIES[options.strategy ?? 'adaptive'].waitAsync(sources, deadline, options)
}

/** {@link waitForAnyAsync} without a time limit, that an iterator can end. */
export async function waitInterruptibly(sources: readonly Parkable[], options: InterruptibleWaitOptions): Promise<void> {
  await STRATEGIES[options.strategy ?? 'adaptive'].waitAsync(sources, Number.POSITIVE_INFINITY, options)
}
