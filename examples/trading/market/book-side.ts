import type { Level } from './market-update.js'

/**
 * The levels of one side of a book, sorted so that the best stands last: most changes happen near the best price, where an insertion
 * then moves few entries.
 */
export class BookSide {
  readonly #prices: number[] = []
  readonly #quantities: number[] = []
  /** +1: the highest price is the best (bids); -1: the lowest is (asks). */
  readonly #direction: 1 | -1

  constructor(side: 'bids' | 'asks') {
    this.#direction = side === 'bids' ? 1 : -1
  }

  get levelCount(): number {
    return this.#prices.length
  }

  get best(): Level | undefined {
    const last = this.#prices.length - 1
    const price = this.#prices[last]
    const quantity = this.#quantities[last]
    return price === undefined || quantity === undefined ? undefined : { price, quantity }
  }

  /** Sets the quantity at a price; 0 removes the level, whether it is there or not. */
  set({ price, quantity }: Level): void {
    const index = this.#indexOf(price)
    const found = this.#prices[index] === price
    if (quantity === 0) {
      if (!found) return
      this.#prices.splice(index, 1)
      this.#quantities.splice(index, 1)
    } else if (found) this.#quantities[index] = quantity
    else {
      this.#prices.splice(index, 0, price)
      this.#quantities.splice(index, 0, quantity)
    }
  }

  clear(): void {
    this.#prices.length = 0
    this.#quantities.length = 0
  }

  /** Where the price stands, or would have to be inserted. */
  #indexOf(price: number): number {
    let low = 0
    let high = this.#prices.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (((this.#prices[middle] ?? 0) - price) * this.#direction < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
