import type { Order } from '../trading/order-codec.js'

/** An order of a strategy alpha that takes a price. */
export function exampleOrder(fields: Partial<Order> = {}): Order {
  return {
    orderId: 1,
    kind: 'take',
    sentNs: 5n,
    marketSequence: 1,
    price: 2,
    quantity: 3,
    side: 'buy',
    strategy: 'alpha',
    venue: 'v',
    symbol: 'X',
    ...fields,
  }
}
