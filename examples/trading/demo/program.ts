import { type ChildProcess, fork } from 'node:child_process'
import { ExpectedError } from '../process/expected-error.js'
import type { Command, Report } from '../process/program-state.js'

const KEPT_STDERR_LENGTH = 8 * 1024

/** How a program ended. */
export interface ProgramEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A program of the demo, as a process of its own: what it last said, and how it ended. */
export class Program<State = unknown> {
  readonly name: string
  /** Fulfilled when the process is gone and its stderr read. */
  readonly ended: Promise<ProgramEnd>
  readonly #child: ChildProcess
  #firstReport: Report<State> | undefined
  #report: Report<State> | undefined
  #end: ProgramEnd | undefined
  #stderr = ''

  /** @param main the program's file */
  constructor(name: string, main: URL, args: readonly string[]) {
    this.name = name
    this.#child = fork(main, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: ['--enable-source-maps'] })
    this.#child.on('message', (report: Report<State>) => {
      this.#firstReport ??= report
      this.#report = report
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-KEPT_STDERR_LENGTH)
    })
    // Its last report may arrive after its end: only with the channel closed has everything been heard.
    const channelClosed = new Promise<void>((resolve) => this.#child.on('disconnect', resolve))
    this.ended = new Promise((resolve) => {
      const end = (code: ProgramEnd['code'], signal: ProgramEnd['signal']): void => {
        this.#end ??= { code, signal }
        resolve(this.#end)
      }
      this.#child.on('error', (error) => {
        this.#stderr += error.message
        end(null, null)
      })
      this.#child.on('close', (code, signal) => void channelClosed.then(() => end(code, signal)))
    })
  }

  get firstReport(): Report<State> | undefined {
    return this.#firstReport
  }

  /** The last report; `undefined` before the first. */
  get report(): Report<State> | undefined {
    return this.#report
  }

  get state(): State | undefined {
    return this.#report?.state
  }

  /** `undefined` while it runs. */
  get end(): ProgramEnd | undefined {
    return this.#end
  }

  /** What it last wrote to stderr. */
  get stderr(): string {
    return this.#stderr.trim()
  }

  /** @throws {@link ExpectedError} when it ended and had not said that it was done, or failed */
  assertHealthy(): void {
    const { end, name, report, stderr } = this
    if (end === undefined || (end.code === 0 && report?.phase === 'done')) return
    const how = end.signal === null ? `exit code ${end.code}` : `signal ${end.signal}`
    throw new ExpectedError(stderr === '' ? `${name} ended unexpectedly: ${how}` : `${name} ended (${how}): ${stderr}`)
  }

  send(command: Command): void {
    // A child that is gone is noticed by its end, not by a message that cannot be delivered.
    if (this.#child.connected) this.#child.send(command, () => {})
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.#end === undefined) this.#child.kill(signal)
  }
}
