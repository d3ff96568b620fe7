import type { ErrorCategory } from '@chronicle-ts/core'

/**
 * Base of what the program itself throws on purpose: a code, a category and facts as fields, as the errors of the library have them. It has no brand, because it never leaves the process.
 */
export abstract class CommandError extends Error {
  abstract readonly code: `ERR_${string}`
  abstract readonly category: ErrorCategory
}

/** A wrong argument, option or input: the message is all that the user needs. */
export class UsageError extends CommandError {
  override readonly name: string = 'UsageError'
  override readonly code = 'ERR_USAGE'
  override readonly category = 'usage'
}

/** Ctrl-C came while the command ran. */
export class InterruptedError extends CommandError {
  override readonly name = 'InterruptedError'
  override readonly code = 'ERR_INTERRUPTED'
  override readonly category = 'retry'
}
