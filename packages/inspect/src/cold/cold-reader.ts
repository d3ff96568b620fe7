import { statSync } from 'node:fs'
import {
  type DamageStep,
  decodeRecordHeader,
  decodeSourcePosition,
  decodeTraceContext,
  type QueueDirectory,
  RECORD_FLAG_HEADER_CRC,
  RECORD_HEADER_LENGTH,
  RecordWalk,
  SEGMENT_FIRST_RECORD_OFFSET,
  schemaVersionOf,
  segmentFileName,
  sequenceOf,
} from '@chronicle-ts/core/internal'
import type { BulkCheck, GoodRun } from './bulk-check.js'
import { checksum } from './checksum.js'
import { ColdEvidence } from './cold-evidence.js'
import { ColdFileError } from './cold-file.js'
import type { ColdItem, ColdPosition, ColdRecord } from './cold-item.js'
import { ColdSegment } from './cold-segment.js'
import { isBefore } from './find-start.js'
import { inspectSegment, wasUsed } from './inspect-segments.js'
import { segmentIdsIn } from './queue-listing.js'
import { type ProblemCode, type ProblemFacts, queueProblem } from './queue-problem.js'

const DAMAGE_CODES: Readonly<Record<DamageStep, ProblemCode>> = {
  'bad-length': 'RECORD_BAD_LENGTH',
  'bad-padding': 'RECORD_BAD_PADDING',
  'bad-header': 'RECORD_BAD_HEADER_CRC',
  'bad-payload': 'RECORD_BAD_PAYLOAD_CRC',
  gap: 'SEQUENCE_GAP',
  impossible: 'SEQUENCE_GAP',
  hole: 'RECORDS_LOST',
}

/** How {@link ColdReader} begins, once its options are resolved. */
export interface ColdReaderStart {
  /** The reader takes it over, and closes it. */
  readonly held: QueueDirectory
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
 * so every invalid structure is returned as an item of kind `problem`, and reading continues after it when anything follows. `RecordWalk` decides what stands at each place.
 *
 * On a live queue {@link next} answers `undefined` at the end and more later; it follows rolls and notices deletion. It reads in the directory that it opened, and when another one takes that one's path
 * it ends after what its own holds.
 */
export class ColdReader {
  readonly #held: QueueDirectory
  readonly #end: ColdPosition | undefined
  readonly #pending: ColdItem[] = []
  #segmentId: number
  #offset: number
  #segment: ColdSegment | undefined
  readonly #evidence: ColdEvidence
  readonly #walk: RecordWalk
  /** Where a problem was reported that may yet be repaired in place, so that it is reported once; -1 for none. */
  #reportedOffset = -1
  /** Modification time of the directory when it was last listed without a result. */
  #listedMtimeMs = -1
  #ended = false
  #closed = false

  /** @internal Use `openColdReader`. */
  static from(start: ColdReaderStart): ColdReader {
    return new ColdReader(start)
  }

  private constructor(start: ColdReaderStart) {
    this.#held = start.held
    this.#end = start.end
    this.#segmentId = start.position.segmentId
    this.#offset = start.position.offset
    this.#evidence = new ColdEvidence(start.held.self)
    this.#walk = new RecordWalk(this.#evidence, { checkPayloads: start.checkPayloads })
  }

  /** Absolute, as it was when the reader was opened. */
  get directory(): string {
    return this.#held.path
  }

