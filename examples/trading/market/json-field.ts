import type { Level } from './market-update.js'

/*
 * Readers of single values from a parsed frame. Exchanges change their formats without asking, so nothing is taken for granted: what has not the expected
 * shape is `undefined`, and the frame counts as not understood.
 */

/** Room for a symbol in an order, see `trading/order-messages.ts`. */
export const MAX_SYMBOL_LENGTH = 32
const SYMBOL = /^[\x21-\x7e]+$/

/** The value as an object of which nothing is known but the names of fields to look at. */
export function asObject<T extends { [K in keyof T]?: unknown }>(value: unknown): T | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as T) : undefined
}

/** A symbol in printable ASCII. */
export function asSymbol(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= MAX_SYMBOL_LENGTH && SYMBOL.test(value) ? value : undefined
}

/** A finite number that is not negative, as exchanges write them: in a string. */
export function asAmount(value: unknown): number | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  const amount = Number(value)
  return Number.isFinite(amount) && amount >= 0 ? amount : undefined
}

/** An amount above 0. */
export function asPrice(value: unknown): number | undefined {
  const price = asAmount(value)
  return price === 0 ? undefined : price
}

/** `[["price", "quantity"], ...]`. */
export function asLevels(value: unknown): Level[] | undefined {
  if (!Array.isArray(value)) return undefined
  const levels: Level[] = []
  for (const entry of value) {
    const level = asLevel(entry)
    if (level === undefined) return undefined
    levels.push(level)
  }
  return levels
}

function asLevel(value: unknown): Level | undefined {
  if (!Array.isArray(value)) return undefined
  const price = asPrice(value[0])
  const quantity = asAmount(value[1])
  return price === undefined || quantity === undefined ? undefined : { price, quantity }
}
