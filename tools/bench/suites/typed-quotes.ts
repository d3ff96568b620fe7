import { ascii, enumOf, f64, message, u16, u32, u64, type WriteBodyOf } from '@chronicle-ts/schema'

/** The quote that all formats hold. */
export const QUOTE = {
  tsEvent: 1_700_000_000_000_000,
  bid: 60123.5,
  ask: 60124,
  bidSize: 1.25,
  askSize: 0.5,
  instrumentId: 7,
  venue: 3,
  side: 'sell',
  symbol: 'BTC-USD',
} as const

/** Sum of the four fields that the reading candidates read. */
export const SUM_OF_FOUR = sumOfFour(QUOTE)

/** Sum of all fields: `sell` counts 1, a text its length. */
export const SUM_OF_ALL = sumOfAll(QUOTE)

/** What all formats give back. */
export type QuoteFields = { readonly [Name in keyof typeof QUOTE]: (typeof QUOTE)[Name] extends number ? number : string }

export function sumOfFour(q: QuoteFields): number {
  return q.bid + q.ask + q.bidSize + q.instrumentId
}

export function sumOfAll(q: QuoteFields): number {
  const numbers = q.tsEvent + q.bid + q.ask + q.bidSize + q.askSize + q.instrumentId + q.venue
  return numbers + (q.side === 'sell' ? 1 : 0) + q.symbol.length
}

export const Quote = message('Quote', 1, {
  tsEvent: u64().number(),
  bid: f64(),
  ask: f64(),
  bidSize: f64(),
  askSize: f64(),
  instrumentId: u32(),
  venue: u16(),
  side: enumOf({ buy: 0, sell: 1 }),
  symbol: ascii(8),
})
export const Trade = message('Trade', 2, { price: f64() })

/** Bytes of a quote in flat1. */
export const QUOTE_LENGTH = Quote.writer().length()

/** Stores a quote as a generator for this layout would write it, without a check of any value. */
export function storeByHand(view: DataView): void {
  view.setUint32(0, QUOTE.tsEvent >>> 0, true)
  view.setUint32(4, Math.floor(QUOTE.tsEvent / 0x1_0000_0000), true)
  view.setFloat64(8, QUOTE.bid, true)
  view.setFloat64(16, QUOTE.ask, true)
  view.setFloat64(24, QUOTE.bidSize, true)
  view.setFloat64(32, QUOTE.askSize, true)
  view.setUint32(40, QUOTE.instrumentId, true)
  view.setUint16(44, QUOTE.venue, true)
  view.setUint8(46, 1)
  for (let at = 0; at < 8; at++) view.setUint8(47 + at, at < QUOTE.symbol.length ? QUOTE.symbol.charCodeAt(at) : 0)
}

/** Stores a quote field by field, as a program with typed queues does. */
export function storeTyped(q: WriteBodyOf<typeof Quote>): void {
  q.tsEvent = QUOTE.tsEvent
  q.bid = QUOTE.bid
  q.ask = QUOTE.ask
  q.bidSize = QUOTE.bidSize
  q.askSize = QUOTE.askSize
  q.instrumentId = QUOTE.instrumentId
  q.venue = QUOTE.venue
  q.side = QUOTE.side
  q.symbol = QUOTE.symbol
}
