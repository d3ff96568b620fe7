import { SPINS_AT_ONCE, SPINS_LEFT_OUT_MAX } from '../defaults.js'

/** Says whether an asynchronous wait of a source is worth a spin: while messages come within one, it is. Each spin that found nothing doubles the number of waits that do without. */
export class SpinHistory {
  #leftOut = 0
  #leftOutNext = 1
  #foundInRow = 0

  /** Counts a wait. */
  isWorthwhile(): boolean {
    if (this.#leftOut === 0) return true
    this.#leftOut--
    return false
  }

  missed(): void {
    this.#foundInRow = 0
    this.#leftOut = this.#leftOutNext
    this.#leftOutNext = Math.min(this.#leftOutNext * 2, SPINS_LEFT_OUT_MAX)
  }

  /** @returns whether it is time for the event loop to turn. */
  found(): boolean {
    this.#leftOutNext = 1
    this.#foundInRow = (this.#foundInRow + 1) % SPINS_AT_ONCE
    return this.#foundInRow === 0
  }
}
