import { InvalidArgumentError } from '@chronicle-ts/core'
import { checkFunction, checkMilliseconds, checkOptions, type OptionNames } from '@chronicle-ts/core/internal'

/** A span of time; its parts add up. */
export interface Span {
  readonly ns?: bigint
  readonly ms?: number
  readonly s?: number
}

/** A timer of a manual clock. */
export interface ManualTimer {
  readonly dueNs: bigint
  /** Removes the timer. @returns false when it has fired or was cancelled before. */
  cancel(): boolean
}

interface Pending {
  readonly dueNs: bigint
  readonly callback: (nowNs: bigint) => unknown
}

const NS_PER_MS = 1e6

/**
 * A clock that moves on request. It has the methods of a replay's clock, and so has the machine's clock in the same form. So a strategy that is given a clock runs under a
 * test, in a replay and live.
 *
 * @example
 * ```ts
 * const clock = new ManualClock(0n)
 * clock.setTimer(500, (nowNs) => console.log(nowNs))
 * clock.advance({ ms: 500 })
 * ```
 */
export class ManualClock {
  #nowNs: bigint
  /** In the order in which they fire. */
  readonly #timers: Pending[] = []

  /** @param nowNs nanoseconds since the Unix epoch. */
  constructor(nowNs = 0n) {
    if (typeof nowNs !== 'bigint')
      throw new InvalidArgumentError({ argument: 'nowNs', value: nowNs, expected: 'a bigint of nanoseconds' })
    this.#nowNs = nowNs
  }

  nowNs(): bigint {
    return this.#nowNs
  }

  /**
   * Calls back when the clock has moved on by `delayMs`. Timers of equal times fire in the order in which they were set.
   *
   * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` for a delay that is negative or not finite, and for a callback that is not a function.
   */
  setTimer(delayMs: number, callback: (nowNs: bigint) => unknown): ManualTimer {
    checkFunction('callback', callback)
    if (typeof delayMs !== 'number' || !(delayMs >= 0 && Number.isFinite(delayMs * NS_PER_MS)))
      throw new InvalidArgumentError({ argument: 'delayMs', value: delayMs, expected: 'milliseconds, finite and not negative' })
    const timer = { dueNs: this.#nowNs + BigInt(Math.round(delayMs * NS_PER_MS)), callback }
    const later = this.#timers.findIndex((other) => other.dueNs > timer.dueNs)
    this.#timers.splice(later < 0 ? this.#timers.length : later, 0, timer)
    return { dueNs: timer.dueNs, cancel: () => this.#remove(timer) }
  }

  /** Resolves when the clock has moved on by `delayMs`. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.setTimer(delayMs, () => resolve())
    })
  }

  /** Moves on by this span, and fires the timers on the way, those that they set included, each at its own time. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` for a span that is negative or not finite. */
  advance(span: Span): void {
    this.advanceTo(this.#nowNs + nanosecondsOf(span))
  }

  /** {@link advance} to a time. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` for one that is past. */
  advanceTo(timeNs: bigint): void {
    this.#assertNotBack(timeNs)
    for (let timer = this.#takeDue(timeNs); timer !== undefined; timer = this.#takeDue(timeNs)) timer.callback(this.#nowNs)
    this.#moveTo(timeNs)
  }

  /** {@link advance} that awaits what each timer returns, and lets programs that slept continue, before the next one fires. */
  async advanceAsync(span: Span): Promise<void> {
    const timeNs = this.#nowNs + nanosecondsOf(span)
    this.#assertNotBack(timeNs)
    for (let timer = this.#takeDue(timeNs); timer !== undefined; timer = this.#takeDue(timeNs)) {
      await timer.callback(this.#nowNs)
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.#moveTo(timeNs)
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.length
  }

  #assertNotBack(timeNs: bigint): void {
    if (typeof timeNs === 'bigint' && timeNs >= this.#nowNs) return
    throw new InvalidArgumentError({
      argument: 'timeNs',
      value: timeNs,
      expected: `a bigint, not below the time of the clock, ${this.#nowNs}`,
    })
  }

  /** A timer's callback may have moved the clock further. */
  #moveTo(timeNs: bigint): void {
    if (timeNs > this.#nowNs) this.#nowNs = timeNs
  }

  #takeDue(timeNs: bigint): Pending | undefined {
    const [first] = this.#timers
    if (first === undefined || first.dueNs > timeNs) return undefined
    this.#timers.shift()
    this.#moveTo(first.dueNs)
    return first
  }

  #remove(timer: Pending): boolean {
    const index = this.#timers.indexOf(timer)
    if (index >= 0) this.#timers.splice(index, 1)
    return index >= 0
  }
}

/** A unit with another name would be left out silently, and a text would be joined instead of added. */
const SPAN_NAMES: OptionNames<Span> = { ns: true, ms: true, s: true }

function nanosecondsOf(span: Span): bigint {
  checkOptions(span, SPAN_NAMES)
  const { ns = 0n, ms = 0, s = 0 } = span
  checkMilliseconds('ms', ms)
  checkMilliseconds('s', s)
  const other = Math.round((ms + s * 1000) * NS_PER_MS)
  if (typeof ns === 'bigint' && Number.isFinite(other)) return ns + BigInt(other)
  throw new InvalidArgumentError({ argument: 'span', value: span, expected: 'a finite span, with ns as a bigint' })
}
