import { isRecordOffset, RECORD_ALIGNMENT, SEGMENT_HEADER_LENGTH } from '../format/index.js'
import { isGoodRecord } from '../records/judge-record.js'
import { type Place, roomBetween } from '../records/place.js'
import { findRecordBefore, type WitnessRecord } from '../records/record-before.js'
import { type RecordSurvey, surveyRecords } from '../records/record-survey.js'
import { findGoodRecord, findNextRecord } from '../records/resync.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { endOfNonZero, type ScanEnd, scanRecords } from '../segment/record-scan.js'
import { mapForRepair } from './examine-segment.js'
import type { FoundHead, LostHead } from './find-head.js'
import { goOnAbove } from './go-on-above.js'
import { highestSegmentSeen, positionsOf } from './positions-seen.js'
import type { RecoveryContext, Tail } from './recovery-context.js'
import { padAndSeal, sealAndClose, zeroTornTail } from './repair-tail.js'
import {
  firstSequenceOfEmpty,
  highestSequenceBelow,
  highestSequenceIn,
  lastMessageUpTo,
  sequenceAfterLoss,
} from './sequence-bounds.js'

/**
 * Finds the end of the records in the head after the death of a process, and decides what becomes of what an interrupted append left. Returns where the writer goes on. With
 * the fields that writers of this library keep, this looks at one or two records; after a writer of the base format it walks headers.
 */
export function findTail(context: RecoveryContext, head: FoundHead | LostHead): Tail {
  if ('last' in head) return findTailOfLost(context, head)
  const known = context.control.nextSequenceAcquire()
  const tail = known === undefined ? findForeignTail(context, head) : findOwnTail(context, head, known)
  return endIfLeft(context, head, tail)
}

/** A segment that was cut holds what is left, and readers may have left one that is sealed: neither takes anything more. */
export function endIfLeft(context: RecoveryContext, head: FoundHead, tail: Tail): Tail {
  const { segment, nextSequence } = tail
  if (segment !== head.segment) return tail
  if (head.wasCut) return endSegment(context, tail)
  if (!segment.sealedAcquire()) return tail
  context.note('sealed-without-successor', { segmentId: segment.id }, 'the successor is made')
  return continueBehind(context, segment, nextSequence)
}

const BEGINNING: Place = { segmentId: 0, offset: SEGMENT_HEADER_LENGTH }

/** The newest segments are lost. */
function findTailOfLost(context: RecoveryContext, { last, from, seen = from - 1 }: LostHead): Tail {
  let place: Place = { segmentId: from, offset: 0 }
  const message = last === undefined ? undefined : lastMessageUpTo(context, last.id)
  if (last !== undefined) {
    const segment = mapForRepair(context, last)
    const { end } = surveyRecords(segment)
    if (!last.sealed) padAndSeal(context, segment, end)
    sealAndClose(context, segment)
    place = { segmentId: last.id, offset: end }
  }
  const above = { segmentId: highestSegmentSeen(context, Math.max(from, seen)) + 1, offset: SEGMENT_HEADER_LENGTH }
  const next = message === undefined ? 0 : message.sequence + 1
  const room = roomBetween(message ?? BEGINNING, above, context.segmentSize)
  const nextSequence = sequenceAfterLoss(context, { next, room, isUnbounded: message === undefined })
  return goOnAbove(context, { from, seen, nextSequence, end: place, firstLost: next })
}

/**
 * `nextSequence` is stored before `writeOffset`: the pair is either current, or the record at `writeOffset` is committed and has its own. Neither is relied on
 * without a witness in the segment: a damaged offset would cut the queue short, a damaged sequence would be given out twice.
 */
