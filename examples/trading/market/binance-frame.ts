import { asAmount, asLevels, asObject, asPrice, asSymbol } from './json-field.js'
import type { MarketUpdate } from './market-update.js'

/** The fields that are looked at, in the exchange's one-letter names; what stands in them is not known before it was looked at. */
interface BinanceEvent {
  /** Event. */
  readonly e?: unknown
  /** Symbol. */
  readonly s?: unknown
  readonly u?: unknown
  readonly b?: unknown
  readonly B?: unknown
  readonly a?: unknown
  readonly A?: unknown
  readonly p?: unknown
  readonly q?: unknown
  readonly m?: unknown
  readonly k?: unknown
}

interface BinanceCandle {
  /** Close. */
  readonly c?: unknown
  /** Volume. */
  readonly v?: unknown
}

export interface BinanceFrame extends BinanceEvent {
  readonly data?: unknown
}

/**
 * Reads an event of Binance's public streams: `depthUpdate`, `bookTicker`, `aggTrade`, `kline`; alone or wrapped by a combined stream (`{stream, data}`).
 *
 * @returns `undefined` for every other frame.
 */
export function readBinanceFrame(frame: BinanceFrame): MarketUpdate | undefined {
  const event = eventOf(frame)
  const symbol = asSymbol(event.s)
  if (symbol === undefined) return undefined
  switch (event.e ?? 'bookTicker') {
    case 'depthUpdate':
      return readDepth(event, symbol)
    case 'bookTicker':
      return readBookTicker(event, symbol)
    case 'aggTrade':
      return readTrade(event, symbol)
    case 'kline':
      return readCandle(event, symbol)
    default:
      return undefined
  }
}

/** Whether the parsed frame has the shape of this exchange's messages. The spot market's `bookTicker` names no event. */
export function isBinanceFrame(frame: BinanceFrame): boolean {
  const event = eventOf(frame)
  return typeof event.e === 'string' || (event.u !== undefined && event.B !== undefined && event.A !== undefined)
}

function eventOf(frame: BinanceFrame): BinanceEvent {
  return asObject<BinanceEvent>(frame.data) ?? frame
}

function readDepth(event: BinanceEvent, symbol: string): MarketUpdate | undefined {
  const bids = asLevels(event.b)
  const asks = asLevels(event.a)
  return bids === undefined || asks === undefined ? undefined : { kind: 'levels', symbol, bids, asks }
}

function readBookTicker(event: BinanceEvent, symbol: string): MarketUpdate | undefined {
  const bid = asPrice(event.b)
  const ask = asPrice(event.a)
  const bidQuantity = asAmount(event.B)
  const askQuantity = asAmount(event.A)
  if (bid === undefined || ask === undefined || bidQuantity === undefined || askQuantity === undefined) return undefined
  return { kind: 'quote', symbol, bid: { price: bid, quantity: bidQuantity }, ask: { price: ask, quantity: askQuantity } }
}

function readTrade(event: BinanceEvent, symbol: string): MarketUpdate | undefined {
  const price = asPrice(event.p)
  const quantity = asAmount(event.q)
  const buyerIsMaker = event.m
  if (price === undefined || quantity === undefined || typeof buyerIsMaker !== 'boolean') return undefined
  return { kind: 'trade', symbol, price, quantity, side: buyerIsMaker ? 'sell' : 'buy' }
}

function readCandle(event: BinanceEvent, symbol: string): MarketUpdate | undefined {
  const candle = asObject<BinanceCandle>(event.k)
  const close = asPrice(candle?.c)
  const volume = asAmount(candle?.v)
  return close === undefined || volume === undefined ? undefined : { kind: 'candle', symbol, close, volume }
}
