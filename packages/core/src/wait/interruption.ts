/** Ends one wait after the other for good: what an iterator that was told to end does to the wait that it is in. */
export class Interruption {
  #isOver = false
  #wake: (() => void) | undefined

  get isOver(): boolean {
    return this.#isOver
  }

  end(): void {
    this.#isOver = true
    this.#wake?.()
  }

  /** Calls back at {@link end}, unless what it returns was called before. One at a time. */
  onEnd(wake: () => void): () => void {
    this.#wake = wake
    return () => {
      this.#wake = undefined
    }
  }
}
