import type { Side } from './market/market-update.js'
import type { TopOfBook } from './market/order-book.js'

/** How an order wants to trade: `take` the price that is there, or `make` one and rest in the book. */
export type OrderKind = 'take' | 'make'

/** What a signal wants done. */
export interface TradeIntent {
  readonly side: Side
  readonly kind: OrderKind
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

interface SymbolState {
  average: number
  /** The side of the average on which the mid price was last: 1 above, -1 below, 0 neither yet. */
  side: -1 | 0 | 1
}

/**
 * Trades when the mid price of a symbol crosses its exponential moving average: upwards buys, downwards sells.
 *
 * Its answer depends on nothing but the tops of the book that it was shown, in their order. That is what lets a strategy that was killed arrive
 * at the same decisions again by reading the feed again.
 */
export class MidCrossingSignal {
  readonly #weight: number
  readonly #states = new Map<string, SymbolState>()

  /** @param span number of observations over which the average reaches back, at least 1 */
  constructor(span: number) {
    this.#weight = 2 / (span + 1)
  }

  /**
   * Shows the signal the top of one book after a change.
   *
   * @param key names the book: venue and symbol
   */
  observe(key: string, top: TopOfBook): TradeIntent | undefined {
    const mid = (top.bid.price + top.ask.price) / 2
    const state = this.#states.get(key)
    if (state === undefined) {
      this.#states.set(key, { average: mid, side: 0 })
      return undefined
    }
    state.average += (mid - state.average) * this.#weight
    const side = sideOf(mid, state.average)
    if (side === 0 || side === state.side) return undefined
    const crossed = state.side !== 0
    state.side = side
    return crossed ? intentOf(top, side === 1 ? 'buy' : 'sell') : undefined
  }
}

function sideOf(mid: number, average: number): -1 | 0 | 1 {
  if (Math.abs(mid - average) <= average * MIN_DISTANCE) return 0
  return mid > average ? 1 : -1
}

function intentOf({ bid, ask }: TopOfBook, side: Side): TradeIntent {
  const total = bid.quantity + ask.quantity
  const imbalance = total === 0 ? 0 : (bid.quantity - ask.quantity) / total
  const agreement = side === 'buy' ? imbalance : -imbalance
  const kind = agreement > TAKE_IMBALANCE ? 'take' : 'make'
  const price = (side === 'buy') === (kind === 'take') ? ask.price : bid.price
  return { side, kind, price, quantity: ORDER_VALUE / price }
}
