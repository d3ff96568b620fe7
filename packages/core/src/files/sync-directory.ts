import { closeSync, fsyncSync, openSync } from 'node:fs'
import { fromSystemError } from '../errors/index.js'

/** Makes creations and renames in a directory survive a power cut. */
export function syncDirectory(path: string): void {
  try {
    const fd = openSync(path, 'r')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch (cause) {
    throw fromSystemError(cause, { path })
  }
}
