import { statSync } from 'node:fs'
import {
  type ControlBlock,
  decodeRecordHeader,
  decodeSourcePosition,
  decodeTraceContext,
  RECORD_FLAG_HEADER_CRC,
  RECORD_HEADER_LENGTH,
  recordLength,
  SEGMENT_FIRST_RECORD_OFFSET,
  schemaVersionOf,
} from '@chronicle-ts/core/internal'
import type { BulkCheck, GoodRun } from './bulk-check.js'
import { checksum } from './checksum.js'
import { believableControl, controlInode, readColdControl } from './cold-control.js'
import { ColdFileError } from './cold-file.js'
import type { ColdItem, ColdPosition, ColdRecord } from './cold-item.js'
import { ColdSegment } from './cold-segment.js'
import { firstDirtyOffset } from './dirty-bytes.js'
import { isBefore } from './find-start.js'
import { listQueue } from './queue-listing.js'
import { type ProblemCode, type ProblemFacts, queueProblem } from './queue-problem.js'
import { findNextRecord, judgeRecord, type RecordVerdict } from './record-verdict.js'

/** How {@link ColdReader} begins, once its options are resolved. */
export interface ColdReaderStart {
  readonly directory: string
  readonly position: ColdPosition
  /** Nothing at this place or after it is read; `undefined` for no such limit. */
  readonly end: ColdPosition | undefined
  /** Check payload checksums; headers are always checked. */
  readonly checkPayloads: boolean
}

/** Answer of one step that produced nothing to return yet. */
const GO_ON = Symbol('go on')

/**
 * Reads records with `pread` and nothing else: no mapping, no lock, no registration, no byte written. Made for untrusted or damaged queues,
 * so every oddity is an item of kind `problem`, and reading continues after it when anything follows.
 *
 * On a live queue {@link next} answers `undefined` at the end and more later; it follows rolls and notices deletion.
 */
export class ColdReader {
  readonly directory: string
  readonly #checkPayloads: boolean
  readonly #end: ColdPosition | undefined
  readonly #pending: ColdItem[] = []
  readonly #controlInode: bigint | undefined
  #segmentId: number
  #offset: number
  #segment: ColdSegment | undefined
  #control: ControlBlock | undefined
  /** Sequence of the last record, -1 before the first one. */
  #lastSequence = -1
  #lastWasLegacy = false
  /** Where a problem was reported that may yet be repaired in place, so that it is reported once; -1 for none. */
  #reportedOffset = -1
  /** Modification time of the directory when it was last listed in vain. */
  #listedMtimeMs = -1
  #ended = false
  #closed = false

  constructor(start: ColdReaderStart) {
    this.directory = start.directory
    this.#checkPayloads = start.checkPayloads
    this.#end = start.end
    this.#segmentId = start.position.segmentId
    this.#offset = start.position.offset
    this.#controlInode = controlInode(start.directory)
    this.#control = believableControl(readColdControl(start.directory))
  }

