import {
  PADDING_TYPE_ID,
  RECORD_HEADER_LENGTH,
  SEGMENT_FLAG_SEALED,
  SEGMENT_HEADER_LENGTH,
  segmentFileName,
} from '../format/index.js'
import { readersOf } from '../positions/position-survey.js'
import { type Place, roomBetween } from '../records/place.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { endOfNonZero, mayFollow, type ScanEnd, scanRecords } from '../segment/record-scan.js'
import { glanceAtSegment, listSegments, openSegment, type SegmentGlance } from '../segment/segment-files.js'
import { type ExaminedSegment, examineSegment, mapForRepair } from './examine-segment.js'
import { goOnAbove } from './go-on-above.js'
import { highestSegmentSeen, isAfter, readersAfter } from './positions-seen.js'
import type { RecoveryContext, Tail } from './recovery-context.js'
import { padAndSeal, sealAndClose } from './repair-tail.js'
import type { NextRecord } from './segment-identity.js'
import { firstSequenceOfEmpty, highestSequenceBelow, sequenceAfterLoss } from './sequence-bounds.js'
import { highestUsed } from './unused-segment.js'

/**
 * Recovery after the machine stopped: any page written after the last sync may be missing, in any order. Everything up to the durable mark is
 * there; after it, records are good up to the first hole and count as lost from there on (they were never promised).
 *
 * No position is ever used twice. When anything is cut, or a reader has been further than what is left, the queue goes on in a fresh segment above all others. The segments
 * between become empty, padded and sealed. A reader that stood in the lost stretch is led on to the new head.
 */
export function recoverAfterPowerCut(context: RecoveryContext): Tail {
  const found = listSegments(context.directory)
  const mark = context.control.readDurableMark()
  const start = mark !== undefined && found.includes(mark.segmentId) ? mark : undefined
  const ids = withoutDeleted(context, found, start?.segmentId ?? highestUsed(context, found) ?? 0)
  const firstId = start?.segmentId ?? ids[0]
  const known = mark?.sequence ?? context.control.nextSequenceAcquire() ?? 0
  if (firstId === undefined) return freshQueueTail(context, known)
  const end = walkSegments(
    context,
    firstId,
    start?.offset ?? SEGMENT_HEADER_LENGTH,
    start?.sequence ?? firstSequenceOf(context, firstId),
  )
  if (end === undefined) {
    context.note('unsynced-tail', { segmentId: firstId }, 'it holds nothing')
    // Nothing was durable, and nothing is left: what the control block counted was never on the disk, and the queue begins again.
    const isBeginning = mark === undefined && firstId === 0 && ids.every((id) => !beginsWithRecord(context, id))
    const nextSequence = isBeginning ? 0 : known
    return goOnAbove(context, { from: firstId, nextSequence, end: { segmentId: firstId, offset: 0 } })
  }
  const place = { segmentId: end.segment.id, offset: end.scan.offset }
  const next = sequenceAfter(context, end, known)
  // Only a fault of the disk loses what was durable. A mark further on with the same sequence is that of an empty segment that was lost.
  const isDurableLost = mark !== undefined && mark.sequence > next
  const nextSequence = isDurableLost ? sequenceAfterLoss(context, { next, room: roomAfter(context, place) }) : next
  const isMarkAfter = mark !== undefined && isAfter(mark, place)
  if (!isMarkAfter && !isDurableLost && nothingFollows(context, end, ids)) return { ...place, segment: end.segment, nextSequence }
  const tail = cutAndGoOn(context, end, nextSequence)
  return isDurableLost ? afterDurableLoss(context, tail, next) : tail
}

/** The mark names a place of lost messages. The next recovery would begin there, and drop what is appended from now on, because it does not follow. */
function afterDurableLoss({ changes, control }: RecoveryContext, tail: Tail, firstLost: number): Tail {
  const { segment, offset, nextSequence: sequence } = tail
  changes.replace(() => control.storeDurableMark({ sequence, segmentId: segment.id, offset }))
  return { ...tail, firstLost }
}

