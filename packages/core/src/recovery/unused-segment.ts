import type { QueueDirectory } from '../files/queue-directory.js'
import { SEGMENT_FLAG_SEALED } from '../format/index.js'
import { glanceAtSegment } from '../segment/segment-files.js'

/** What finding a segment needs. */
interface Segments {
  readonly directory: QueueDirectory
  readonly segmentSize: number
}

/** A segment that was prepared and never became the head. */
export function isUnused({ directory, segmentSize }: Segments, segmentId: number): boolean {
  const glance = glanceAtSegment(directory, segmentId, segmentSize)
  if (glance === undefined) return true
  return glance.problem === undefined && !glance.hasRecords && (glance.header.flags & SEGMENT_FLAG_SEALED) === 0
}
