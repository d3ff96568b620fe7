import { rmSync } from 'node:fs'
import { basename } from 'node:path'
import { type QueueDirectory, READERS_DIRECTORY, setBytesAside } from '@chronicle-ts/core/internal'
import { StepSkipped, withLockedReader } from './locked-reader.js'

/**
 * Takes a damaged reader file out of the queue. It is copied and deleted instead of moved: a reader that waits for its lock finds the file without a name, and makes a new one.
 *
 * @returns where its content is kept.
 * @throws StepSkipped when the reader is running, or has saved a position since the step was planned.
 */
export function setReaderAside(directory: QueueDirectory, file: string): string {
  return withLockedReader(directory, file, ({ bytes, position }) => {
    if (position !== 'bad') throw new StepSkipped('the reader has saved a position by now')
    const keptAt = setBytesAside(directory, basename(file), bytes)
    rmSync(directory.at(file))
    directory.inFolder(READERS_DIRECTORY, (folder) => folder.sync())
    return keptAt
  })
}
