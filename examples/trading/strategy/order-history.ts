import { openTypedObserver } from '@chronicle-ts/typed'
import { NewOrder } from '../order-messages.js'

/** What a strategy's own queue says about the orders it has sent in all its lives. */
export interface OrderHistory {
  /** 0 before the first. */
  readonly lastOrderId: number
  /** By venue: sequence of the market-data message that caused the last order. */
  readonly lastMarketSequences: ReadonlyMap<string, number>
}

/**
 * Reads back all orders. The queue is the only memory that the strategy needs. An order that is in it was sent, one that is not was not, and there is no moment in between.
 */
export function readOrderHistory(ordersOut: string): OrderHistory {
  let lastOrderId = 0
  const lastMarketSequences = new Map<string, number>()
  using orders = openTypedObserver(ordersOut, [NewOrder])
  for (let order = orders.next(); order !== undefined; order = orders.next()) {
    const { orderId, venue, marketSequence } = order.body
    lastOrderId = Math.max(lastOrderId, orderId)
    lastMarketSequences.set(venue, marketSequence)
  }
  return { lastOrderId, lastMarketSequences }
}
