import { NAME_LENGTH } from '../order-messages.js'
import type { Level, MarketUpdate } from './market-update.js'

/*
 * Readers of single values from a parsed frame. Exchanges change their formats without asking, so nothing is taken for granted: what has not the expected
 * shape is `undefined`, and the frame counts as not understood.
 */

const SYMBOL = /^[\x21-\x7e]+$/

/** A parsed frame: what stands in its fields is not known before it was looked at. */
export type JsonFields = Readonly<Partial<Record<string, unknown>>>

export function asObject(value: unknown): JsonFields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonFields) : undefined
}

/** A symbol in printable ASCII that an order has room for. */
export function asSymbol(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= NAME_LENGTH && SYMBOL.test(value) ? value : undefined
}

/** A finite number that is not negative, as exchanges write them: in a string. */
function asAmount(value: unknown): number | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  const amount = Number(value)
  return Number.isFinite(amount) && amount >= 0 ? amount : undefined
}

/** A level with a price above 0. */
export function asLevel(price: unknown, quantity: unknown): Level | undefined {
  const level = { price: asAmount(price), quantity: asAmount(quantity) }
  return level.price === undefined || level.price === 0 || level.quantity === undefined ? undefined : (level as Level)
}

/** `[["price", "quantity"], ...]` of both sides. */
export function asLevels(
  kind: 'snapshot' | 'levels',
  symbol: string,
  frame: { bids: unknown; asks: unknown },
): MarketUpdate | undefined {
  const bids = sideOf(frame.bids)
  const asks = sideOf(frame.asks)
  return bids && asks && { kind, symbol, bids, asks }
}

export function asQuote(symbol: string, bid: Level | undefined, ask: Level | undefined): MarketUpdate | undefined {
  return bid && ask && { kind: 'quote', symbol, bid, ask }
}

function sideOf(value: unknown): Level[] | undefined {
  if (!Array.isArray(value)) return undefined
  const levels = value.map((entry) => (Array.isArray(entry) ? asLevel(entry[0], entry[1]) : undefined))
  return levels.includes(undefined) ? undefined : (levels as Level[])
}
