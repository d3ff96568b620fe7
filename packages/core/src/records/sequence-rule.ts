/** What the sequence of a record means after those before it. */
export type SequenceStep = 'next' | 'restarted' | 'taken-over' | 'gap' | 'impossible'

/**
 * Which sequence may follow which: the next one. A writer of the base format begins again at 0, and a writer of this library that takes such a queue over goes on from its highest sequence,
 * which may be above what the last writer wrote. The native verifier applies the same rule.
 */
export class SequenceRule {
  /** The sequence that the next record must have; -1: any. */
  expected = -1
  #lastIsBase = false

  /** Judges the sequence of a record, and expects the one after it unless no record can have it. */
  take(sequence: number, hasHeaderCrc: boolean): SequenceStep {
    if (sequence >= Number.MAX_SAFE_INTEGER) return 'impossible'
    const step = this.#stepTo(sequence, hasHeaderCrc)
    this.expectAfter(sequence, hasHeaderCrc)
    return step
  }

  /** Expects the sequence after that of a record that was judged elsewhere. */
  expectAfter(sequence: number, hasHeaderCrc: boolean): void {
    this.expected = sequence + 1
    this.#lastIsBase = !hasHeaderCrc
  }

  #stepTo(sequence: number, hasHeaderCrc: boolean): SequenceStep {
    if (this.expected < 0 || sequence === this.expected) return 'next'
    if (!hasHeaderCrc && sequence === 0) return 'restarted'
    return hasHeaderCrc && this.#lastIsBase && sequence > this.expected ? 'taken-over' : 'gap'
  }
}
