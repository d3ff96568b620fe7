import type { Command, ProgramState, Report } from './program-state.js'

const REPORT_INTERVAL_MS = 200

/**
 * A program's line to the process that started it: reports go up, commands come down. A program that was started by hand has no parent
 * to talk to: it starts at once and runs until it is done or interrupted.
 */
export class ParentLink<State extends ProgramState> {
  /** Fulfilled when the program may begin. */
  readonly started: Promise<void>
  readonly #readState: () => State
  readonly #hasParent = process.send !== undefined
  readonly #stopping = new AbortController()
  #isDraining = false
  #begin: () => void = () => {}

  constructor(readState: () => State) {
    this.#readState = readState
    this.started = new Promise((resolve) => {
      this.#begin = resolve
    })
    process.on('message', (command: Command) => this.#obey(command))
    // Without its parent a program has no purpose; it must not stay behind.
    process.on('disconnect', () => this.#stop())
    process.on('SIGTERM', () => this.#stop())
    // On a terminal Ctrl-C reaches every process of the group; with a parent, the parent decides what it means.
    process.on('SIGINT', () => this.#hasParent || this.#stop())
  }

  /** Nothing new will come: finish what is there and end. */
  get isDraining(): boolean {
    return this.#isDraining
  }

  /** End as soon as possible. */
  get isStopping(): boolean {
    return this.#stopping.signal.aborted
  }

  /** Aborted when {@link isStopping}. */
  get stopSignal(): AbortSignal {
    return this.#stopping.signal
  }

  /** Says that everything is open, and goes on reporting until {@link done}. */
  ready(): void {
    this.#report('ready')
    if (!this.#hasParent) this.#begin()
    else setInterval(() => this.#report('running'), REPORT_INTERVAL_MS).unref()
  }

  /** The last report, delivered when the promise is fulfilled. */
  async done(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.#hasParent && process.connected) process.send?.(this.#reportOf('done'), () => resolve())
      else resolve()
    })
    process.removeAllListeners('disconnect')
    if (process.connected) process.disconnect()
  }

  #obey(command: Command): void {
    if (command === 'start') this.#begin()
    else this.#isDraining = true
  }

  #stop(): void {
    this.#stopping.abort()
    this.#begin()
  }

  #report(phase: Report['phase']): void {
    if (this.#hasParent && process.connected) process.send?.(this.#reportOf(phase), () => {})
  }

  #reportOf(phase: Report['phase']): Report<State> {
    return { phase, state: this.#readState() }
  }
}
