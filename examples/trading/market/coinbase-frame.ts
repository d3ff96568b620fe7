import { asAmount, asLevels, asObject, asPrice, asSymbol } from './json-field.js'
import type { Level, MarketUpdate, Side } from './market-update.js'

/** The fields that are looked at; what stands in them is not known before it was looked at. */
export interface CoinbaseFrame {
  readonly type?: unknown
  readonly product_id?: unknown
  readonly bids?: unknown
  readonly asks?: unknown
  readonly changes?: unknown
  readonly best_bid?: unknown
  readonly best_ask?: unknown
  readonly best_bid_size?: unknown
  readonly best_ask_size?: unknown
  readonly side?: unknown
  readonly price?: unknown
  readonly size?: unknown
  readonly data?: unknown
}

/**
 * Reads a frame of Coinbase's public feed: `snapshot` and `l2update` of the level2 channels, `ticker`, `match` and `last_match`.
 *
 * @returns `undefined` for every other frame.
 */
export function readCoinbaseFrame(frame: CoinbaseFrame): MarketUpdate | undefined {
  const symbol = asSymbol(frame.product_id)
  if (symbol === undefined) return undefined
  switch (frame.type) {
    case 'snapshot':
      return readSnapshot(frame, symbol)
    case 'l2update':
      return readChanges(frame, symbol)
    case 'ticker':
      return readTicker(frame, symbol)
    case 'match':
    case 'last_match':
      return readMatch(frame, symbol)
    default:
      return undefined
  }
}

function readSnapshot(frame: CoinbaseFrame, symbol: string): MarketUpdate | undefined {
  const bids = asLevels(frame.bids)
  const asks = asLevels(frame.asks)
  return bids === undefined || asks === undefined ? undefined : { kind: 'snapshot', symbol, bids, asks }
}

/** `changes: [["buy" | "sell", "price", "quantity"], ...]`. */
function readChanges(frame: CoinbaseFrame, symbol: string): MarketUpdate | undefined {
  const changes = frame.changes
  if (!Array.isArray(changes)) return undefined
  const bids: Level[] = []
  const asks: Level[] = []
  for (const change of changes) {
    if (!Array.isArray(change)) return undefined
    const side = asSide(change[0])
    const price = asPrice(change[1])
    const quantity = asAmount(change[2])
    if (side === undefined || price === undefined || quantity === undefined) return undefined
    const levels = side === 'buy' ? bids : asks
    levels.push({ price, quantity })
  }
  return { kind: 'levels', symbol, bids, asks }
}

function readTicker(frame: CoinbaseFrame, symbol: string): MarketUpdate | undefined {
  const bid = asPrice(frame.best_bid)
  const ask = asPrice(frame.best_ask)
  if (bid === undefined || ask === undefined) return undefined
  const bidQuantity = asAmount(frame.best_bid_size) ?? 0
  const askQuantity = asAmount(frame.best_ask_size) ?? 0
  return { kind: 'quote', symbol, bid: { price: bid, quantity: bidQuantity }, ask: { price: ask, quantity: askQuantity } }
}

function readMatch(frame: CoinbaseFrame, symbol: string): MarketUpdate | undefined {
  const side = asSide(frame.side)
  const price = asPrice(frame.price)
  const quantity = asAmount(frame.size)
  if (side === undefined || price === undefined || quantity === undefined) return undefined
  // The side is the resting order's; the trade was made by the other one.
  return { kind: 'trade', symbol, price, quantity, side: side === 'buy' ? 'sell' : 'buy' }
}

function asSide(value: unknown): Side | undefined {
  return value === 'buy' || value === 'sell' ? value : undefined
}

/** Whether the parsed frame has the shape of this exchange's messages. */
export function isCoinbaseFrame(frame: CoinbaseFrame): boolean {
  return typeof frame.type === 'string' && asObject(frame.data) === undefined
}
