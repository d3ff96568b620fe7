import { closeSync, fsyncSync, ftruncateSync } from 'node:fs'
import { binding } from '@chronicle-ts/native'
import { openPath } from '../files/regular-file.js'
import { writeWhole } from '../files/whole-transfer.js'
import {
  encodePaddingHeader,
  encodeSegmentHeader,
  PADDING_TYPE_ID,
  RECORD_HEADER_LENGTH,
  SEGMENT_FLAG_SEALED,
  SEGMENT_HEADER_LENGTH,
  segmentFileName,
} from '../format/index.js'
import { highestReaderSegment, readersAreWithin, readersOf } from '../reader/position-survey.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { endOfNonZero, type ScanEnd, scanRecords } from '../segment/record-scan.js'
import { glanceAtSegment, listSegments, openSegment } from '../segment/segment-files.js'
import type { RecoveryContext, Tail } from './recovery-context.js'
import { padAndSeal } from './repair-tail.js'
import { setFileAside } from './set-aside.js'

/**
 * Recovery after the machine stopped: any page written after the last sync may be missing, in any order. Everything up to the durable mark is
 * there; behind it, records are good up to the first hole and count as lost from there on (they were never promised).
 *
 * No position is ever used twice: when anything is cut, or a reader has been further than what is left, the queue goes on in a fresh segment above all
 * others, and the segments between become empty, padded and sealed. A reader that stood in the lost stretch is led on to the new head.
 */
export function recoverAfterPowerCut(context: RecoveryContext): Tail {
  const found = listSegments(context.directory)
  const mark = context.control.readDurableMark()
  const start = mark !== undefined && found.includes(mark.segmentId) ? mark : undefined
  const ids = withoutDeleted(context, found, start?.segmentId ?? found.at(-1) ?? 0)
  const firstId = start?.segmentId ?? ids[0]
  const known = mark?.sequence ?? context.control.nextSequenceAcquire() ?? 0
  if (firstId === undefined) return freshQueueTail(context, known)
  const end = walkSegments(context, firstId, start?.offset ?? SEGMENT_HEADER_LENGTH, start?.sequence ?? firstSequenceOf(firstId))
  const nextSequence = end.scan.nextSequence ?? known
  if (nothingFollows(context, end, ids)) return { segment: end.segment, offset: end.scan.offset, nextSequence }
  return cutAndGoOn(context, end, ids, nextSequence)
}

/**
 * Deletions may reach the disk out of order: what is left below a gap was to be deleted too, unless a reader stands there, who will be told what is missing. So was what
 * had been announced, and is not whole: nobody synced it any more. Sets it aside and returns the segments that count.
 */
function withoutDeleted(context: RecoveryContext, ids: readonly number[], present: number): readonly number[] {
  const said = context.control.firstSegmentAcquire() ?? 0
  const announced = said <= present ? said : 0
  let lowest = present
  while (ids.includes(lowest - 1) && (lowest > announced || leadsTo(context, lowest - 1))) lowest--
  const isRead = readersOf(context.directory).some(({ position }) => position !== 'bad' && position.segmentId < lowest)
  if (ids[0] === undefined || ids[0] >= lowest || isRead) return ids
  for (const id of ids) {
    if (id >= lowest) continue
    const to = setFileAside(context.directory, segmentFileName(id))
    context.note('unsynced-deletion', { segmentId: id }, `moved to ${to}`)
  }
  context.control.storeFirstSegment(lowest)
  return ids.filter((id) => id >= lowest)
}

/** Whether the segment's messages go on in the next one. */
function leadsTo(context: RecoveryContext, segmentId: number): boolean {
  const [below, above] = [segmentId, segmentId + 1].map((id) => glanceAtSegment(context.directory, id, context.segmentSize))
  if (below === undefined || below.problem !== undefined || above?.hasRecords !== true) return false
  const segment = openSegment(context.directory, segmentId, context.segmentSize, false)
  if (segment === undefined) return false
  const { nextSequence } = scanRecords(segment, SEGMENT_HEADER_LENGTH, undefined)
  segment.close()
  return nextSequence === above.firstSequence
}

/** A queue begins with sequence 0. Without this, what is left of its beginning would count although the first messages are lost. */
function firstSequenceOf(segmentId: number): number | undefined {
  return segmentId === 0 ? 0 : undefined
}

interface WalkEnd {
  readonly segment: MappedSegment
  readonly scan: ScanEnd
}

