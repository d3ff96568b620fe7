import type { Outgoing } from '../source/replica-source.js'

/** Records or companions on their way, and the message of the first frame of them. */
export interface Sent extends Outgoing {
  readonly message: number
}

/** `pending`: nothing in the time that was given. */
type Arrival = Sent | 'refused' | 'abandoned' | 'pending'

/** Frames on their way, in order. When the signal aborts they are abandoned: the stream says afterwards which of them arrived. */
export class Flight {
  readonly #waiting: { readonly outgoing: Sent; readonly accepted: readonly Promise<boolean>[] }[] = []
  readonly #signal: AbortSignal
  /** For the oldest, which is not among those that wait any more. */
  #answer: Promise<Arrival> | undefined
  #abandon: ((arrival: Arrival) => void) | undefined

  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', () => this.#abandon?.('abandoned'), { once: true })
  }

  get size(): number {
    return this.#waiting.length + (this.#answer === undefined ? 0 : 1)
  }

  /** @param accepted one for each message: whether the server took it as the one that follows */
  add(outgoing: Sent, accepted: readonly Promise<boolean>[]): void {
    // A failure is met where it is awaited; until then it must not count as unhandled.
    for (const promise of accepted) promise.catch(() => undefined)
    this.#waiting.push({ outgoing, accepted })
  }

  /**
   * Waits for the oldest. After a refusal all that follow are refused, too, and are waited for.
   *
   * @param timeoutMs how long at most; without a limit by default
   */
  async first(timeoutMs?: number): Promise<Arrival> {
    this.#answer ??= this.#oldest()
    const answer = this.#answer
    const arrival = await new Promise<Arrival>((resolve, reject) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => resolve('pending'), timeoutMs)
      this.#abandon = resolve
      if (this.#signal.aborted) resolve('abandoned')
      void answer.then(resolve, reject).finally(() => clearTimeout(timer))
    })
    if (arrival !== 'pending') this.#answer = undefined
    return arrival
  }

  async #oldest(): Promise<Arrival> {
    const first = this.#waiting.shift()
    if (first === undefined) return 'refused'
    const accepted = await Promise.all(first.accepted)
    if (accepted.every(Boolean)) return first.outgoing
    await Promise.allSettled(this.#waiting.splice(0).flatMap(({ accepted: others }) => others))
    return 'refused'
  }
}
