import type { Answer, Order } from '../trading/checked-order.js'
import { Ack, Fill, NewOrder } from '../trading/order-messages.js'

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

/** A message as both queues of a strategy carry it. */
export interface EncodedMessage {
  readonly typeId: number
  readonly payload: Buffer
}

export function encodeOrder(order: Order): EncodedMessage {
  return { typeId: NewOrder.typeId, payload: Buffer.from(NewOrder.encode(order)) }
}

export function encodeAnswer({ outcome, ...answer }: Answer): EncodedMessage {
  const type = outcome === 'fill' ? Fill : Ack
  return { typeId: type.typeId, payload: Buffer.from(type.encode(answer)) }
}

/** Place of a field in the payloads of orders and answers: they begin alike. */
export function offsetOf(field: string): number {
  return Fill.description.fields.find(({ name }) => name === field)?.offset ?? Number.NaN
}
