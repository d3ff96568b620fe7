import type { QueueInspection, ReaderInspection } from '../cold/queue-inspection.js'
import { timesAreOfAppends } from '../cold/recent-rate.js'
import type { LagState } from './queue-state.js'

/** How long the oldest unread message of a reader has been there, and how that is known. */
export type Arrival = Pick<LagState, 'arrivalNs' | 'arrivalKnownBy'>

/** The time of a look is in whole milliseconds, and clocks are put right by some more. */
export const CLOCK_STEP_NS = 1_000_000_000n

/** A reader at the end of a segment reads on in the next one, whose last message came before the second one after that was prepared. */
const PREPARED_AFTER = 3

/**
 * Estimates from a single look how long the oldest unread message of a reader has been there. A reader that commits often can be far behind, so its last commit decides only where the message
 * does not say when it arrived.
 */
export function estimateArrival(reader: ReaderInspection, inspection: QueueInspection): Arrival {
  if (reader.lag === undefined) return { arrivalNs: null, arrivalKnownBy: null }
  const age = (timestampNs: bigint | undefined): bigint | null => ageOf(timestampNs, inspection.inspectedNs)
  const bound = [age(lastAppendNs(inspection)), age(laterSegmentNs(reader, inspection))].reduce(longest)
  const byTimestamp = age(nextTimestampNs(reader, inspection))
  const estimate = byTimestamp ?? age(reader.lastCommitNs)
  if (bound !== null && (estimate === null || bound > estimate)) return { arrivalNs: bound, arrivalKnownBy: 'bound' }
  return { arrivalNs: estimate, arrivalKnownBy: estimate === null ? null : byTimestamp === null ? 'commit' : 'timestamp' }
}

/** The time of the next message; `undefined` where callers give messages other times than those of their appends, as the end of the queue shows. */
function nextTimestampNs({ lag, position }: ReaderInspection, inspection: QueueInspection): bigint | undefined {
  const { lastTimestampNs } = inspection.head
  const { lastAppendNs: appendedNs } = inspection.writer
  if (lag?.ns === undefined || lastTimestampNs === undefined || appendedNs === undefined) return undefined
  if (!timesAreOfAppends(Number(lastTimestampNs), Number(appendedNs))) return undefined
  // A message of the future has no time before the last one, and hides how long the reader has been at it.
  if (lag.ns === 0n && lag.messages !== 1) return undefined
  const nextNs = lastTimestampNs - lag.ns
  const own = inspection.segments.inspected.find(({ segmentId }) => segmentId === position?.segmentId)
  // No message was in its segment before that was prepared.
  return own?.createdNs !== undefined && own.createdNs > nextNs ? own.createdNs : nextNs
}

/** No message arrived after this time. */
function lastAppendNs({ writer }: QueueInspection): bigint | undefined {
  return writer.lastAppendNs ?? writer.lastHeartbeatNs
}

/** The next message of this reader arrived before this time: a segment is prepared when the writer enters the one below. */
function laterSegmentNs({ position }: ReaderInspection, { segments }: QueueInspection): bigint | undefined {
  if (position === undefined) return undefined
  return segments.inspected.find(
    ({ segmentId, createdNs }) => segmentId >= position.segmentId + PREPARED_AFTER && createdNs !== undefined,
  )?.createdNs
}

/** `null` when unknown. Times of the future say nothing. */
function ageOf(timestampNs: bigint | undefined, nowNs: bigint): bigint | null {
  if (timestampNs === undefined || timestampNs > nowNs + CLOCK_STEP_NS) return null
  return timestampNs < nowNs ? nowNs - timestampNs : 0n
}

function longest(left: bigint | null, right: bigint | null): bigint | null {
  return left === null || (right !== null && right > left) ? right : left
}
