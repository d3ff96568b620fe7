import { bootId } from '../files/machine.js'
import { RECORD_ALIGNMENT, SEGMENT_HEADER_LENGTH, WRITE_BACK_FAILED } from '../format/index.js'
import { type Place, roomBetween } from '../records/place.js'
import { findLowestSegment } from '../segment/first-segment.js'
import { listSegments, openSegment, segmentExists } from '../segment/segment-files.js'
import { sequenceAboveContradicted } from './contradicted-head.js'
import { examineSegment } from './examine-segment.js'
import { findHead } from './find-head.js'
import { endSegment, findTail } from './find-tail.js'
import { goOnAbove } from './go-on-above.js'
import { leadPastEmpty } from './lead-past-empty.js'
import { highestSegmentSeen, isAfter, isPlausible, readersAfter } from './positions-seen.js'
import { putReadersRight } from './put-readers-right.js'
import { recoverCopy } from './recover-copy.js'
import { recoverAfterPowerCut } from './recover-power-cut.js'
import type { RecoveryContext, Tail } from './recovery-context.js'
import { padAndSeal, sealAndClose } from './repair-tail.js'
import { highestSequenceIn } from './sequence-bounds.js'

/**
 * Decides how a queue gets into the state from which a writer can continue, however the last one stopped; the caller carries the changes out. After the death of a process
 * this looks at a handful of records, for every size of the queue. After a stop of the machine it verifies everything after the durable mark.
 */
export function recoverQueue(context: RecoveryContext): Tail {
  const { control, changes } = context
  const tail = aboveFloor(context, findTailAfter(context))
  const head = { segmentId: tail.segment.id, offset: tail.offset }
  putReadersRight(context, tail.end ?? head, { ...head, firstLost: isLost(tail) ? tail.firstLost : undefined })
  if (context.origin.isRebuilt) leadPastEmpty(context, head.segmentId)
  sealPredecessor(context, head.segmentId)
  changes.replace(() => {
    // The writer goes on in it: where its records end is said when it is sealed.
    tail.segment.clearSummary()
    const said = control.readHead()
    if (said?.segmentId !== head.segmentId || said.offset !== head.offset) control.storeHead(head)
    if (context.origin.isCopy) control.clearDurableMarks()
    correctFirstSegment(context, head.segmentId)
    clearWaiters(context)
  })
  return tail
}

function findTailAfter(context: RecoveryContext): Tail {
  const isOtherBoot = machineStopped(context)
  if (context.origin.isCopy) return aboveLost(context, recoverCopy(context, !isOtherBoot))
  // What a stop of the machine takes after the durable mark was never promised: its sequences are given out again, also when readers were there.
  return isOtherBoot
    ? aboveLeft(context, recoverAfterPowerCut(context))
    : aboveLost(context, findTail(context, findHead(context)))
}

/** What stays in the queue in a wrong place is readable: repair keeps it. So its sequences are not given again, unlike those of messages that the stop of the machine took. */
function aboveLeft(context: RecoveryContext, tail: Tail): Tail {
  if (context.misplacedSequence < 0) return tail
  const { segmentId } = tail.end ?? { segmentId: tail.segment.id }
  const left = listSegments(context.directory).filter((id) => id < segmentId && examineSegment(context, id)?.state === 'foreign')
  return raise(context, tail, withinRoom(context, tail, 1 + Math.max(-1, ...left.map((id) => highestSequenceIn(context, id)))))
}

/** Witnesses beside the end that was found count the messages that are lost. */
function aboveLost(context: RecoveryContext, tail: Tail): Tail {
  const misplaced = raise(context, tail, sequenceAboveMisplaced(context, tail))
  return aboveReaders(context, raise(context, misplaced, sequenceAboveContradicted(context)))
}

/** Goes on with a higher sequence, in a segment that has no message yet. */
function raise(context: RecoveryContext, tail: Tail, nextSequence: number): Tail {
  if (nextSequence <= tail.nextSequence) return tail
  const raised = leaveOut(tail, nextSequence)
  return tail.offset > SEGMENT_HEADER_LENGTH ? endSegment(context, raised) : raised
}

/** The sequences below the given one count as lost. */
function leaveOut(tail: Tail, nextSequence: number): Tail {
  return nextSequence <= tail.nextSequence ? tail : { ...tail, nextSequence, firstLost: tail.firstLost ?? tail.nextSequence }
}

function isLost({ firstLost, nextSequence }: Tail): boolean {
  return firstLost !== undefined && firstLost < nextSequence
}

/**
 * Only what a writer of this library recorded says it; after a writer of the base format the head is verified in any case. A sync that failed is like a stop of the machine: pages
 * that the kernel could not write may be gone from memory, too.
 */
function machineStopped(context: RecoveryContext): boolean {
  if (context.control.writeBackAcquire() === WRITE_BACK_FAILED) return true
  const recorded = context.control.readBootId()
  if (recorded === undefined || !context.control.extensionsAreCurrent()) return false
  return Buffer.compare(recorded, bootId()) !== 0
}

/**
 * A recovery that was killed may have changed what its decision rested on: what it stored counts. So does what this one decides, before anything else is changed. Where messages are lost or
 * set aside, or the control block is lost with its count, the next recovery may find less.
 */
function aboveFloor(context: RecoveryContext, tail: Tail): Tail {
  const { control, changes } = context
  const floor = control.readSequenceFloor()
  const raised = leaveOut(tail, floor)
  const { nextSequence } = raised
  const mayShowLess = context.origin.isRebuilt || isLost(tail) || tail.end !== undefined
  if (nextSequence === floor || !mayShowLess) return raised
  changes.add(() => {
    control.storeSequenceFloor(nextSequence)
    control.sync()
    return () => control.storeSequenceFloor(floor)
  })
  return raised
}

