import { recordLength } from '../format/index.js'
import { judgeRecord, type RecordFault } from './judge-record.js'
import { decideAtUncommitted, type LeavingEvidence, type WayOn, wayOn } from './leaving.js'
import type { Damage } from './resync.js'
import { hasHeaderCrc, type SegmentBytes, sequenceOf } from './segment-bytes.js'
import { SequenceRule, type SequenceStep } from './sequence-rule.js'

/** What a walk may pass: a good record that may follow the one before it. */
export type GoodStep = 'next' | 'restarted' | 'taken-over'

/** What stops a walk inside a segment: a damaged record, a sequence that does not follow, or a hole. */
export type DamageStep = RecordFault | 'gap' | 'impossible' | 'hole'

/** What stands at a place: a record, damage, the end of the segment (`padding`, `leave`), or nothing yet (`wait`). */
export type WalkStep = GoodStep | DamageStep | 'padding' | 'leave' | 'wait'

const GOOD_STEPS: ReadonlySet<SequenceStep | WalkStep> = new Set(['next', 'restarted', 'taken-over'])

/** Whether a walk found a record that it may pass. */
export function isGoodStep(step: WalkStep): step is GoodStep {
  return GOOD_STEPS.has(step)
}

/**
 * Walks the records of one segment after the other, one step at a time. Here a judgment on a record, on its sequence, on a missing one, and the search for where to go on come
 * together, and nowhere else. Readers (mapped), the offline reader (`pread`) and recovery call it, and only decide what they do with a step.
 *
 * Readers skip runs of good records by the native verifier, which keeps the same {@link SequenceRule}, and ask the walk where a run stops.
 */
export class RecordWalk implements Damage {
  readonly rule: SequenceRule
  readonly #evidence: LeavingEvidence
  readonly #checkPayloads: boolean
  /** Place of the last look. */
  offset = 0

  constructor(evidence: LeavingEvidence, { rule = new SequenceRule(), checkPayloads = true } = {}) {
    this.#evidence = evidence
    this.rule = rule
    this.#checkPayloads = checkPayloads
  }

  get expected(): number {
    return this.rule.expected
  }

  /** Looks at what stands at an offset. Changes nothing that counts: a caller may look again. */
  look(bytes: SegmentBytes, offset: number): WalkStep {
    this.offset = offset
    while (!isCommitted(bytes, offset)) {
      const decision = decideAtUncommitted(bytes, this, this.#evidence)
      if (decision !== 'again') return decision
    }
    const verdict = judgeRecord(bytes, offset, this.#checkPayloads)
    if (verdict !== 'good') return verdict
    bytes.commitLengthAt(offset)
    return this.rule.judge(sequenceOf(bytes, offset), hasHeaderCrc(bytes, offset))
  }

  /**
   * The leniency of recovery: whether the last look found a good record, or one with a damaged header that still has exactly the expected sequence. Recovery looks for sequences that were
   * given out and delivers nothing; for a reader such a record is damage.
   */
  isGoodBySequence(bytes: SegmentBytes, step: WalkStep): boolean {
    return isGoodStep(step) || (step === 'bad-header' && sequenceOf(bytes, this.offset) === this.expected)
  }

  /** Passes the good record at which the last look was, and expects the one after it. Returns the offset after the record. */
  pass(bytes: SegmentBytes): number {
    const { offset } = this
    const end = offset + recordLength(bytes.commitLengthAt(offset) - 1)
    this.rule.expectAfter(sequenceOf(bytes, offset), hasHeaderCrc(bytes, offset))
    return end
  }

  /**
   * Passes damage that the last look found, and returns where to look next. A gap is passed where it stands: its record is good. Any sequence may follow, but in the next segment the expected one still
   * shows how much is missing.
   */
  passDamage(bytes: SegmentBytes, step: DamageStep): WayOn {
    const way = step === 'gap' ? this.offset : wayOn(bytes, this, this.#evidence)
    if (typeof way === 'number') this.rule.expected = -1
    return way
  }
}

function isCommitted(bytes: SegmentBytes, offset: number): boolean {
  return bytes.commitLengthAt(offset) !== 0 || bytes.freshCommitLengthAt(offset) !== 0
}
