import type { MappedControl } from '../control/mapped-control.js'
import { glanceAtSegment, listSegments } from './segment-files.js'

/**
 * The lowest segment that is to be read: the control block's hint where that segment exists, else from a listing. `undefined` when there is none. Files below
 * the hint are about to be deleted: who would begin there might find the next one gone.
 */
export function findFirstSegment(directory: string, control: MappedControl): number | undefined {
  const hint = control.firstSegmentAcquire()
  if (hint !== undefined && glanceAtSegment(directory, hint, control.segmentSize) !== undefined) return hint
  return listSegments(directory)[0]
}
