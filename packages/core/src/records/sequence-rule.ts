import { VERIFIER_LAST_IS_BASE, VERIFIER_SEQUENCE, VERIFIER_STATE_LENGTH } from '@chronicle-ts/native'

/** What the sequence of a record means after those before it. */
export type SequenceStep = 'next' | 'restarted' | 'taken-over' | 'gap' | 'impossible'

/**
 * Which sequence may follow which: the next one. A writer of the base format begins again at 0. A writer of this library that takes such a queue over goes on from its highest
 * sequence, which may be above what the last writer wrote.
 *
 * The native verifier applies the same rule, and keeps what it knows in the same words. A rule that is made with the state of a verifier goes on where the verifier stopped,
 * and the other way round.
 */
export class SequenceRule {
  readonly #state: Float64Array

  constructor(state: Float64Array = new Float64Array(VERIFIER_STATE_LENGTH)) {
    this.#state = state
    this.expected = -1
  }

  /** The sequence that the next record must have; -1: any. */
  get expected(): number {
    return this.#state[VERIFIER_SEQUENCE] as number
  }

  set expected(sequence: number) {
    this.#state[VERIFIER_SEQUENCE] = sequence
  }

  /** Whether the last record was of the base format. */
  get lastIsBase(): boolean {
    return this.#state[VERIFIER_LAST_IS_BASE] !== 0
  }

  /** Judges the sequence of a record. Changes nothing. */
  judge(sequence: number, hasHeaderCrc: boolean): SequenceStep {
    const { expected } = this
    if (sequence >= Number.MAX_SAFE_INTEGER) return 'impossible'
    if (expected < 0 || sequence === expected) return 'next'
    if (!hasHeaderCrc && sequence === 0) return 'restarted'
    return hasHeaderCrc && this.lastIsBase && sequence > expected ? 'taken-over' : 'gap'
  }

  /** Expects the sequence after that of a record. */
  expectAfter(sequence: number, hasHeaderCrc: boolean): void {
    this.expected = sequence + 1
    this.#state[VERIFIER_LAST_IS_BASE] = hasHeaderCrc ? 0 : 1
  }

  /** Takes over all that another rule knows. */
  goOnFrom({ expected, lastIsBase }: SequenceRule): void {
    this.expected = expected
    this.#state[VERIFIER_LAST_IS_BASE] = lastIsBase ? 1 : 0
  }
}
