import { InvalidArgumentError } from '@chronicle-ts/core'
import { checkMilliseconds } from '@chronicle-ts/core/internal'
import { RETRY_FIRST_MS, RETRY_LAST_MS } from './defaults.js'

/** Says when to try again what failed: soon at first, then after twice the pause of the time before, up to a longest one. */
export class RetryBackoff {
  #pauseMs = 0
  #dueMs = Number.POSITIVE_INFINITY

  /** @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. */
  constructor(
    readonly firstMs: number = RETRY_FIRST_MS,
    readonly lastMs: number = RETRY_LAST_MS,
  ) {
    for (const [argument, value] of Object.entries({ firstMs, lastMs }))
      if (!(typeof value === 'number' && value > 0))
        throw new InvalidArgumentError({ argument, value, expected: 'a number of milliseconds above 0' })
  }

  /** When to try again, milliseconds of the clock that {@link fail} was given. `Infinity` before the first failure. */
  get dueMs(): number {
    return this.#dueMs
  }

  /** It failed at `nowMs`, on a monotonic clock. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. */
  fail(nowMs: number): void {
    checkMilliseconds('nowMs', nowMs)
    this.#pauseMs = this.#pauseMs === 0 ? this.firstMs : Math.min(this.#pauseMs * 2, this.lastMs)
    this.#dueMs = nowMs + this.#pauseMs
  }
}
