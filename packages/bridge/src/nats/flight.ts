import type { Outgoing } from '../source/replica-source.js'

/** Records or companions on their way, and the message of the first frame of them. */
export interface Sent extends Outgoing {
  readonly message: number
}

type Arrival = Sent | 'refused' | 'abandoned'

/** Frames on their way, in order. When the signal aborts they are abandoned: the stream says afterwards which of them arrived. */
export class Flight {
  readonly #waiting: { readonly outgoing: Sent; readonly accepted: readonly Promise<boolean>[] }[] = []
  readonly #signal: AbortSignal
  #abandon: ((arrival: Arrival) => void) | undefined

  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', () => this.#abandon?.('abandoned'), { once: true })
  }

  get size(): number {
    return this.#waiting.length
  }

  /** @param accepted one for each message: whether the server took it as the one that follows */
  add(outgoing: Sent, accepted: readonly Promise<boolean>[]): void {
    // A failure is met where it is awaited; until then it must not count as unhandled.
    for (const promise of accepted) promise.catch(() => undefined)
    this.#waiting.push({ outgoing, accepted })
  }

  /** Waits for the oldest. After a refusal all that follow are refused, too, and are waited for. */
  first(): Promise<Arrival> {
    return new Promise((resolve, reject) => {
      this.#abandon = resolve
      if (this.#signal.aborted) resolve('abandoned')
      this.#oldest().then(resolve, reject)
    })
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
