import { ascii, enumOf, f64, message, u64 } from '@chronicle-ts/schema'
import { defineTopics, ordersIn, ordersOut } from '@chronicle-ts/topics'

/** Longest name of a strategy, venue or symbol, in bytes. */
export const NAME_LENGTH = 32

/** Bytes per segment of both queues: thousands of orders, and small enough to have many strategies. */
export const ORDERS_SEGMENT_SIZE = 1024 * 1024

const ORDER_FIELDS = {
  /** 1 for a strategy's first order and one more for each that follows, over the life of its queue. */
  orderId: u64().number(),
  /**
   * Time of the strategy's clock, which is that of the market: the timestamp of the message that led to the order. Nothing in an order depends on the machine or the moment, so that a replay of the same
   * market data makes the same bytes. When the order was appended is the timestamp of its record.
   */
  sentNs: u64(),
  /**
   * Sequence of the market-data message at `venue` that led to the order. With `venue` it identifies the decision, and so makes one order of it also when a restarted
   * strategy reads that message again.
   */
  marketSequence: u64().number(),
  /** Quote currency. */
  price: f64(),
  /** Base currency. */
  quantity: f64(),
  side: enumOf({ buy: 1, sell: 2 }),
  kind: enumOf({ take: 1, make: 2 }),
  strategy: ascii(NAME_LENGTH),
  venue: ascii(NAME_LENGTH),
  symbol: ascii(NAME_LENGTH),
}

/** An answer repeats its order and says when it was given: CLOCK_REALTIME. */
const ANSWER_FIELDS = { ...ORDER_FIELDS, answeredNs: u64() }

/** Since the second version an answer says when its order was appended: CLOCK_REALTIME. */
const LATER_ANSWER_FIELDS = { orderedNs: u64() }

/** What a strategy asks for, on `orders_out`. */
export const NewOrder = message('NewOrder', 1, ORDER_FIELDS)
/** The order rests in the book; on `orders_in`, as is {@link Fill}. */
export const Ack = message('Ack', 2, ANSWER_FIELDS).since(2, LATER_ANSWER_FIELDS)
/** The order was executed in full. */
export const Fill = message('Fill', 3, ANSWER_FIELDS).since(2, LATER_ANSWER_FIELDS)

/**
 * The topics of the trading system: what strategies and the router exchange. The frames of the feeds are not among them: they are the bytes that an exchange sent, unchanged, and their schema is the
 * exchange's.
 */
export const tradingTopics = defineTopics({
  orders: ordersOut('*', [NewOrder]),
  answers: ordersIn('*', [Ack, Fill]),
})
