import { join } from 'node:path'
import { type DirectoryPath, InvalidArgumentError } from '@chronicle-ts/core'
import { pathOf, READY_FILE, READY_TEMPORARY_FILE } from '@chronicle-ts/core/internal'
import { fileStamp, removeMarker, replaceMarker } from './marker-file.js'

/**
 * Announces a queue: READY appears in one step, or replaces the one that a dead predecessor left. Only that it exists matters to readers; the text is
 * for people, and names the owner where `StrategyEndpoints` wrote it. A symbolic link in its place is refused (`ERR_LINK`).
 */
export function writeReady(queueDirectory: DirectoryPath, text = ''): void {
  if (typeof text !== 'string') throw new InvalidArgumentError({ argument: 'text', value: text, expected: 'text' })
  const directory = pathOf(queueDirectory, 'queueDirectory')
  replaceMarker(join(directory, READY_FILE), join(directory, READY_TEMPORARY_FILE), text)
}

/** Takes the announcement back; a READY that is not there is fine. */
export function removeReady(queueDirectory: DirectoryPath): void {
  removeMarker(join(pathOf(queueDirectory, 'queueDirectory'), READY_FILE))
}

/** Whether the queue is announced. An empty READY, as the Rust implementation makes it, counts; a symbolic link does not. */
export function isReady(queueDirectory: DirectoryPath): boolean {
  return fileStamp(join(pathOf(queueDirectory, 'queueDirectory'), READY_FILE)) !== undefined
}
