/**
 * One call of a handler or of a timer's callback that returned a promise. The replay lets its time move only while the activity **rests**: it is over, or it awaits
 * `clock.sleep()`. At most one activity runs at any moment; all others sleep.
 */
export class Activity {
  #sleeping = 0
  #isOver = false
  #failure: { readonly error: unknown } | undefined
  #changed: (() => void) | undefined

  /** Ends the activity with the promise. */
  track(promise: PromiseLike<unknown>): void {
    promise.then(
      () => this.#end(undefined),
      (error: unknown) => this.#end({ error }),
    )
  }

  fallAsleep(): void {
    this.#sleeping++
    this.#changed?.()
  }

  wakeUp(): void {
    this.#sleeping--
  }

  /** Resolves when the activity rests. @throws what ended it, once. */
  async rest(): Promise<void> {
    // Several sleeps at once: the one that is over may have been followed by something, or the activity waits for the others.
    if (!this.#isOver && this.#sleeping > 0) await eventLoopTurn()
    while (!this.#isOver && this.#sleeping === 0) await this.#change()
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure.error
  }

  #end(failure: { readonly error: unknown } | undefined): void {
    this.#isOver = true
    this.#failure = failure
    this.#changed?.()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve
    })
  }
}

/** Resolves after everything that is due now in the event loop has run. */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