  /** Where the next record stands, or will stand. */
  get position(): ColdPosition {
    return { segmentId: this.#segmentId, offset: this.#offset }
  }

  /** Where reading ends; `undefined` where it continues with new messages, or where damage hides the end that there was. */
  get end(): ColdPosition | undefined {
    return this.#end
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
   * @internal Checks records in bulk, about `byteLimit` bytes at most, and moves past those that are simply good; they are not returned. Answers `undefined` when
   * {@link next} has to look: at damage, at a segment's end, at the end of what is there.
   */
  advanceOverGood(bulk: BulkCheck, byteLimit: number): GoodRun | undefined {
    const segment = this.#segment
    if (segment === undefined || this.#pending.length > 0 || this.#reportedOffset === this.#offset) return undefined
    const run = bulk.run(segment, this.#offset, this.#walk.rule, byteLimit)
    if (run !== undefined) this.#offset = run.end
    return run
  }

  /** @internal The segment that is being read, once {@link next} has opened it. */
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
    this.#held.close()
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
      return this.#takeStep(segment)
    } catch (error) {
      if (!(error instanceof ColdFileError)) throw error
      return this.#skipUnreadable(error)
    }
  }

  // -- records -------------------------------------------------------------------------------------------------------------------------

  #takeStep(segment: ColdSegment): ColdItem | typeof GO_ON | undefined {
    const offset = this.#offset
    const step = this.#walk.look(segment, offset)
    switch (step) {
      case 'next':
      case 'taken-over':
        return this.#takeRecord(segment, false)
      case 'restarted':
        return this.#takeRecord(segment, true)
      case 'gap':
        return this.#atGap(segment)
      case 'padding':
        this.#leave()
        return { kind: 'padding', segmentId: segment.id, offset }
      case 'leave':
        this.#expectBeginning(segment)
        this.#leave()
        return GO_ON
      case 'wait':
        return this.#atEnd(segment)
      default:
        return this.#atDamage(segment, step)
    }
  }

  #takeRecord(segment: ColdSegment, restarted: boolean): ColdRecord {
    const offset = this.#offset
    const payloadLength = segment.commitLengthAt(offset) - 1
    segment.load(offset, RECORD_HEADER_LENGTH + payloadLength)
    const at = segment.indexOf(offset)
    const header = decodeRecordHeader(segment.view, at)
    const isBase = (header.flags & RECORD_FLAG_HEADER_CRC) === 0
    const record: ColdRecord = {
      kind: 'record',
      segmentId: segment.id,
      offset,
      sequence: header.sequence,
      timestampNs: header.timestampNs,
      typeId: header.typeId,
      flags: header.flags,
      writerEpoch: isBase ? 0 : header.writerEpoch,
      schemaVersion: schemaVersionOf(header.flags),
      trace: decodeTraceContext(segment.view, at),
      source: decodeSourcePosition(segment.view, at, checksum),
      payload: segment.bytes(offset + RECORD_HEADER_LENGTH, payloadLength),
      restarted,
    }
    this.#reportedOffset = -1
    this.#offset = this.#walk.pass(segment)
    return record
  }

  /** The record that does not follow the one before it is read next, as if nothing was known of those before. */
  #atGap(segment: ColdSegment): ColdItem {
    const offset = this.#offset
    const { expected } = this.#walk
    const found = sequenceOf(segment, offset)
    this.#walk.passDamage(segment, 'gap')
    const count = found > expected ? { count: found - expected } : {}
    return this.#problem('SEQUENCE_GAP', `Expected ${expected}, found ${found}`, { segmentId: segment.id, offset, ...count })
  }

