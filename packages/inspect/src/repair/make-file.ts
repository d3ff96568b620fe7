import { closeSync, fsyncSync, rmSync } from 'node:fs'
import { openPath, type QueueDirectory } from '@chronicle-ts/core/internal'

/** Makes a new file in a queue's directory and syncs it; a file that cannot be made whole is removed again. What bore its name is a crash leftover and goes. */
export function makeFile(directory: QueueDirectory, name: string, fill: (fd: number) => void): void {
  const path = directory.at(name)
  rmSync(path, { force: true })
  const fd = openPath(path, 'createNew')
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
