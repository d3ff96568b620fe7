import type { MappedControl } from '../control/mapped-control.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { glanceAtSegment, listSegments } from './segment-files.js'

/**
 * The lowest segment that a reader may begin at: the one that the control block names, where it exists, else from a listing. `undefined` when there is none.
 * What is below the named one may be deleted at any moment; see docs/models.md.
 */
export function findFirstSegment(directory: QueueDirectory, control: MappedControl): number | undefined {
  const hint = control.firstSegmentAcquire()
  if (hint !== undefined && glanceAtSegment(directory, hint, control.segmentSize) !== undefined) return hint
  return listSegments(directory)[0]
}

/** The lowest segment that exists, for the lock holder: what a writer announced and was killed before deleting is there for every reader again. */
export function findLowestSegment(directory: QueueDirectory, control: MappedControl): number | undefined {
  const exists = (segmentId: number) => glanceAtSegment(directory, segmentId, control.segmentSize) !== undefined
  const hint = control.firstSegmentAcquire()
  if (hint === undefined || !exists(hint)) return listSegments(directory)[0]
  let lowest = hint
  while (lowest > 0 && exists(lowest - 1)) lowest--
  return lowest
}
