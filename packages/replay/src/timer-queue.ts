/** Something that is due at a time of the replay. */
export interface PendingTimer {
  readonly dueNs: bigint
  /** Returns what to wait for before time may move. */
  readonly fire: () => Promise<void> | undefined
}

/** Timers by time; those of equal times in the order in which they were added. */
export class TimerQueue {
  /** The first timer stands last, so that taking it moves nothing. */
  readonly #timers: PendingTimer[] = []

  get size(): number {
    return this.#timers.length
  }

  get first(): PendingTimer | undefined {
    return this.#timers[this.#timers.length - 1]
  }

  add(timer: PendingTimer): void {
    const timers = this.#timers
    let low = 0
    let high = timers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((timers[middle] as PendingTimer).dueNs > timer.dueNs) low = middle + 1
      else high = middle
    }
    timers.splice(low, 0, timer)
  }

  takeFirst(): PendingTimer | undefined {
    return this.#timers.pop()
  }

  /** @returns false when the timer has fired, or was removed before. */
  remove(timer: PendingTimer): boolean {
    const index = this.#timers.indexOf(timer)
    if (index >= 0) this.#timers.splice(index, 1)
    return index >= 0
  }
}