function findOwnTail(context: RecoveryContext, head: FoundHead, known: number): Tail {
  const { segment } = head
  const last = findWitness(segment, head.offset, known)
  const isDoubtful = head.wasCut || head.offset !== SEGMENT_HEADER_LENGTH
  if (last === undefined && isDoubtful) return findUnwitnessedTail(context, head, known)
  const end = scanRecords(segment, head.offset)
  const nextSequence = nextSequenceOf(context, segment, { end, last, known })
  // A control block of an earlier moment counts less. One that counts more shows that what it counted is lost.
  if (!head.isNamed && last === undefined && known > nextSequence) return findUnwitnessedTail(context, head, known)
  if (end.reason === 'padding') return continueBehind(context, segment, nextSequence)
  if (end.reason === 'bad') {
    // A control block that is older by more than one record counts nothing of what followed.
    if (known < nextSequence - 1) return findUnwitnessedTail(context, head, known)
    return abandonTail(context, segment, end, { next: nextSequence, shown: nextSequence })
  }
  // A control block of an earlier moment does not say what appends have touched since.
  const dirtyEnd = (head.isNamed ? context.control.readDirtyEnd(segment.id) : undefined) ?? segment.size
  // Appends have been in the segment, and the control block counts more than it shows.
  const isCounted = last === undefined && dirtyEnd > end.offset && (end.nextSequence ?? segment.firstSequence ?? known) < known
  // A payload may contain copies of earlier records, which are not records of this place.
  const lowest = last === undefined ? (segment.firstSequence ?? 0) : nextSequence
  if (isCounted || hasRecordFrom(segment, { offset: end.offset, lowest }, dirtyEnd))
    return findUnwitnessedTail(context, head, known)
  zeroIfTorn(context, segment, end.offset, dirtyEnd)
  return { segment, offset: end.offset, nextSequence }
}

/** Whether a committed record follows the end: an append that did not commit leaves none, so the offset is wrong, or a record before it was zeroed. */
function hasRecordFrom(segment: MappedSegment, from: { offset: number; lowest: number }, dirtyEnd: number): boolean {
  return findGoodRecord(segment, from.offset, (sequence) => sequence >= from.lowest, dirtyEnd) !== undefined
}

/** Decides to zero what an append left that did not commit. Only what it can have touched is looked at: the rest of the segment may be gigabytes. */
function zeroIfTorn(context: RecoveryContext, segment: MappedSegment, offset: number, dirtyEnd: number): void {
  const end = endOfNonZero(segment, offset, dirtyEnd)
  if (end <= offset) return
  context.changes.replace(() => zeroTornTail(segment, offset, end))
  context.note('torn-tail', { segmentId: segment.id, offset }, `zeroed up to ${end}`)
}

/** The last record. One that says another sequence than the control block must be good as a whole: its header alone may be a copy. */
function findWitness(segment: MappedSegment, offset: number, known: number): WitnessRecord | undefined {
  const last = findRecordBefore(segment, offset)
  if (last === undefined || !last.isOwn) return last
  const ahead = known - last.sequence
  const agrees = ahead === 1 || ahead === 2
  return agrees || isGoodRecord(segment, last.offset) ? last : undefined
}

/** What follows the last record contains its own sequence, but one that is lower than before is a copy out of place: no sequence is given out twice. */
function nextSequenceOf(
  context: RecoveryContext,
  segment: MappedSegment,
  found: { end: ScanEnd; last: WitnessRecord | undefined; known: number },
): number {
  const { end, last, known } = found
  if (end.nextSequence !== undefined) return Math.max(end.nextSequence, last === undefined ? 0 : last.sequence + 1)
  if (last !== undefined) return sequenceAfter(last, known)
  const header = segment.firstSequence
  if (Number.isSafeInteger(known)) {
    if (header === known) return known
    // It was made just now, and the control block may be one that was rebuilt when less could be read.
    if (header === undefined) return Math.max(known, highestSequenceIn(context, segment.id - 1) + 1)
  }
  return firstSequenceOfEmpty(context, segment.id, { header, control: known })
}

/** After a record of the base format the sequence goes on from the highest of the queue, which is what the control block says. */
function sequenceAfter(last: WitnessRecord, known: number): number {
  if (last.isOwn) return last.sequence + 1
  return Number.isSafeInteger(known) ? Math.max(known, last.sequence + 1) : last.sequence + 1
}

