/** First and longest pause before something is tried again. */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000

/** Pauses that grow with the time for which a connection has been gone: a quarter of it, up to five seconds. */
export class Outage {
  #sinceMs: number | undefined

  begin(): void {
    this.#sinceMs ??= performance.now()
  }

  end(): void {
    this.#sinceMs = undefined
  }

  pauseMs(): number {
    const goneMs = this.#sinceMs === undefined ? 0 : performance.now() - this.#sinceMs
    const pauseMs = Math.min(Math.max(FIRST_PAUSE_MS, goneMs / 4), LONGEST_PAUSE_MS)
    return pauseMs / 2 + (Math.random() * pauseMs) / 2
  }
}

/** Pauses that double from try to try, up to five seconds. Half of a pause is random, so that clients of one server do not come back at once. */
export class Backoff {
  #tries = 0

  reset(): void {
    this.#tries = 0
  }

  nextMs(): number {
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** this.#tries++, LONGEST_PAUSE_MS)
    return pauseMs / 2 + (Math.random() * pauseMs) / 2
  }
}
