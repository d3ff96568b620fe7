import { asLevel, asLevels, asObject, asQuote, asSymbol, type JsonFields } from './json-field.js'
import type { MarketUpdate } from './market-update.js'

/** Whether the parsed frame has the shape of this exchange's messages. The spot market's `bookTicker` names no event. */
export function isBinanceFrame(frame: JsonFields): boolean {
  const { e, u, B, A } = eventOf(frame)
  return typeof e === 'string' || (u !== undefined && B !== undefined && A !== undefined)
}

/**
 * Reads an event of Binance's public streams: `depthUpdate`, `bookTicker`, `aggTrade`, `kline`; alone or wrapped by a combined stream (`{stream, data}`).
 *
 * @returns `undefined` for every other frame.
 */
export function readBinanceFrame(frame: JsonFields): MarketUpdate | undefined {
  const { e: event = 'bookTicker', s, b, B, a, A } = eventOf(frame)
  const symbol = asSymbol(s)
  if (symbol === undefined) return undefined
  switch (event) {
    case 'depthUpdate':
      return asLevels('levels', symbol, { bids: b, asks: a })
    case 'bookTicker':
      return asQuote(symbol, asLevel(b, B), asLevel(a, A))
    case 'aggTrade':
    case 'kline':
      return { kind: 'other', symbol }
    default:
      return undefined
  }
}

function eventOf(frame: JsonFields): JsonFields {
  return asObject(frame['data']) ?? frame
}
