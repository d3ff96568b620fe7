import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { binding } from '@chronicle-ts/native'
import { fromSystemError } from '../errors/index.js'
import { readRegularFile } from '../files/regular-file.js'
import { decodePosition, POSITION_LENGTH, parseReaderFileName, READERS_DIRECTORY, type SavedPosition } from '../format/index.js'

/** A registered reader as its file shows it. */
export interface RegisteredReader {
  readonly name: string
  readonly path: string
  /** `'bad'` when no slot of the file is valid. */
  readonly position: SavedPosition | 'bad'
}

/** All registered readers of a queue, by name. Reads their files; joins nothing and locks nothing. */
export function listReaders(directory: string): RegisteredReader[] {
  const folder = join(directory, READERS_DIRECTORY)
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw fromSystemError(cause, { path: folder })
  }
  const readers: RegisteredReader[] = []
  for (const fileName of names.sort()) {
    const name = parseReaderFileName(fileName)
    if (name === undefined) continue
    const path = join(folder, fileName)
    const position = readPosition(path)
    if (position !== undefined) readers.push({ name, path, position })
  }
  return readers
}

/** `undefined` when the file vanished meanwhile. A directory of that name holds no position, and must not hide the readers beside it (L11). */
function readPosition(path: string): SavedPosition | 'bad' | undefined {
  try {
    return decodePosition(readRegularFile(path, POSITION_LENGTH + 1), (bytes) => binding.crc32(bytes))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code === 'ENOTREG') return 'bad'
    throw fromSystemError(cause, { path })
  }
}

/** The highest segment that any reader's position names; -1 without readers. */
export function highestReaderSegment(directory: string): number {
  let highest = -1
  for (const { position } of listReaders(directory)) {
    if (position !== 'bad' && Number.isFinite(position.segmentId)) highest = Math.max(highest, position.segmentId)
  }
  return highest
}

/** Whether no reader has saved a position behind this one. */
export function readersAreWithin(directory: string, end: { readonly segmentId: number; readonly offset: number }): boolean {
  return listReaders(directory).every(({ position }) => {
    if (position === 'bad') return true
    return position.segmentId < end.segmentId || (position.segmentId === end.segmentId && position.offset <= end.offset)
  })
}
