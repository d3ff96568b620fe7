import type { TimeHalf } from '@chronicle-ts/core'
import { LOWEST_HALF } from '@chronicle-ts/core/internal'

/**
 * How far a merge has come: the highest (time, key) that it delivered. The time is kept in a typed array, so that moving on allocates nothing.
 */
export class MergePosition {
  readonly #time = new Int32Array(2).fill(LOWEST_HALF)
  #key = ''

  /** Moves on to the later of here and there. @returns false when there is before here: a message there is out of order. */
  advance(high: TimeHalf, low: TimeHalf, key: string): boolean {
    const time = this.#time
    const hereHigh = time[0] as number
    const hereLow = time[1] as number
    if (high < hereHigh || (high === hereHigh && (low < hereLow || (low === hereLow && key < this.#key)))) return false
    time[0] = high
    time[1] = low
    this.#key = key
    return true
  }

  /** Whether this time is before here, keys aside. */
  isAfter(high: TimeHalf, low: TimeHalf): boolean {
    const hereHigh = this.#time[0] as number
    return high < hereHigh || (high === hereHigh && low < (this.#time[1] as number))
  }
}
