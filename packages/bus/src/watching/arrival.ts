import { endingAtReturn, onAbort } from '@chronicle-ts/core/internal'

/** Lets consumers wait until something may have arrived. */
export class Arrival {
  readonly #waiting = new Set<() => void>()

  /** `onWaiting` is called when the first consumer begins to wait and when the last one stops. */
  constructor(readonly onWaiting: (waiting: boolean) => void) {}

  /** Lets all consumers look. */
  announce(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  /** Fulfilled at the next announcement, or when the signal aborts. Never rejected. */
  next(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        stopListening()
        this.#waiting.delete(wake)
        if (this.#waiting.size === 0) this.onWaiting(false)
        resolve()
      }
      const stopListening = onAbort(signal, wake)
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

/** Events one by one, as they come; ends when the signal aborts or the source is closed, and at once at `return()`, also while it waits. */
export function eventsOf<T>(source: EventSource<T>, signal: AbortSignal | undefined): AsyncGenerator<T, void, undefined> {
  const ending = new AbortController()
  return endingAtReturn(iterate(source, signal, ending), () => ending.abort())
}

async function* iterate<T>(
  source: EventSource<T>,
  signal: AbortSignal | undefined,
  ending: AbortController,
): AsyncGenerator<T, void, undefined> {
  if (signal?.aborted === true) return
  const stopListening = signal === undefined ? () => {} : onAbort(signal, () => ending.abort())
  try {
    while (!source.isClosed() && !ending.signal.aborted) {
      const event = source.take()
      if (event === undefined) await source.arrival.next(ending.signal)
      else yield event
    }
  } finally {
    stopListening()
  }
}
