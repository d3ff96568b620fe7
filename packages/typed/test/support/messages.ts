import {
  ascii,
  decimal,
  enumOf,
  f64,
  jsonMessage,
  list,
  matrix,
  message,
  timestampNs,
  u16,
  u32,
  utf8,
  vector,
} from '@chronicle-ts/schema'

/** The messages that the tests of this package are about. */
export const QuoteV1 = message('Quote', 1, {
  tsEvent: timestampNs(),
  price: decimal(9),
  instrumentId: u32(),
  side: enumOf({ buy: 0, sell: 1 }),
  bid: f64(),
  ask: f64(),
  symbol: ascii(8),
}).keyedBy('instrumentId')

export const Quote = QuoteV1.since(2, { venue: u16() })

export const Depth = message('Depth', 2, {
  tsEvent: timestampNs(),
  bids: list({ price: f64(), size: f64() }),
  weights: vector('f64'),
  cov: matrix('f64', 4, 4),
  note: utf8(),
})

export const Note = jsonMessage('Note', 3, { check: (value) => value as { text: string } })

export const quote = {
  tsEvent: 5n,
  price: '60123.5',
  instrumentId: 7,
  side: 'buy',
  bid: 60123.5,
  ask: 60124,
  symbol: 'BTC-USD',
} as const
