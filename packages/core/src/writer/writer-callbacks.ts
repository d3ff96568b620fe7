/** Calls the callbacks of a writer, and keeps their errors apart: an error of a callback, of any class, is not an answer of the writer. */
export class WriterCallbacks {
  readonly #callThem: () => void
  readonly #thrown = new WeakSet<object>()

  /** `callThem` reports everything that was noted since the last time. */
  constructor(callThem: () => void) {
    this.#callThem = callThem
  }

  /** Called between two attempts to append, where a callback may call every method. */
  report(): void {
    try {
      this.#callThem()
    } catch (error) {
      if (typeof error === 'object' && error !== null) this.#thrown.add(error)
      throw error
    }
  }

  /** {@link report} when the messages of the call are in the queue. Thrown by the call, an error would say that they were refused. */
  tellAfterBatch(): void {
    try {
      this.#callThem()
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }

  threw(error: unknown): boolean {
    return typeof error === 'object' && error !== null && this.#thrown.has(error)
  }
}
