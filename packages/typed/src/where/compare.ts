import type { CompareOperator } from './expression.js'
import type { Exact } from './literal.js'

/** A number of an expression: as a float, and exactly. */
export interface ExactNumber {
  readonly value: number
  readonly exact: Exact
}

/** A value that is there and has no order: a list, a vector, an object. It equals nothing, `null` included. */
export const PRESENT = Symbol('present')

/** What can be compared. Decimals of messages have a mantissa and a scale. */
export type Scalar = number | bigint | string | boolean | undefined | typeof PRESENT | Exact | ExactNumber

/** Returns a negative number, 0 or a positive one; `undefined` for values that have no order, such as a text and a number, or NaN. */
export function order(a: Scalar, b: Scalar): number | undefined {
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : Number(a > b)
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  if (!isNumeric(a) || !isNumeric(b)) return undefined
  // A float is compared with floats: 0.1 in an expression means the float that a field holds after 0.1 was written.
  if (typeof a === 'number' || typeof b === 'number') return orderFloats(asFloat(a), asFloat(b))
  return orderExact(asExact(a), asExact(b))
}

/** Compares by an operator. Values without an order are different, and neither is less. */
export function compare(operator: CompareOperator, a: Scalar, b: Scalar): boolean {
  if (operator === 'contains') return typeof a === 'string' && typeof b === 'string' && a.includes(b)
  if (a === undefined && b === undefined) return operator === '=='
  const result = order(a, b)
  switch (operator) {
    case '==':
      return result === 0
    case '!=':
      return result !== 0
    case '<':
      return result !== undefined && result < 0
    case '<=':
      return result !== undefined && result <= 0
    case '>':
      return result !== undefined && result > 0
    default:
      return result !== undefined && result >= 0
  }
}

type Numeric = number | bigint | Exact | ExactNumber

function isNumeric(value: Scalar): value is Numeric {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'object'
}

/** A bigint stays one: the engine compares it with a float exactly. */
function asFloat(value: Numeric): number | bigint {
  if (typeof value !== 'object') return value
  // Rounded once, as `toNumber` of a decimal is: a division of a mantissa that was rounded already can give another float.
  return 'value' in value ? value.value : Number(`${value.mantissa}e-${value.scale}`)
}

function orderFloats(a: number | bigint, b: number | bigint): number | undefined {
  if (a < b) return -1
  if (a > b) return 1
  return Number.isNaN(a) || Number.isNaN(b) ? undefined : 0
}

function asExact(value: Exclude<Numeric, number>): Exact {
  if (typeof value === 'bigint') return { mantissa: value, scale: 0 }
  return 'exact' in value ? value.exact : value
}

function orderExact(a: Exact, b: Exact): number {
  const scale = Math.max(a.scale, b.scale)
  const left = a.mantissa * 10n ** BigInt(scale - a.scale)
  const right = b.mantissa * 10n ** BigInt(scale - b.scale)
  return left < right ? -1 : Number(left > right)
}
