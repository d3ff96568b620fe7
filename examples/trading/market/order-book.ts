import { BookSide } from './book-side.js'
import type { Level, MarketUpdate } from './market-update.js'

/** Best bid and ask. A quantity of 0 is unknown. */
export interface TopOfBook {
  readonly bid: Level
  readonly ask: Level
}

/**
 * What is known about one symbol.
 *
 * Feeds differ in what they send: Coinbase begins with a snapshot and keeps it current. Binance sends changes of a book that was never sent, and quotes the best prices beside
 * them. So the top of the book is that of the levels once a snapshot has come, else the last quote, else the best levels
 * that happened to be mentioned.
 */
export class OrderBook {
  readonly symbol: string
  readonly bids = new BookSide('bids')
  readonly asks = new BookSide('asks')
  /** Price of the last trade, 0 before the first. */
  lastPrice = 0
  /** Base currency traded so far. */
  volume = 0
  #isWhole = false
  #quote: TopOfBook | undefined

  constructor(symbol: string) {
    this.symbol = symbol
  }

  apply(update: MarketUpdate): void {
    switch (update.kind) {
      case 'snapshot':
        this.bids.clear()
        this.asks.clear()
        this.#isWhole = true
        this.#setLevels(update.bids, update.asks)
        break
      case 'levels':
        this.#setLevels(update.bids, update.asks)
        break
      case 'quote':
        this.#quote = { bid: update.bid, ask: update.ask }
        break
      case 'trade':
        this.lastPrice = update.price
        this.volume += update.quantity
        break
      case 'candle':
        this.lastPrice = update.close
        break
    }
  }

  /** `undefined` until both sides are known. */
  get top(): TopOfBook | undefined {
    if (!this.#isWhole && this.#quote !== undefined) return this.#quote
    const bid = this.bids.best
    const ask = this.asks.best
    return bid === undefined || ask === undefined ? undefined : { bid, ask }
  }

  #setLevels(bids: readonly Level[], asks: readonly Level[]): void {
    for (const level of bids) this.bids.set(level)
    for (const level of asks) this.asks.set(level)
  }
}
