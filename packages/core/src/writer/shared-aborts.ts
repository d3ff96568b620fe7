/**
 * Notifies many waiting calls that their signal was aborted, with one listener for each signal. The runtime warns of a leak when a signal that a whole process shares has a
 * listener for every call.
 */
export class SharedAborts<Call> {
  readonly #abort: (call: Call, reason: unknown) => void
  readonly #callsOf = new Map<AbortSignal, { readonly calls: Set<Call>; readonly listener: () => void }>()

  constructor(abort: (call: Call, reason: unknown) => void) {
    this.#abort = abort
  }

  add(signal: AbortSignal, call: Call): void {
    const known = this.#callsOf.get(signal)
    if (known !== undefined) {
      known.calls.add(call)
      return
    }
    const calls = new Set([call])
    const listener = (): void => {
      this.#callsOf.delete(signal)
      for (const aborted of calls) this.#abort(aborted, signal.reason)
    }
    this.#callsOf.set(signal, { calls, listener })
    signal.addEventListener('abort', listener, { once: true })
  }

  /** Removes the listener with the last call. */
  remove(signal: AbortSignal, call: Call): void {
    const known = this.#callsOf.get(signal)
    if (known === undefined || !known.calls.delete(call) || known.calls.size > 0) return
    this.#callsOf.delete(signal)
    signal.removeEventListener('abort', known.listener)
  }
}
