import { binding } from '@chronicle-ts/native'
import { fromSystemError } from '../errors/index.js'
import type { DirectoryPath } from '../files/absolute-path.js'
import { QueueDirectory } from '../files/queue-directory.js'
import { readRegularFile } from '../files/regular-file.js'
import {
  decodePosition,
  isBlankPosition,
  POSITION_LENGTH,
  parseReaderFileName,
  READERS_DIRECTORY,
  type SavedPosition,
} from '../format/index.js'

/** A registered reader as its file shows it. */
export interface RegisteredReader {
  readonly name: string
  readonly path: string
  /** `'bad'` when no slot of the file is valid. */
  readonly position: SavedPosition | 'bad'
}

/** All registered readers of a queue, by name. Reads their files; joins nothing and locks nothing. */
export function listReaders(directory: DirectoryPath): RegisteredReader[] {
  using held = QueueDirectory.open(directory)
  return readersOf(held)
}

/** {@link listReaders} of a directory that is held. */
export function readersOf(directory: QueueDirectory): RegisteredReader[] {
  return directory.inFolder(READERS_DIRECTORY, readersIn) ?? []
}

/** {@link readersOf} of the folder itself. */
function readersIn(folder: QueueDirectory): RegisteredReader[] {
  const readers: RegisteredReader[] = []
  for (const fileName of folder.names().sort()) {
    const name = parseReaderFileName(fileName)
    if (name === undefined) continue
    const position = readPosition(folder, fileName)
    if (position !== undefined) readers.push({ name, path: folder.describe(fileName), position })
  }
  return readers
}

/** `undefined` when the file vanished meanwhile, or holds no position yet: an open that fails may not be able to delete what it made. A directory of that name holds no position, and must not hide the readers beside it (L11). */
function readPosition(folder: QueueDirectory, fileName: string): SavedPosition | 'bad' | undefined {
  try {
    const content = readRegularFile(folder.at(fileName), POSITION_LENGTH + 1)
    return isBlankPosition(content) ? undefined : decodePosition(content, (bytes) => binding.crc32(bytes))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code === 'ENOTREG') return 'bad'
    throw fromSystemError(cause, { path: folder.describe(fileName) })
  }
}
