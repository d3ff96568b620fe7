import type { TimeHalf } from '@chronicle-ts/core'
import { LOWEST_HALF, toHalf } from '@chronicle-ts/core/internal'

/** What a {@link TimeBound} goes by. */
export interface TimeBoundOptions {
  /** How far after the clock a time may lie, in milliseconds; `Infinity`: anywhere. */
  readonly aheadMs: number
  /** CLOCK_REALTIME in nanoseconds. */
  readonly realtimeNs: () => bigint
}

/**
 * Distinguishes times of the future from others, and until when they count. A message whose time is more than `aheadMs` after the clock is **ahead**. It is merged as if its
 * time were the bound, the clock at the moment when the first of the messages that are ahead now was seen, plus `aheadMs`. So a wrong timestamp delays its own message by no
 * more than that.
 *
 * The clock is read only when a time is after the last bound: once per `aheadMs` where messages are stamped with the present.
 */
export class TimeBound {
  readonly #aheadNs: bigint | undefined
  readonly #realtimeNs: () => bigint
  /** The bits of a time and their two halves, without a bigint per half. */
  readonly #time = new BigUint64Array(1)
  readonly #halves = new Uint32Array(this.#time.buffer)
  #limitHigh: TimeHalf = LOWEST_HALF
  #limitLow: TimeHalf = LOWEST_HALF
  /** Slots whose message is ahead. */
  #aheadCount = 0
  /** The bound of all messages that are ahead. */
  high: TimeHalf = LOWEST_HALF
  low: TimeHalf = LOWEST_HALF

  constructor({ aheadMs, realtimeNs }: TimeBoundOptions) {
    this.#aheadNs = Number.isFinite(aheadMs) ? BigInt(Math.ceil(aheadMs * 1e6)) : undefined
    this.#realtimeNs = realtimeNs
  }

  /** Whether this time is ahead. */
  isAhead(high: TimeHalf, low: TimeHalf): boolean {
    if (this.#aheadNs === undefined || !this.#isAfterLimit(high, low)) return false
    this.#time[0] = this.#realtimeNs() + this.#aheadNs
    this.#limitHigh = toHalf(this.#halves[1] as number)
    this.#limitLow = toHalf(this.#halves[0] as number)
    return this.#isAfterLimit(high, low)
  }

  /** One more message is ahead. All that are ahead at one time have one bound, so that their own times decide between them. */
  enter(): void {
    if (this.#aheadCount++ > 0) return
    this.high = this.#limitHigh
    this.low = this.#limitLow
  }

  /** It was delivered, or its source went. */
  leave(): void {
    this.#aheadCount--
  }

  #isAfterLimit(high: TimeHalf, low: TimeHalf): boolean {
    return high > this.#limitHigh || (high === this.#limitHigh && low > this.#limitLow)
  }
}
