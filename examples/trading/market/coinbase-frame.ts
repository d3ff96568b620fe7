import { asLevel, asLevels, asObject, asQuote, asSymbol, type JsonFields } from './json-field.js'
import type { MarketUpdate } from './market-update.js'

/** Whether the parsed frame has the shape of this exchange's messages. */
export function isCoinbaseFrame({ type, data }: JsonFields): boolean {
  return typeof type === 'string' && asObject(data) === undefined
}

/**
 * Reads a frame of Coinbase's public feed: `snapshot` and `l2update` of the level2 channels, `ticker`, `match` and `last_match`.
 *
 * @returns `undefined` for every other frame.
 */
export function readCoinbaseFrame(frame: JsonFields): MarketUpdate | undefined {
  const symbol = asSymbol(frame['product_id'])
  if (symbol === undefined) return undefined
  switch (frame['type']) {
    case 'snapshot':
      return asLevels('snapshot', symbol, { bids: frame['bids'], asks: frame['asks'] })
    case 'l2update':
      return readChanges(frame['changes'], symbol)
    case 'ticker':
      return asQuote(
        symbol,
        asLevel(frame['best_bid'], frame['best_bid_size'] ?? '0'),
        asLevel(frame['best_ask'], frame['best_ask_size'] ?? '0'),
      )
    case 'match':
    case 'last_match':
      return { kind: 'other', symbol }
    default:
      return undefined
  }
}

/** `[["buy" | "sell", "price", "quantity"], ...]`. */
function readChanges(changes: unknown, symbol: string): MarketUpdate | undefined {
  if (!Array.isArray(changes)) return undefined
  const bids: unknown[] = []
  const asks: unknown[] = []
  for (const change of changes) {
    if (!Array.isArray(change) || (change[0] !== 'buy' && change[0] !== 'sell')) return undefined
    const levels = change[0] === 'buy' ? bids : asks
    levels.push(change.slice(1))
  }
  return asLevels('levels', symbol, { bids, asks })
}
