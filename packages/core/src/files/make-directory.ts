import { mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Makes a directory with its parents, and returns the topmost that was missing; `undefined` when all were there. Not left to the runtime, whose recursive mkdir never ends where
 * the system answers ENOENT below a directory that exists, as in /proc, and says ENOENT for a file system that is read-only.
 *
 * @throws what the system says of the directory that cannot be made.
 */
export function makeDirectory(path: string): string | undefined {
  const absolute = resolve(path)
  if (isDirectory(absolute)) return undefined
  const parent = dirname(absolute)
  const topmost = parent === absolute ? undefined : makeDirectory(parent)
  return makeOne(absolute) ? (topmost ?? absolute) : topmost
}

/** Whether it was made here: another process may be making the same. */
function makeOne(path: string): boolean {
  try {
    mkdirSync(path)
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
    // Not there, or behind what may not be passed: making it will say which.
    return false
  }
}
