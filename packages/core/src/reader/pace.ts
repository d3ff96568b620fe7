/** Calls after which the clock is read at the latest. A call in between costs a decrement. */
const CALLS_MAX = 32

/** Fraction of the interval after which the clock is read again, so that a slower caller is noticed in time. */
const FRACTION = 8

/**
 * Says at most once per interval that it is time to do something, for loops that may turn a million times a second or ten times. The clock is read every few calls only, as
 * few as the caller's rate demands.
 */
export class Pace {
  readonly #intervalMs: number
  #callsLeft = 1
  #calls = 1
  #readMs = 0
  #dueMs = 0

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs
  }

  /** Counts a call. True the first time, and then once per interval. */
  isDue(): boolean {
    return --this.#callsLeft <= 0 && this.#readClock()
  }

  #readClock(): boolean {
    const nowMs = performance.now()
    const callsPerMs = this.#calls / (nowMs - this.#readMs)
    this.#calls = Math.min(Math.max(Math.floor((callsPerMs * this.#intervalMs) / FRACTION), 1), CALLS_MAX)
    this.#callsLeft = this.#calls
    this.#readMs = nowMs
    if (nowMs < this.#dueMs) return false
    this.#dueMs = nowMs + this.#intervalMs
    return true
  }
}
