import type { Side } from './market/market-update.js'
import type { OrderKind } from './mid-crossing-signal.js'
import {
  ACK_TYPE,
  ANSWER_LENGTH,
  ANSWERED_NS_OFFSET,
  FILL_TYPE,
  KIND_OFFSET,
  MARKET_SEQUENCE_OFFSET,
  NAME_LENGTH,
  ORDER_ID_OFFSET,
  ORDER_LENGTH,
  ORDER_TYPE,
  PRICE_OFFSET,
  QUANTITY_OFFSET,
  SENT_NS_OFFSET,
  SIDE_OFFSET,
  STRATEGY_OFFSET,
  SYMBOL_OFFSET,
  VENUE_OFFSET,
} from './order-layout.js'

const PRINTABLE = /^[\x20-\x7e]*$/

/** What a strategy asks for, see `order-layout.ts`. */
export interface Order {
  readonly orderId: number
  readonly sentNs: bigint
  readonly marketSequence: number
  /** Quote currency. */
  readonly price: number
  /** Base currency. */
  readonly quantity: number
  readonly side: Side
  readonly kind: OrderKind
  /** ASCII, up to 32 characters, as are venue and symbol. */
  readonly strategy: string
  readonly venue: string
  readonly symbol: string
}

/** What the router made of an order. */
export interface Answer extends Order {
  readonly outcome: 'ack' | 'fill'
  readonly answeredNs: bigint
}

/** A message as both queues of a strategy carry it. */
export interface EncodedMessage {
  readonly typeId: number
  readonly payload: Buffer
}

/** The bytes are no order or answer of this layout. */
export class OrderFormatError extends Error {
  override readonly name = 'OrderFormatError'
}

/** @throws {@link OrderFormatError} when a field does not fit its place. */
export function encodeOrder(order: Order): EncodedMessage {
  return { typeId: ORDER_TYPE, payload: encodeFields(order, ORDER_LENGTH) }
}

/** @throws {@link OrderFormatError} when a field does not fit its place. */
export function encodeAnswer(answer: Answer): EncodedMessage {
  const payload = encodeFields(answer, ANSWER_LENGTH)
  payload.writeBigUInt64LE(answer.answeredNs, ANSWERED_NS_OFFSET)
  return { typeId: answer.outcome === 'fill' ? FILL_TYPE : ACK_TYPE, payload }
}

/** Whatever it returns can be encoded again. @throws {@link OrderFormatError} when the message is not such an order. */
export function decodeOrder(typeId: number, payload: Buffer): Order {
  if (typeId !== ORDER_TYPE) throw new OrderFormatError(`Not an order: typeId=${typeId}`)
  return decodeFields(payload, ORDER_LENGTH)
}

/** @throws {@link OrderFormatError} when the message is neither ack nor fill. */
export function decodeAnswer(typeId: number, payload: Buffer): Answer {
  if (typeId !== ACK_TYPE && typeId !== FILL_TYPE) throw new OrderFormatError(`Not an answer: typeId=${typeId}`)
  return {
    ...decodeFields(payload, ANSWER_LENGTH),
    outcome: typeId === FILL_TYPE ? 'fill' : 'ack',
    answeredNs: payload.readBigUInt64LE(ANSWERED_NS_OFFSET),
  }
}

function encodeFields(order: Order, length: number): Buffer {
  const payload = Buffer.alloc(length)
  payload.writeBigUInt64LE(BigInt(order.orderId), ORDER_ID_OFFSET)
  payload.writeBigUInt64LE(order.sentNs, SENT_NS_OFFSET)
  payload.writeBigUInt64LE(BigInt(order.marketSequence), MARKET_SEQUENCE_OFFSET)
  payload.writeDoubleLE(order.price, PRICE_OFFSET)
  payload.writeDoubleLE(order.quantity, QUANTITY_OFFSET)
  payload[SIDE_OFFSET] = order.side === 'buy' ? 1 : 2
  payload[KIND_OFFSET] = order.kind === 'take' ? 1 : 2
  writeName(payload, order.strategy, STRATEGY_OFFSET)
  writeName(payload, order.venue, VENUE_OFFSET)
  writeName(payload, order.symbol, SYMBOL_OFFSET)
  return payload
}

function decodeFields(payload: Buffer, length: number): Order {
  if (payload.length !== length) throw new OrderFormatError(`Wrong length: length=${payload.length} expected=${length}`)
  return {
    orderId: readCount(payload, ORDER_ID_OFFSET, 1),
    sentNs: payload.readBigUInt64LE(SENT_NS_OFFSET),
    marketSequence: readCount(payload, MARKET_SEQUENCE_OFFSET, 0),
    price: payload.readDoubleLE(PRICE_OFFSET),
    quantity: payload.readDoubleLE(QUANTITY_OFFSET),
    side: oneOf(payload[SIDE_OFFSET], 'buy', 'sell'),
    kind: oneOf(payload[KIND_OFFSET], 'take', 'make'),
    strategy: readName(payload, STRATEGY_OFFSET),
    venue: readName(payload, VENUE_OFFSET),
    symbol: readName(payload, SYMBOL_OFFSET),
  }
}

function oneOf<T>(code: number | undefined, first: T, second: T): T {
  if (code === 1) return first
  if (code === 2) return second
  throw new OrderFormatError(`Neither 1 nor 2: code=${code}`)
}

function writeName(payload: Buffer, name: string, offset: number): void {
  if (name.length > NAME_LENGTH || !PRINTABLE.test(name)) {
    throw new OrderFormatError(`Not ASCII of up to ${NAME_LENGTH} characters: name=${name}`)
  }
  payload.write(name, offset, 'latin1')
}

/** Returns a u64 that a number holds exactly: what was read can be written again. */
function readCount(payload: Buffer, offset: number, least: number): number {
  const count = payload.readBigUInt64LE(offset)
  if (count < BigInt(least) || count > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new OrderFormatError(`Not between ${least} and 2^53 - 1: offset=${offset} value=${count}`)
  }
  return Number(count)
}

function readName(payload: Buffer, offset: number): string {
  const end = payload.indexOf(0, offset)
  const name = payload.toString('latin1', offset, end === -1 || end > offset + NAME_LENGTH ? offset + NAME_LENGTH : end)
  if (!PRINTABLE.test(name)) throw new OrderFormatError(`Not ASCII: offset=${offset} name=${JSON.stringify(name)}`)
  return name
}
