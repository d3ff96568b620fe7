import { join } from 'node:path'
import type { MappedControl } from '../control/mapped-control.js'
import { LinkError } from '../errors/index.js'
import { isNamedOutside } from '../files/outside-names.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { CONTROL_FILE, QUARANTINE_DIRECTORY, segmentFileName } from '../format/index.js'

/**
 * The names of the files that a writer stores into in place and that another directory has as well. Sealed segments are left out: they may be shared.
 *
 * @throws QueueError for what the system says.
 */
export function findSharedFiles(directory: string, headId: number): string[] {
  const folders = [directory, join(directory, QUARANTINE_DIRECTORY)]
  const writtenInPlace = [CONTROL_FILE, segmentFileName(headId), segmentFileName(headId + 1)]
  return writtenInPlace.filter((name) => isNamedOutside(join(directory, name), folders))
}

/**
 * Asked before anything is changed. Two directories that share their control block and their head are one queue in two places. Each would go on where the other one stopped, with segments that
 * it has not got.
 *
 * @throws {@link LinkError} `ERR_LINK`
 */
export function refuseSharedFiles(directory: QueueDirectory, control: MappedControl): void {
  const [shared] = findSharedFiles(directory.self, control.currentSegmentAcquire())
  if (shared !== undefined) throw new LinkError({ path: directory.describe(shared), isHard: true })
}
