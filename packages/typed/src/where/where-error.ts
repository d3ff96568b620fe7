import { QueueError } from '@chronicle-ts/core'

const VALUE_LENGTH_MAX = 80

/** An expression that cannot be parsed, or names a field that no type has. */
export class WhereError extends QueueError {
  override readonly name = 'WhereError'
  override readonly code = 'ERR_INVALID_ARGUMENT'
  override readonly category = 'usage'
  /** Always `where`. */
  readonly argument = 'where'
  /** The expression, cut when it is long. */
  readonly value: string
  /** As `detail`. */
  readonly expected: string
  /** The expression. */
  readonly text: string
  /** Index of the first character that does not fit, from 0. */
  readonly position: number
  /** What would fit there, or what is wrong. */
  readonly detail: string

  constructor(facts: { text: string; position: number; detail: string }) {
    const { text, position, detail } = facts
    super(`Invalid expression, ${detail}`, { position })
    this.value = text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX)}...` : text
    this.expected = detail
    this.text = text
    this.position = position
    this.detail = detail
  }
}