/** Segments that an earlier recovery emptied only lead on: behind them stands what was appended, and perhaps made durable, since. */
function walkSegments(context: RecoveryContext, firstId: number, offset: number, sequence: number | undefined): WalkEnd {
  let segment = openForRepair(context, firstId)
  let scan = scanRecords(segment, offset, sequence)
  while (scan.reason !== 'bad') {
    const next = glanceAtSegment(context.directory, segment.id + 1, context.segmentSize)
    const leadsOn =
      next?.problem === undefined &&
      next?.hasRecords &&
      (next.firstTypeId === PADDING_TYPE_ID || scan.nextSequence === undefined || next.firstSequence === scan.nextSequence)
    if (!leadsOn) break
    if (!isClean({ segment, scan })) padAndSeal(context.directory, segment, scan.offset)
    sealAndClose(segment)
    segment = openForRepair(context, segment.id + 1)
    scan = scanRecords(segment, SEGMENT_HEADER_LENGTH, scan.nextSequence)
  }
  return { segment, scan }
}

function openForRepair(context: RecoveryContext, segmentId: number): MappedSegment {
  const glance = glanceAtSegment(context.directory, segmentId, context.segmentSize)
  if (glance?.problem !== undefined) rebuildSealedEmpty(context, segmentId)
  const segment = openSegment(context.directory, segmentId, context.segmentSize, true)
  if (segment === undefined) throw new Error(`segment ${segmentId} vanished while the writer lock was held`)
  return segment
}

/** Whether the queue can simply go on where the good records end. */
function nothingFollows(context: RecoveryContext, end: WalkEnd, ids: readonly number[]): boolean {
  const { segment, scan } = end
  if (scan.reason !== 'uncommitted' || segment.sealedAcquire()) return false
  if (endOfNonZero(segment, scan.offset) > scan.offset) return false
  const emptyAhead = ids.filter((id) => id > segment.id).every((id) => isUntouched(context, id))
  return emptyAhead && readersAreWithin(context.directory, { segmentId: segment.id, offset: scan.offset })
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

function cutAndGoOn(context: RecoveryContext, end: WalkEnd, ids: readonly number[], nextSequence: number): Tail {
  const { segment, scan } = end
  const highest = Math.max(segment.id, ids.at(-1) ?? 0, highestReaderSegment(context.directory))
  const cutId = segment.id
  const keptAt = scan.reason === 'padding' && isClean(end) ? undefined : padAndSeal(context.directory, segment, scan.offset)
  sealAndClose(segment)
  for (let id = cutId + 1; id <= highest; id++) rebuildSealedEmpty(context, id)
  context.note(
    'unsynced-tail',
    { segmentId: cutId, offset: scan.offset },
    `kept at ${keptAt ?? '-'}; goes on in segment ${highest + 1}`,
  )
  return { segment: context.preparer.take(highest + 1), offset: SEGMENT_HEADER_LENGTH, nextSequence }
}

/** Whether nothing stands behind the end. Where an earlier recovery padded, zeroing what stood there may not have reached the disk. */
function isClean({ segment, scan }: WalkEnd): boolean {
  const behind = scan.reason === 'padding' ? scan.offset + RECORD_HEADER_LENGTH : scan.offset
  return endOfNonZero(segment, behind) === behind
}

/** Synced before the control block changes: until that is synced too, the next recovery may not know that the machine stopped. */
function sealAndClose(segment: MappedSegment): void {
  if (!segment.sealedAcquire()) segment.storeSealed()
  binding.syncRange(segment.mapping, 0, segment.size)
  segment.close()
}

/** A segment that only leads on: header, padding record, SEALED. What bore its name is set aside. */
function rebuildSealedEmpty(context: RecoveryContext, segmentId: number): void {
  const name = segmentFileName(segmentId)
  if (glanceAtSegment(context.directory, segmentId, context.segmentSize) !== undefined) setFileAside(context.directory, name)
  const bytes = new Uint8Array(SEGMENT_HEADER_LENGTH + RECORD_HEADER_LENGTH)
  bytes.set(encodeSegmentHeader({ segmentId, flags: SEGMENT_FLAG_SEALED }))
  bytes.set(encodePaddingHeader(SEGMENT_HEADER_LENGTH, context.segmentSize), SEGMENT_HEADER_LENGTH)
  const fd = openPath(context.directory.at(name), 'createNew')
  try {
    // Sized first: a file that another power cut leaves short must not pass for a segment of a smaller queue.
    ftruncateSync(fd, context.segmentSize)
    writeWhole(fd, bytes, 0)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** All segments are gone: the queue begins anew, its sequence does not. */
function freshQueueTail(context: RecoveryContext, nextSequence: number): Tail {
  const segmentId = Math.max(context.control.currentSegmentAcquire(), highestReaderSegment(context.directory)) + 1
  context.note('missing-head', { segmentId }, 'no segment is left')
  return { segment: context.preparer.take(segmentId), offset: SEGMENT_HEADER_LENGTH, nextSequence }
}
