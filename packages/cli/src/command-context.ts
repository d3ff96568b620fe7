import type { Command } from 'commander'
import type { Diagnostics } from './diagnostics.js'
import type { Output } from './output/output.js'

/** What every command gets once the global options were read. */
export interface CommandContext {
  readonly output: Output
  readonly log: Diagnostics
  /** Machine-readable output was asked for. */
  readonly json: boolean
  /** Aborted by the first SIGINT or SIGTERM, or when the reader of standard output has closed it. */
  readonly signal: AbortSignal
  /** Whether Ctrl-C, and not the reader of our output, ended the work. */
  readonly interrupted: () => boolean
  /** Takes notice of a Ctrl-C that ended `interruptible` work. */
  readonly interrupt: () => void
}

export interface RunOptions {
  /** Ctrl-C is how the command ends, and it looks for it before everything else. Default: false; then work for which a signal comes too early is not begun. */
  readonly isEndless?: boolean
}

/** Runs a command's work with its context; what the work resolves to is the process's exit code. */
export type Runner = (
  command: Command,
  work: (context: CommandContext) => Promise<number> | number,
  options?: RunOptions,
) => Promise<void>

/** Adds one command to the program. Every file under `commands/` exports one. */
export type AddCommand = (program: Command, run: Runner) => void
