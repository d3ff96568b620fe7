import type { DirectoryPath } from '@chronicle-ts/core'
import {
  COUNT,
  COUNT_OR_INFINITY,
  type ControlBlock,
  checkOptions,
  controlExtensionsAreCurrent,
  FLAG,
  type OptionNames,
  pathOf,
  SEGMENT_FIRST_RECORD_OFFSET,
} from '@chronicle-ts/core/internal'
import { BulkCheck } from './bulk-check.js'
import { readColdControl, soundControl } from './cold-control.js'
import type { ColdItem, ColdPosition } from './cold-item.js'
import type { ColdReader } from './cold-reader.js'
import type { ColdSegment } from './cold-segment.js'
import { CLOCK_TOLERANCE_NS, sequenceAheadProblem } from './find-problems.js'
import { isBefore } from './find-start.js'
import { inspectQueue } from './inspect-queue.js'
import { openColdReader } from './open-cold-reader.js'
import type { QueueInspection } from './queue-inspection.js'
import { type ProblemCode, type QueueProblem, queueProblem } from './queue-problem.js'
import { SegmentCount } from './segment-count.js'
import { TimeOrder } from './time-order.js'

export interface VerifyOptions {
  /** Where to begin. Default: the first segment. */
  readonly from?: { readonly segmentId: number; readonly offset?: number }
  /** The last segment to look at. Default: the head. */
  readonly toSegment?: number
  /** Problems that are kept; more are only counted. Default 10,000. */
  readonly problemLimit?: number
  /** @internal The caller holds the writer lock itself, so that no writer is at work. Default: false. */
  readonly holdsLock?: boolean
}

const NAMES: OptionNames<VerifyOptions> = {
  from: true,
  toSegment: COUNT,
  problemLimit: COUNT_OR_INFINITY,
  holdsLock: FLAG,
}

/** How far a verification is. */
export interface VerifyProgress {
  readonly position: ColdPosition
  /** Bytes of records looked at. */
  readonly bytes: number
  /** Bytes that there are to look at, as known when it began. */
  readonly bytesTotal: number
  readonly records: number
  readonly paddings: number
  readonly segments: number
  readonly problemCount: number
}

const PROBLEM_LIMIT = 10_000
/** Bytes between two looks at the clock or at signals by the caller. */
const STEP_BYTES = 64 * 1024 * 1024

/** What an inspection sees of the head's records by their headers alone. Reading them finds the same damage where it begins, as far as it comes. */
const FOUND_BY_READING: ReadonlySet<ProblemCode> = new Set(['RECORD_TORN', 'RECORD_BAD_LENGTH', 'RECORDS_LOST'])

/**
 * Checks a queue from end to end: every checksum, the sequence, the order in time, each segment's summary, and the metadata against the records. Works in steps, so that the
 * caller can show progress, stop, and go on later from {@link VerifyProgress.position}.
 */
export class QueueVerification {
  readonly inspection: QueueInspection
  readonly #reader: ColdReader
  readonly #control: ControlBlock | undefined
  readonly #bulk: BulkCheck
  readonly #timeOrder = new TimeOrder(BigInt(Date.now()) * 1_000_000n + CLOCK_TOLERANCE_NS)
  readonly #options: VerifyOptions
  readonly #problemLimit: number
  readonly #problems: QueueProblem[] = []
  readonly #noted = new Set<string>()
  readonly #bytesTotal: number
  #problemCount = 0
  #records = 0
  #paddings = 0
  #bytes = 0
  #segments = 0
  #segmentId = -1
  /** Counts of the segment under way; `undefined` unless all of it was read and good. */
  #segment: SegmentCount | undefined
  /** The highest sequence so far, of a record of this library; -1 where damage may hide a higher one. */
  #highestSequence = -1
  /** Where the last problem was found. */
  #damage: ColdPosition | undefined
  #isDone = false