/** The sequence after the records that are left. After one of the base format it is above all of the queue, whose sequences may have begun again. */
function sequenceAfter(context: RecoveryContext, { segment, scan }: WalkEnd, control: number): number {
  const { nextSequence, lastIsBase } = scan
  if (nextSequence === undefined) return firstSequenceOfEmpty(context, segment.id, { header: segment.firstSequence, control })
  return lastIsBase ? Math.max(nextSequence, highestSequenceBelow(context, segment.id + 1) + 1) : nextSequence
}

function beginsWithRecord(context: RecoveryContext, segmentId: number): boolean {
  return glanceAtSegment(context.directory, segmentId, context.segmentSize)?.hasRecords === true
}

function roomAfter(context: RecoveryContext, place: Place): number {
  const above = { segmentId: highestSegmentSeen(context, place.segmentId) + 1, offset: SEGMENT_HEADER_LENGTH }
  return roomBetween(place, above, context.segmentSize)
}

/**
 * Deletions may reach the disk out of order. What is left below a gap was to be deleted too, unless a reader stands there, whose error will say what is missing. So was what
 * had been announced, and is not whole: no writer synced it any more. Sets it aside and returns the segments that count.
 */
export function withoutDeleted(context: RecoveryContext, ids: readonly number[], present: number): readonly number[] {
  const said = context.control.firstSegmentAcquire() ?? 0
  const announced = said <= present ? said : 0
  let lowest = present
  while (ids.includes(lowest - 1) && (lowest > announced || leadsTo(context, lowest - 1))) lowest--
  const isRead = readersOf(context.directory).some(({ position }) => position !== 'bad' && position.segmentId < lowest)
  if (ids[0] === undefined || ids[0] >= lowest || isRead) return ids
  for (const id of ids) {
    if (id >= lowest) continue
    const to = context.setFileAside(segmentFileName(id))
    context.note('unsynced-deletion', { segmentId: id }, `moved to ${to}`)
  }
  context.changes.replace(() => context.control.storeFirstSegment(lowest))
  return ids.filter((id) => id >= lowest)
}

/** Whether the segment's messages go on in the next one. */
function leadsTo(context: RecoveryContext, segmentId: number): boolean {
  const [below, above] = [segmentId, segmentId + 1].map((id) => glanceAtSegment(context.directory, id, context.segmentSize))
  if (below === undefined || below.problem !== undefined || above?.hasRecords !== true) return false
  const segment = openSegment(context.directory, segmentId, context.segmentSize, false)
  if (segment === undefined) return false
  const end = scanRecords(segment, SEGMENT_HEADER_LENGTH)
  segment.close()
  return end.nextSequence !== undefined && begins(above, end)
}

/**
 * A queue begins with sequence 0, or with the `firstSequence` of its first writer where the header says so and nothing contradicts it. Without this, what is left of its beginning would count
 * although the first messages are lost. `undefined`: not known here.
 */
function firstSequenceOf(context: RecoveryContext, segmentId: number): number | undefined {
  if (segmentId !== 0) return undefined
  const { directory, segmentSize, control } = context
  for (const id of listSegments(directory)) {
    const glance = glanceAtSegment(directory, id, segmentSize)
    if (glance === undefined || glance.problem !== undefined) return 0
    // Emptied by an earlier recovery: it only leads on.
    if (glance.hasRecords && glance.firstTypeId === PADDING_TYPE_ID) continue
    const said = glance.header.firstSequence
    const isConfirmed = glance.hasRecords
      ? glance.firstSequence === said
      : said !== undefined && said <= (control.nextSequenceAcquire() ?? 0)
    return isConfirmed && Number.isSafeInteger(said) ? said : 0
  }
  return 0
}

interface WalkEnd {
  readonly segment: MappedSegment
  readonly scan: ScanEnd
  readonly wasCut: boolean
}

/**
 * Segments that an earlier recovery emptied only lead on: after them stands what was appended, and perhaps made durable, since. `undefined` when the first one is
 * none.
 */
