import { SEGMENT_HEADER_LENGTH } from '../format/index.js'
import { putLeadOnSegment } from './lead-on.js'
import type { Place } from './place.js'
import { highestSegmentSeen } from './positions-seen.js'
import type { RecoveryContext, Tail } from './recovery-context.js'

/**
 * Decides to go on in a fresh segment above every place that anything has named, so that no position is used twice. Segments from `from` on up to it only lead on: a reader that
 * stands there comes to the new messages.
 */
export function goOnAbove(
  context: RecoveryContext,
  above: { readonly from: number; readonly nextSequence: number; readonly end?: Place; readonly firstLost?: number },
): Tail {
  const { from, ...rest } = above
  const headId = highestSegmentSeen(context, from - 1) + 1
  for (let id = from; id < headId; id++) putLeadOnSegment(context, id)
  return { segment: context.makeHead(headId), offset: SEGMENT_HEADER_LENGTH, ...rest }
}
