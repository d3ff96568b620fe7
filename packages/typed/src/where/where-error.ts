/** An expression that cannot be parsed, or names a field that no type has. */
export class WhereError extends Error {
  override readonly name = 'WhereError'
  readonly code = 'ERR_INVALID_ARGUMENT'
  readonly category = 'usage'
  /** The expression. */
  readonly text: string
  /** Index of the first character that does not fit, from 0. */
  readonly position: number
  /** What would fit there, or what is wrong. */
  readonly detail: string

  constructor(facts: { text: string; position: number; detail: string }) {
    super(`Invalid expression, ${facts.detail}: position=${facts.position}`)
    this.text = facts.text
    this.position = facts.position
    this.detail = facts.detail
  }
}
