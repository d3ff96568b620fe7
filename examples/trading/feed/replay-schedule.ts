import { ExpectedError } from '../process/expected-error.js'

const NS_PER_MS = 1_000_000
/** Timers are late by up to this much, so the last stretch is waited for in the kernel. */
const TIMER_SLACK_MS = 3
/** For so long the thread may wait without letting timers, signals and messages have their turn. */
const TURN_INTERVAL_MS = 20

/** As fast as it goes. */
export const UNPACED = Number.POSITIVE_INFINITY

/** Fills most of half a minute with the recorded captures. */
export const DEFAULT_SPEED = 1.5

/** Reads `--speed`: times the recorded pace. @throws {@link ExpectedError} */
export function parseSpeed(text = String(DEFAULT_SPEED)): number {
  if (text === 'max') return UNPACED
  const speed = Number(text)
  if (!(speed > 0 && speed < UNPACED)) throw new ExpectedError(`--speed is a number above 0, or max: ${text}`)
  return speed
}

/**
 * When each frame of a recording is due: at the recorded distance from the first one, divided by the speed.
 *
 * The schedule does not depend on how the replay gets on. A latency measured from the due time therefore contains every delay, also that of frames which had to wait after a
 * slow one. Measured from the append alone, a stalled feed would look fast because it sent less.
 */
export class ReplaySchedule {
  readonly #speed: number
  readonly #clock: () => bigint
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4))
  #startNs = 0n
  #firstNs: bigint | undefined
  #lastTurnNs = 0n

  /** @param clock nanoseconds */
  constructor(speed: number, clock: () => bigint) {
    this.#speed = speed
    this.#clock = clock
  }

  /** The next frame is the first of a recording: it is due at once. */
  restart(): void {
    this.#firstNs = undefined
  }

  /** When a frame that was recorded at `timestampNs` is due, by the clock. Without a pace, that is now. */
  dueNs(timestampNs: bigint): bigint {
    if (this.#firstNs === undefined) {
      this.#firstNs = timestampNs
      this.#startNs = this.#clock()
    }
    if (this.#speed === UNPACED) return this.#clock()
    return this.#startNs + BigInt(Math.round(Number(timestampNs - this.#firstNs) / this.#speed))
  }

  /** Waits until then, at most a step: the caller looks around and calls again until it returns true. */
  async reached(dueNs: bigint): Promise<boolean> {
    const now = this.#clock()
    const leftMs = Number(dueNs - now) / NS_PER_MS
    if (leftMs > TIMER_SLACK_MS) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(leftMs - TIMER_SLACK_MS, TURN_INTERVAL_MS * 10)))
      this.#lastTurnNs = this.#clock()
      return false
    }
    if (Number(now - this.#lastTurnNs) / NS_PER_MS > TURN_INTERVAL_MS) {
      await new Promise((resolve) => setImmediate(resolve))
      this.#lastTurnNs = this.#clock()
    }
    if (leftMs > 0) Atomics.wait(this.#sleeper, 0, 0, leftMs)
    return this.#clock() >= dueNs
  }
}
