/** Every code that this package's errors carry. A code never changes its meaning. */
export const SCHEMA_ERROR_CODES = ['ERR_BAD_MESSAGE', 'ERR_INVALID_ARGUMENT', 'ERR_IO', 'ERR_SCHEMA_INCOMPATIBLE'] as const

export type SchemaErrorCode = (typeof SCHEMA_ERROR_CODES)[number]

/**
 * What a caller can do about an error; the words are those of the queue's errors.
 *
 * - `usage`: the call or the program is wrong; the same call fails again until it changes.
 * - `retry`: the same call can succeed later.
 * - `fatal`: the data is damaged, or the file system fails; an operator has to act.
 */
export type SchemaErrorCategory = 'usage' | 'retry' | 'fatal'

/** The same symbol in every copy of this library. */
const BRAND = Symbol.for('chronicle-ts.SchemaError')

export type SchemaFact = string | number | bigint | boolean | undefined

/**
 * Base of every error that this package throws on purpose. It has the form that all errors of this library have: `code` is stable and is what programs compare. The facts
 * stand in the message as `name=value` and are fields of the concrete class. Find the way out of each in docs/errors.md, and there why this base is not the queue's.
 */
export abstract class SchemaError extends Error {
  /** @internal */
  get [BRAND](): true {
    return true
  }

  abstract readonly code: SchemaErrorCode
  abstract readonly category: SchemaErrorCategory

  constructor(text: string, facts: Readonly<Record<string, SchemaFact>>, options?: ErrorOptions) {
    super(withFacts(text, facts), options)
  }
}

/** Whether this is an error of this package, also one of another copy of it: two versions may be installed, and then there are two classes. */
export function hasSchemaErrorBrand(error: unknown): error is SchemaError {
  return error instanceof Error && BRAND in error
}

function withFacts(text: string, facts: Readonly<Record<string, SchemaFact>>): string {
  const words = Object.entries(facts)
    .filter(([, fact]) => fact !== undefined)
    .map(([name, fact]) => `${name}=${word(fact)}`)
  return words.length === 0 ? text : `${text}: ${words.join(' ')}`
}

/** Text with blanks or quotes in it is quoted, so that a message can be parsed. */
function word(fact: SchemaFact): string {
  return typeof fact === 'string' && !/^[^\s"=]+$/.test(fact) ? JSON.stringify(fact) : String(fact)
}
