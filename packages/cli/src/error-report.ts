import { isQueueError } from '@chronicle-ts/core'
import { fromSystemError } from '@chronicle-ts/core/internal'
import { isSchemaError } from '@chronicle-ts/schema'
import { CommanderError } from 'commander'
import { CommandError, InterruptedError } from './command-error.js'
import { EXIT_CRITICAL, EXIT_INTERRUPTED, EXIT_LOCKED, EXIT_USAGE, EXIT_WARNING } from './exit-codes.js'
import { SCHEMA_VERSION } from './output/json.js'

/** What a failed command says with `--json`. */
export interface ErrorReport {
  readonly schemaVersion: number
  readonly command: string
  /** `ERR_...` of the library, `ERR_USAGE` for a wrong command line or input, `ERR_INTERRUPTED`, `ERR_WRONG_RESULT`, `ERR_INTERNAL`. */
  readonly code: string
  readonly message: string
  /** The fields of the error: paths, counts, the system's reason. */
  readonly facts: Readonly<Record<string, unknown>>
  readonly exitCode: number
}

const EXIT_CODES: Readonly<Record<string, number>> = {
  ERR_WRITER_ACTIVE: EXIT_LOCKED,
  ERR_READER_ACTIVE: EXIT_LOCKED,
  ERR_BAD_BLOCK: EXIT_CRITICAL,
  ERR_CORRUPT_RECORD: EXIT_CRITICAL,
  ERR_BAD_SEGMENT: EXIT_CRITICAL,
  ERR_SEGMENT_TRUNCATED: EXIT_CRITICAL,
  ERR_SEQUENCE_GAP: EXIT_CRITICAL,
  ERR_FENCED: EXIT_CRITICAL,
  ERR_SOURCE_REWRITTEN: EXIT_CRITICAL,
  ERR_DATA_LOST: EXIT_WARNING,
}

/** The exit code that says what this error means. */
export function exitCodeOfError(error: unknown): number {
  if (error instanceof InterruptedError) return EXIT_INTERRUPTED
  const known = fromSystemError(error)
  return isQueueError(known) ? (EXIT_CODES[known.code] ?? EXIT_USAGE) : EXIT_USAGE
}

/** One line: what happened, with the code where there is one. */
export function messageOfError(error: unknown): string {
  const known = fromSystemError(error)
  if (isQueueError(known) || isSchemaError(known)) return `${known.message} (${known.code})`
  return known instanceof Error ? known.message : String(known)
}

/** Everything that a program needs to know about an error, as one object. */
export function errorReport(command: string, error: unknown): ErrorReport {
  const known = fromSystemError(error)
  return {
    schemaVersion: SCHEMA_VERSION,
    command,
    code: codeOf(known),
    message: (known instanceof Error ? known.message : String(known)).replace(/^error: /, ''),
    facts: factsOf(known),
    exitCode: exitCodeOfError(error),
  }
}

function codeOf(error: unknown): string {
  if (isQueueError(error) || isSchemaError(error) || error instanceof CommandError) return error.code
  return error instanceof CommanderError ? 'ERR_USAGE' : 'ERR_INTERNAL'
}

const NO_FACTS = new Set(['name', 'message', 'stack', 'code', 'category', 'cause', 'exitCode', 'nestedError'])

function factsOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return {}
  return Object.fromEntries(Object.entries(error).filter(([name, value]) => !NO_FACTS.has(name) && value !== undefined))
}
