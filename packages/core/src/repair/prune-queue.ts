import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { binding } from '@chronicle-ts/native'
import { inspectQueue, listQueue } from '../cold/index.js'
import { NotAQueueError } from '../errors/index.js'
import { QueueDirectory } from '../files/queue-directory.js'
import { segmentFileName } from '../format/index.js'
import { surveyReaders } from '../retention/reader-survey.js'
import { judgeSegment, type RetentionState, type RetentionVerdict } from '../retention/retention-plan.js'
import { segmentAgeMs } from '../retention/segment-age.js'
import { sparseIndexPath } from '../segment/sparse-index.js'
import { openWriter } from '../writer/open-writer.js'
import type { RetentionOptions } from '../writer/writer-options.js'

const PAUSE_MS = 2
/** Looks at the segment that goes last before the rules are asked again. */
const LOOKS_MAX = 200

/**
 * What a writer with these retention rules would say about each segment now. Reads only: no writer is opened, nothing is deleted.
 *
 * @throws NotFoundError, PermissionError, NotAQueueError when there is no usable queue.
 */
export function planPrune(directory: string, rules: RetentionOptions): RetentionVerdict[] {
  const { control, controlIsValid } = inspectQueue(directory, { segmentLimit: 2 })
  if (control === undefined || !controlIsValid)
    throw new NotAQueueError({ directory, detail: 'it has no valid control block; see what the doctor says' })
  const ids = listQueue(directory).segmentIds.filter((id) => id <= control.currentSegment)
  using held = QueueDirectory.open(directory)
  const state: RetentionState = {
    firstSegmentId: ids[0] ?? control.currentSegment,
    headSegmentId: control.currentSegment,
    headOffset: control.writeOffset,
    segmentSize: control.segmentSize,
    readers: surveyReaders(held),
    nowNs: binding.realtimeNs(),
    ageMsOf: (segmentId) => segmentAgeMs(held, segmentId, control.segmentSize),
  }
  return ids.map((segmentId) => judgeSegment(segmentId, state, rules))
}

/**
 * Deletes the segments that these rules let go, as a writer with them does: lowest first, with a look at all readers before each.
 *
 * @returns the ids that are gone.
 * @throws WriterActiveError `ERR_WRITER_ACTIVE`: a live writer keeps house itself.
 */
export async function pruneQueue(directory: string, rules: RetentionOptions): Promise<number[]> {
  const before = planPrune(directory, rules).map(({ segmentId }) => segmentId)
  const writer = openWriter(directory, { retention: rules })
  try {
    const lowestKept = await deletionsDone(directory, () => writer.explainRetention())
    await deletionsBelow(directory, lowestKept)
  } finally {
    writer.close()
  }
  const remaining = new Set(listQueue(directory).segmentIds)
  return before.filter((segmentId) => !remaining.has(segmentId))
}

/**
 * Waits until the writer has let go what its rules let it, and returns the lowest segment that stays. The rules are asked about the whole queue only when the segment that was to go last is gone, or
 * seems to stay: a reader may have registered in between.
 */
async function deletionsDone(directory: string, explain: () => readonly RetentionVerdict[]): Promise<number> {
  for (;;) {
    const verdicts = explain()
    const kept = verdicts.findIndex(({ deletable }) => !deletable)
    const last = verdicts[(kept < 0 ? verdicts.length : kept) - 1]
    if (last === undefined) return verdicts[0]?.segmentId ?? 0
    const path = join(directory, segmentFileName(last.segmentId))
    for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
      await sleep(PAUSE_MS)
      if (!existsSync(path)) break
    }
  }
}

/** The writer hands deletions to the background, which does them in their order: the last index, deleted once more, goes behind the last segment. */
async function deletionsBelow(directory: string, segmentId: number): Promise<void> {
  if (segmentId === 0) return
  using held = QueueDirectory.open(directory)
  const job = binding.backgroundUnlink(sparseIndexPath(held, segmentId - 1))
  await new Promise<void>((resolve) => binding.jobNotify(job, () => resolve()))
  binding.jobRelease(job)
}
