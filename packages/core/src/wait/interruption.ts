/** Ends the current wait and all later ones: an iterator does that to its wait at `return()`. */
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
