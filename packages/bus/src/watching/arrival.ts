/** Lets consumers wait until something may have arrived. */
export class Arrival {
  readonly #waiting = new Set<() => void>()

  /** `onWaiting` is told when the first consumer begins to wait and when the last one stops. */
  constructor(readonly onWaiting: (waiting: boolean) => void) {}

  /** Lets all consumers look. */
  announce(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  /** Fulfilled at the next announcement, or when the signal aborts. Never rejected. */
  next(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        signal?.removeEventListener('abort', wake)
        this.#waiting.delete(wake)
        if (this.#waiting.size === 0) this.onWaiting(false)
        resolve()
      }
      signal?.addEventListener('abort', wake)
      this.#waiting.add(wake)
      if (this.#waiting.size === 1) this.onWaiting(true)
    })
  }
}

/** Where {@link eventsOf} gets its events from. */
export interface EventSource<T> {
  readonly isClosed: () => boolean
  readonly take: () => T | undefined
  readonly arrival: Arrival
}

/** Events one by one, as they come; ends when the signal aborts or the source is closed. */
export async function* eventsOf<T>(source: EventSource<T>, signal: AbortSignal | undefined): AsyncGenerator<T, void, undefined> {
  while (!source.isClosed() && signal?.aborted !== true) {
    const event = source.take()
    if (event === undefined) await source.arrival.next(signal)
    else yield event
  }
}
