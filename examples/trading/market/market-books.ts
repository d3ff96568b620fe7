import type { MarketUpdate } from './market-update.js'
import { OrderBook } from './order-book.js'

/** The books of all symbols of all venues; one symbol at two venues is two books. */
export class MarketBooks {
  readonly #books = new Map<string, OrderBook>()

  get count(): number {
    return this.#books.size
  }

  /** Applies the update and returns the book that it changed. */
  apply(venue: string, update: MarketUpdate): OrderBook {
    const key = `${venue} ${update.symbol}`
    let book = this.#books.get(key)
    if (book === undefined) {
      book = new OrderBook(update.symbol)
      this.#books.set(key, book)
    }
    book.apply(update)
    return book
  }

  [Symbol.iterator](): IterableIterator<[string, OrderBook]> {
    return this.#books.entries()
  }
}
