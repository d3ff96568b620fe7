import type { Command, Report } from './program-state.js'

const REPORT_INTERVAL_MS = 200
/** Messages taken at a time, before timers, commands and other work have their turn. */
const BATCH_COUNT = 256
/** Longest sleep before looking for commands again. */
const LOOK_INTERVAL_MS = 20

/** Something that a program reads in batches. */
export interface BatchSource {
  /** Reads up to `limit` messages that are there; returns how many. */
  read(limit: number): number
  wait(timeoutMs: number): Promise<void>
}

/**
 * A program's line to the process that started it: reports go up, commands come down. A program that was started by hand has no parent:
 * it starts at once and runs until it is done or interrupted.
 */
export class ParentLink<State> {
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
    process.on('message', (command: Command) => {
      if (command === 'start') this.#begin()
      else this.#isDraining = true
    })
    // Without its parent a program has no purpose; it must not stay.
    process.on('disconnect', () => this.#stop())
    process.on('SIGTERM', () => this.#stop())
    // On a terminal Ctrl-C reaches every process of the group; with a parent, the parent decides what it means.
    process.on('SIGINT', () => this.#hasParent || this.#stop())
  }

  /** Aborted when the program should end as soon as possible. */
  get stopSignal(): AbortSignal {
    return this.#stopping.signal
  }

  /** Says that everything is open, and goes on reporting until {@link done}. */
  ready(): void {
    this.#report('ready')
    if (!this.#hasParent) this.#begin()
    else setInterval(() => this.#report('running'), REPORT_INTERVAL_MS).unref()
  }

  /** Reads until the program is stopped, or, asked to drain, until nothing is left and `isDone` says so, too. */
  async readAll(source: BatchSource, isDone: () => boolean = () => true): Promise<void> {
    while (!this.stopSignal.aborted) {
      // Asked before reading: what was appended before the order to drain came is then seen by this reading.
      const isDraining = this.#isDraining
      const count = source.read(BATCH_COUNT)
      if (count === BATCH_COUNT) await new Promise((resolve) => setImmediate(resolve))
      else if (count === 0 && isDraining && isDone()) return
      else await source.wait(LOOK_INTERVAL_MS)
    }
  }

  /** The last report, delivered when the promise is fulfilled. */
  async done(): Promise<void> {
    await new Promise<void>((resolve) => this.#report('done', resolve))
    process.removeAllListeners('disconnect')
    if (process.connected) process.disconnect()
  }

  #stop(): void {
    this.#stopping.abort()
    this.#begin()
  }

  #report(phase: Report['phase'], sent = () => {}): void {
    const report: Report<State> = { phase, state: this.#readState() }
    if (this.#hasParent && process.connected) process.send?.(report, () => sent())
    else sent()
  }
}
