import { type BigIntStats, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fromSystemError } from '../errors/index.js'

/**
 * Whether a file in one of these folders has a name outside of them, as all files of a queue have after `cp -al`. What is stored into it would change the other directory, too. A file
 * with two names in the folders is what a rename or a quarantine leaves that was interrupted. False for what is missing.
 *
 * @throws QueueError for what the system says.
 */
export function isNamedOutside(path: string, folders: readonly string[]): boolean {
  try {
    // Nearly all files have one name, and integers of any size take longer to make than the call.
    const { nlink = 0 } = lstatSync(path, { throwIfNoEntry: false }) ?? {}
    if (nlink <= 1) return false
    const file = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    if (file === undefined || !file.isFile()) return false
    const inside = folders.flatMap(pathsIn).filter((other) => isSameFile(file, other))
    return inside.length < Number(file.nlink)
  } catch (cause) {
    throw fromSystemError(cause, { path })
  }
}

function isSameFile({ dev, ino }: BigIntStats, path: string): boolean {
  const other = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return other?.dev === dev && other.ino === ino
}

function pathsIn(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw cause
  }
}
