import type { MappedControl } from '../control/mapped-control.js'
import { glanceAtSegment, listSegments } from './segment-files.js'

/** The lowest segment that exists: the control block's hint where it holds, else from a listing. `undefined` when there is none. */
export function findFirstSegment(directory: string, control: MappedControl): number | undefined {
  const hint = control.firstSegmentAcquire()
  if (hint !== undefined && isFirst(directory, hint, control.segmentSize)) return hint
  return listSegments(directory)[0]
}

function isFirst(directory: string, segmentId: number, segmentSize: number): boolean {
  if (glanceAtSegment(directory, segmentId, segmentSize) === undefined) return false
  return segmentId === 0 || glanceAtSegment(directory, segmentId - 1, segmentSize) === undefined
}
