/** Longest time that a timer of Node.js can be set to. */
const TIMER_MAX_MS = 2 ** 31 - 1

/** Aborts with the signal, or when the time is over. Disposing it ends both. */
export function signalWithin(signal: AbortSignal, timeoutMs: number): Disposable & { readonly signal: AbortSignal } {
  const within = new AbortController()
  const abort = (): void => within.abort()
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  const timer = timeoutMs < TIMER_MAX_MS ? setTimeout(abort, timeoutMs) : undefined
  return {
    signal: within.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    },
  }
}
