import { closeSync, fsyncSync, rmSync } from 'node:fs'
import type { QueueDirectory } from './queue-directory.js'
import { openPath } from './regular-file.js'

/**
 * Makes a new file in a queue's directory and syncs it. A file that cannot be made whole is deleted again. What had its name is a crash leftover, or a link that must not be
 * written through: it is deleted.
 *
 * @throws what the system or `fill` says.
 */
export function makeFile(directory: QueueDirectory, name: string, fill: (fd: number) => void): void {
  const path = directory.at(name)
  rmSync(path, { force: true })
  const fd = openPath(path, 'createNew', directory.fileMode)
  let isWhole = false
  try {
    fill(fd)
    fsyncSync(fd)
    isWhole = true
  } finally {
    closeSync(fd)
    if (!isWhole) rmSync(path, { force: true })
  }
}
