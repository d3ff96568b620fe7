import { readFileSync } from 'node:fs'
import { CommanderError } from 'commander'
import { messageOfError } from './error-report.js'
import { EXIT_HEALTHY, EXIT_USAGE } from './exit-codes.js'
import { createProgram } from './program.js'
import { Session } from './session.js'

/** Runs `chron-cli` with these arguments (without node and script) and resolves to the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const session = new Session()
  const stopListening = session.listen()
  const program = createProgram(ownVersion(), (command, work) => session.run(command, work))
  try {
    await program.parseAsync([...args], { from: 'user' })
    return session.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_HEALTHY : EXIT_USAGE
    process.stderr.write(`chron-cli: error: ${messageOfError(error)}\n`)
    return EXIT_USAGE
  } finally {
    stopListening()
  }
}

function ownVersion(): string {
  const description = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  return description.version
}
