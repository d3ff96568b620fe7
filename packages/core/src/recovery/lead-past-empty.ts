import { SEGMENT_HEADER_LENGTH, segmentProblem } from '../format/index.js'
import { endOfNonZero } from '../segment/record-scan.js'
import { glanceAtSegment, listSegments, openDamagedSegment, type SegmentGlance } from '../segment/segment-files.js'
import { putLeadOnSegment } from './lead-on.js'
import type { RecoveryContext } from './recovery-context.js'

/**
 * After a power loss in the first moments of a queue, its lowest segment files may be there and hold nothing, not even a header. The control block may be missing, too. Every reader would
 * stop at the first of them. Decides to put segments in their places that only lead on to the head. Files with any byte in them stay, as damage that readers report.
 */
export function leadPastEmpty(context: RecoveryContext, headId: number): void {
  for (const id of listSegments(context.directory)) {
    if (id >= headId) return
    const glance = glanceAtSegment(context.directory, id, context.segmentSize)
    if (glance?.problem === undefined || !isEmpty(context, id, glance)) return
    context.note('damaged-segment', { segmentId: id }, `it holds nothing, not a header of this segment: ${glance.problem}`)
    putLeadOnSegment(context, id)
  }
}

/** Whether a file has no byte but zeros, or of a header of this segment. */
function isEmpty(
  { directory, segmentSize }: RecoveryContext,
  segmentId: number,
  { isFile, length, header }: SegmentGlance,
): boolean {
  if (!isFile) return false
  const segment = openDamagedSegment(directory, segmentId, Math.max(length, segmentSize), false)
  // Too short for a record: at most a header is in it.
  if (segment === undefined) return true
  const from = segmentProblem(header, segmentId) === undefined ? SEGMENT_HEADER_LENGTH : 0
  const isZero = endOfNonZero(segment, from) === from
  segment.close()
  return isZero
}
