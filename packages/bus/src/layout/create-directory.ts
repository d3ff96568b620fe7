import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { NotAQueueError } from '@chronicle-ts/core'
import { fromSystemError } from '@chronicle-ts/core/internal'

/**
 * Makes a directory and those above it that are missing, and syncs every directory that got a new entry, so that the path survives a power cut.
 * A path that is there already costs one system call.
 *
 * @throws `ERR_PERMISSION`, `ERR_NO_SPACE`, `ERR_NOT_A_QUEUE` (a part of the path is a file), `ERR_IO`.
 */
export function createDirectory(path: string): void {
  if (isDirectory(path)) return
  const parent = dirname(path)
  if (parent !== path) createDirectory(parent)
  try {
    makeDirectory(path)
    syncDirectory(parent)
  } catch (cause) {
    throw fromSystemError(cause, { path })
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  } catch (cause) {
    throw fromSystemError(cause, { path })
  }
}

/** Another process that makes the same directory at the same time is not an error; a file of that name is. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    if (!isDirectory(path)) throw new NotAQueueError({ directory: path, detail: 'it is a file' }, { cause })
  }
}

function syncDirectory(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