/**
 * No record ends where the control block says: the head is checked whole, and what the control block says counts within what has room in the segment. When it says that there were more
 * messages, and further on, these are lost, and their places are not used again.
 */
function findUnwitnessedTail(context: RecoveryContext, head: FoundHead, known: number): Tail {
  context.note('bad-write-offset', { segmentId: head.segment.id, offset: head.offset }, 'the head is checked whole')
  const tail = findForeignTail(context, head)
  const ahead = known - tail.nextSequence
  const isPossible = ahead > 0 && ahead <= context.segmentSize / RECORD_ALIGNMENT
  if (!isPossible) return tail
  const isFresh = tail.segment !== head.segment
  const counted = {
    ...tail,
    nextSequence: known,
    ...(isFresh && tail.end !== undefined ? { firstLost: tail.firstLost ?? tail.nextSequence } : {}),
  }
  return !isFresh && (tail.offset < head.offset || !head.isNamed)
    ? endSegment(context, { ...counted, firstLost: tail.firstLost ?? tail.nextSequence })
    : counted
}

/**
 * After a writer of the base format, or with a control block that is rebuilt or wrong, nothing says what is durable or where the end is. So the head is checked whole.
 * The sequence goes on above the highest of the whole queue, because writers of the base format begin at 0 again.
 */
export function findForeignTail(context: RecoveryContext, head: FoundHead): Tail {
  const { segment } = head
  const survey = surveyRecords(segment)
  const counted = nextSequenceOfForeign(context, head, survey)
  const nextSequence = head.wasCut ? sequenceAfterLoss(context, { next: counted, room: roomOfCut(head, survey) }) : counted
  const end = scanRecords(segment, SEGMENT_HEADER_LENGTH)
  if (end.reason === 'padding') return continueBehind(context, segment, nextSequence)
  const dirtyEnd = endOfNonZero(segment, end.offset)
  // Records after a hole were committed all the same: damage inside the segment, which stays for `doctor`.
  const goesOn = survey.end > end.offset
  // The base format stores its offset after the commit word: what stood below it was committed, and its commit word is damaged.
  const wasCommitted = dirtyEnd > end.offset && head.offset > end.offset && head.offset <= dirtyEnd + RECORD_ALIGNMENT
  if (end.reason === 'bad' || goesOn || wasCommitted) {
    const room = goesOn ? 0 : lostRoom(end.offset, wasCommitted ? head.offset : dirtyEnd, survey.end)
    const next = sequenceAfterLoss(context, { next: nextSequence, room })
    return abandonTail(context, segment, { ...end, reason: 'bad' }, { next, shown: counted })
  }
  zeroIfTorn(context, segment, end.offset, dirtyEnd)
  return { segment, offset: end.offset, nextSequence, firstLost: counted }
}

/** Records that may have stood where a segment was cut off. */
function roomOfCut({ segment, offset }: FoundHead, survey: RecordSurvey): number {
  return lostRoom(survey.end, offset > SEGMENT_HEADER_LENGTH ? offset : segment.size, survey.end)
}

/** Records that may have stood where nothing good follows the last good record. */
function lostRoom(from: number, to: number, lastGoodEnd: number): number {
  return Math.max(0, Math.ceil((to - Math.max(from, lastGoodEnd)) / RECORD_ALIGNMENT))
}

function nextSequenceOfForeign(context: RecoveryContext, { segment, isWhole }: FoundHead, survey: RecordSurvey): number {
  const highest = survey.highestSequence
  const isOwn = survey.highestEpoch > 0 && isWhole
  if (highest < 0) {
    const header = segment.firstSequence
    return firstSequenceOfEmpty(context, segment.id, { header, control: undefined })
  }
  // A record of this library has a higher sequence than all before it, where its segment is in its place.
  const next = (isOwn ? highest : Math.max(highest, highestSequenceBelow(context, segment.id))) + 1
  const said = context.origin.saidSequence
  return said > next && said - next <= context.segmentSize / RECORD_ALIGNMENT ? said : next
}

