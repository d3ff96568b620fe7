import { renameSync } from 'node:fs'
import { basename } from 'node:path'
import {
  encodePosition,
  makeFile,
  type QueueDirectory,
  READERS_DIRECTORY,
  setBytesAside,
  writeWhole,
} from '@chronicle-ts/core/internal'
import { binding } from '@chronicle-ts/native'
import type { ColdPosition } from '../cold/cold-item.js'
import { StepSkipped, withLockedReader } from './locked-reader.js'

/**
 * Gives a registered reader another position, while no process uses its name. The old file is kept. A file that takes the place of the old one also makes a reader that waits for its lock look again.
 *
 * @param from where the reader stood when the step was planned.
 * @returns where the old file is.
 * @throws StepSkipped when the reader is running, or does not stand there any more.
 */
export function moveReader(
  directory: QueueDirectory,
  { file, from, to }: { readonly file: string; readonly from: ColdPosition; readonly to: ColdPosition },
): string {
  return withLockedReader(directory, file, ({ bytes, position }) => {
    if (position === 'bad' || position.segmentId !== from.segmentId || position.offset !== from.offset)
      throw new StepSkipped('the reader position has changed')
    const keptAt = setBytesAside(directory, basename(file), bytes)
    const saved = encodePosition({ ...to, heartbeatNs: binding.realtimeNs() }, (part) => binding.crc32(part))
    makeFile(directory, `${file}.tmp`, (fd) => writeWhole(fd, saved, 0))
    renameSync(directory.at(`${file}.tmp`), directory.at(file))
    directory.inFolder(READERS_DIRECTORY, (folder) => folder.sync())
    return keptAt
  })
}
