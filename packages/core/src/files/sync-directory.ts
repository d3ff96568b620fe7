import { closeSync, fsyncSync, openSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fromSystemError, PermissionError } from '../errors/index.js'

/** Makes creations and renames in a directory survive a power cut. `name` is what an error calls the directory. */
export function syncDirectory(path: string, name: string = path): void {
  try {
    const fd = openSync(path, 'r')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch (cause) {
    throw fromSystemError(cause, { path: name })
  }
}

/**
 * Makes a new directory itself survive a power cut, with those of its parents that were made with it, from `first` on. A parent that this process may use
 * but not read is left to the system.
 */
export function syncParents(directory: string, first: string): void {
  const end = dirname(resolve(first))
  for (let path = dirname(resolve(directory)); path.startsWith(end); path = dirname(path)) {
    try {
      syncDirectory(path)
    } catch (error) {
      if (!(error instanceof PermissionError)) throw error
    }
    if (path === end) return
  }
}
