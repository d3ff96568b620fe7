import { existsSync } from 'node:fs'
import { absolutePath, type DirectoryPath } from '../files/absolute-path.js'
import { QueueDirectory } from '../files/queue-directory.js'
import { READERS_DIRECTORY, readerFileName } from '../format/index.js'
import { checkReaderName, PositionFile } from './position-file.js'

/**
 * Forgets a registered reader: its position, good or damaged, is deleted for good and pins nothing any more. Returns whether there was one.
 *
 * @throws `ReaderActiveError` `ERR_READER_ACTIVE` while a reader of that name is open, `InvalidArgumentError`, `PermissionError`.
 */
export function removeReader(directory: DirectoryPath, name: string): boolean {
  checkReaderName(name)
  const path = absolutePath(directory)
  if (!existsSync(path)) return false
  using held = QueueDirectory.open(path)
  const exists = held.inFolder(READERS_DIRECTORY, (folder) => existsSync(folder.at(readerFileName(name))))
  if (exists !== true) return false
  const file = PositionFile.open(held, name)
  try {
    file.remove()
    return true
  } finally {
    file.close()
  }
}
