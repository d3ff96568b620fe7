import type { QueueErrorCode } from './codes.js'

/**
 * What a caller can do about an error.
 *
 * - `usage`: the call or its surroundings are wrong; the same call fails again until the program changes them.
 * - `retry`: the same call can succeed later, without a change in the program.
 * - `fatal`: data is damaged or the handle is unusable; an operator has to act.
 */
export type ErrorCategory = 'usage' | 'retry' | 'fatal'

/** The same symbol in every copy of this library. */
const BRAND = Symbol.for('chronicle-ts.QueueError')

export type Fact = string | number | bigint | boolean | undefined

/** Facts by name. Those that are `undefined` are not known and stay out of the message. */
export type Facts = Readonly<Record<string, Fact>>

/**
 * Base of every error that a queue throws on purpose. `code` is stable and is what programs compare; the facts stand in the message as
 * `name=value` and are fields of the concrete class. Find the way out of each in docs/errors.md.
 */
export abstract class QueueError extends Error {
  /** @internal */
  get [BRAND](): true {
    return true
  }

  abstract readonly code: QueueErrorCode
  abstract readonly category: ErrorCategory
  /** Set by `appendBatch`, `appendPacked` and `appendBlock` only: the part of the batch that is in the queue although the rest was refused. The sequences run from `first` without a gap. */
  declare batch?: { readonly first: number; readonly count: number }

  constructor(text: string, facts: Facts, options?: ErrorOptions) {
    super(withFacts(text, facts), options)
  }
}

/** Whether this is an error of a queue, also one of another copy of this library: two versions of it may be installed, and then there are two classes. */
export function hasQueueErrorBrand(error: unknown): error is QueueError {
  return error instanceof Error && BRAND in error
}

function withFacts(text: string, facts: Facts): string {
  const words = Object.entries(facts)
    .filter(([, fact]) => fact !== undefined)
    .map(([name, fact]) => `${name}=${word(fact)}`)
  return words.length === 0 ? text : `${text}: ${words.join(' ')}`
}

/** One word, or a text in quotes: a value that a caller gave comes with them. */
const WORD = /^(?:[^\s"=]+|"(?:[^"\\]|\\.)*")$/

/** Text with blanks or quotes in it is quoted, so that a message can be taken apart again. */
function word(fact: Fact): string {
  return typeof fact === 'string' && !WORD.test(fact) ? JSON.stringify(fact) : String(fact)
}
