import type { Literal } from './literal.js'

/** The parsed form of an expression. */
export type Expression =
  | { readonly kind: 'or' | 'and'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly inner: Expression }
  | { readonly kind: 'compare'; readonly operator: CompareOperator; readonly left: Operand; readonly right: Operand }
  | { readonly kind: 'in'; readonly left: Operand; readonly choices: readonly Literal[] }
  | { readonly kind: 'truth'; readonly operand: Operand }

export const COMPARE_OPERATORS = ['==', '!=', '<=', '>=', '<', '>', 'contains'] as const
export type CompareOperator = (typeof COMPARE_OPERATORS)[number]

export type Operand = Literal | Path

/** A field, and what is inside of it: `bids[0].price`. */
export interface Path {
  readonly kind: 'path'
  readonly steps: readonly (string | number)[]
  readonly position: number
}
