import { RECORD_ALIGNMENT, SEGMENT_HEADER_LENGTH } from '../format/index.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { endOfNonZero, findGoodRecord, type ScanEnd, scanRecords, walkHeaders } from '../segment/record-scan.js'
import { glanceAtSegment, listSegments, openSegment } from '../segment/segment-files.js'
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

/** `nextSequence` is stored before `writeOffset`: the pair is either current, or the record at `writeOffset` is committed and tells its own. */
function findOwnTail(context: RecoveryContext, head: FoundHead, known: number): Tail {
  const { segment } = head
  const end = scanRecords(segment, head.offset, undefined)
  const nextSequence = end.nextSequence ?? known
  if (end.reason === 'padding') return continueBehind(context, segment, nextSequence)
  if (end.reason === 'bad') return abandonTail(context, segment, end, nextSequence)
  const dirtyEnd = context.control.readDirtyEnd(segment.id) ?? segment.size
  if (dirtyEnd > end.offset && endOfNonZero(segment, end.offset) > end.offset) {
    zeroTornTail(segment, end.offset, segment.size)
    context.note('torn-tail', { segmentId: segment.id, offset: end.offset }, `zeroed up to ${dirtyEnd}`)
  }
  return { segment, offset: end.offset, nextSequence }
}

/**
 * After a writer of the base format, or with a rebuilt control block: nothing says what is durable or where the end is, so the head is checked whole. The sequence
 * goes on above the highest of the whole queue, because writers of the base format begin at 0 again.
 */
function findForeignTail(context: RecoveryContext, head: FoundHead): Tail {
  const { segment } = head
  const walked = walkHeaders(segment, SEGMENT_HEADER_LENGTH)
  const nextSequence = Math.max(walked.highestSequence, highestSequenceBelow(context, segment.id)) + 1
  const end = scanRecords(segment, SEGMENT_HEADER_LENGTH, undefined)
  if (end.reason === 'padding') return continueBehind(context, segment, nextSequence)
  if (end.reason === 'bad') return abandonTail(context, segment, end, nextSequence)
  const dirtyEnd = endOfNonZero(segment, end.offset)
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
  const keptAt = padAndSeal(context.directory, segment, last.offset)
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

/** Where the last run of good records ends; the given end when none follows it. */
function lastGoodEnd(segment: MappedSegment, end: ScanEnd): ScanEnd {
  let last = end
  while (last.reason === 'bad') {
    const good = findGoodRecord(segment, last.offset + RECORD_ALIGNMENT, 0)
    if (good === undefined) return last
    last = scanRecords(segment, good, undefined)
  }
  return last
}
