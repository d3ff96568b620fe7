/** Callbacks of one signal, and the one listener that serves them all: Node warns of a leak from the eleventh listener on. */
interface Waiting {
  readonly callbacks: Set<() => void>
  readonly listener: () => void
}

const waitingFor = new WeakMap<AbortSignal, Waiting>()

/**
 * Calls back once when the signal aborts. Returns the function that takes this back. Where the signal is aborted already the callback is not called: ask it
 * first.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const { callbacks } = waitingFor.get(signal) ?? listenTo(signal)
  // A function of its own, so that one callback may wait twice.
  const own = (): void => callback()
  callbacks.add(own)
  return () => {
    if (callbacks.delete(own) && callbacks.size === 0) stopListening(signal)
  }
}

function listenTo(signal: AbortSignal): Waiting {
  const callbacks = new Set<() => void>()
  const listener = (): void => {
    stopListening(signal)
    const due = [...callbacks]
    callbacks.clear()
    for (const callback of due) callback()
  }
  const waiting = { callbacks, listener }
  waitingFor.set(signal, waiting)
  signal.addEventListener('abort', listener)
  return waiting
}

function stopListening(signal: AbortSignal): void {
  const waiting = waitingFor.get(signal)
  if (waiting === undefined) return
  waitingFor.delete(signal)
  signal.removeEventListener('abort', waiting.listener)
}
