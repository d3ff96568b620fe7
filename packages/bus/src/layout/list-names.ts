import { type Dirent, readdirSync } from 'node:fs'
import { fromSystemError, isReaderName } from '@chronicle-ts/core/internal'

/**
 * Valid names of the directories in a directory, sorted by code unit. Links count, because what they lead to may be a directory; files and names that no
 * strategy or feed can have do not. Empty when the directory is not there.
 *
 * @throws `ERR_PERMISSION`, `ERR_LIMIT`, `ERR_IO`: the directory is there and cannot be listed.
 */
export function listNames(directory: string): string[] {
  return readEntries(directory)
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && isReaderName(entry.name))
    .map((entry) => entry.name)
    .sort()
}

function readEntries(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw fromSystemError(cause, { path: directory })
  }
}
