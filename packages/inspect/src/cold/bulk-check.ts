import { RECORD_HEADER_LENGTH, SequenceRule } from '@chronicle-ts/core/internal'
import { binding, type NativeFileVerifier, VERIFIER_COUNT, VERIFIER_END } from '@chronicle-ts/native'
import type { ColdSegment } from './cold-segment.js'
import { TimeOrder } from './time-order.js'

/** A run of good records. */
export interface GoodRun {
  /** Offset in the segment after the last good record. */
  readonly end: number
  readonly count: number
  readonly lastSequence: number
  /** Whether the last record is of the base format. */
  readonly lastIsBase: boolean
}

/**
 * Checks records at memory speed: native code walks a mapping of the segment, which is read-only and which JavaScript does not see. Stops in front of everything that is not simply good, for
 * the careful path to judge, which reads with `pread`. A file that is cut or cannot be read under the mapping is such a place.
 */
export class BulkCheck {
  readonly #verifier: NativeFileVerifier
  readonly #rule: SequenceRule
  /** The segment that was entered last, also when it could not be mapped. */
  #segment: ColdSegment | undefined

  /** @param timeOrder watches the timestamps of good records */
  constructor(private readonly timeOrder: TimeOrder = new TimeOrder(0n)) {
    this.#verifier = binding.createFileVerifier()
    this.#rule = new SequenceRule(this.#verifier.state)
  }

  /**
   * The run of good records at `offset`, within about `byteLimit` bytes; `undefined` when the first one is not simply good. `rule` says what may come first, and afterwards what may follow
   * the run.
   */
  run(segment: ColdSegment, offset: number, rule: SequenceRule, byteLimit: number): GoodRun | undefined {
    if (segment.end - offset < RECORD_HEADER_LENGTH) return undefined
    if (this.#segment !== segment) this.#enter(segment)
    const { state, times } = this.#verifier
    this.#rule.goOnFrom(rule)
    this.timeOrder.storeInto(times)
    this.#verifier.verify(offset, byteLimit)
    const count = state[VERIFIER_COUNT] as number
    if (count === 0) return undefined
    this.timeOrder.goOnFrom(times, segment.id)
    rule.goOnFrom(this.#rule)
    return { end: state[VERIFIER_END] as number, count, lastSequence: rule.expected - 1, lastIsBase: rule.lastIsBase }
  }

  close(): void {
    this.#verifier.detach()
  }

  /** Where the system maps no file, no record is simply good. */
  #enter(segment: ColdSegment): void {
    this.#segment = segment
    try {
      this.#verifier.attach(segment.file.fd, segment.end)
    } catch {
      this.#verifier.detach()
    }
  }
}
