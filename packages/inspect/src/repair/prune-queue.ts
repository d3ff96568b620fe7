import { type DirectoryPath, NotAQueueError, openWriter, type RetentionOptions, type RetentionVerdict } from '@chronicle-ts/core'
import {
  checkObject,
  checkRetention,
  pathOf,
  QueueDirectory,
  RetentionPlan,
  type RetentionState,
  segmentAgeMs,
  surveyReaders,
} from '@chronicle-ts/core/internal'
import { binding } from '@chronicle-ts/native'
import { inspectQueue } from '../cold/inspect-queue.js'
import { listQueue } from '../cold/queue-listing.js'

/**
 * What a writer with these retention rules would say about each segment now. Reads only: no writer is opened, nothing is deleted.
 *
 * @throws NotFoundError, PermissionError, NotAQueueError when there is no usable queue.
 */
export function planPrune(place: DirectoryPath, rules: RetentionOptions): RetentionVerdict[] {
  const directory = pathOf(place)
  checkObject(rules, 'rules')
  checkRetention(rules)
  const { control, controlIsValid } = inspectQueue(directory, { segmentLimit: 2 })
  if (control === undefined || !controlIsValid)
    throw new NotAQueueError({ directory, detail: 'it has no valid control block; run chron-cli doctor' })
  const ids = listQueue(directory).segmentIds.filter((id) => id <= control.currentSegment)
  using held = QueueDirectory.open(directory)
  const state: RetentionState = {
    segmentIds: ids,
    headSegmentId: control.currentSegment,
    headOffset: control.writeOffset,
    segmentSize: control.segmentSize,
    readers: surveyReaders(held),
    nowNs: binding.realtimeNs(),
    ageMsOf: (segmentId) => segmentAgeMs(held, segmentId, control.segmentSize, control.currentSegment),
  }
  const plan = new RetentionPlan(state, rules)
  return ids.map((segmentId) => plan.judge(segmentId))
}

/**
 * Deletes the segments that these rules let go, as a writer with them does: lowest first.
 *
 * @returns the ids that are gone.
 * @throws WriterActiveError `ERR_WRITER_ACTIVE`: a live writer keeps house itself. PermissionError, IoError: the system refuses to delete a segment, which the error names.
 */
export async function pruneQueue(directory: DirectoryPath, rules: RetentionOptions): Promise<number[]> {
  const before = planPrune(directory, rules).map(({ segmentId }) => segmentId)
  const writer = openWriter(directory, { retention: rules })
  try {
    await writer.applyRetention()
  } finally {
    writer.close()
  }
  const remaining = new Set(listQueue(directory).segmentIds)
  return before.filter((segmentId) => !remaining.has(segmentId))
}
