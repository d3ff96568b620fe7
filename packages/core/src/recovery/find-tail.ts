import { RECORD_ALIGNMENT, SEGMENT_HEADER_LENGTH } from '../format/index.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { endOfNonZero, findGoodRecord, type ScanEnd, scanRecords, walkHeaders } from '../segment/record-scan.js'
import { glanceAtSegment, listSegments, openSegment } from '../segment/segment-files.js'
import { findRecordBefore, type WitnessRecord } from '../segment/witness-record.js'
import type { FoundHead } from './find-head.js'
import type { RecoveryContext, Tail } from './recovery-context.js'
import { padAndSeal, zeroTornTail } from './repair-tail.js'

/**
 * Finds the end of the records in the head after the death of a process, repairs what an interrupted append left, and returns where the writer
 * goes on. With the fields that writers of ours keep, this looks at one or two records; after a writer of the base format it walks headers.
 */
export function findTail(context: RecoveryContext, head: FoundHead): Tail {
  const known = context.control.nextSequenceAcquire()
  return known === undefined ? findForeignTail(context, head) : findOwnTail(context, head, known)
}

/**
 * `nextSequence` is stored before `writeOffset`: the pair is either current, or the record at `writeOffset` is committed and tells its own. Neither is believed
 * without a witness in the segment: a damaged offset would cut the queue short, a damaged sequence would be given out twice.
 */
function findOwnTail(context: RecoveryContext, head: FoundHead, known: number): Tail {
  const { segment } = head
  const last = findWitness(segment, head.offset, known)
  if (last === undefined && head.offset !== SEGMENT_HEADER_LENGTH) return findUnwitnessedTail(context, head, known)
  const end = scanRecords(segment, head.offset, undefined)
  const nextSequence = nextSequenceOf(context, segment, { end, last, known })
  if (end.reason === 'padding') return continueBehind(context, segment, nextSequence)
  if (end.reason === 'bad') return abandonTail(context, segment, end, nextSequence)
  const dirtyEnd = context.control.readDirtyEnd(segment.id) ?? segment.size
  if (dirtyEnd > end.offset && endOfNonZero(segment, end.offset) > end.offset) {
    zeroTornTail(segment, end.offset, segment.size)
    context.note('torn-tail', { segmentId: segment.id, offset: end.offset }, `zeroed up to ${dirtyEnd}`)
  }
  return { segment, offset: end.offset, nextSequence }
}

/** The last record. One that says another sequence than the control block must be good as a whole: its header alone may be a copy. */
function findWitness(segment: MappedSegment, offset: number, known: number): WitnessRecord | undefined {
  const last = findRecordBefore(segment, offset)
  if (last === undefined || !last.isOwn) return last
  const ahead = known - last.sequence
  const agrees = ahead === 1 || ahead === 2
  return agrees || findGoodRecord(segment, last.offset, 0) === last.offset ? last : undefined
}

/** What stands behind the last record tells its own sequence, but one that is lower than before is a copy out of place: no sequence is given out twice. */
function nextSequenceOf(
  context: RecoveryContext,
  segment: MappedSegment,
  found: { end: ScanEnd; last: WitnessRecord | undefined; known: number },
): number {
  const { end, last, known } = found
  if (end.nextSequence !== undefined) return Math.max(end.nextSequence, last === undefined ? 0 : last.sequence + 1)
  return last === undefined ? firstSequenceOf(context, segment, known) : sequenceAfter(last, known)
}

/** Behind a record of the base format the sequence goes on from the highest of the queue, which is what the control block says. */
function sequenceAfter(last: WitnessRecord, known: number): number {
  if (last.isOwn) return last.sequence + 1
  return Number.isSafeInteger(known) ? Math.max(known, last.sequence + 1) : last.sequence + 1
}

/** An empty head: its header and the control block say the same, or the segments below decide. */
function firstSequenceOf(context: RecoveryContext, segment: MappedSegment, known: number): number {
  const first = segment.firstSequence
  if (Number.isSafeInteger(known) && (first === undefined || first === known)) return known
  const below = highestSequenceBelow(context, segment.id) + 1
  if (below > 0) return below
  return Math.max(0, ...[known, first ?? 0].filter(Number.isSafeInteger))
}

