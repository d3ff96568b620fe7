import { isSchemaError } from '@chronicle-ts/schema'
import { Ack, Fill, NewOrder } from './order-messages.js'

const PRINTABLE = /^[\x20-\x7e]*$/

/** What a strategy asks for, see `order-messages.ts`. */
export type Order = ReturnType<typeof NewOrder.decode>

/** What the router made of an order. */
export interface Answer extends Order {
  readonly outcome: 'ack' | 'fill'
  readonly answeredNs: bigint
  /** Absent in answers of the first version. */
  readonly orderedNs?: bigint | undefined
}

/** The bytes are not an order or an answer. */
export class OrderFormatError extends Error {
  override readonly name = 'OrderFormatError'
}

/** What it returns can be encoded again. @throws {@link OrderFormatError} when the message is not such an order. */
export function decodeOrder(typeId: number, payload: Uint8Array): Order {
  if (typeId !== NewOrder.typeId) throw new OrderFormatError(`Not an order: typeId=${typeId}`)
  return checkedValue({ value: () => NewOrder.decode(payload) })
}

/** @param version of the record's schema @throws {@link OrderFormatError} when the message is neither ack nor fill. */
export function decodeAnswer(typeId: number, payload: Uint8Array, version = 1): Answer {
  const type = typeId === Ack.typeId ? Ack : Fill
  if (typeId !== type.typeId) throw new OrderFormatError(`Not an answer: typeId=${typeId}`)
  return { ...checkedValue({ value: () => type.decode(payload, version) }), outcome: type === Ack ? 'ack' : 'fill' }
}

/**
 * Reads an order or answer, as a typed reader delivers it, and checks what a schema cannot say: ids begin with 1, and names are shown on terminals.
 *
 * @throws {@link OrderFormatError} when a field of it is not valid.
 */
export function checkedValue<O extends Order>(message: { value(): O }): O {
  const order = readValue(message)
  if (order.orderId < 1) throw new OrderFormatError(`Not an id: orderId=${order.orderId}`)
  const name = [order.strategy, order.venue, order.symbol].find((text) => !PRINTABLE.test(text))
  if (name !== undefined) throw new OrderFormatError(`Not printable: name=${JSON.stringify(name)}`)
  return order
}

function readValue<O>(message: { value(): O }): O {
  try {
    return message.value()
  } catch (error) {
    if (isSchemaError(error)) throw new OrderFormatError(error.message, { cause: error })
    throw error
  }
}
