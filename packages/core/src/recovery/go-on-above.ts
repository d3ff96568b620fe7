import { SEGMENT_HEADER_LENGTH } from '../format/index.js'
import type { Place } from '../records/place.js'
import { listSegments } from '../segment/segment-files.js'
import { putLeadOnSegment } from './lead-on.js'
import { highestSegmentSeen, LEAD_MAX } from './positions-seen.js'
import type { RecoveryContext, Tail } from './recovery-context.js'

/**
 * Decides to go on in a fresh segment above every place that anything has named, so that no position is used twice. Segments from `from` on up to it only lead on: a reader that
 * stands there comes to the new messages. When a file is named like a segment that is far above, only the first places are filled, and those that have a file. A reader that
 * comes to the rest gets the loss that messages are lost.
 */
export function goOnAbove(
  context: RecoveryContext,
  above: {
    readonly from: number
    /** A segment that is known to have been there, beside what {@link highestSegmentSeen} looks at. */
    readonly seen?: number
    readonly nextSequence: number
    readonly end?: Place
    readonly firstLost?: number
  },
): Tail {
  const { from, seen = -1, ...rest } = above
  const headId = highestSegmentSeen(context, Math.max(from - 1, seen)) + 1
  for (const id of placesBetween(context, from, headId)) putLeadOnSegment(context, id)
  return { segment: context.makeHead(headId), offset: SEGMENT_HEADER_LENGTH, ...rest }
}

function placesBetween({ directory }: RecoveryContext, from: number, headId: number): number[] {
  const last = Math.min(headId - 1, from + LEAD_MAX)
  const near = Array.from({ length: Math.max(0, last - from + 1) }, (_, index) => from + index)
  return [...near, ...listSegments(directory).filter((id) => id > last && id < headId)]
}
