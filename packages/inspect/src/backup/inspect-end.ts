import { join } from 'node:path'
import { NotAQueueError } from '@chronicle-ts/core'
import { CONTROL_FILE, CONTROL_LENGTH } from '@chronicle-ts/core/internal'
import { ColdFileError, readColdFile } from '../cold/cold-file.js'
import { inspectQueue } from '../cold/inspect-queue.js'
import type { QueueInspection } from '../cold/queue-inspection.js'
import { listQueue } from '../cold/queue-listing.js'
import { isEntered } from '../cold/record-presence.js'

/** An inspection skips what it cannot read; a writer may roll during one. */
const ATTEMPTS = 20

/**
 * Inspects a queue whose end is to be relied on. An inspection that could not read the last segment takes the one before it for the head, and what is appended meanwhile looks the same.
 *
 * @throws ColdFileError when a segment cannot be read; NotAQueueError when the end stays unknown.
 */
export function inspectEnd(directory: string): QueueInspection {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const inspection = inspectQueue(directory, { segmentLimit: 2 })
    if (!inspection.isQueue || (hasReadControl(inspection) && (isEnd(inspection) || reachesHead(inspection)))) return inspection
  }
  throw new NotAQueueError({ directory, detail: 'its end could not be read' })
}

/** Whether the control block was read, or cannot be: something else stands in its place. */
function hasReadControl({ directory, problems }: QueueInspection): boolean {
  if (!problems.some(({ code, file }) => code === 'FILE_UNREADABLE' && file === CONTROL_FILE)) return true
  try {
    readColdFile(join(directory, CONTROL_FILE), CONTROL_LENGTH)
    return false
  } catch (error) {
    if (error instanceof ColdFileError && error.isNotAFile) return true
    throw error
  }
}

/** Whether the inspection, which reads the control block first, came as far as a sound one said. A writer that rolls all the time is further on by now. */
function reachesHead({ head, control, problems }: QueueInspection): boolean {
  if (control === undefined || problems.some(({ code, file }) => file === CONTROL_FILE || code.startsWith('CONTROL_')))
    return false
  return (head.segmentId ?? -1) >= control.currentSegment && (head.recordCount ?? 0) > 0
}

/** Whether no record stands where the inspection has seen none: in the segments after its head, and at the beginning of a head without a record. */
function isEnd({ directory, head, segmentSize }: QueueInspection): boolean {
  const from = head.recordCount === 0 ? (head.segmentId ?? 0) : (head.segmentId ?? 0) + 1
  return listQueue(directory)
    .segmentIds.filter((id) => id >= from)
    .every((id) => !isEntered(directory, id, segmentSize))
}
