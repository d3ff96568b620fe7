import type { MappedControl } from '../control/mapped-control.js'
import { LinkError } from '../errors/index.js'
import { isNamedOutside } from '../files/outside-names.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { CONTROL_FILE, QUARANTINE_DIRECTORY, segmentFileName } from '../format/index.js'

/** The files of a queue that a writer stores into in place, which a name in another directory would change: sealed segments are left out, and may be shared. */
export function filesWrittenInPlace(headId: number): string[] {
  return [CONTROL_FILE, segmentFileName(headId), segmentFileName(headId + 1)]
}

/**
 * Asked before anything is changed. Two directories that share their control block and their head are one queue in two places. Each would go on where the other one stopped, with segments that
 * it has not got.
 *
 * @throws {@link LinkError} `ERR_LINK`
 */
export function refuseSharedFiles(directory: QueueDirectory, control: MappedControl): void {
  const folders = [directory.at('.'), directory.at(QUARANTINE_DIRECTORY)]
  for (const name of filesWrittenInPlace(control.currentSegmentAcquire()))
    if (isNamedOutside(directory.at(name), folders)) throw new LinkError({ path: directory.describe(name), isHard: true })
}