  /** Where the next record stands, or will stand. */
  get position(): ColdPosition {
    return { segmentId: this.#segmentId, offset: this.#offset }
  }

  /** The queue was removed or replaced, or the place was reached at which reading was to end: nothing will ever follow. */
  get ended(): boolean {
    return this.#ended
  }

  /** The next record, padding record or problem; `undefined` at the end of what is there now. */
  next(): ColdItem | undefined {
    while (!this.#closed) {
      const pending = this.#pending.shift()
      if (pending !== undefined) return pending
      if (this.#ended || this.#isAtEnd(this.position)) return this.#stop()
      const item = this.#step()
      if (item !== GO_ON && item !== undefined && this.#isAtEnd(item)) return this.#stop()
      if (item !== GO_ON && (item !== undefined || this.#pending.length === 0)) return item
    }
    return undefined
  }

  /**
   * Checks records in bulk, about `byteLimit` bytes at most, and moves past those that are simply good; they are not returned. Answers `undefined` when
   * {@link next} has to look: at damage, at a segment's end, at the end of what is there.
   */
  advanceOverGood(bulk: BulkCheck, byteLimit: number): GoodRun | undefined {
    const segment = this.#segment
    if (segment === undefined || this.#pending.length > 0 || this.#reportedOffset === this.#offset) return undefined
    const run = bulk.run(segment, this.#offset, this.#lastSequence, byteLimit)
    if (run === undefined) return undefined
    this.#offset = run.end
    this.#lastSequence = run.lastSequence
    this.#lastWasLegacy = run.lastIsLegacy
    return run
  }

  /** The segment that is being read, once {@link next} has opened it. */
  get segment(): ColdSegment | undefined {
    return this.#segment
  }

  /** Iterates to the end of what is there now. */
  *[Symbol.iterator](): IterableIterator<ColdItem> {
    for (let item = this.next(); item !== undefined; item = this.next()) yield item
  }

  /** Gives the file back; later calls of {@link next} answer `undefined`. */
  close(): void {
    this.#closed = true
    this.#closeSegment()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #isAtEnd(place: ColdPosition): boolean {
    return this.#end !== undefined && !isBefore(place, this.#end)
  }

  #stop(): undefined {
    this.#ended = true
    return undefined
  }

  #step(): ColdItem | undefined | typeof GO_ON {
    try {
      const segment = this.#segment ?? this.#openSegment()
      if (segment === undefined) return undefined
      if (!segment.hasRoomAt(this.#offset)) return this.#atSegmentEnd(segment)
      if (segment.commitLengthAt(this.#offset) === 0) return this.#atUncommitted(segment)
      return this.#atCommitted(segment)
    } catch (error) {
      if (!(error instanceof ColdFileError)) throw error
      return this.#skipUnreadable(error)
    }
  }

  // -- committed records ---------------------------------------------------------------------------------------------------------------

  #atCommitted(segment: ColdSegment): ColdItem | typeof GO_ON | undefined {
    const offset = this.#offset
    const verdict = judgeRecord(segment, offset, this.#checkPayloads)
    if (verdict === 'good') return this.#takeRecord(segment, offset)
    if (verdict !== 'padding') return this.#atBadRecord(segment, verdict)
    this.#leave()
    return { kind: 'padding', segmentId: segment.id, offset }
  }

  #takeRecord(segment: ColdSegment, offset: number): ColdItem {
    const commitLength = segment.commitLengthAt(offset)
    segment.load(offset, RECORD_HEADER_LENGTH + commitLength - 1)
    const at = segment.indexOf(offset)
    const header = decodeRecordHeader(segment.view, at)
    const legacy = (header.flags & RECORD_FLAG_HEADER_CRC) === 0
    const restarted = legacy && header.sequence === 0 && this.#lastSequence >= 0
    const record: ColdRecord = {
      kind: 'record',
      segmentId: segment.id,
      offset,
      sequence: header.sequence,
      timestampNs: header.timestampNs,
      typeId: header.typeId,
      flags: header.flags,
      writerEpoch: legacy ? 0 : header.writerEpoch,
      schemaVersion: schemaVersionOf(header.flags),
      trace: decodeTraceContext(segment.view, at),
      source: decodeSourcePosition(segment.view, at, checksum),
      payload: segment.bytes(offset + RECORD_HEADER_LENGTH, commitLength - 1),
      restarted,
    }
    const expected = this.#lastSequence + 1
    // A writer of ours that continues a queue of the base format goes on from the highest sequence, wherever the last writer had begun again.
    const continuesLegacy = !legacy && this.#lastWasLegacy && header.sequence > this.#lastSequence
    const gap = this.#lastSequence >= 0 && header.sequence !== expected && !restarted && !continuesLegacy
    this.#lastSequence = header.sequence
    this.#lastWasLegacy = legacy
    this.#reportedOffset = -1
    this.#offset = offset + recordLength(commitLength - 1)
    if (!gap) return record
    this.#pending.push(record)
    const count = header.sequence > expected ? { count: header.sequence - expected } : {}
    return this.#problem('SEQUENCE_GAP', `Expected ${expected}, found ${header.sequence}`, {
      segmentId: segment.id,
      offset,
      ...count,
    })
  }

  /** Reports a bad record and goes on behind it; where nothing follows, waits in front of it: a writer may yet repair it. */
  #atBadRecord(segment: ColdSegment, verdict: Exclude<RecordVerdict, 'good' | 'padding'>): ColdItem | typeof GO_ON | undefined {
    const offset = this.#offset
    const facts = { segmentId: segment.id, offset }
    const next = this.#recordBehind(segment, offset)
    if (next !== undefined) {
      const alreadyReported = this.#reportedOffset === offset
      this.#skipTo(next)
      return alreadyReported ? GO_ON : this.#problem(verdict, `The next good record is ${next - offset} bytes further`, facts)
    }
    if (this.#maySkipTo(segment)) {
      const alreadyReported = this.#reportedOffset === offset
      this.#leave()
      return alreadyReported ? GO_ON : this.#problem(verdict, 'Nothing readable follows in its segment', facts)
    }
    if (this.#reportedOffset === offset) return undefined
    this.#reportedOffset = offset
    return this.#problem('RECORD_TORN', '', facts)
  }

  #recordBehind(segment: ColdSegment, offset: number): number | undefined {
    const claimed = segment.commitLengthAt(offset)
    const follower = claimed === 0 ? segment.end : offset + recordLength(claimed - 1)
    if (segment.hasRoomAt(follower) && segment.commitLengthAt(follower) !== 0 && judgeRecord(segment, follower) === 'good')
      return follower
    return findNextRecord(segment, offset + RECORD_HEADER_LENGTH, { damageOffset: offset, lastSequence: this.#lastSequence })
  }

  #skipTo(offset: number): void {
    this.#offset = offset
    this.#reportedOffset = -1
    this.#lastSequence = -1
  }

  // -- the end of what is there --------------------------------------------------------------------------------------------------------

  #atSegmentEnd(segment: ColdSegment): typeof GO_ON | undefined {
    if (!this.#maySkipTo(segment)) return this.#atEnd(segment)
    this.#leave()
    return GO_ON
  }

  /**
   * The commit word was 0: decides by docs/format.md#leaving-a-segment whether to go on to the next segment.
   */
  #atUncommitted(segment: ColdSegment): ColdItem | typeof GO_ON | undefined {
    if (segment.freshCommitLengthAt(this.#offset) !== 0) return GO_ON
    if (!this.#maySkipTo(segment)) return this.#atEnd(segment)
    if (segment.freshCommitLengthAt(this.#offset) !== 0) return GO_ON
    return this.#leaveOverSlack(segment)
  }

  /** Leaves a segment whose rest should be zeros; looks whether records hide behind a hole in it. */
  #leaveOverSlack(segment: ColdSegment): ColdItem | typeof GO_ON {
    const hole = this.#offset
    const dirty = firstDirtyOffset(segment, hole)
    const next =
      dirty === undefined ? undefined : findNextRecord(segment, dirty, { damageOffset: hole, lastSequence: this.#lastSequence })
    if (next === undefined) {
      this.#leave()
      return GO_ON
    }
    this.#skipTo(next)
    return this.#problem('RECORDS_LOST', '', { segmentId: segment.id, offset: hole, count: next - hole })
  }

  #atEnd(segment: ColdSegment): typeof GO_ON | undefined {
    if (segment.file.stat().nlink > 0) return undefined
    if (this.#isReplaced() || !this.#listedSegments().some((id) => id > segment.id)) return this.#queueIsGone()
    this.#leave()
    return GO_ON
  }

  /** Whether the writer has left this segment. A commit word that was read before this call does not count any more: read it again. */
  #maySkipTo(segment: ColdSegment): boolean {
    if (!segment.sealed) segment.refreshHeader()
    if (segment.sealed) return true
    this.#control = believableControl(readColdControl(this.directory)) ?? this.#control
    if (this.#control !== undefined && this.#control.currentSegment > segment.id) return true
    return this.#hasRecords(segment.id + 1)
  }

  #hasRecords(segmentId: number): boolean {
    let segment: ColdSegment | undefined
    try {
      segment = ColdSegment.open(this.directory, segmentId, this.#control?.segmentSize)
      return (
        segment !== undefined &&
        segment.headerProblem === undefined &&
        segment.freshCommitLengthAt(SEGMENT_FIRST_RECORD_OFFSET) !== 0
      )
    } catch {
      return false
    } finally {
      segment?.close()
    }
  }

  // -- segments ------------------------------------------------------------------------------------------------------------------------

  #leave(): void {
    this.#closeSegment()
    this.#segmentId += 1
    this.#offset = SEGMENT_FIRST_RECORD_OFFSET
    this.#reportedOffset = -1
  }

  #openSegment(): ColdSegment | undefined {
    const segment = ColdSegment.open(this.directory, this.#segmentId, this.#control?.segmentSize)
    if (segment === undefined) return this.#jumpOverMissing()
    // Closed from here on, also when the next look fails.
    this.#segment = segment
    if (this.#isBeingMade(segment)) {
      this.#closeSegment()
      return undefined
    }
    if (segment.headerProblem !== undefined) {
      this.#queue('SEGMENT_BAD_HEADER', segment.headerProblem, { segmentId: segment.id })
    }
    if (segment.fileLength < segment.segmentSize) {
      this.#queue('SEGMENT_SHORT', `It has ${segment.fileLength} of ${segment.segmentSize} bytes`, { segmentId: segment.id })
    }
    return this.#pending.length > 0 ? undefined : segment
  }

  /** A file without a valid header, without a record and without a successor is what a writer was about to make, or never finished. */
  #isBeingMade(segment: ColdSegment): boolean {
    const whole = segment.headerProblem === undefined && segment.fileLength >= segment.segmentSize
    if (whole || segment.freshCommitLengthAt(SEGMENT_FIRST_RECORD_OFFSET) !== 0) return false
    if (this.#control !== undefined && this.#control.currentSegment >= segment.id) return false
    return !this.#listedSegments().some((id) => id > segment.id)
  }

  #jumpOverMissing(): undefined {
    const missing = this.#segmentId
    const mtimeMs = statSync(this.directory, { throwIfNoEntry: false })?.mtimeMs
    if (mtimeMs === undefined) return this.#queueIsGone()
    if (mtimeMs === this.#listedMtimeMs) return undefined
    this.#listedMtimeMs = mtimeMs
    const listed = this.#listedSegments()
    const later = listed.find((id) => id > missing)
    if (later === undefined) {
      if (this.#isReplaced()) this.#queueIsGone()
      return undefined
    }
    this.#segmentId = later
    this.#offset = SEGMENT_FIRST_RECORD_OFFSET
    this.#lastSequence = -1
    this.#listedMtimeMs = -1
    // A hole has segments on both sides. Where nothing is left in front of it, the queue only begins later than it did.
    const code = listed[0] === later ? 'SEGMENT_RETIRED' : 'SEGMENT_MISSING'
    this.#queue(code, '', { segmentId: missing, count: later - missing })
    return undefined
  }

  #listedSegments(): readonly number[] {
    try {
      return listQueue(this.directory).segmentIds
    } catch {
      return []
    }
  }

  /** Reports the segment and goes on behind it. The last one that is known is tried again with the next call: without a descriptor even a name that is not there is unreadable. */
  #skipUnreadable(error: ColdFileError): ColdItem | undefined {
    const segmentId = this.#segmentId
    const isLast = (this.#control?.currentSegment ?? 0) <= segmentId && !this.#listedSegments().some((id) => id > segmentId)
    if (isLast && this.#reportedOffset === this.#offset) return undefined
    if (isLast) {
      this.#reportedOffset = this.#offset
      this.#closeSegment()
    } else {
      this.#lastSequence = -1
      this.#leave()
    }
    return this.#problem('FILE_UNREADABLE', `${error.reason} at ${error.path}`, { segmentId, severity: 'critical' })
  }

  #isReplaced(): boolean {
    const inode = controlInode(this.directory)
    return this.#controlInode !== undefined && inode !== undefined && inode !== this.#controlInode
  }

  #queueIsGone(): undefined {
    this.#ended = true
    this.#queue('QUEUE_REMOVED', '', {})
    return undefined
  }

  #closeSegment(): void {
    this.#segment?.close()
    this.#segment = undefined
  }

  #queue(code: ProblemCode, detail: string, facts: ProblemFacts): void {
    this.#pending.push(this.#problem(code, detail, facts))
  }

  #problem(code: ProblemCode, detail: string, facts: ProblemFacts): ColdItem {
    const place = { segmentId: facts.segmentId ?? this.#segmentId, offset: facts.offset ?? this.#offset }
    return { kind: 'problem', ...place, problem: queueProblem(code, detail, facts) }
  }
}
