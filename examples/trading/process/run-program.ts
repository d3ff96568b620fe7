import { QueueError } from '@chronicle-ts/core'
import { ExpectedError } from './expected-error.js'

/** Runs a program's main function: an error becomes one line on stderr (a defect: its stack), and exit code 1. */
export async function runProgram(main: () => Promise<void>): Promise<void> {
  try {
    await main()
  } catch (error) {
    console.error(describeError(error))
    // Not merely an exit code: what is still open or waited for must not keep a failed program alive.
    process.exit(1)
  }
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return isExpected(error) ? error.message : (error.stack ?? error.message)
}

function isExpected(error: Error & { readonly code?: unknown; readonly syscall?: unknown }): boolean {
  if (error instanceof ExpectedError || error instanceof QueueError) return true
  return error.syscall !== undefined || String(error.code).startsWith('ERR_PARSE_ARGS')
}
