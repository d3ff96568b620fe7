import {
  decodeRecordHeader,
  PADDING_TYPE_ID,
  RECORD_FLAG_HEADER_CRC,
  type RecordHeader,
  recordLength,
  SEGMENT_HEADER_LENGTH,
} from '../format/index.js'
import { isCredibleSequence } from './credible-sequence.js'
import { isGoodRecord } from './judge-record.js'
import { BYTES_ALONE } from './leaving.js'
import { RecordWalk, type WalkStep } from './record-walk.js'
import { findNextRecord } from './resync.js'
import type { SegmentBytes } from './segment-bytes.js'

/** What the records of a segment show. */
export interface RecordSurvey {
  /** Sequence of the first record; `undefined` without one. */
  readonly firstSequence: number | undefined
  /** Offset of the first record; meaningless without one. */
  readonly firstOffset: number
  /** The highest sequence that can be relied on; -1 without one. */
  readonly highestSequence: number
  /** Whether the last record is of the base format. */
  readonly lastIsBase: boolean
  /** Low 32 bits of the latest writer's epoch; 0 when all records are of the base format. */
  readonly highestEpoch: number
  /** Where the last record ends. */
  readonly end: number
  /** Whether something follows the end: bytes of an append that did not commit, or records that are damaged. */
  readonly isDirty: boolean
}

/**
 * Walks the records of a segment over damage. A record whose header continues the sequence is taken without a look at its payload, since a process death tears no committed
 * record. Where one does not, the next good record is looked for, and that one as a whole.
 *
 * A sequence without a checksum of its own counts only when the records around it make it possible. One damaged record must not move the queue to the end of all sequences,
 * nor make it give out the sequences of the records that follow it.
 */
export function surveyRecords(segment: SegmentBytes): RecordSurvey {
  return new Surveyor(segment).survey()
}

class Surveyor {
  readonly #segment: SegmentBytes
  readonly #walk = new RecordWalk(BYTES_ALONE, { checkPayloads: false })
  #at = SEGMENT_HEADER_LENGTH
  /** Where the last record that was taken begins. */
  #previousAt: number | undefined
  #first: number | undefined
  #firstAt = SEGMENT_HEADER_LENGTH
  #highest = -1
  #epoch = 0

  constructor(segment: SegmentBytes) {
    this.#segment = segment
  }

  survey(): RecordSurvey {
    while (this.#step());
    const end = this.#at
    const isDirty = !this.#isPadding(end) && this.#segment.firstDirtyOffset(end) !== undefined
    return {
      firstSequence: this.#first,
      firstOffset: this.#firstAt,
      highestSequence: this.#highest,
      lastIsBase: this.#walk.rule.lastIsBase,
      highestEpoch: this.#epoch,
      end,
      isDirty,
    }
  }

  /** Takes one record; false at the end. */
  #step(): boolean {
    const at = this.#at
    const step = this.#walk.look(this.#segment, at)
    const header = this.#headerAt(at)
    if (header !== undefined && header.typeId === PADDING_TYPE_ID) return false
    if (header !== undefined && this.#continues(step, at, header)) return this.#take(at, header, header.sequence)
    const good = this.#findNext(at, header)
    if (good === undefined) return false
    const found = this.#headerAt(good)
    if (found === undefined) return false
    return this.#take(good, found, this.#isCredible(good, found) ? found.sequence : Math.max(0, this.#walk.expected))
  }

  #take(at: number, header: RecordHeader, sequence: number): boolean {
    if (this.#first === undefined) this.#firstAt = at
    this.#first ??= sequence
    this.#highest = Math.max(this.#highest, sequence)
    const hasHeaderCrc = (header.flags & RECORD_FLAG_HEADER_CRC) !== 0
    if (hasHeaderCrc) this.#epoch = Math.max(this.#epoch, header.writerEpoch)
    this.#previousAt = at
    this.#walk.rule.expectAfter(sequence, hasHeaderCrc)
    this.#at = at + recordLength(header.commitLength - 1)
    return true
  }

  /** The header of a committed record that fits into the segment, or `undefined`. */
  #headerAt(at: number): RecordHeader | undefined {
    const segment = this.#segment
    if (segment.commitLengthAt(at) === 0) return undefined
    const header = decodeRecordHeader(segment.view, segment.indexOf(at))
    // The end of a padding record is that of the segment, also where its file was cut.
    const end = header.typeId === PADDING_TYPE_ID ? segment.size : segment.end
    return at + recordLength(header.commitLength - 1) > end ? undefined : header
  }

  #isPadding(at: number): boolean {
    return this.#headerAt(at)?.typeId === PADDING_TYPE_ID
  }

  /** The first record is looked at as a whole. */
  #continues(step: WalkStep, at: number, header: RecordHeader): boolean {
    if (this.#walk.expected < 0) return isGoodRecord(this.#segment, at) && this.#isCredible(at, header)
    return this.#walk.isGoodBySequence(this.#segment, step)
  }

  /** The next good record. When the one before is bad, its length may be what is damaged, and the search begins with it. */
  #findNext(at: number, header: RecordHeader | undefined): number | undefined {
    const segment = this.#segment
    const isEnd = header === undefined && segment.firstDirtyOffset(at) === undefined
    const previous = this.#previousAt
    const isMisled = previous !== undefined && !isGoodRecord(segment, previous)
    if (isEnd && !isMisled) return undefined
    this.#previousAt = undefined
    if (!isMisled && isGoodRecord(segment, at)) return at
    const { expected } = this.#walk
    const damage = isMisled ? { offset: previous, expected: expected - 1 } : { offset: at, expected }
    return findNextRecord(segment, damage, { mayRestart: true })
  }

  #isCredible(at: number, header: RecordHeader): boolean {
    const { id: segmentId, size } = this.#segment
    const { sequence } = header
    const hasHeaderCrc = (header.flags & RECORD_FLAG_HEADER_CRC) !== 0
    const next = this.#headerAt(at + recordLength(header.commitLength - 1))
    if (!hasHeaderCrc && Number.isSafeInteger(sequence) && next?.sequence === sequence + 1) return true
    const { expected } = this.#walk
    const before = expected < 0 ? undefined : { segmentId, offset: this.#at, sequence: expected }
    return isCredibleSequence({ segmentId, offset: at, sequence, hasHeaderCrc }, before, size)
  }
}
