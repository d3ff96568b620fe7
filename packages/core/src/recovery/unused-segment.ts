import type { QueueDirectory } from '../files/queue-directory.js'
import { SEGMENT_FLAG_SEALED } from '../format/index.js'
import { glanceAtSegment } from '../segment/segment-files.js'

/** What finding a segment needs. */
interface Segments {
  readonly directory: QueueDirectory
  readonly segmentSize: number
}

/**
 * The highest segment that holds something or was the head, as its header says. What is above it was prepared, or is the crash leftover of a recovery. Without such a segment, the
 * highest one; `undefined` without any.
 */
export function highestUsed(segments: Segments, ids: readonly number[]): number | undefined {
  return ids.findLast((id) => !isUnused(segments, id) || wasHead(segments, id)) ?? ids.at(-1)
}

function wasHead({ directory, segmentSize }: Segments, segmentId: number): boolean {
  return glanceAtSegment(directory, segmentId, segmentSize)?.header.firstSequence !== undefined
}

/** A segment that was prepared and never became the head. */
export function isUnused({ directory, segmentSize }: Segments, segmentId: number): boolean {
  const glance = glanceAtSegment(directory, segmentId, segmentSize)
  if (glance === undefined) return true
  return glance.problem === undefined && !glance.hasRecords && (glance.header.flags & SEGMENT_FLAG_SEALED) === 0
}
