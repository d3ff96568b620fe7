/**
 * The callbacks that wait for one signal, called by a single listener. A signal that stops a whole program serves hundreds of waits at once: with a listener each, the runtime
 * would warn of a leak.
 */
class AbortListeners {
  readonly #signal: AbortSignal
  readonly #callbacks = new Set<() => void>()

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  add(callback: () => void): void {
    if (this.#callbacks.size === 0) this.#signal.addEventListener('abort', this.#onAbort)
    this.#callbacks.add(callback)
  }

  remove(callback: () => void): void {
    if (this.#callbacks.delete(callback) && this.#callbacks.size === 0) this.#signal.removeEventListener('abort', this.#onAbort)
  }

  readonly #onAbort = (): void => {
    for (const callback of [...this.#callbacks]) callback()
  }
}

const listenersOf = new WeakMap<AbortSignal, AbortListeners>()

/** Calls back when the signal aborts, unless it was aborted before: ask it first. Returns a function that ends that; until then the callback is held. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let listeners = listenersOf.get(signal)
  if (listeners === undefined) {
    listeners = new AbortListeners(signal)
    listenersOf.set(signal, listeners)
  }
  const waiting = listeners
  // A function of its own, so that one callback may wait twice.
  const own = (): void => callback()
  waiting.add(own)
  return () => waiting.remove(own)
}
