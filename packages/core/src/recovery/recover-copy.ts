import { PADDING_TYPE_ID, SEGMENT_HEADER_LENGTH, segmentFileName } from '../format/index.js'
import { surveyRecords } from '../records/record-survey.js'
import { mayFollow } from '../segment/record-scan.js'
import { listSegments, openDamagedSegment } from '../segment/segment-files.js'
import { type ExaminedSegment, examineSegment, mapForRepair } from './examine-segment.js'
import { mapHead } from './find-head.js'
import { endIfLeft, endSegment, findForeignTail } from './find-tail.js'
import { isAfter } from './positions-seen.js'
import { freshQueueTail, withoutDeleted } from './recover-power-cut.js'
import type { RecoveryContext, Tail } from './recovery-context.js'
import { sealAndClose } from './repair-tail.js'
import { highestUsed, isUnused } from './unused-segment.js'

/**
 * Recovery of a queue that was copied, perhaps while it was written: each file may be of another moment, and the control block says nothing about the segments. They alone count: a
 * segment that was copied before its writer had filled it ends what is there, and later ones, which would leave a gap, are set aside.
 *
 * A sealed segment was complete when its header was copied, so only the others are read. Where the machine stopped since (`trustsSeals` is false), that holds below the durable mark only. What is missing after one
 * that was complete, or in one whose header or length is damaged, was not copied too early: it is lost. Then the segments after it stay, as they do in a queue that is not a copy.
 *
 * A source that opened the copy before its first writer may stand where the control block says that the queue goes on, or after the gap. No such position is used again.
 * The queue goes on in another segment, where the source notices by the sequence what it had read of the original.
 */
export function recoverCopy(context: RecoveryContext, trustsSeals: boolean): Tail {
  const found = listSegments(context.directory)
  const ids = withoutDeleted(context, found, highestUsed(context, found) ?? 0)
  context.note(
    'copied-queue',
    { segmentId: context.control.currentSegmentAcquire() },
    'control.meta is not the file that its writer recorded',
  )
  const head = lastOfUnbroken(context, ids, trustsSeals)
  if (head === undefined) return freshQueueTail(context, 0)
  // One that a writer had prepared holds nothing, and the new head may take its place.
  const afterGap = ids.filter((id) => id > head.id && !isUnused(context, id))
  for (const id of afterGap) setAsideAfterGap(context, id)
  const copied = mapHead(context, head, SEGMENT_HEADER_LENGTH)
  const tail = endIfLeft(context, copied, findForeignTail(context, copied))
  if (tail.segment !== copied.segment) return tail
  const said = context.control.readHead()
  const mayBeAhead = afterGap.length > 0 || said === undefined || isAfter(said, { segmentId: head.id, offset: tail.offset })
  return mayBeAhead ? endSegment(context, tail) : tail
}

/** The segment that ends the messages that follow each other without a gap. */
function lastOfUnbroken(context: RecoveryContext, ids: readonly number[], trustsSeals: boolean): ExaminedSegment | undefined {
  let last: ExaminedSegment | undefined
  let presentId: number | undefined
  for (const id of ids) {
    const isMissing = presentId !== undefined && id !== presentId + 1
    presentId = id
    const next = examineSegment(context, id)
    const mayBeEarly = last !== undefined && last.state === 'whole' && !wasComplete(context, last, trustsSeals)
    if (isMissing && mayBeEarly) return last
    if (next === undefined || next.state === 'foreign') continue
    // An empty one that was never the head, after one that was not left.
    if (last !== undefined && (!last.sealed || isMissing) && !next.hasRecords) return last
    if (last !== undefined && mayBeEarly && leavesGap(context, last, next)) return last
    if (last !== undefined && !last.sealed) sealLater(context, last)
    last = next
  }
  return last
}

/** Whether the writer had left a segment when it was copied, and nothing can have been lost in it since. */
function wasComplete({ control }: RecoveryContext, { id, sealed }: ExaminedSegment, trustsSeals: boolean): boolean {
  return sealed && (trustsSeals || id < (control.readDurableMark()?.segmentId ?? 0))
}

/** A segment after the gap would be replaced when the writer gets there, or taken for the head by a later open. */
function setAsideAfterGap(context: RecoveryContext, segmentId: number): void {
  const to = context.setFileAside(segmentFileName(segmentId))
  context.note('copied-queue', { segmentId }, `after a gap; moved to ${to}`)
}

function sealLater(context: RecoveryContext, segment: ExaminedSegment): void {
  sealAndClose(context, mapForRepair(context, segment), true)
}

/** Whether messages are missing between two segments. */
function leavesGap(context: RecoveryContext, { id, hasRecords }: ExaminedSegment, { glance }: ExaminedSegment): boolean {
  if (glance.firstTypeId === PADDING_TYPE_ID) return false
  // It was copied before its first message came. A writer does not leave an empty segment.
  if (!hasRecords) return true
  const segment = openDamagedSegment(context.directory, id, context.segmentSize, false)
  if (segment === undefined) return true
  const { highestSequence, lastIsBase } = surveyRecords(segment)
  const nextSequence = highestSequence < 0 ? segment.firstSequence : highestSequence + 1
  segment.close()
  if (nextSequence === undefined || glance.firstSequence < nextSequence) return false
  return !mayFollow({ nextSequence, lastIsBase }, { sequence: glance.firstSequence, hasHeaderCrc: glance.firstHasHeaderCrc })
}
