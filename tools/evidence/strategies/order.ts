/**
 * Orders and answers as the router of the examples reads and writes them. Written down a second time on purpose: what the soak proves must not rest on the code
 * that it examines. The fields stand in `examples/trading/order-messages.ts`.
 */

/** Bytes of an order; an answer begins with the same bytes. */
export const ORDER_LENGTH = 138
export const ORDER_TYPE = 1
/** typeIds of an acknowledgement and of a fill. */
export const ANSWER_TYPES: readonly number[] = [2, 3]

const BUY = 1
const TAKE = 1
const MAKE = 2

/** A buffer that {@link fillOrder} fills again and again. */
export function createOrder(strategy: string): Buffer {
  const order = Buffer.alloc(ORDER_LENGTH)
  order[40] = BUY
  order.write(strategy, 42, 'latin1')
  order.write('nowhere', 74, 'latin1')
  order.write('NONE', 106, 'latin1')
  return order
}

/** Everything but the time follows from the id. */
export function fillOrder(order: Buffer, orderId: number, sentNs: bigint): void {
  order.writeBigUInt64LE(BigInt(orderId), 0)
  order.writeBigUInt64LE(sentNs, 8)
  order.writeBigUInt64LE(BigInt(orderId * 3), 16)
  order.writeDoubleLE(orderId / 8, 24)
  order.writeDoubleLE(orderId % 97, 32)
  order[41] = orderId % 2 === 0 ? TAKE : MAKE
}

export function orderIdOf(payload: Buffer): number {
  return Number(payload.readBigUInt64LE(0))
}
