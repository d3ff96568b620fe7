/** The user asked for something that cannot be; the message says what. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Runs a program's main function: an error becomes one line on stderr (a defect: its stack), and exit code 1. */
export async function runProgram(main: () => Promise<void>): Promise<void> {
  try {
    await main()
  } catch (error) {
    console.error(describeError(error))
    // Not merely an exit code: whatever is still open or waited for must not keep a failed program alive.
    process.exit(1)
  }
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isExpected = error.name !== 'Error' && error.name !== 'TypeError' && error.name !== 'RangeError'
  return isExpected ? error.message : (error.stack ?? error.message)
}
