import type { TopOfBook } from './market/order-book.js'

/** What a signal wants done. */
export interface TradeIntent {
  readonly side: 'buy' | 'sell'
  /** `take` the price that is there, or `make` one and rest in the book. */
  readonly kind: 'take' | 'make'
  /** Quote currency. */
  readonly price: number
  /** Base currency. */
  readonly quantity: number
}

/** Value of one order in the quote currency. */
const ORDER_VALUE = 100
/** Share by which one side of the top must outweigh the other for an order to take instead of make. */
const TAKE_IMBALANCE = 0.3
/** Relative distance from the average that counts as on one side of it; less is rounding. */
const MIN_DISTANCE = 1e-9

/**
 * Trades when the mid price of a symbol crosses its exponential moving average: upwards buys, downwards sells.
 *
 * Its answer depends on nothing but the tops of the book that it was shown, in their order. That is what lets a strategy that was killed arrive
 * at the same decisions again by reading the feed again.
 */
export class MidCrossingSignal {
  readonly #weight: number
  #average: number | undefined
  /** The side of the average on which the mid price was last. */
  #last: 'above' | 'below' | undefined

  /** @param span number of observations over which the average reaches back, at least 1 */
  constructor(span: number) {
    this.#weight = 2 / (span + 1)
  }

  /** Shows the signal the top of the book after a change. */
  observe(top: TopOfBook): TradeIntent | undefined {
    const mid = (top.bid.price + top.ask.price) / 2
    const before = this.#average ?? mid
    const average = before + (mid - before) * this.#weight
    this.#average = average
    if (Math.abs(mid - average) <= average * MIN_DISTANCE) return undefined
    const last = this.#last
    this.#last = mid > average ? 'above' : 'below'
    return last === undefined || last === this.#last ? undefined : intentOf(top, this.#last === 'above' ? 'buy' : 'sell')
  }
}

function intentOf({ bid, ask }: TopOfBook, side: TradeIntent['side']): TradeIntent {
  const total = bid.quantity + ask.quantity
  const imbalance = total === 0 ? 0 : (bid.quantity - ask.quantity) / total
  const agreement = side === 'buy' ? imbalance : -imbalance
  const kind = agreement > TAKE_IMBALANCE ? 'take' : 'make'
  const price = (side === 'buy') === (kind === 'take') ? ask.price : bid.price
  return { side, kind, price, quantity: ORDER_VALUE / price }
}