function walkSegments(
  context: RecoveryContext,
  firstId: number,
  offset: number,
  sequence: number | undefined,
): WalkEnd | undefined {
  const first = examineSegment(context, firstId, sequence === undefined ? undefined : { segmentId: firstId, offset, sequence })
  if (first === undefined || first.state === 'foreign') return undefined
  let segment = mapForRepair(context, first)
  let scan = scanRecords(segment, offset, { nextSequence: sequence, lastIsBase: false })
  let wasCut = isCut(context, first)
  while (scan.reason !== 'bad' && !wasCut) {
    const next = examineSegment(context, segment.id + 1, nextRecord(segment, scan))
    if (next === undefined || !leadsOn(next, scan)) break
    if (!isClean(segment, scan)) padAndSeal(context, segment, scan.offset)
    sealAndClose(context, segment, true)
    segment = mapForRepair(context, next)
    scan = scanRecords(segment, SEGMENT_HEADER_LENGTH, scan)
    wasCut = isCut(context, next)
  }
  return { segment, scan, wasCut }
}

function nextRecord({ id: segmentId }: MappedSegment, { offset, nextSequence }: ScanEnd): NextRecord | undefined {
  return nextSequence === undefined ? undefined : { segmentId, offset, sequence: nextSequence }
}

function isCut({ segmentSize }: RecoveryContext, { state, glance }: ExaminedSegment): boolean {
  return state === 'damaged' && glance.length < segmentSize
}

function leadsOn({ state, hasRecords, glance }: ExaminedSegment, scan: ScanEnd): boolean {
  if (state === 'foreign' || !hasRecords) return state === 'whole' && glance.hasRecords
  return glance.firstTypeId === PADDING_TYPE_ID || begins(glance, scan)
}

/**
 * Whether the first record of a segment may follow those that were scanned. A writer of the base format begins again at 0, and one of this library goes on higher than its
 * last record. Then nothing says whether records are missing in between, and what is there is kept.
 */
function begins({ firstSequence, firstHasHeaderCrc }: SegmentGlance, end: ScanEnd): boolean {
  return mayFollow(end, { sequence: firstSequence, hasHeaderCrc: firstHasHeaderCrc })
}

/** Whether the queue can simply go on where the good records end. */
function nothingFollows(context: RecoveryContext, { segment, scan, wasCut }: WalkEnd, ids: readonly number[]): boolean {
  if (wasCut || scan.reason !== 'uncommitted' || segment.sealedAcquire()) return false
  if (endOfNonZero(segment, scan.offset) > scan.offset) return false
  const emptyAhead = ids.filter((id) => id > segment.id).every((id) => isUntouched(context, id))
  return emptyAhead && readersAfter(context, { segmentId: segment.id, offset: scan.offset }).length === 0
}

function isUntouched(context: RecoveryContext, segmentId: number): boolean {
  const glance = glanceAtSegment(context.directory, segmentId, context.segmentSize)
  if (glance === undefined || glance.problem !== undefined || (glance.header.flags & SEGMENT_FLAG_SEALED) !== 0) return false
  const segment = openSegment(context.directory, segmentId, context.segmentSize, false)
  if (segment === undefined) return false
  const untouched = endOfNonZero(segment, SEGMENT_HEADER_LENGTH) === SEGMENT_HEADER_LENGTH
  segment.close()
  return untouched
}

function cutAndGoOn(context: RecoveryContext, { segment, scan }: WalkEnd, nextSequence: number): Tail {
  const end = { segmentId: segment.id, offset: scan.offset }
  const isEnded = scan.reason === 'padding' && isClean(segment, scan)
  const keptAt = isEnded ? undefined : padAndSeal(context, segment, scan.offset)
  sealAndClose(context, segment, true)
  const tail = goOnAbove(context, { from: end.segmentId + 1, nextSequence, end })
  context.note('unsynced-tail', end, `kept at ${keptAt ?? '-'}; goes on in segment ${tail.segment.id}`)
  return tail
}

/** Whether nothing follows the end. Where an earlier recovery padded, zeroing what stood there may not have reached the disk. */
function isClean(segment: MappedSegment, scan: ScanEnd): boolean {
  const behind = scan.reason === 'padding' ? scan.offset + RECORD_HEADER_LENGTH : scan.offset
  return endOfNonZero(segment, behind) === behind
}

/** All segments are gone: the queue begins again, its sequence does not. */
export function freshQueueTail(context: RecoveryContext, nextSequence: number): Tail {
  const segmentId = highestSegmentSeen(context, context.control.currentSegmentAcquire()) + 1
  context.note('missing-head', { segmentId }, 'no segment is left')
  return { segment: context.makeHead(segmentId), offset: SEGMENT_HEADER_LENGTH, nextSequence }
}
