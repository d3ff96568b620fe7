import {
  decodeRecordHeader,
  PADDING_TYPE_ID,
  RECORD_ALIGNMENT,
  RECORD_FLAG_HEADER_CRC,
  type RecordHeader,
  recordLength,
  SEGMENT_HEADER_LENGTH,
} from '../format/index.js'
import { isGoodRecord } from './judge-record.js'
import { findGoodRecord } from './resync.js'
import type { SegmentBytes } from './segment-bytes.js'

/** What the records of a segment show. */
export interface RecordSurvey {
  /** Sequence of the first record; `undefined` without one. */
  readonly firstSequence: number | undefined
  /** The highest sequence that can be believed; -1 without one. */
  readonly highestSequence: number
  /** Low 32 bits of the latest writer's epoch; 0 when all records are of the base format. */
  readonly highestEpoch: number
  /** Where the last record ends. */
  readonly end: number
  /** Whether something stands behind the end: bytes of an append that did not commit, or records that are damaged. */
  readonly isDirty: boolean
}

/** Records that have room below an offset of a segment: no queue whose sequence began at 0 has reached a higher sequence. */
export function recordCapacity(segmentId: number, offset: number, segmentSize: number): number {
  return segmentId * (segmentSize / RECORD_ALIGNMENT - 1) + Math.max(0, offset - SEGMENT_HEADER_LENGTH) / RECORD_ALIGNMENT
}

/**
 * Walks the records of a segment over damage. A header that continues the sequence is taken as it is, since a process death tears no committed record; where one does not, the next
 * good record is looked for.
 *
 * A sequence without a checksum of its own counts only when the records around it make it possible: one damaged record must not move the queue to the end of all
 * sequences, nor make it give out the sequences of the records behind.
 */
export function surveyRecords(segment: SegmentBytes): RecordSurvey {
  return new Surveyor(segment).survey()
}

class Surveyor {
  readonly #segment: SegmentBytes
  #at = SEGMENT_HEADER_LENGTH
  /** Where the last record that was taken begins. */
  #previousAt: number | undefined
  #expected: number | undefined
  #first: number | undefined
  #highest = -1
  #epoch = 0

  constructor(segment: SegmentBytes) {
    this.#segment = segment
  }

  survey(): RecordSurvey {
    while (this.#step());
    const end = this.#at
    const isDirty = !this.#isPadding(end) && this.#segment.firstDirtyOffset(end) !== undefined
    return { firstSequence: this.#first, highestSequence: this.#highest, highestEpoch: this.#epoch, end, isDirty }
  }

  /** Takes one record; false at the end. */
  #step(): boolean {
    const at = this.#at
    const header = this.#headerAt(at)
    if (header !== undefined && header.typeId === PADDING_TYPE_ID) return false
    if (header !== undefined && this.#continues(at, header)) return this.#take(at, header, header.sequence)
    const good = this.#findNext(at, header)
    if (good === undefined) return false
    const found = this.#headerAt(good)
    if (found === undefined) return false
    return this.#take(good, found, this.#isCredible(good, found) ? found.sequence : (this.#expected ?? 0))
  }

  #take(at: number, header: RecordHeader, sequence: number): boolean {
    this.#first ??= sequence
    this.#highest = Math.max(this.#highest, sequence)
    if ((header.flags & RECORD_FLAG_HEADER_CRC) !== 0) this.#epoch = Math.max(this.#epoch, header.writerEpoch)
    this.#previousAt = at
    this.#expected = sequence + 1
    this.#at = at + recordLength(header.commitLength - 1)
    return true
  }

  /** The header of a committed record that fits into the segment, or `undefined`. */
  #headerAt(at: number): RecordHeader | undefined {
    const segment = this.#segment
    if (segment.commitLengthAt(at) === 0) return undefined
    const header = decodeRecordHeader(segment.view, segment.indexOf(at))
    return recordLength(header.commitLength - 1) > segment.size - at ? undefined : header
  }

  #isPadding(at: number): boolean {
    return this.#headerAt(at)?.typeId === PADDING_TYPE_ID
  }

  /** Writers of the base format begin again with sequence 0. */
  #continues(at: number, header: RecordHeader): boolean {
    if (this.#expected === undefined) return isGoodRecord(this.#segment, at) && this.#isCredible(at, header)
    return header.sequence === this.#expected || (header.flags === 0 && header.sequence === 0)
  }

  /** The next good record. When the one before is bad, its length may be what is damaged, and the search begins within it. */
  #findNext(at: number, header: RecordHeader | undefined): number | undefined {
    const segment = this.#segment
    const isEnd = header === undefined && segment.firstDirtyOffset(at) === undefined
    const previous = this.#previousAt
    const isMisled = previous !== undefined && !isGoodRecord(segment, previous)
    if (isEnd && !isMisled) return undefined
    const from = isMisled ? previous + RECORD_ALIGNMENT : at
    const good = findGoodRecord(segment, from)
    this.#previousAt = undefined
    return good
  }

  #isCredible(at: number, header: RecordHeader): boolean {
    if ((header.flags & RECORD_FLAG_HEADER_CRC) !== 0) return Number.isSafeInteger(header.sequence)
    if (!Number.isSafeInteger(header.sequence)) return false
    const next = this.#headerAt(at + recordLength(header.commitLength - 1))
    if (next?.sequence === header.sequence + 1) return true
    if (this.#expected === undefined) return header.sequence <= recordCapacity(this.#segment.id, at, this.#segment.size)
    const ahead = header.sequence - this.#expected
    return ahead >= 0 && ahead <= (at - this.#at) / RECORD_ALIGNMENT
  }
}
