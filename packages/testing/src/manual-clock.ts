import { InvalidArgumentError } from '@chronicle-ts/core'
import { checkOptions } from '@chronicle-ts/core/internal'

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
   * @throws RangeError for a delay that is negative or not finite, TypeError for a callback that is not a function.
   */
  setTimer(delayMs: number, callback: (nowNs: bigint) => unknown): ManualTimer {
    if (typeof callback !== 'function') throw new TypeError(`A callback must be a function: callback=${String(callback)}`)
    if (!(delayMs >= 0 && Number.isFinite(delayMs * NS_PER_MS)))
      throw new RangeError(`A delay must be finite and not negative: delayMs=${delayMs}`)
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

  /** Moves on by this span, and fires the timers on the way, those that they set included, each at its own time. @throws RangeError for a span that is negative or not finite, `ERR_INVALID_ARGUMENT` for a unit of another name. */
  advance(span: Span): void {
    this.advanceTo(this.#nowNs + nanosecondsOf(span))
  }

  /** {@link advance} to a time. @throws RangeError for one that is past. */
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
    if (timeNs < this.#nowNs) throw new RangeError(`The clock cannot go back: nowNs=${this.#nowNs} timeNs=${timeNs}`)
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
function nanosecondsOf(span: Span): bigint {
  checkOptions(span, { ns: true, ms: true, s: true })
  const { ns = 0n, ms = 0, s = 0 } = span
  const other = Math.round((ms + s * 1000) * NS_PER_MS)
  const areNumbers = typeof ms === 'number' && typeof s === 'number'
  if (typeof ns !== 'bigint' || !areNumbers || !Number.isFinite(other))
    throw new RangeError(`A span must be finite: ns=${ns} ms=${ms} s=${s}`)
  return ns + BigInt(other)
}