/** No record ends where the control block says: the head is checked whole, and what the control block says counts within what has room in the segment. */
function findUnwitnessedTail(context: RecoveryContext, head: FoundHead, known: number): Tail {
  context.note('bad-write-offset', { segmentId: head.segment.id, offset: head.offset }, 'the head is checked whole')
  const tail = findForeignTail(context, head)
  const ahead = known - tail.nextSequence
  const isPossible = ahead > 0 && ahead <= context.segmentSize / RECORD_ALIGNMENT
  return isPossible ? { ...tail, nextSequence: known } : tail
}

/**
 * After a writer of the base format, or with a control block that is rebuilt or wrong: nothing says what is durable or where the end is, so the head is checked whole.
 * The sequence goes on above the highest of the whole queue, because writers of the base format begin at 0 again.
 */
function findForeignTail(context: RecoveryContext, head: FoundHead): Tail {
  const { segment } = head
  const walked = walkHeaders(segment, SEGMENT_HEADER_LENGTH)
  const nextSequence = Math.max(walked.highestSequence, highestSequenceBelow(context, segment.id)) + 1
  const end = scanRecords(segment, SEGMENT_HEADER_LENGTH, undefined)
  if (end.reason === 'padding') return continueBehind(context, segment, nextSequence)
  const dirtyEnd = endOfNonZero(segment, end.offset)
  // Records behind a hole were committed all the same: damage inside the segment, which stays for `doctor`.
  const goesOn = dirtyEnd > end.offset && findGoodRecord(segment, end.offset, nextSequence) !== undefined
  if (end.reason === 'bad' || goesOn) return abandonTail(context, segment, { ...end, reason: 'bad' }, nextSequence)
  if (dirtyEnd > end.offset) {
    zeroTornTail(segment, end.offset, dirtyEnd)
    context.note('torn-tail', { segmentId: segment.id, offset: end.offset }, `zeroed up to ${dirtyEnd}`)
  }
  return { segment, offset: end.offset, nextSequence }
}

function highestSequenceBelow(context: RecoveryContext, segmentId: number): number {
  let highest = -1
  for (const id of listSegments(context.directory)) {
    if (id >= segmentId || glanceAtSegment(context.directory, id, context.segmentSize)?.problem !== undefined) continue
    const segment = openSegment(context.directory, id, context.segmentSize, false)
    if (segment === undefined) continue
    highest = Math.max(highest, walkHeaders(segment, SEGMENT_HEADER_LENGTH).highestSequence)
    segment.close()
  }
  return highest
}

/** A commit word stands at the tail but the record is no record. If good records follow, the damage is inside and stays for `doctor`. */
function abandonTail(context: RecoveryContext, segment: MappedSegment, end: ScanEnd, nextSequence: number): Tail {
  const last = lastGoodEnd(segment, end)
  const sequence = Math.max(nextSequence, last.nextSequence ?? 0)
  if (last.reason === 'uncommitted') return { segment, offset: last.offset, nextSequence: sequence }
  if (last.reason !== 'bad') return continueBehind(context, segment, sequence)
  const keptAt = padAndSeal(context.directory, segment, last.offset, last.offset > end.offset)
  context.note('corrupt-tail', { segmentId: segment.id, offset: last.offset }, `set aside as ${keptAt}`)
  return continueBehind(context, segment, sequence)
}

/** Ends this segment and goes on at the beginning of the next. */
function continueBehind(context: RecoveryContext, segment: MappedSegment, nextSequence: number): Tail {
  if (!segment.sealedAcquire()) segment.storeSealed()
  const next = context.preparer.take(segment.id + 1)
  segment.close()
  return { segment: next, offset: SEGMENT_HEADER_LENGTH, nextSequence }
}

/** Where the last run of good records ends; the given end when none follows it. A record behind a gap in the sequence is good: it is looked at without an expectation. */
function lastGoodEnd(segment: MappedSegment, end: ScanEnd): ScanEnd {
  let last = end
  while (last.reason === 'bad' || last.reason === 'uncommitted') {
    const good = findGoodRecord(segment, last.offset, 0)
    if (good === undefined) return last
    const next = scanRecords(segment, good, undefined)
    if (next.offset === good) return last
    last = next
  }
  return last
}
