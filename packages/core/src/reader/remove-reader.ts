import { existsSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fromSystemError } from '../errors/index.js'
import { syncDirectory } from '../files/sync-directory.js'
import { READERS_DIRECTORY, readerFileName } from '../format/index.js'
import { checkReaderName, PositionFile } from './position-file.js'

/**
 * Forgets a registered reader: its position, good or damaged, is deleted for good and pins nothing any more. Returns whether there was one.
 *
 * @throws {@link ReaderActiveError} `ERR_READER_ACTIVE` while a reader of that name is open, {@link InvalidArgumentError}, {@link PermissionError}.
 */
export function removeReader(directory: string, name: string): boolean {
  checkReaderName(name)
  if (!existsSync(join(directory, READERS_DIRECTORY, readerFileName(name)))) return false
  const file = PositionFile.open(directory, name)
  try {
    rmSync(file.path)
    syncDirectory(dirname(file.path))
    return true
  } catch (cause) {
    throw fromSystemError(cause, { path: file.path })
  } finally {
    file.close()
  }
}
