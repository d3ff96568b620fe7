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
 * A clock that moves on request. It has the methods of a replay's clock, so that a strategy that is given a clock runs under a test, in a replay and, with the machine's
 * clock in the same form, live.
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
    this.#nowNs = nowNs
  }

  nowNs(): bigint {
    return this.#nowNs
  }

  /** Calls back when the clock has moved on by `delayMs`. Timers of equal times fire in the order in which they were set. @throws RangeError for a delay that is negative or not finite. */
  setTimer(delayMs: number, callback: (nowNs: bigint) => unknown): ManualTimer {
    if (!(delayMs >= 0 && Number.isFinite(delayMs)))
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

  /** Moves on by this span, and fires the timers on the way, those that they set included, each at its own time. */
  advance(span: Span): void {
    const { ns = 0n, ms = 0, s = 0 } = span
    this.advanceTo(this.#nowNs + ns + BigInt(Math.round((ms + s * 1000) * NS_PER_MS)))
  }

  /** {@link advance} to a time. @throws RangeError for one that is past. */
  advanceTo(timeNs: bigint): void {
    if (timeNs < this.#nowNs) throw new RangeError(`The clock cannot go back: nowNs=${this.#nowNs} timeNs=${timeNs}`)
    for (let timer = this.#takeDue(timeNs); timer !== undefined; timer = this.#takeDue(timeNs)) timer.callback(this.#nowNs)
    this.#nowNs = timeNs
  }

  /** {@link advance} that awaits what each timer returns, and lets programs that slept continue, before the next one fires. */
  async advanceAsync(span: Span): Promise<void> {
    const { ns = 0n, ms = 0, s = 0 } = span
    await this.#runTo(this.#nowNs + ns + BigInt(Math.round((ms + s * 1000) * NS_PER_MS)))
  }

  /** Fires what is due before a moment, then shows it: messages of that time come before its timers. @internal */
  async enter(timeNs: bigint): Promise<void> {
    if (timeNs <= this.#nowNs) return
    await this.#runTo(timeNs - 1n)
    this.#nowNs = timeNs
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.length
  }

  async #runTo(timeNs: bigint): Promise<void> {
    for (let timer = this.#takeDue(timeNs); timer !== undefined; timer = this.#takeDue(timeNs)) {
      await timer.callback(this.#nowNs)
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.#nowNs = timeNs
  }

  #takeDue(timeNs: bigint): Pending | undefined {
    const [first] = this.#timers
    if (first === undefined || first.dueNs > timeNs) return undefined
    this.#timers.shift()
    this.#nowNs = first.dueNs
    return first
  }

  #remove(timer: Pending): boolean {
    const index = this.#timers.indexOf(timer)
    if (index >= 0) this.#timers.splice(index, 1)
    return index >= 0
  }
}
