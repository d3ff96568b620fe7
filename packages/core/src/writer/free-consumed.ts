import { mapControl, readControl } from '../control/open-control.js'
import { BACKGROUND_TIMEOUT_MS } from '../defaults.js'
import { QueueError } from '../errors/index.js'
import { QueueDirectory } from '../files/queue-directory.js'
import { ReleaseStack } from '../files/release-stack.js'
import { WriterLock } from '../files/writer-lock.js'
import { SEGMENT_HEADER_LENGTH } from '../format/index.js'
import { Retirement } from '../retention/retirement.js'
import { listSegments } from '../segment/segment-files.js'
import { retentionRulesOf } from './limits.js'
import { contradictsSegments } from './rebuild-control.js'
import type { ResolvedWriterOptions } from './writer-options.js'

/**
 * Makes room on a full disk for the recovery of a queue. Deletes segments that every registered reader has committed past, where the options of the open say that these may go. Of the
 * rules only that one is followed, because the others go by a head that is not known before recovery.
 *
 * @returns whether anything was deleted. An error is not thrown: the caller has one to report already.
 */
export function freeConsumed(path: string, options: ResolvedWriterOptions): boolean {
  const { consumed, minSegments } = retentionRulesOf(options) ?? {}
  if (consumed !== true) return false
  const releases = new ReleaseStack()
  try {
    const directory = QueueDirectory.open(path, options.mode)
    releases.push(() => directory.close())
    const lock = WriterLock.acquire(directory)
    // The record of the last writer stays: it is the evidence of how that one ended.
    releases.push(() => lock.release({ clears: false }))
    const { state, block, bytes } = readControl(directory)
    if (state !== 'ready' || block === undefined || bytes === undefined) return false
    if (contradictsSegments(directory, { block, bytes })) return false
    const control = mapControl(directory, true)
    releases.push(() => control.close())
    if (control.isCopy) return false
    const highest = listSegments(directory).at(-1) ?? 0
    const head = { segmentId: Math.min(control.currentSegmentAcquire(), highest), offset: SEGMENT_HEADER_LENGTH }
    const rules = { consumed, ...(minSegments === undefined ? {} : { minSegments }) }
    const retirement = new Retirement({ directory, lock, control, rules, head: () => head, onReaderReleased: undefined })
    releases.push(() => retirement.close())
    retirement.retireNow()
    retirement.awaitDeletions(0, BACKGROUND_TIMEOUT_MS)
    return retirement.counts.segmentsDeleted > 0
  } catch (error) {
    if (error instanceof QueueError) return false
    throw error
  } finally {
    releases.releaseAll()
  }
}
