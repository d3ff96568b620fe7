import { binding, type NativeVerifier, STATUS_LIMIT, VERIFIER_END } from '@chronicle-ts/native'
import type { MappedControl } from '../control/mapped-control.js'
import { VERIFY_BYTES, VERIFY_RECORDS } from '../defaults.js'
import { assert } from '../errors/assert.js'
import { DataLostError, SegmentTruncatedError } from '../errors/index.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { PADDING_TYPE_ID, RECORD_ALIGNMENT, RECORD_TYPE_ID_OFFSET, SEGMENT_HEADER_LENGTH } from '../format/index.js'
import type { Position } from '../positions/position-file.js'
import { beginsWithBaseRecord, firstRecordSequence } from '../records/first-record.js'
import { findRecordBefore } from '../records/record-before.js'
import { type DamageStep, isGoodStep, RecordWalk } from '../records/record-walk.js'
import { sequenceOf } from '../records/segment-bytes.js'
import { SequenceRule } from '../records/sequence-rule.js'
import type { NextRecord } from '../recovery/segment-identity.js'
import { LiveEvidence } from '../segment/live-evidence.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { PassedPages } from '../segment/passed-pages.js'
import { sequenceAt } from '../segment/record-scan.js'
import type { SeenWord } from '../wait/parkable.js'
import { type Block, blockOf } from './block.js'
import type { CursorCounts } from './cursor-counts.js'
import { CursorLosses } from './cursor-losses.js'
import { damageError } from './damage-error.js'
import { firstSequenceOf } from './first-sequence-of.js'
import { Message } from './message.js'
import { type CursorQueue, type QueueOwnership, QueueSegments } from './queue-segments.js'
import { QuietLooks } from './quiet-looks.js'
import type { ResolvedSourceOptions } from './reader-options.js'

/**
 * Walks a queue's records, checked ahead in batches by native code, from segment to segment. The hot path is {@link next}: it compares two numbers, moves the
 * flyweight and adds a length. Where a batch stops, {@link RecordWalk} says what stands there.
 *
 * Invariants: records in `[block, verifiedBlock)` of the segment are committed and good. A segment is left by the rule in docs/format.md#leaving-a-segment,
 * with its second load of the commit word (L2).
 */
export class RecordCursor {
  readonly #directory: QueueDirectory
  readonly #control: MappedControl
  readonly #segmentSize: number
  readonly #options: ResolvedSourceOptions
  readonly #segments: QueueSegments
  readonly #evidence: LiveEvidence
  readonly #verifier: NativeVerifier = binding.createVerifier()
  readonly #rule = new SequenceRule(this.#verifier.state)
  readonly #walk: RecordWalk
  readonly #message = new Message()
  readonly #peeked = new Message()
  /** Messages hold their segment as well: the last one stays readable when the cursor has gone on to another segment. */
  #segment: MappedSegment | undefined
  /** Where the next record begins, and where the verified ones end, in blocks of {@link RECORD_ALIGNMENT}: small integers for every segment size. */
  #block = 1
  #verifiedBlock = 1
  /** Sequence of the next message where none was read yet, and where something else says it. */
  #assumedSequence = -1
  readonly #quiet: QuietLooks
  readonly #losses: CursorLosses
  readonly #passedPages = new PassedPages()
  /** Whether the cursor stands at a place up to which everything was read. */
  #isResumed = false
  #messages = 0
  #entered = 0

  constructor(opened: CursorQueue, ownership: QueueOwnership) {
    this.#directory = opened.directory
    this.#control = opened.control
    this.#segmentSize = opened.control.segmentSize
    this.#options = opened.options
    this.#segments = new QueueSegments(opened, ownership)
    this.#evidence = new LiveEvidence(opened.control)
    this.#quiet = new QuietLooks(opened.control)
    this.#losses = new CursorLosses(opened.directory.path, this.#segmentSize)
    this.#walk = new RecordWalk(this.#evidence, { rule: this.#rule })
  }

