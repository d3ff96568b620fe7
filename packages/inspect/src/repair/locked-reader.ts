import { closeSync } from 'node:fs'
import type { SavedPosition } from '@chronicle-ts/core'
import { decodePosition, isStillAt, openPath, POSITION_LENGTH, type QueueDirectory, takeLock } from '@chronicle-ts/core/internal'
import { checksum } from '../cold/checksum.js'
import { readColdFile } from '../cold/cold-file.js'

/** What stands in a reader's file, while its lock is held here. */
export interface LockedReader {
  readonly bytes: Buffer
  readonly position: SavedPosition | 'bad'
}

/** A step was not done, for a reason that is not a failure: the queue is not any more as it was when the step was planned. */
export class StepSkipped extends Error {
  override readonly name = 'StepSkipped'
}

/**
 * Works on a reader's file with the lock that a running reader holds for its life: no process opens a reader of that name meanwhile.
 *
 * @throws {@link StepSkipped} when the reader is running, or its file is gone or is another one by now.
 */
export function withLockedReader<T>(directory: QueueDirectory, file: string, work: (reader: LockedReader) => T): T {
  const fd = openReaderFile(directory, file)
  try {
    if (!takeLock(fd, () => 0)) throw new StepSkipped('the reader is running')
    if (!isStillAt(directory.at(file), fd)) throw new StepSkipped('the reader was opened again')
    const bytes = readColdFile(directory.at(file), POSITION_LENGTH + 1) ?? Buffer.alloc(0)
    return work({ bytes: Buffer.from(bytes), position: decodePosition(bytes, checksum) })
  } finally {
    // The lock goes with the descriptor.
    closeSync(fd)
  }
}

function openReaderFile(directory: QueueDirectory, file: string): number {
  try {
    return openPath(directory.at(file), 'read')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw new StepSkipped('the reader is gone', { cause })
    throw cause
  }
}