  /** @see {@link verifyQueue} */
  constructor(place: DirectoryPath, options: VerifyOptions) {
    const directory = pathOf(place)
    checkOptions(options, NAMES)
    this.#options = options
    const { from = 'earliest', problemLimit = PROBLEM_LIMIT } = options
    this.#problemLimit = problemLimit
    this.inspection = inspectQueue(directory, {
      segmentLimit: Number.POSITIVE_INFINITY,
      holdsLock: options.holdsLock === true,
    })
    this.#control = soundControl(readColdControl(directory))
    // Before the reader, whose descriptor a constructor that throws would leak.
    this.#bulk = new BulkCheck(this.#timeOrder)
    this.#reader = openColdReader(directory, { from })
    this.#bytesTotal = this.#bytesToRead()
    if (this.#isWhole)
      for (const problem of this.inspection.problems) if (!FOUND_BY_READING.has(problem.code)) this.#note(problem)
  }

  get progress(): VerifyProgress {
    return {
      position: this.#reader.position,
      bytes: this.#bytes,
      bytesTotal: Math.max(this.#bytesTotal, this.#bytes),
      records: this.#records,
      paddings: this.#paddings,
      segments: this.#segments,
      problemCount: this.#problemCount,
    }
  }

  /** What was found so far, at most as many as `problemLimit` says. */
  get problems(): readonly QueueProblem[] {
    return this.#problems
  }

  /** Looks at some tens of megabytes; `false` when everything was looked at. */
  step(): boolean {
    const end = this.#bytes + STEP_BYTES
    while (!this.#isDone && this.#bytes < end) this.#advance(end - this.#bytes)
    return !this.#isDone
  }

  close(): void {
    this.#reader.close()
    this.#bulk.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #advance(byteLimit: number): void {
    const before = this.#reader.position
    const run = this.#reader.advanceOverGood(this.#bulk, byteLimit)
    if (run !== undefined) {
      this.#enter(before, this.#reader.segment)
      this.#count(run.count, { end: run.end, sequence: run.lastSequence, isBase: run.lastIsBase }, run.end - before.offset)
      return
    }
    const item = this.#reader.next()
    const isBeyond = this.#options.toSegment !== undefined && (item?.segmentId ?? 0) > this.#options.toSegment
    if (item === undefined || isBeyond) this.#finish()
    else this.#take(item)
  }

  #take(item: ColdItem): void {
    if (item.kind === 'problem') {
      // What retention deletes in the meantime is not there to be checked.
      this.#note(item.problem.code === 'SEGMENT_RETIRED' ? { ...item.problem, severity: 'info' } : item.problem)
      this.#segment = undefined
      this.#highestSequence = -1
      this.#damage = item
      return
    }
    this.#enter(item, this.#reader.segment)
    if (item.kind === 'padding') {
      this.#paddings += 1
      this.#segment?.pad()
      return
    }
    this.#timeOrder.see(item)
    const { offset: end } = this.#reader.position
    this.#count(1, { end, sequence: item.sequence, isBase: item.writerEpoch === 0 }, end - item.offset)
  }

  #count(records: number, last: { end: number; sequence: number; isBase: boolean }, bytes: number): void {
    this.#records += records
    this.#bytes += bytes
    if (this.#records === records && !last.isBase) this.#checkBeginning(last.sequence - records + 1)
    const { previousHigh: high, previousLow: low } = this.#timeOrder
    this.#segment?.count(records, { sequence: last.sequence, end: last.end, high, low })
    // Sequences of the base format begin again with each writer.
    this.#highestSequence = last.isBase ? -1 : Math.max(this.#highestSequence, last.sequence)
  }

  /** The first segment of a queue is there and holds nothing: messages before the first one that is left are gone, with no other trace. */
  #checkBeginning(firstSequence: number): void {
    if (this.#damage !== undefined || !this.#isWhole || this.inspection.segments.firstId !== 0 || this.#segmentId === 0) return
    if (firstSequence === 0) return
    const facts = { segmentId: this.#segmentId, offset: SEGMENT_FIRST_RECORD_OFFSET, count: firstSequence }
    this.#note(queueProblem('SEQUENCE_GAP', `Expected 0, found ${firstSequence}`, facts))
  }

  /** Notices that another segment has begun. What is read of it from the middle on, or after damage, is not compared with its header. */
  #enter({ segmentId, offset }: ColdPosition, segment: ColdSegment | undefined): void {
    if (this.#segmentId === segmentId) return
    this.#checkSummary()
    this.#segments += 1
    this.#segmentId = segmentId
    const isWhole = offset === SEGMENT_FIRST_RECORD_OFFSET && segment?.id === segmentId && segment.headerProblem === undefined
    const isHead = this.inspection.writer.alive === false && this.#control?.currentSegment === segmentId
    this.#segment = isWhole
      ? new SegmentCount(segmentId, { header: segment.header, segmentSize: segment.size, isHead })
      : undefined
  }

  /** Compares what was counted in the segment just left with what its header says. */
  #checkSummary(): void {
    const detail = this.#segment?.contradiction()
    if (detail !== undefined) this.#note(queueProblem('SEGMENT_BAD_SUMMARY', detail, { segmentId: this.#segmentId }))
    this.#segment = undefined
  }

  /** The next sequence against all records; what an inspection sees of the last segment only. */
  #checkNextSequence(): void {
    const { writer, segments } = this.inspection
    const block = this.#control
    if (block === undefined || !controlExtensionsAreCurrent(block) || writer.alive !== false) return
    const highest = this.#highestSequence
    if (highest >= 0 && block.nextSequence > highest + 1) this.#note(sequenceAheadProblem(block, highest, segments))
  }

  #finish(): void {
    this.#isDone = true
    this.#checkSummary()
    if (this.#isWhole) this.#checkNextSequence()
    if (this.#isWhole)
      for (const problem of this.inspection.problems)
        if (FOUND_BY_READING.has(problem.code) && this.#isUnread(problem)) this.#note(problem)
    const { backwards, firstSegmentId, firstOffset, ahead, firstAheadSegmentId, firstAheadOffset } = this.#timeOrder
    if (ahead > 0) {
      const facts = { segmentId: firstAheadSegmentId, offset: firstAheadOffset, count: ahead }
      this.#note(queueProblem('CLOCK_AHEAD', 'The place is that of the first such message', facts))
    }
    if (backwards === 0) return
    const facts = { segmentId: firstSegmentId, offset: firstOffset, count: backwards }
    this.#note(queueProblem('TIME_BACKWARDS', 'The place is that of the first such record', facts))
  }

  /** The whole queue is looked at, and its metadata with it. */
  get #isWhole(): boolean {
    return this.#options.from === undefined && this.#options.toSegment === undefined
  }

  /**
   * Whether reading ended before this place, at a hole in a head whose control block does not say that records were committed. Where it ended at damage that it reported, the damage goes on
   * to this place.
   */
  #isUnread({ segmentId = 0, offset = 0 }: QueueProblem): boolean {
    const { position } = this.#reader
    const isAtDamage = position.segmentId === this.#damage?.segmentId && position.offset === this.#damage.offset
    return !isAtDamage && !isBefore({ segmentId, offset }, position)
  }

  #note(problem: QueueProblem): void {
    const key = `${problem.code} ${problem.segmentId} ${problem.offset} ${problem.file}`
    if (this.#noted.has(key)) return
    if (this.#noted.size < this.#problemLimit) this.#noted.add(key)
    this.#problemCount += 1
    if (this.#problems.length < this.#problemLimit) this.#problems.push(problem)
  }

  /** An estimate: whole segments up to the head, and what the head holds. */
  #bytesToRead(): number {
    const { head, segments } = this.inspection
    const segmentSize = this.#control?.segmentSize ?? this.inspection.segmentSize ?? 0
    const first = this.#options.from?.segmentId ?? segments.firstId ?? 0
    const last = Math.min(this.#options.toSegment ?? Number.POSITIVE_INFINITY, head.segmentId ?? first)
    const headBytes = last === head.segmentId ? (head.offset ?? 0) : segmentSize
    return Math.max(0, last - first) * segmentSize + headBytes
  }
}

/**
 * Verifies a queue in steps, without joining it. Reads with `pread`, and good records through a read-only mapping of their file: one that is cut meanwhile gives a problem, not a fault.
 *
 * @throws NotFoundError, PermissionError, NotAQueueError when there is no queue to read.
 *
 * @example
 * ```ts
 * using verification = verifyQueue('/var/lib/trades')
 * while (verification.step()) console.error(verification.progress.bytes)
 * console.log(verification.problems)
 * ```
 */
export function verifyQueue(directory: DirectoryPath, options: VerifyOptions = {}): QueueVerification {
  return new QueueVerification(directory, options)
}
