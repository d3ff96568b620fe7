import {
  ascii,
  bool,
  bytes,
  complex,
  decimal,
  enumOf,
  f64,
  flags,
  list,
  matrix,
  message,
  quantized,
  timestampNs,
  u16,
  u32,
  u64,
  utf8,
  vector,
} from '@chronicle-ts/schema'

/** The messages that the type tests are about. */
export const Side = { buy: 0, sell: 1 } as const

export const Quote = message('Quote', 1, {
  tsEvent: timestampNs(),
  price: decimal(9),
  instrumentId: u32(),
  side: enumOf(Side),
  bid: f64(),
  ask: f64(),
  symbol: ascii(8),
}).since(2, { venue: u16() })

export const Depth = message('Depth', 2, {
  tsEvent: timestampNs(),
  bids: list({ price: f64(), size: f64() }),
  weights: vector('f64'),
  cov: matrix('f64', 4, 4),
  note: utf8(),
})

export const Everything = message('Everything', 3, {
  wide: u64(),
  narrow: u64().number(),
  maybe: u32().optional(),
  maybeText: utf8().optional(),
  flag: bool(),
  extras: flags(['sunRoof', 'sportsPack']),
  impedance: complex(),
  embedding: quantized('i8'),
  blob: bytes(),
  big: vector('u64'),
})
