/** Waits that are shorter are not slept: timers are not finer. */
const SHORTEST_SLEEP_MS = 1

/** The longest timer of the runtime; longer ones would fire at once. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1

/** The clock and the timer of the machine. Tests give their own. */
export interface MachineTime {
  nowMs(): number
  /** Calls back after so many milliseconds; returns what cancels that. */
  after(ms: number, callback: () => void): () => void
}

const MACHINE_TIME: MachineTime = {
  nowMs: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

/**
 * Holds moments of the replay as far apart as they were recorded, divided by the speed. Distances are counted from the moment at which the pace began, so that a slow handler delays
 * the replay once, and what follows catches up.
 */
export class Pacer {
  readonly #machine: MachineTime
  #speed = Number.POSITIVE_INFINITY
  #begin: { readonly timeNs: bigint; readonly machineMs: number } | undefined
  #wake: (() => void) | undefined

  constructor(machine = MACHINE_TIME) {
    this.#machine = machine
  }

  get speed(): number {
    return this.#speed
  }

  /** Takes effect at once, also in the middle of a wait. */
  set speed(speed: number) {
    this.#speed = speed
    this.restart()
  }

  get isWaiting(): boolean {
    return this.#wake !== undefined
  }

  /** Begins to count at the next moment: the time until then was not part of the pace. */
  restart(): void {
    this.#begin = undefined
    this.interrupt()
  }

  /** Ends the wait that is under way. Its caller looks again at what is due. */
  interrupt(): void {
    this.#wake?.()
  }

  /**
   * Waits until it is time for the moment, or a part of that when interrupted.
   *
   * @param nowNs the time of the replay, from which a new pace counts.
   * @returns `undefined` when it is time.
   */
  waitFor(timeNs: bigint, nowNs: bigint): Promise<void> | undefined {
    if (this.#speed === Number.POSITIVE_INFINITY) return undefined
    const machineMs = this.#machine.nowMs()
    this.#begin ??= { timeNs: nowNs, machineMs }
    const dueMs = this.#begin.machineMs + Number(timeNs - this.#begin.timeNs) / 1e6 / this.#speed
    const delayMs = dueMs - machineMs
    return delayMs < SHORTEST_SLEEP_MS ? undefined : this.#sleep(Math.min(delayMs, LONGEST_SLEEP_MS))
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel()
        this.#wake = undefined
        resolve()
      }
      const cancel = this.#machine.after(ms, end)
      this.#wake = end
    })
  }
}
