import { bootId } from '../files/machine.js'
import { WRITE_BACK_FAILED } from '../format/index.js'
import { listSegments, openSegment } from '../segment/segment-files.js'
import { findHead } from './find-head.js'
import { findTail } from './find-tail.js'
import { recoverAfterPowerCut } from './recover-power-cut.js'
import type { RecoveryContext, Tail } from './recovery-context.js'

/**
 * Brings a queue into the state from which a writer can go on, whatever stopped the last one. After the death of a process this looks at a handful of
 * records, whatever the size of the queue; after a stop of the machine it verifies everything behind the durable mark.
 */
export function recoverQueue(context: RecoveryContext): Tail {
  const tail = machineStopped(context) ? recoverAfterPowerCut(context) : findTail(context, findHead(context))
  sealPredecessor(context, tail.segment.id)
  const head = { segmentId: tail.segment.id, offset: tail.offset }
  const said = context.control.readHead()
  if (said?.segmentId !== head.segmentId || said.offset !== head.offset) context.control.storeHead(head)
  correctFirstSegment(context, tail.segment.id)
  clearWaiters(context)
  return tail
}

/**
 * Only what a writer of ours recorded can tell; after a writer of the base format the head is verified in any case. A sync that failed is like a stop of the machine: pages
 * that the kernel could not write may be gone from memory, too.
 */
function machineStopped(context: RecoveryContext): boolean {
  if (context.control.writeBackAcquire() === WRITE_BACK_FAILED) return true
  const recorded = context.control.readBootId()
  if (recorded === undefined || !context.control.extensionsAreCurrent()) return false
  return Buffer.compare(recorded, bootId()) !== 0
}

function sealPredecessor(context: RecoveryContext, headId: number): void {
  if (headId === 0) return
  const predecessor = openPredecessor(context, headId - 1)
  if (predecessor === undefined) return
  if (!predecessor.sealedAcquire()) {
    predecessor.storeSealed()
    context.note('successor-without-seal', { segmentId: predecessor.id }, 'sealed')
  }
  predecessor.close()
}

function openPredecessor(context: RecoveryContext, segmentId: number): ReturnType<typeof openSegment> {
  try {
    return openSegment(context.directory, segmentId, context.segmentSize, true)
  } catch {
    // A damaged predecessor is not needed for going on; readers and `doctor` report it.
    return undefined
  }
}

/** What is above the head was never deleted: such a hint would hide from those who begin what is appended until the head is there. */
function correctFirstSegment({ directory, control }: RecoveryContext, headId: number): void {
  const said = control.firstSegmentAcquire()
  if (said === undefined || said <= headId) return
  const [lowest = headId] = listSegments(directory)
  control.storeFirstSegment(lowest)
}

/** Wakes whoever is parked, announced or not: the last writer may have died between its commit word and its wake. */
function clearWaiters(context: RecoveryContext): void {
  if (context.control.clearParkedReaders()) context.note('stale-waiters', { segmentId: 0 }, 'woken')
  else if (context.lastWriterDied) context.control.wakeReaders()
}
