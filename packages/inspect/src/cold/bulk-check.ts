import {
  assert,
  RECORD_ALIGNMENT,
  RECORD_HEADER_LENGTH,
  RECORD_TIMESTAMP_NS_OFFSET,
  SequenceRule,
} from '@chronicle-ts/core/internal'
import { binding, type NativeVerifier, VERIFIER_COUNT, VERIFIER_END } from '@chronicle-ts/native'
import { ColdFileError } from './cold-file.js'
import type { ColdSegment } from './cold-segment.js'
import { createScratchMapping } from './scratch-mapping.js'
import type { TimeOrder } from './time-order.js'

/** Bytes read and checked at a time: they stay in the second-level cache from the read to the last look. */
const PIECE_LENGTH = 1024 * 1024

/** The native verifier takes no offset below a segment header's length, so pieces begin there. */
const PIECE_OFFSET = RECORD_HEADER_LENGTH

/** `recordLength` of core in integers, by the commit word: a division would cost a fifth of the whole check. For records that fit into a piece. */
export function lengthOf(commitLength: number): number {
  return (RECORD_HEADER_LENGTH + commitLength - 1 + RECORD_ALIGNMENT - 1) & -RECORD_ALIGNMENT
}

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
 * Checks records at memory speed: `pread` into memory of our own, native verification, and one light pass along the headers for the order in time. Stops in front
 * of everything that is not simply good, for the careful path to judge.
 */
export class BulkCheck {
  readonly #mapping: ArrayBuffer
  readonly #bytes: Buffer
  readonly #words: Uint32Array
  readonly #verifier: NativeVerifier
  readonly #rule: SequenceRule
  /** After it the memory is zero. */
  #usedEnd = 0

  private constructor(
    mapping: ArrayBuffer,
    private readonly timeOrder: TimeOrder,
  ) {
    this.#mapping = mapping
    this.#bytes = Buffer.from(mapping)
    this.#words = new Uint32Array(mapping)
    this.#verifier = binding.createVerifier()
    this.#rule = new SequenceRule(this.#verifier.state)
    this.#verifier.attach(mapping)
  }

  /** `undefined` where memory for it cannot be had; then every record is judged by itself. */
  static create(timeOrder: TimeOrder): BulkCheck | undefined {
    const mapping = createScratchMapping(PIECE_OFFSET + PIECE_LENGTH)
    return mapping === undefined ? undefined : new BulkCheck(mapping, timeOrder)
  }

  /**
   * The run of good records at `offset`, within about `byteLimit` bytes; `undefined` when the first one is not simply good. `rule` says what may come first, and afterwards what may follow
   * the run.
   */
  run(segment: ColdSegment, offset: number, rule: SequenceRule, byteLimit: number): GoodRun | undefined {
    this.#rule.goOnFrom(rule)
    let end = offset
    let count = 0
    while (end - offset < byteLimit) {
      const piece = this.#checkPiece(segment, end)
      if (piece === undefined) break
      end += piece.length
      count += piece.count
    }
    if (count === 0) return undefined
    rule.goOnFrom(this.#rule)
    return { end, count, lastSequence: rule.expected - 1, lastIsBase: rule.lastIsBase }
  }

  close(): void {
    this.#verifier.detach()
    binding.unmap(this.#mapping)
  }

  #checkPiece(segment: ColdSegment, offset: number): { length: number; count: number } | undefined {
    const length = Math.min(PIECE_LENGTH, segment.end - offset)
    if (length < RECORD_HEADER_LENGTH) return undefined
    const got = this.#read(segment, offset, length)
    // What an earlier, longer piece left must not be taken for records of this one.
    if (this.#usedEnd > PIECE_OFFSET + got) this.#bytes.fill(0, PIECE_OFFSET + got, this.#usedEnd)
    this.#usedEnd = PIECE_OFFSET + got
    const readEnd = PIECE_OFFSET + got
    const before = new SequenceRule()
    before.goOnFrom(this.#rule)
    let count = this.#verify(Number.POSITIVE_INFINITY)
    // The memory after what was read is zero, and so may a payload be: a record is not there as a whole when its file ends in it.
    if (count > 0 && this.#verifiedEnd > readEnd) {
      this.#rule.goOnFrom(before)
      count = count === 1 ? 0 : this.#verify(count - 1)
    }
    if (count === 0) return undefined
    const end = this.#verifiedEnd
    assert(end > PIECE_OFFSET && end <= readEnd, 'the verifier stays in what was read')
    this.#checkTimes(end, segment.id, offset - PIECE_OFFSET)
    return { length: end - PIECE_OFFSET, count }
  }

  /** Verifies the records at the beginning of the piece; returns how many are good. */
  #verify(countMax: number): number {
    this.#verifier.verify(PIECE_OFFSET, countMax, Number.POSITIVE_INFINITY)
    return this.#verifier.state[VERIFIER_COUNT] as number
  }

  get #verifiedEnd(): number {
    return this.#verifier.state[VERIFIER_END] as number
  }

  /** What cannot be read holds no good record: the careful path finds out why. */
  #read(segment: ColdSegment, offset: number, length: number): number {
    try {
      return segment.file.readAt(this.#bytes.subarray(PIECE_OFFSET, PIECE_OFFSET + length), offset)
    } catch (error) {
      if (!(error instanceof ColdFileError)) throw error
      // The part that was read is not known to be whole.
      this.#usedEnd = PIECE_OFFSET + length
      return 0
    }
  }

  /** Walks the checked records; two 32-bit compares each. */
  #checkTimes(end: number, segmentId: number, shift: number): void {
    const words = this.#words
    const order = this.timeOrder
    let at = PIECE_OFFSET
    let previousHigh = order.previousHigh
    let previousLow = order.previousLow
    const { limitHigh, limitLow } = order
    while (at < end) {
      const low = words[(at + RECORD_TIMESTAMP_NS_OFFSET) >> 2] as number
      const high = words[(at + RECORD_TIMESTAMP_NS_OFFSET + 4) >> 2] as number
      if (high < previousHigh || (high === previousHigh && low < previousLow)) order.noteBackwards(segmentId, at + shift)
      if (high > limitHigh || (high === limitHigh && low > limitLow)) order.noteAhead(segmentId, at + shift)
      previousHigh = high
      previousLow = low
      at += lengthOf(words[at >> 2] as number)
    }
    order.previousHigh = previousHigh
    order.previousLow = previousLow
  }
}
