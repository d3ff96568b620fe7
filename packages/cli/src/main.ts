import { readFileSync } from 'node:fs'
import { CommanderError } from 'commander'
import { errorReport, messageOfError } from './error-report.js'
import { EXIT_HEALTHY, EXIT_USAGE } from './exit-codes.js'
import { NAGIOS_UNKNOWN } from './nagios-codes.js'
import { toJsonLine } from './output/json.js'
import { createProgram } from './program.js'
import { Session } from './session.js'

/** Runs `chron-cli` with these arguments (without node and script) and resolves to the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const session = new Session()
  const stopListening = session.listen()
  const program = await createProgram(ownVersion(), (command, work, options) => session.run(command, work, options), args)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return session.exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT_HEALTHY
    // Commander has said on standard error what is wrong; a program that asked for JSON gets it there.
    const exitCode = args.includes('--nagios-codes') ? NAGIOS_UNKNOWN : EXIT_USAGE
    const command = program.commands.find((candidate) => args.includes(candidate.name()))
    if (args.includes('--json'))
      process.stdout.write(`${toJsonLine({ ...errorReport(command?.name() ?? '', error), exitCode })}\n`)
    if (error instanceof CommanderError) return exitCode
    process.stderr.write(`chron-cli: error: ${messageOfError(error)}\n`)
    return exitCode
  } finally {
    stopListening()
  }
}

function ownVersion(): string {
  const description = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  return description.version
}
