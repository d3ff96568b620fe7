import { isQueueError } from '@chronicle-ts/core'
import { EXIT_CRITICAL, EXIT_LOCKED, EXIT_USAGE, EXIT_WARNING } from './exit-codes.js'

/** A wrong argument or option: the message is all that the user needs. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const EXIT_CODES: Readonly<Record<string, number>> = {
  ERR_WRITER_ACTIVE: EXIT_LOCKED,
  ERR_READER_ACTIVE: EXIT_LOCKED,
  ERR_CORRUPT_RECORD: EXIT_CRITICAL,
  ERR_BAD_SEGMENT: EXIT_CRITICAL,
  ERR_SEGMENT_TRUNCATED: EXIT_CRITICAL,
  ERR_SEQUENCE_GAP: EXIT_CRITICAL,
  ERR_DATA_LOST: EXIT_WARNING,
}

/** The exit code that says what this error means. */
export function exitCodeOfError(error: unknown): number {
  return isQueueError(error) ? (EXIT_CODES[error.code] ?? EXIT_USAGE) : EXIT_USAGE
}

/** One line: what happened, with the code where there is one. */
export function messageOfError(error: unknown): string {
  if (isQueueError(error)) return `${error.message} (${error.code})`
  return error instanceof Error ? error.message : String(error)
}
