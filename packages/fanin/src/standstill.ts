/** The clocks of a merge. Tests of waiting give their own. */
export interface Clocks {
  /** CLOCK_REALTIME in nanoseconds, the clock that writers stamp with. */
  realtimeNs(): bigint
  /** Milliseconds of a clock that never goes back. */
  monotonicMs(): number
}

/**
 * How long a merge has stood still although sources showed messages: this time, and in all. A standstill ends with each message that is delivered. The sum goes on, so that a
 * source that held messages back, one after the other, is found to have done so.
 *
 * Costs no reading of a clock while the merge does not stand still.
 */
export class Standstill {
  readonly #clocks: Clocks
  /** Since when, in milliseconds of the monotonic clock; NaN while the merge does not stand still. */
  #sinceMs = Number.NaN
  /** The same moment, CLOCK_REALTIME. */
  #sinceNs = 0n
  /** Milliseconds of all that ended. */
  #endedMs = 0

  constructor(clocks: Clocks) {
    this.#clocks = clocks
  }

  /** Begins one, unless the merge stands still already. */
  begin(): void {
    if (!Number.isNaN(this.#sinceMs)) return
    this.#sinceMs = this.#clocks.monotonicMs()
    this.#sinceNs = this.#clocks.realtimeNs()
  }

  end(): void {
    if (Number.isNaN(this.#sinceMs)) return
    this.#endedMs += this.#forMs
    this.#sinceMs = Number.NaN
  }

  /** Since when the merge stands still, CLOCK_REALTIME; `undefined` while it does not. */
  get sinceNs(): bigint | undefined {
    return Number.isNaN(this.#sinceMs) ? undefined : this.#sinceNs
  }

  /** For how long it stood still in all, up to now. */
  get totalMs(): number {
    return this.#endedMs + this.#forMs
  }

  /** For how long it stands still; where that is more, for how long it has stood still since the total was `totalMs`. */
  forMsSince(totalMs: number): number {
    return this.#forMs + Math.max(0, this.#endedMs - totalMs)
  }

  get #forMs(): number {
    return Number.isNaN(this.#sinceMs) ? 0 : this.#clocks.monotonicMs() - this.#sinceMs
  }
}
