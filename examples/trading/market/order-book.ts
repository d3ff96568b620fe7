import type { Level, MarketUpdate } from './market-update.js'

/** Best bid and ask. A quantity of 0 is unknown. */
export interface TopOfBook {
  readonly bid: Level
  readonly ask: Level
}

/** The levels of one side of a book, sorted so that the best stands last: most changes happen near the best price, where an insertion then moves few entries. */
export class BookSide {
  #levels: Level[] = []
  /** +1: the highest price is the best (bids); -1: the lowest is (asks). */
  readonly #direction: 1 | -1

  constructor(side: 'bids' | 'asks') {
    this.#direction = side === 'bids' ? 1 : -1
  }

  get levelCount(): number {
    return this.#levels.length
  }

  get best(): Level | undefined {
    return this.#levels.at(-1)
  }

  /** Sets the quantity at a price; 0 removes the level, whether it is there or not. */
  set(level: Level): void {
    const index = this.#indexOf(level.price)
    const found = this.#levels[index]?.price === level.price ? 1 : 0
    if (level.quantity === 0) this.#levels.splice(index, found)
    else this.#levels.splice(index, found, level)
  }

  clear(): void {
    this.#levels = []
  }

  /** Where the price stands, or would have to be inserted. */
  #indexOf(price: number): number {
    let low = 0
    let high = this.#levels.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (((this.#levels[middle]?.price ?? 0) - price) * this.#direction < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

/**
 * The book of one symbol, as far as it is known.
 *
 * Feeds differ in what they send: Coinbase begins with a snapshot and keeps it current. Binance sends changes of a book that was never sent, and quotes the best prices beside
 * them. So the top of the book is that of the levels once a snapshot has come, else the last quote, else the best levels
 * that happened to be mentioned.
 */
export class OrderBook {
  readonly #bids = new BookSide('bids')
  readonly #asks = new BookSide('asks')
  #isWhole = false
  #quote: TopOfBook | undefined

  apply(update: MarketUpdate): void {
    if (update.kind === 'quote') this.#quote = { bid: update.bid, ask: update.ask }
    if (update.kind !== 'snapshot' && update.kind !== 'levels') return
    if (update.kind === 'snapshot') {
      this.#bids.clear()
      this.#asks.clear()
      this.#isWhole = true
    }
    for (const level of update.bids) this.#bids.set(level)
    for (const level of update.asks) this.#asks.set(level)
  }

  /** `undefined` until both sides are known. */
  get top(): TopOfBook | undefined {
    if (!this.#isWhole && this.#quote !== undefined) return this.#quote
    const bid = this.#bids.best
    const ask = this.#asks.best
    return bid && ask && { bid, ask }
  }
}
