import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { QueueDirectory } from '../../src/files/queue-directory.js'

/** A fresh folder that is removed when the test is over. */
export function temporaryDirectory(parent = tmpdir()): string {
  const directory = mkdtempSync(join(parent, 'chronicle-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** The same where nothing has to wait for a disk, when there is such a place. */
export function memoryDirectory(): string {
  return temporaryDirectory(existsSync('/dev/shm') ? '/dev/shm' : tmpdir())
}

/** Deletes the directory of a queue that is open. Its background thread may make a file meanwhile, and `rmSync` reads a directory once, also when it tries again. */
export function deleteOpenQueue(directory: string): void {
  for (;;)
    try {
      rmSync(directory, { recursive: true, force: true })
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error
    }
}

/** A directory that is held until the test is over. */
export function heldDirectory(path: string): QueueDirectory {
  const directory = QueueDirectory.open(path)
  onTestFinished(() => directory.close())
  return directory
}