/** A file in the place of a segment may be another segment of this queue, whose messages a reader may have read. */
function sequenceAboveMisplaced(context: RecoveryContext, tail: Tail): number {
  return withinRoom(context, tail, highestMisplaced(context) + 1)
}

/** A sequence in a misplaced file counts as long as it has room in the two segments after the end: those of another queue are seldom so near. */
function withinRoom({ segmentSize }: RecoveryContext, { nextSequence }: Tail, sequence: number): number {
  return sequence - nextSequence > (2 * segmentSize) / RECORD_ALIGNMENT ? 0 : sequence
}

/** Where one file is in a wrong place, or the head is missing, the head may be in the place of any other segment. Otherwise only what was looked at anyway counts. */
function highestMisplaced(context: RecoveryContext): number {
  const isHeadMissing = context.actions.some(({ case: name }) => name === 'missing-head' || name === 'sealed-without-successor')
  if (context.misplacedSequence >= 0 || isHeadMissing)
    for (const id of listSegments(context.directory)) examineSegment(context, id)
  return context.misplacedSequence
}

/** A reader was further than what is left. No position and no sequence is used twice: the queue goes on above it. */
function aboveReaders(context: RecoveryContext, tail: Tail): Tail {
  const head = { segmentId: tail.segment.id, offset: tail.offset }
  const { end = head, firstLost = tail.nextSequence } = tail
  const behind = readersAfter(context, end)
  if (behind.length === 0) return tail
  const highest = highestSegmentSeen(context, end.segmentId)
  const ahead = behind.filter((reader) => isPlausible(context, reader, highest))
  if (ahead.length === 0) return tail
  const counted = isUncounted(context, tail, ahead) ? firstLost + roomBefore(context, end, ahead) : 0
  const nextSequence = Math.max(tail.nextSequence, counted)
  const raised = nextSequence > tail.nextSequence ? { ...tail, nextSequence, firstLost } : tail
  // A fresh head is above every reader.
  if (tail.end !== undefined) return raised
  padAndSeal(context, tail.segment, tail.offset)
  sealAndClose(context, tail.segment)
  // Sequences are left out: a reader that comes to the new messages has to know that there may have been others.
  const lost = raised.firstLost === undefined ? {} : { firstLost: raised.firstLost }
  return goOnAbove(context, { from: end.segmentId + 1, nextSequence, end, ...lost })
}

/**
 * Whether nothing counts the messages that are lost: the control block is lost too, its count was refused, or a reader was further than the place that it names. One of the base
 * format, or one that a recovery rebuilt which was killed, says nothing of them. Nor does one that counts none of them, when a reader has read a message of a segment that is lost.
 */
function isUncounted({ control, origin }: RecoveryContext, tail: Tail, ahead: readonly Place[]): boolean {
  // A copy's files are of different moments, and its original gives the sequences out as well.
  if (origin.isCopy || control.readSequenceFloor() > 0) return false
  const known = control.nextSequenceAcquire()
  if (origin.isRebuilt || known !== tail.nextSequence) return true
  const counted = control.readHead()
  if (counted !== undefined && ahead.some((reader) => isAfter(reader, counted))) return true
  return known === (tail.firstLost ?? tail.nextSequence) && ahead.some(({ offset }) => offset > SEGMENT_HEADER_LENGTH)
}

/** Messages that the readers may have seen and that are lost. */
function roomBefore({ segmentSize }: RecoveryContext, end: Place, ahead: readonly Place[]): number {
  return Math.ceil(Math.max(...ahead.map((reader) => roomBetween(end, reader, segmentSize))))
}

function sealPredecessor(context: RecoveryContext, headId: number): void {
  if (headId === 0) return
  const predecessor = openPredecessor(context, headId - 1)
  if (predecessor === undefined) return
  if (predecessor.sealedAcquire() || context.ended.has(predecessor.id)) predecessor.close()
  else {
    context.note('successor-without-seal', { segmentId: predecessor.id }, 'sealed')
    sealAndClose(context, predecessor)
  }
}

function openPredecessor(context: RecoveryContext, segmentId: number): ReturnType<typeof openSegment> {
  try {
    return openSegment(context.directory, segmentId, context.segmentSize, true)
  } catch {
    // A damaged predecessor is not needed for going on; readers and `doctor` report it.
    return undefined
  }
}

/**
 * What is above the head was never deleted: such a hint would hide from readers that begin what is appended until the head is there. What was announced as deleted and is still there is there
 * for every reader again.
 */
function correctFirstSegment({ directory, control }: RecoveryContext, headId: number): void {
  const said = control.firstSegmentAcquire()
  if (said === undefined) return
  const isLowest = said <= headId && segmentExists(directory, said) && (said === 0 || !segmentExists(directory, said - 1))
  if (isLowest) return
  const lowest = (said > headId ? listSegments(directory)[0] : findLowestSegment(directory, control)) ?? headId
  control.storeFirstSegment(lowest)
}

/** Wakes every parked reader, announced or not: the last writer may have died between its commit word and its wake. */
function clearWaiters(context: RecoveryContext): void {
  if (context.control.clearParkedReaders()) context.note('stale-waiters', { segmentId: 0 }, 'woken')
  else if (context.lastWriterDied) context.control.wakeReaders()
}
