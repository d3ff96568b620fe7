import { binding } from '@chronicle-ts/native'
import { ADAPTIVE_SPINS, ADAPTIVE_YIELDS, BLOCKING_WAIT_TIMEOUT_MS, PARK_TURN_MS } from '../defaults.js'
import { InvalidArgumentError } from '../errors/index.js'
import { pause } from '../files/pause.js'
import { onAbort } from './abort-listeners.js'
import type { Interruption } from './interruption.js'
import type { Parkable } from './parkable.js'
import { Parking } from './parking.js'
import { WAIT_STRATEGIES, type WaitOutcome, type WaitStrategyName } from './wait-strategy.js'

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

/** Waits until `deadline` (milliseconds of `performance.now`). */
type BlockingWait = (sources: readonly Parkable[], deadline: number) => WaitOutcome

/**
 * Blocks the calling thread until any source has something to read, or the time is over. Says which of the two (L37). While the thread is blocked, no handler of the program
 * runs, those of signals such as SIGTERM included: prefer {@link waitForAnyAsync}, and keep this for worker threads.
 *
 * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`; what looking at a source throws, for instance `ERR_CLOSED`.
 */
export function waitForAny(sources: readonly Parkable[], options: WaitForAnyOptions = {}): WaitOutcome {
  checkOptions(options)
  if (anyReady(sources)) return 'message'
  return BLOCKING[options.strategy ?? 'adaptive'](sources, performance.now() + (options.timeoutMs ?? BLOCKING_WAIT_TIMEOUT_MS))
}

/** Rejects NaN, which would never time out. A negative time is over: callers subtract. */
function checkOptions({ timeoutMs, strategy }: WaitForAnyOptions): void {
  if (timeoutMs !== undefined && (typeof timeoutMs !== 'number' || Number.isNaN(timeoutMs)))
    throw new InvalidArgumentError({ argument: 'timeoutMs', value: timeoutMs, expected: 'a number of milliseconds' })
  if (strategy !== undefined && !WAIT_STRATEGIES.includes(strategy))
    throw new InvalidArgumentError({ argument: 'strategy', value: strategy, expected: WAIT_STRATEGIES.join(', ') })
}

function anyReady(sources: readonly Parkable[]): boolean {
  for (const source of sources) if (source.isReady) return true
  return false
}

function anyCommitted(sources: readonly Parkable[]): boolean {
  for (const source of sources) if (source.isCommitted) return true
  return false
}

interface LookPlan {
  readonly rounds: number
  readonly between?: () => void
}

/**
 * Looks up to `rounds` times, doing `between` after each look. Most looks are at commit words only: the control block's words change with every append, and who reads
 * them all the time keeps taking them away from the writer. The clock is read every 64 rounds only: reading it costs more than looking.
 */
function lookRepeatedly(sources: readonly Parkable[], deadline: number, plan: LookPlan): WaitOutcome | undefined {
  for (let round = 1; round <= plan.rounds; round++) {
    if (((round & 15) === 0 || anyCommitted(sources)) && anyReady(sources)) return 'message'
    plan.between?.()
    if ((round & 63) === 0 && performance.now() >= deadline) return 'timeout'
  }
  return undefined
}

/** Looks again and again until there is a message or the time is over. */
function lookOn(sources: readonly Parkable[], deadline: number, plan: LookPlan): WaitOutcome {
  for (;;) {
    const outcome = lookRepeatedly(sources, deadline, plan)
    if (outcome !== undefined) return outcome
  }
}

const busySpinWait: BlockingWait = (sources, deadline) => lookOn(sources, deadline, { rounds: ADAPTIVE_SPINS })

const yieldWait: BlockingWait = (sources, deadline) => lookOn(sources, deadline, { rounds: ADAPTIVE_SPINS, between: yieldThread })

const backoffWait: BlockingWait = (sources, deadline) => {
  const soon = lookRepeatedly(sources, deadline, { rounds: ADAPTIVE_SPINS })
  if (soon !== undefined) return soon
  for (let sleepMs = 0.01; ; sleepMs = Math.min(sleepMs * 2, 1)) {
    if (anyReady(sources)) return 'message'
    const leftMs = deadline - performance.now()
    if (leftMs <= 0) return 'timeout'
    pause(Math.min(sleepMs, leftMs))
  }
}

