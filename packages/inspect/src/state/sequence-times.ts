/** When a sequence was seen first. */
export interface SequenceSeen {
  readonly atMs: number
  /** It was there at the oldest time that is known: it has been there for at least that long. */
  readonly isBound: boolean
}

/** Remembers when the next sequence of a queue was which, for the messages of the last minutes. A queue that nothing is appended to takes no room. */
export class SequenceTimes {
  readonly #timesMs: number[] = []
  readonly #nextSequences: number[] = []

  constructor(private readonly keptMs: number) {}

  /** The next sequence never goes back: {@link clear} begins again. */
  add(nextSequence: number, atMs: number): void {
    if (this.#nextSequences.at(-1) !== nextSequence) {
      this.#timesMs.push(atMs)
      this.#nextSequences.push(nextSequence)
    }
    // The first one that is kept still was the next sequence where the kept time begins.
    while ((this.#timesMs[1] ?? atMs) < atMs - this.keptMs) {
      this.#timesMs.shift()
      this.#nextSequences.shift()
    }
  }

  /** When the message with this sequence was seen first; `undefined` of one that is still to come. */
  arrivalOf(sequence: number): SequenceSeen | undefined {
    let low = 0
    let high = this.#nextSequences.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#nextSequences[middle] as number) > sequence) high = middle
      else low = middle + 1
    }
    const atMs = this.#timesMs[low]
    return atMs === undefined ? undefined : { atMs, isBound: low === 0 }
  }

  clear(): void {
    this.#timesMs.length = 0
    this.#nextSequences.length = 0
  }
}
