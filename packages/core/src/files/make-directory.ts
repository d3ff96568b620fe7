import { mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fromSystemError, NotAQueueError } from '../errors/index.js'
import { syncParents } from './sync-directory.js'

/**
 * Makes a directory with its parents, and returns the topmost that was missing; `undefined` when all were there. Not left to the runtime. Its recursive mkdir never ends where
 * the system answers ENOENT below a directory that exists, as in /proc, and says ENOENT for a file system that is read-only.
 *
 * @param mode permissions of the directory itself, less umask; its parents get 0o777 less umask.
 * @throws what the system says of the directory that cannot be made.
 */
export function makeDirectory(path: string, mode = 0o777): string | undefined {
  const absolute = resolve(path)
  if (isDirectory(absolute)) return undefined
  const parent = dirname(absolute)
  const topmost = parent === absolute ? undefined : makeDirectory(parent)
  return makeOne(absolute, mode) ? (topmost ?? absolute) : topmost
}

/**
 * {@link makeDirectory} that syncs every directory which got a new entry, so that the path survives a power cut. A path that is there already costs one system call.
 *
 * @param made gets the topmost directory that was missing, before anything is synced: a caller whose sync failed can delete what was made.
 * @throws {@link NotAQueueError} `ERR_NOT_A_QUEUE`: a part of the path is a file; the code of a call of the system that failed.
 */
export function createDirectory(path: string, mode = 0o777, made: { topmost?: string | undefined } = {}): void {
  try {
    made.topmost = makeDirectory(path, mode)
    if (made.topmost !== undefined) syncParents(path, made.topmost)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST')
      throw new NotAQueueError({ directory: path, detail: 'it is not a directory' }, { cause })
    throw fromSystemError(cause, { path })
  }
}

/** Whether it was made here: another process may be making the same. */
function makeOne(path: string, mode: number): boolean {
  try {
    mkdirSync(path, mode)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST' && isDirectory(path)) return false
    throw cause
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    // Missing, or below a folder that may not be searched: making it will say which.
    return false
  }
}
