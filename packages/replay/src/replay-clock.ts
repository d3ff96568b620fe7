import { InvalidArgumentError, type Message } from '@chronicle-ts/core'
import { highHalf, isPromise, LOWEST_HALF, lowHalf, toNs } from '@chronicle-ts/core/internal'
import { Activity, eventLoopTurn } from './activity.js'
import { type PendingTimer, TimerQueue } from './timer-queue.js'

/** A timer of a replay's clock. */
export interface ReplayTimer {
  /** Time at which it is due, in nanoseconds since the Unix epoch. */
  readonly dueNs: bigint
  /** Removes the timer. @returns false when it has fired or was cancelled before. */
  cancel(): boolean
}

const NS_PER_MS = 1e6

/**
 * The time of a replay: that of the last message or timer, never that of the machine. It stands still while a handler works, and never goes back, also not at a message that is
 * older than the one before it.
 */
export class ReplayClock {
  /** The time in two halves: a bigint per message would be an allocation each. */
  #high = LOWEST_HALF
  #low = LOWEST_HALF
  /** @internal Used by the replay. */
  readonly timers = new TimerQueue()
  /** The activity that runs now, when it is known to be one. */
  #running: Activity | undefined
  #isInside = false
  readonly #onTimer: () => void

  /** Made by `openReplay`. @param onTimer called when the first timer may have changed. */
  constructor(onTimer: () => void) {
    this.#onTimer = onTimer
  }

  /** Nanoseconds since the Unix epoch. Before the first message: where the replay begins. */
  nowNs(): bigint {
    return toNs(this.#high, this.#low)
  }

  /**
   * Calls back when `delayMs` have passed in the time of the replay. It does so after all messages up to that time, and after the timers that were set before it for the same
   * time. A promise that the
   * callback returns is awaited before time moves. A timer beyond the last message fires only when `until` goes that far.
   *
   * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` for a delay that is not a number from 0 on.
   */
  setTimer(delayMs: number, callback: (nowNs: bigint) => unknown): ReplayTimer {
    if (typeof callback !== 'function')
      throw new InvalidArgumentError({ argument: 'callback', value: callback, expected: 'a function' })
    return this.#add(delayMs, () => this.perform(callback, this.nowNs()))
  }

  /**
   * Resolves when `delayMs` have passed in the time of the replay. A handler that awaits it lets time move on: later messages are delivered before it continues. Await it at once: a handler that
   * does other asynchronous work between the call and the `await` makes the order depend on the machine. The message of the handler is a view that has moved on then: take what is
   * needed before.
   */
  sleep(delayMs: number): Promise<void> {
    const { promise, resolve } = deferred()
    const sleeper = this.#isInside ? this.#runningActivity() : undefined
    this.#add(delayMs, () => this.#wake(sleeper, resolve))
    sleeper?.fallAsleep()
    return promise
  }

  // -- for the replay ------------------------------------------------------------------------------------------------------------------

  /** Moves on to the time of the message, if that is later. */
  moveToMessage(message: Message): void {
    const { timestampHigh, timestampLow } = message
    if (timestampHigh < this.#high || (timestampHigh === this.#high && timestampLow <= this.#low)) return
    this.#high = timestampHigh
    this.#low = timestampLow
  }

  moveTo(timeNs: bigint): void {
    if (timeNs <= this.nowNs()) return
    this.#high = highHalf(timeNs)
    this.#low = lowHalf(timeNs)
  }

  /** Calls what belongs to one moment. @returns a promise when there is something to wait for before time may move. @throws what the call throws. */
  perform<Argument>(call: (argument: Argument) => unknown, argument: Argument): Promise<void> | undefined {
    this.#isInside = true
    this.#running = undefined
    let result: unknown
    try {
      result = call(argument)
    } catch (error) {
      this.#isInside = false
      throw error
    }
    if (isPromise(result)) return this.#untilRest(result)
    this.#isInside = false
    return undefined
  }

  async #untilRest(result: PromiseLike<unknown>): Promise<void> {
    const activity = this.#runningActivity()
    activity.track(result)
    try {
      // Fell asleep within the call: it has come to rest already.
      await activity.rest()
    } finally {
      this.#isInside = false
    }
  }

  async #wake(sleeper: Activity | undefined, resolve: () => void): Promise<void> {
    resolve()
    if (sleeper === undefined) return eventLoopTurn()
    sleeper.wakeUp()
    this.#isInside = true
    this.#running = sleeper
    try {
      await sleeper.rest()
    } finally {
      this.#isInside = false
    }
  }

  #runningActivity(): Activity {
    this.#running ??= new Activity()
    return this.#running
  }

  #add(delayMs: number, fire: PendingTimer['fire']): ReplayTimer {
    if (!(typeof delayMs === 'number' && delayMs >= 0 && Number.isFinite(delayMs * NS_PER_MS)))
      throw new InvalidArgumentError({ argument: 'delayMs', value: delayMs, expected: 'milliseconds, not negative' })
    const timer: PendingTimer = { dueNs: this.nowNs() + BigInt(Math.round(delayMs * NS_PER_MS)), fire }
    this.timers.add(timer)
    this.#onTimer()
    return { dueNs: timer.dueNs, cancel: () => this.timers.remove(timer) }
  }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((resolved) => {
    resolve = resolved
  })
  return { promise, resolve }
}