  /**
   * Places the cursor. `isResumed`: everything before the position was read, so the next message follows the last one there.
   *
   * @returns false when the segment does not exist; the cursor stays where it was.
   */
  seek(position: Position, isResumed = false): boolean {
    let segment: MappedSegment | undefined
    try {
      segment = this.#segments.open(position.segmentId)
    } catch (error) {
      if (!this.#segments.mayPassOver(error, position.segmentId)) throw error
      return this.#enterReadableAfter(position.segmentId, this.#beginningOfUnreadable(position), error)
    }
    if (segment === undefined) return false
    this.#enter(segment, position.offset)
    this.#isResumed = isResumed
    this.#rule.expected = -1
    return true
  }

  /** The next message, or `undefined` when caught up. */
  next(): Message | undefined {
    return this.take(this.#message)
  }

  /** {@link next} by a message of the caller's, which {@link next} then does not move. */
  take(message: Message): Message | undefined {
    if (this.#block >= this.#verifiedBlock && (this.isStillEmpty() || !this.#lookAhead())) return undefined
    const segment = this.#segment as MappedSegment
    if (!message.isIn(segment)) message.attach(segment)
    const count = message.moveTo(this.#block)
    if (count === 0) throw this.#truncated()
    this.#block += count
    this.#messages++
    return message
  }

  /** The next records as one block of at most `maxBytes`, or `undefined` when caught up. */
  takeBlock(maxBytes: number): Block | undefined {
    if (this.#block >= this.#verifiedBlock && !this.#lookAhead()) return undefined
    const segment = this.#segment as MappedSegment
    const { offset } = this
    if (this.#passedPages.areDue(offset)) this.#passedPages.giveBack(segment.mapping, offset)
    this.#verifyUpTo(offset + maxBytes)
    const block = blockOf(segment, offset, { end: this.#verifiedBlock * RECORD_ALIGNMENT, maxBytes })
    if (block === undefined) throw this.#truncated()
    this.#block += (block.bytes.length / RECORD_ALIGNMENT) | 0
    this.#messages += block.count
    return block
  }

  /** The message that {@link next} will return, without taking it. */
  peek(): Message | undefined {
    if (this.#block >= this.#verifiedBlock && (this.isStillEmpty() || !this.#lookAhead())) return undefined
    this.#peeked.moveTo(this.#block)
    return this.#peeked
  }

  /** Whether a record, good or bad, is committed here. */
  get isCommitted(): boolean {
    return (this.#segment?.commitLengthAt(this.offset) ?? 0) !== 0
  }

  /** Whether {@link next} would return a message. */
  hasNext(): boolean {
    return this.#block < this.#verifiedBlock || (!this.isStillEmpty() && this.#lookAhead())
  }

  /** {@link hasNext} that looks at everything, never at a few words only. */
  look(): boolean {
    return this.#block < this.#verifiedBlock || this.#lookAhead()
  }

  /** Whether nothing was committed or rolled since a full look found nothing in this segment, as far as {@link QuietLooks} show. */
  isStillEmpty(): boolean {
    return this.#quiet.findNothing(this.#block)
  }

  /** Looks at the commit word all the time until a record is there, at most so many times, in native code, and verifies what came. {@link hasNext} says what that is. */
  spin(looks: number): void {
    const segment = this.#segment
    const { offset } = this
    if (segment === undefined || this.#block < this.#verifiedBlock || offset > segment.lastRecordOffset) return
    this.#verifier.verifyWhenCommitted(offset, VERIFY_RECORDS, VERIFY_BYTES, looks)
    this.#takeVerified()
  }

  /** The next call looks at everything. */
  lookFullyNext(): void {
    this.#quiet.end()
  }

  get segmentId(): number {
    return this.#segment?.id ?? 0
  }

  get offset(): number {
    return this.#block * RECORD_ALIGNMENT
  }

  /** The sequence that the next record must have; -1: any. */
  get expected(): number {
    return this.#rule.expected
  }

  /** {@link offset} in blocks of {@link RECORD_ALIGNMENT}. */
  get block(): number {
    return this.#block
  }

  /** Sequence of the next message; -1 while that is not known. */
  get nextSequence(): number {
    if (this.#block < this.#verifiedBlock && this.#segment !== undefined) {
      return sequenceOf(this.#segment, this.offset)
    }
    const { expected } = this
    if (expected >= 0) return expected
    const segment = this.#segment
    if (this.#assumedSequence >= 0 || segment === undefined || !this.isCommitted) return this.#assumedSequence
    // Not verified yet: what the header says.
    const isPadding = segment.view.getUint16(this.offset + RECORD_TYPE_ID_OFFSET, true) === PADDING_TYPE_ID
    return isPadding ? -1 : sequenceOf(segment, this.offset)
  }

  /** Says which sequence the next message has, after {@link seek}. */
  assume(nextSequence: number | undefined): void {
    if (nextSequence !== undefined) this.#assumedSequence = nextSequence
  }

  /** The commit word at the position, for waits. `undefined` where no record can begin. */
  get commitWord(): SeenWord | undefined {
    const segment = this.#segment
    const { offset } = this
    if (segment === undefined || offset > segment.lastRecordOffset) return undefined
    return { mapping: segment.mapping, offset, seen: segment.commitLengthAcquire(offset) }
  }

  get counts(): CursorCounts {
    const { corruptSkipped, deleted } = this.#losses
    return { messages: this.#messages, corruptSkipped, lost: deleted, segments: this.#entered }
  }

  /**
   * Gives the segment back. {@link nextSequence} stays what it was: what was verified and not returned does not count as read.
   *
   * @param closed makes the error of messages that are looked at afterwards.
   */
  close(closed: () => Error): void {
    const { nextSequence } = this
    this.#verifier.detach()
    this.#message.detach(closed)
    this.#peeked.detach(closed)
    this.#segment?.letGo()
    this.#segment = undefined
    this.#evidence.segment = undefined
    this.#verifiedBlock = 0
    this.#block = 0
    this.#quiet.end()
    this.#rule.expected = nextSequence
  }

  #enter(segment: MappedSegment, offset: number): void {
    segment.hold()
    const left = this.#segment
    this.#segment = segment
    this.#evidence.segment = segment
    this.#entered++
    this.#placeAt(offset)
    this.#verifier.attach(segment.mapping)
    this.#peeked.attach(segment)
    left?.letGo()
  }

  /** Nothing is verified there yet. */
  #placeAt(offset: number): void {
    this.#isResumed = false
    this.#passedPages.begin(offset)
    // Not an integer operation as below: an offset that damaged files name may be any number, and must not become one inside of the segment.
    this.#block = Math.trunc(offset / RECORD_ALIGNMENT)
    this.#verifiedBlock = this.#block
    this.#assumedSequence = -1
    this.#quiet.end()
  }

  /** Moves on to where something can be read, and verifies it. Returns false when there is nothing. */
  #lookAhead(): boolean {
    for (;;) {
      const segment = this.#segment
      if (segment === undefined) return false
      const { offset } = this
      const hasRoom = offset <= segment.lastRecordOffset
      // Relaxed: the verifier loads the word with acquire. Quiet looks go on where the next record would begin: what stands for a full look is what the last one in this segment saw.
      if (hasRoom && segment.isCommittedRelaxed(this.#block) && this.#verifyBatch()) return true
      this.#quiet.prepare(segment)
      const step = this.#walk.look(segment, offset)
      // What the look saw may be the zeros that replaced a page.
      if (segment.hasFaulted()) throw this.#truncated()
      if (step === 'wait') {
        if (hasRoom) this.#quiet.begin()
        return false
      }
      if (isGoodStep(step)) {
        // It became good after the verifier had stopped at it.
        this.#verifiedBlock = this.#walk.pass(segment) / RECORD_ALIGNMENT
        return true
      }
      const goesOn = step === 'padding' || step === 'leave' ? this.#enterNext(segment) : this.#stepOver(segment, step)
      if (!goesOn) return false
    }
  }

  /** Verifies the records from the position on. Returns whether there is at least one good one. */
  #verifyBatch(): boolean {
    this.#verifier.verify(this.offset, VERIFY_RECORDS, VERIFY_BYTES)
    this.#takeVerified()
    return this.#verifiedBlock > this.#block
  }

  #takeVerified(): void {
    // Below 2^26. The integer operation makes it a small integer for the engine, too, which would keep a quotient of doubles as a double.
    const end = ((this.#verifier.state[VERIFIER_END] as number) / RECORD_ALIGNMENT) | 0
    assert(end >= this.#block && end * RECORD_ALIGNMENT <= this.#segmentSize, 'the verifier stays in its segment')
    this.#verifiedBlock = end
  }

  /**
   * Nothing was read since the cursor came here, because everything had been read up to the end of its segment. The record that ends here says with which sequence the next segment begins.
   * A segment that was copied before it was full is left at its end too, and the messages that are missing must not be skipped silently.
   */
  #expectWhatFollows(segment: MappedSegment, next: MappedSegment): void {
    if (this.expected >= 0) return
    const { offset } = this
    // Also where no position was saved: a segment that was the head says with which sequence it began.
    if (offset === SEGMENT_HEADER_LENGTH && !this.isCommitted) this.#rule.expected = segment.firstSequence ?? -1
    else if (this.#isResumed) this.#expectAfterLast(segment, next)
  }

  #expectAfterLast(segment: MappedSegment, next: MappedSegment): void {
    const { offset } = this
    if (offset > segment.end) {
      this.#countCutOff(segment)
      return
    }
    const last = findRecordBefore(segment, offset)
    if (last === undefined) return
    // A writer of this library may go on higher than the base format's last record.
    if (last.isOwn || (last.sequence >= 0 && beginsWithBaseRecord(next))) this.#rule.expected = last.sequence + 1
  }

  /** The file was cut below the position: what was not read yet is gone, unless the seal says that nothing was left. One message counts at least. */
  #countCutOff({ id, endOffset }: MappedSegment): void {
    if (endOffset !== undefined && this.offset >= endOffset) return
    this.#losses.skip({ segmentId: id, offset: this.offset }, 1)
  }

  /** What stops it before `end` is found again by {@link #lookAhead}, when the cursor comes there. */
  #verifyUpTo(end: number): void {
    for (let from = this.#verifiedBlock * RECORD_ALIGNMENT; from < end; from = this.#verifiedBlock * RECORD_ALIGNMENT) {
      const status = this.#verifier.verify(from, VERIFY_RECORDS, end - from)
      this.#takeVerified()
      if (status !== STATUS_LIMIT) return
    }
  }

  #enterNext(from: MappedSegment): boolean {
    const id = from.id + 1
    let next: MappedSegment | undefined
    try {
      next = this.#segments.open(id, () => this.#nextRecordIn(from))
    } catch (error) {
      if (!this.#segments.mayPassOver(error, id)) throw error
      return this.#enterReadableAfter(id, this.#nextRecordIn(from), error)
    }
    if (next === undefined) return this.#enterAfterGap(from)
    this.#expectWhatFollows(from, next)
    this.#enter(next, SEGMENT_HEADER_LENGTH)
    return true
  }

  /** Goes on in the next segment that can be read, and counts what is missing until there: at least one message, where that is not known. */
  #enterReadableAfter(segmentId: number, expected: NextRecord | undefined, cause: unknown): true {
    const next = this.#segments.openFirstAfter(segmentId, expected)
    if (next === undefined) throw cause
    const found = next.firstSequence ?? firstRecordSequence(next)
    this.#losses.corruptSkipped += expected === undefined || found === undefined ? 1 : Math.max(1, found - expected.sequence)
    this.#enter(next, SEGMENT_HEADER_LENGTH)
    this.#rule.expected = -1
    return true
  }

  /** The successor is missing: not made yet, or deleted by retention, together with messages that this cursor never saw. */
  #enterAfterGap(left: MappedSegment): boolean {
    if (this.#control.currentSegmentAcquire() <= left.id) return false
    const next = this.#segments.openFirstAfter(left.id, this.#nextRecordIn(left))
    if (next === undefined) throw this.#segments.successorMissing(left)
    const expected = this.#expectedIn(left)
    const to = this.#segments.continuesWith(next)
    // Segments that recovery left empty held nothing that could be lost.
    const isLost = to === undefined || to !== expected
    // A writer of the base format begins at 0 again, which does not show what is lost.
    const from = to === undefined || expected === undefined || expected <= to ? expected : undefined
    if (isLost && this.#options.onLost === 'strict') {
      next.close()
      throw new DataLostError({ directory: this.#directory.path, from, to: to ?? expected ?? 0 })
    }
    this.#losses.lose(from === undefined || to === undefined ? 0 : to - from)
    this.#enter(next, SEGMENT_HEADER_LENGTH)
    this.#rule.expected = -1
    return true
  }

  /** Sequence of the next message. Where none was read since the cursor came here, the segment itself is asked, which is still mapped. */
  #expectedIn(segment: MappedSegment): number | undefined {
    const { expected } = this
    return expected < 0 ? sequenceAt(segment, this.offset) : expected
  }

  #beginningOfUnreadable({ segmentId, offset }: Position): NextRecord | undefined {
    if (offset > SEGMENT_HEADER_LENGTH) return undefined
    const sequence = firstSequenceOf(this.#directory, segmentId, this.#segmentSize)
    return sequence === undefined ? undefined : { segmentId, offset, sequence }
  }

  #nextRecordIn(segment: MappedSegment): NextRecord | undefined {
    const sequence = this.#expectedIn(segment)
    return sequence === undefined ? undefined : { segmentId: segment.id, offset: this.offset, sequence }
  }

  /** Damage is at the offset. Throws in strict mode; else goes on after it, or returns false when nothing good follows yet. */
  #stepOver(segment: MappedSegment, step: DamageStep): boolean {
    const { expected, offset } = this
    const place = { segmentId: segment.id, offset }
    if (this.#options.onCorrupt === 'strict') {
      this.#losses.stopAt(place)
      throw damageError(step, { directory: this.#directory.path, segment, offset, expected })
    }
    const way = this.#walk.passDamage(segment, step)
    if (way === 'wait') return false
    if (way === 'next-segment') return this.#skipRest(segment)
    const missing = sequenceOf(segment, way) - expected
    const isGap = step === 'gap'
    this.#losses.skip(place, isGap ? this.#losses.countOfGap(place, missing) : expected < 0 ? 1 : Math.max(1, missing))
    if (way !== offset) this.#placeAt(way)
    return true
  }

  #skipRest(segment: MappedSegment): boolean {
    this.#losses.skip({ segmentId: segment.id, offset: this.offset }, 1)
    if (!this.#enterNext(segment)) return false
    this.#losses.skippedRestOf(segment.id)
    return true
  }

  /** A verified record that is gone, or a page that had to be replaced: the file was cut. */
  #truncated(): SegmentTruncatedError {
    return new SegmentTruncatedError({ directory: this.#directory.path, segmentId: this.segmentId })
  }
}
