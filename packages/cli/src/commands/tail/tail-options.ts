import type { WhereExpression } from '@chronicle-ts/typed'
import type { MessageFormat } from './message-format.js'

/** Options as the user gives them. */
export interface TailOptions {
  readonly lines?: number
  readonly follow?: boolean
  readonly since?: bigint
  readonly until?: bigint
  readonly fromSequence?: number
  readonly type?: readonly number[]
  readonly grep?: RegExp
  readonly where?: WhereExpression
  readonly decode?: boolean
  readonly limit?: number
  readonly format?: MessageFormat
  readonly maxBytes?: number
}
