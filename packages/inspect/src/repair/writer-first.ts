import { isExistingSegmentSize } from '@chronicle-ts/core/internal'
import type { QueueInspection } from '../cold/queue-inspection.js'
import type { ProblemCode, QueueProblem } from '../cold/queue-problem.js'

/** Without a control block that can be used, only the segments and the readers say where the queue ended. */
const NEEDS_NEW_CONTROL = new Set<ProblemCode>([
  'CONTROL_MISSING',
  'CONTROL_SHORT',
  'CONTROL_ZEROED',
  'CONTROL_BAD_MAGIC',
  'CONTROL_BAD_VERSION',
  'CONTROL_NOT_READY',
  'CONTROL_BAD_SEGMENT_SIZE',
  'CONTROL_BAD_SEQUENCE',
])

const CHANGES_SEGMENTS = new Set<ProblemCode>(['SEGMENT_SHORT', 'SEGMENT_LONG', 'SEGMENT_BAD_HEADER'])

/** Whether a problem is one for which repair writes a new control block, when no writer can do so. */
export function needsNewControl(code: ProblemCode): boolean {
  return NEEDS_NEW_CONTROL.has(code) && code !== 'CONTROL_BAD_VERSION'
}

/**
 * Whether a writer has to recover the queue before anything else is done to it. Its recovery weighs everything that says where the queue ended, so that no place and no sequence is given out
 * again. A repair would take away what recovery decides by. It rebuilds the control block from the records
 * alone, moves a reader back, or cuts a head to size and seals it. Of a copy the writer keeps what follows without a gap, which it finds by the missing seals.
 */
export function isWriterFirst(problems: readonly QueueProblem[], inspection: QueueInspection): boolean {
  return canRecover(inspection) && problems.some((problem) => concernsEnd(problem, inspection))
}

function concernsEnd({ code, segmentId = -1 }: QueueProblem, { head, control }: QueueInspection): boolean {
  if (NEEDS_NEW_CONTROL.has(code) || code === 'READER_AHEAD' || code === 'QUEUE_COPIED') return true
  return CHANGES_SEGMENTS.has(code) && segmentId >= Math.min(head.segmentId ?? segmentId, control?.currentSegment ?? segmentId)
}

/** Whether something is left from which a writer goes on: where nothing is, it creates a new queue beside what is there. */
function canRecover({ controlIsValid, segments }: QueueInspection): boolean {
  const isLeft = ({ problem, length, hasRecords }: (typeof segments.inspected)[number]) =>
    hasRecords || (problem?.code !== 'SEGMENT_BAD_HEADER' && isExistingSegmentSize(length))
  return controlIsValid || segments.inspected.some(isLeft)
}