const parkWait: BlockingWait = (sources, deadline) => {
  const parking = new Parking(sources)
  for (;;) {
    const leftMs = deadline - performance.now()
    if (leftMs <= 0) return anyReady(sources) ? 'message' : 'timeout'
    if (!parking.prepare()) return 'message'
    parking.sleep(leftMs)
  }
}

const adaptiveWait: BlockingWait = (sources, deadline) =>
  lookRepeatedly(sources, deadline, { rounds: ADAPTIVE_SPINS }) ??
  lookRepeatedly(sources, deadline, { rounds: ADAPTIVE_YIELDS, between: yieldThread }) ??
  parkWait(sources, deadline)

const BLOCKING: Readonly<Record<WaitStrategyName, BlockingWait>> = {
  busySpin: busySpinWait,
  yield: yieldWait,
  backoff: backoffWait,
  park: parkWait,
  adaptive: adaptiveWait,
}

function yieldThread(): void {
  binding.yieldThread()
}

/**
 * Resolves when any source has something to read, or the time is over. The event loop goes on turning: `busySpin` and `yield` look once per turn of it, the
 * others have the process's one waiting thread sleep for them.
 *
 * @throws the signal's reason when aborted, also when a message is there; `ERR_CLOSED` when a source is closed meanwhile, at once; {@link InvalidArgumentError}
 * `ERR_INVALID_ARGUMENT`; what looking at a source throws.
 */
export async function waitForAnyAsync(sources: readonly Parkable[], options: AsyncWaitForAnyOptions = {}): Promise<WaitOutcome> {
  checkOptions(options)
  const deadline = performance.now() + (options.timeoutMs ?? Number.POSITIVE_INFINITY)
  return waitUntil(sources, deadline, options)
}

/** {@link waitForAnyAsync} without a time limit, that an iterator can end. */
export async function waitInterruptibly(sources: readonly Parkable[], options: InterruptibleWaitOptions): Promise<void> {
  await waitUntil(sources, Number.POSITIVE_INFINITY, options)
}

type WaitEnds = AsyncWaitForAnyOptions & Partial<InterruptibleWaitOptions>

async function waitUntil(sources: readonly Parkable[], deadline: number, options: WaitEnds): Promise<WaitOutcome> {
  const { signal, interruption, strategy = 'adaptive' } = options
  const spins = strategy === 'busySpin' || strategy === 'yield'
  const parking = new Parking(sources)
  for (;;) {
    signal?.throwIfAborted()
    if (anyReady(sources)) return 'message'
    const leftMs = deadline - performance.now()
    if (leftMs <= 0 || interruption?.isOver) return 'timeout'
    if (sources.length === 0) await untilWoken(options, (wake) => startTimer(wake, leftMs))
    else if (spins) await new Promise((resolve) => setImmediate(resolve))
    else if (parking.prepare()) {
      try {
        await untilWoken(options, (wake) => startPark(parking, leftMs, wake))
      } finally {
        parking.withdraw()
      }
    }
  }
}

/** Until what was begun, the signal or the interruption wakes. */
function untilWoken({ signal, interruption }: WaitEnds, begin: (wake: () => void) => () => void): Promise<void> {
  return new Promise((resolve) => {
    const ends: (() => void)[] = []
    const wake = (): void => {
      for (const end of ends) end()
      resolve()
    }
    ends.push(begin(wake))
    if (signal !== undefined) ends.push(onAbort(signal, wake))
    if (interruption !== undefined) ends.push(interruption.onEnd(wake))
  })
}

function startPark(parking: Parking, leftMs: number, wake: () => void): () => void {
  const ends = [parking.sleepElsewhere(leftMs, wake), ...parking.sources.map((source) => source.whileParked(wake))]
  return () => {
    for (const end of ends) end()
  }
}

/** Without a source only the time, the signal and the interruption can end a wait. */
function startTimer(wake: () => void, leftMs: number): () => void {
  const timer = setTimeout(wake, Math.min(leftMs, PARK_TURN_MS))
  return () => clearTimeout(timer)
}
