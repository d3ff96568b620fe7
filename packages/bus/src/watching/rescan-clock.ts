import { InvalidArgumentError } from '@chronicle-ts/core'

/** What Node's timers take; more would fire at once, over and over. */
const LONGEST_INTERVAL_MS = 2 ** 31 - 1

/** Says when to rescan: a timer for processes that return to the event loop, and a deadline for those that poll in a loop of their own. */
export class RescanClock {
  readonly #timer: NodeJS.Timeout
  #lastMs = performance.now()

  constructor(
    readonly intervalMs: number,
    onTick: () => void,
  ) {
    if (!(intervalMs >= 1 && intervalMs <= LONGEST_INTERVAL_MS)) {
      const expected = `1 to ${LONGEST_INTERVAL_MS} milliseconds`
      throw new InvalidArgumentError({ argument: 'rescanIntervalMs', value: intervalMs, expected })
    }
    this.#timer = setInterval(() => {
      this.restart()
      onTick()
    }, intervalMs)
    this.#timer.unref()
  }

  /** Whether the last rescan is longer ago than the interval. */
  get isDue(): boolean {
    return performance.now() - this.#lastMs >= this.intervalMs
  }

  /** A rescan has been made, or begins now. */
  restart(): void {
    this.#lastMs = performance.now()
  }

  /** Whether the timer keeps the process alive: only while a caller waits for an event. */
  keepAlive(wanted: boolean): void {
    if (wanted) this.#timer.ref()
    else this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