  /** Reports damage and goes on after it; where nothing follows yet, waits before it: a writer may yet repair it. */
  #atDamage(segment: ColdSegment, step: DamageStep): ColdItem | typeof GO_ON | undefined {
    const offset = this.#offset
    const facts = { segmentId: segment.id, offset }
    const isReported = this.#reportedOffset === offset
    const way = this.#walk.passDamage(segment, step)
    if (way === 'wait') {
      if (isReported) return undefined
      this.#reportedOffset = offset
      // A writer that goes on after it clears nothing away: it is damage like any other, and only nothing follows it yet.
      const isCommitted = this.#evidence.saysCommitted(offset)
      return isCommitted
        ? this.#problem(DAMAGE_CODES[step], 'It is the last record', facts)
        : this.#problem('RECORD_TORN', '', facts)
    }
    if (way === 'next-segment') this.#leave()
    else {
      this.#offset = way
      this.#reportedOffset = -1
    }
    if (isReported) return GO_ON
    const detail =
      way === 'next-segment' ? 'Nothing readable follows in its segment' : `The next good record is ${way - offset} bytes further`
    const count = step === 'hole' && way !== 'next-segment' ? { count: way - offset } : {}
    return this.#problem(DAMAGE_CODES[step], detail, { ...facts, ...count })
  }

  #atEnd(segment: ColdSegment): typeof GO_ON | undefined {
    if (segment.file.stat().nlink > 0) return this.#held.isAtItsPath() ? undefined : this.#atEndElsewhere(segment)
    // The deletion may have come after the walk's question.
    return this.#evidence.isLeft() ? GO_ON : this.#queueIsGone()
  }

  /** The directory was moved away, deleted or replaced: what was appended to it before that is delivered, and what its writer appends from now on is not waited for. */
  #atEndElsewhere(segment: ColdSegment): typeof GO_ON | undefined {
    return segment.freshCommitLengthAt(this.#offset) === 0 ? this.#queueIsGone() : GO_ON
  }

  // -- segments ------------------------------------------------------------------------------------------------------------------------

  /** A segment that was the head and holds nothing says with which sequence it began: messages from there on are missing when the next one begins higher. */
  #expectBeginning({ header, headerProblem }: ColdSegment): void {
    const { rule } = this.#walk
    if (rule.expected >= 0 || this.#offset !== SEGMENT_FIRST_RECORD_OFFSET || headerProblem !== undefined) return
    rule.expected = header.firstSequence ?? -1
  }

  #leave(): void {
    this.#closeSegment()
    this.#segmentId += 1
    this.#offset = SEGMENT_FIRST_RECORD_OFFSET
    this.#reportedOffset = -1
  }

  #openSegment(): ColdSegment | undefined {
    const segment = ColdSegment.open(this.#held.self, this.#segmentId, this.#evidence.control?.segmentSize)
    if (segment === undefined) return this.#jumpOverMissing()
    // Closed from here on, also when the next look fails.
    this.#segment = segment
    this.#evidence.segment = segment
    if (this.#isBeingMade(segment)) {
      this.#closeSegment()
      return undefined
    }
    if (segment.headerProblem !== undefined) {
      this.#queue('SEGMENT_BAD_HEADER', segment.headerProblem, { segmentId: segment.id })
    }
    if (segment.fileLength < segment.size) {
      this.#queue('SEGMENT_SHORT', `It has ${segment.fileLength} of ${segment.size} bytes`, { segmentId: segment.id })
    }
    return this.#pending.length > 0 ? undefined : segment
  }

  /** A file without a valid header, without a record and without a successor is what a writer was about to make, or never finished. */
  #isBeingMade(segment: ColdSegment): boolean {
    const whole = segment.headerProblem === undefined && segment.fileLength >= segment.size
    if (whole || segment.freshCommitLengthAt(SEGMENT_FIRST_RECORD_OFFSET) !== 0) return false
    if ((this.#evidence.control?.currentSegment ?? -1) >= segment.id) return false
    return !this.#listedSegments().some((id) => id > segment.id)
  }

  #jumpOverMissing(): undefined {
    const missing = this.#segmentId
    const isAtItsPath = this.#held.isAtItsPath()
    const { mtimeMs } = statSync(this.#held.self)
    const isListed = mtimeMs === this.#listedMtimeMs
    this.#listedMtimeMs = mtimeMs
    const listed = isListed ? [] : this.#listedSegments()
    const later = this.#isToBeMade(missing, listed) ? undefined : listed.find((id) => id > missing)
    if (later === undefined) {
      if (!isAtItsPath || (!isListed && this.#evidence.isReplaced())) this.#queueIsGone()
      return undefined
    }
    this.#segmentId = later
    this.#offset = SEGMENT_FIRST_RECORD_OFFSET
    this.#walk.rule.expected = -1
    this.#listedMtimeMs = -1
    // A hole has segments on both sides. Where nothing is left in front of it, the queue only begins later than it did.
    const code = listed[0] === later ? 'SEGMENT_RETIRED' : 'SEGMENT_MISSING'
    this.#queue(code, '', { segmentId: missing, count: later - missing })
    return undefined
  }

  /** Whether nothing shows that there was a segment: those above it, if any, were prepared by a writer that never came to it. */
  #isToBeMade(missing: number, listed: readonly number[]): boolean {
    const { control } = this.#evidence
    if ((control?.currentSegment ?? -1) > missing) return false
    const places = { directory: this.#held.self, control, quick: true }
    return listed.filter((id) => id > missing).every((id) => !wasUsed(inspectSegment(places, id)))
  }

  #listedSegments(): readonly number[] {
    return segmentIdsIn(this.#held.self)
  }

  /** Reports the segment and goes on after it. The last one that is known is tried again with the next call: without a descriptor even a name that is not there is unreadable. */
  #skipUnreadable(error: ColdFileError): ColdItem | undefined {
    const segmentId = this.#segmentId
    const isLast =
      (this.#evidence.control?.currentSegment ?? 0) <= segmentId && !this.#listedSegments().some((id) => id > segmentId)
    if (isLast && this.#reportedOffset === this.#offset) return undefined
    if (isLast) {
      this.#reportedOffset = this.#offset
      this.#closeSegment()
    } else {
      this.#walk.rule.expected = -1
      this.#leave()
    }
    const path = this.#held.describe(segmentFileName(segmentId))
    return this.#problem('FILE_UNREADABLE', `${error.reason} at ${path}`, { segmentId, severity: 'critical' })
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