/**
 * A commit word stands at the tail but the record is invalid. If good records follow, the damage is inside and stays for `doctor`. The segment ends where a reader would wait at the damage until
 * it is sealed. `shown`: the sequence after the good records,
 * `next`: the one that the queue goes on with.
 */
function abandonTail(
  context: RecoveryContext,
  segment: MappedSegment,
  end: ScanEnd,
  { next, shown }: { readonly next: number; readonly shown: number },
): Tail {
  const { last, isHidden } = lastGoodEnd(context, segment, end)
  const sequence = Math.max(next, credibleNext(last, next, segment))
  const isClean = last.reason === 'uncommitted' && endOfNonZero(segment, last.offset) === last.offset
  if (isClean && !isHidden) return { segment, offset: last.offset, nextSequence: sequence }
  if (last.reason !== 'bad' && last.reason !== 'uncommitted') return continueBehind(context, segment, sequence)
  const keptAt = padAndSeal(context, segment, last.offset, last.offset > end.offset)
  const place = { segmentId: segment.id, offset: last.offset }
  if (keptAt === undefined) context.note('bad-write-offset', place, 'zeros hide records: the segment ends after them')
  else context.note('corrupt-tail', place, `set aside as ${keptAt}`)
  sealAndClose(context, segment)
  return goOnAbove(context, {
    from: segment.id + 1,
    nextSequence: sequence,
    end: place,
    firstLost: last.nextSequence ?? shown,
  })
}

/** What the last good records lead to, unless that is further than the segment has room for. */
function credibleNext(last: ScanEnd, known: number, segment: MappedSegment): number {
  const next = last.nextSequence ?? 0
  return next - known <= segment.size / RECORD_ALIGNMENT ? next : 0
}

/** Decides to end a segment where its records end, and to go on above it. */
export function endSegment(context: RecoveryContext, tail: Tail): Tail {
  const { segment, offset, nextSequence, firstLost = nextSequence } = tail
  padAndSeal(context, segment, offset)
  sealAndClose(context, segment)
  return goOnAbove(context, { from: segment.id + 1, nextSequence, end: { segmentId: segment.id, offset }, firstLost })
}

/** Ends this segment and goes on at the beginning of the next. */
function continueBehind(context: RecoveryContext, segment: MappedSegment, nextSequence: number): Tail {
  sealAndClose(context, segment)
  return goOnAbove(context, { from: segment.id + 1, nextSequence })
}

/**
 * Where the last run of good records ends; the given end when none follows it. `isHidden`: a reader waits at a commit word of 0 before a run until the segment is sealed, unless the control block
 * counts the record there. It comes to one where the damage begins, or stands at one.
 */
function lastGoodEnd(
  context: RecoveryContext,
  segment: MappedSegment,
  end: ScanEnd,
): { readonly last: ScanEnd; readonly isHidden: boolean } {
  const readers = positionsOf(context.directory).filter(({ segmentId }) => segmentId === segment.id)
  const stops = readers.map((reader) => reader.offset).filter(isRecordOffset)
  let last = end
  let isHidden = false
  let { offset } = end
  while (last.reason === 'bad' || last.reason === 'uncommitted') {
    // A record after a gap in the sequence is good: it is looked at without an expectation.
    const run = scanRecords(segment, offset)
    if (run.offset > offset) {
      const begin = last.offset
      const inDamage = [begin, ...stops].filter((stop) => stop >= begin && stop < offset)
      isHidden ||= inDamage.some((stop) => segment.commitLengthAt(stop) === 0)
      last = run
      offset = run.offset
      continue
    }
    const next = findNextRecord(segment, { offset, expected: last.nextSequence ?? -1 }, { mayRestart: true })
    if (next === undefined) break
    offset = next
  }
  return { last, isHidden }
}
