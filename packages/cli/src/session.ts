import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { Command } from 'commander'
import type { CommandContext, RunOptions } from './command-context.js'
import { InterruptedError } from './command-error.js'
import { createDiagnostics, type LogLevel } from './diagnostics.js'
import { errorReport, exitCodeOfError, messageOfError } from './error-report.js'
import { EXIT_HEALTHY, EXIT_INTERRUPTED, EXIT_TERMINATED, EXIT_USAGE } from './exit-codes.js'
import { takeTurn } from './interruptible.js'
import { toJsonLine } from './output/json.js'
import { Output } from './output/output.js'

/** The options that every command understands. */
export interface GlobalOptions {
  readonly json?: boolean
  readonly logLevel?: LogLevel
  readonly debug?: boolean
}

const LAST_CHANCE_MS = 100
const LAST_LOOK_MS = 5

/**
 * One run of the process: standard streams, signals and the exit code.
 *
 * The first SIGINT or SIGTERM asks the command to end; a second one ends the process at once. A closed standard output ends the command silently.
 */
export class Session {
  exitCode: number = EXIT_HEALTHY
  readonly #abort = new AbortController()
  readonly #output: Output
  #interrupted = false
  /** What a command exits with whose work a signal cut short. */
  #interruptedCode = EXIT_INTERRUPTED
  /** Why standard output takes nothing more, when that is not its reader's free choice. */
  #outputError: Error | undefined

  constructor(environment: NodeJS.ProcessEnv = process.env) {
    this.#output = new Output(process.stdout, environment)
  }

  /** Installs the handlers; returns what takes them off again. */
  listen(): () => void {
    const onSignal = (signal: NodeJS.Signals) => this.#onSignal(signal)
    const onStdoutError = (error: NodeJS.ErrnoException) => this.#onStdoutError(error)
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
    process.stdout.on('error', onStdoutError)
    // The listener for standard output stays: a write may fail after everything else is done.
    return () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }

  /** Runs a command's work, and turns every outcome into an exit code and at most one line of explanation. */
  async run(
    command: Command,
    work: (context: CommandContext) => Promise<number> | number,
    { isEndless = false }: RunOptions = {},
  ): Promise<void> {
    const options = command.optsWithGlobals<GlobalOptions>()
    const log = createDiagnostics(options.logLevel ?? 'info', process.stderr.isTTY === true)
    const context: CommandContext = {
      output: this.#output,
      log,
      json: options.json === true,
      signal: this.#abort.signal,
      interrupted: () => this.#interrupted,
      interrupt: () => this.#onSignal('SIGINT'),
    }
    try {
      // A signal that came while the command's modules were loaded is handled here. Work without a turn of its own would not handle it at all.
      if (!isEndless) await takeTurn(context)
      this.exitCode = this.#codeOf(await work(context))
    } catch (error) {
      if (error instanceof InterruptedError) this.#interrupted = true
      this.exitCode = this.#codeOf(exitCodeOfError(error))
      if (options.json === true) this.#output.line(toJsonLine({ ...errorReport(command.name(), error), exitCode: this.exitCode }))
      if (options.debug === true) log.error({ err: error }, messageOfError(error))
      else if (!this.#interrupted) log.error(messageOfError(error))
    }
    this.#output.flush()
    await this.#letGo()
    // A failed write is reported one turn later.
    await turn()
    if (this.#outputError === undefined) return
    log.error(`standard output: ${this.#outputError.message}`)
    this.exitCode = EXIT_USAGE
  }

  /** After Ctrl-C a standard output that takes nothing more must not keep the process: what it has not taken by then is dropped. */
  async #letGo(): Promise<void> {
    if (!this.#interrupted) return
    const end = performance.now() + LAST_CHANCE_MS
    while (this.#output.isWaiting && performance.now() < end) await sleep(LAST_LOOK_MS)
    if (this.#output.isWaiting) process.exit(this.exitCode)
  }

  #codeOf(exitCode: number): number {
    return exitCode === EXIT_INTERRUPTED ? this.#interruptedCode : exitCode
  }

  #onSignal(signal: NodeJS.Signals): void {
    if (signal === 'SIGTERM') this.#interruptedCode = EXIT_TERMINATED
    if (this.#interrupted) process.exit(this.#interruptedCode)
    this.#interrupted = true
    this.#abort.abort()
  }

  #onStdoutError(error: NodeJS.ErrnoException): void {
    this.#output.markClosed()
    if (error.code !== 'EPIPE') this.#outputError ??= error
    this.#abort.abort()
  }
}
