import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fromSystemError } from '../errors/index.js'
import { CONTROL_FILE, parseSegmentFileName, READERS_DIRECTORY } from '../format/index.js'
import { QUARANTINE_DIRECTORY } from '../recovery/set-aside.js'

export interface FindQueuesOptions {
  /** How many levels below the root are searched. Default 8: a bus has four. */
  readonly depth?: number
  /** Directories that are looked at before the search gives up. Default 100,000. */
  readonly directoryLimit?: number
}

export interface FoundQueues {
  /** Directories of queues, sorted. The root itself when it is one. */
  readonly directories: readonly string[]
  /** Directories that could not be listed. */
  readonly unreadable: readonly string[]
  /** The limit was reached before everything was looked at. */
  readonly isPartial: boolean
}

/**
 * Finds the queues in and below a directory, a bus root for instance. Follows no symbolic links and looks into no queue.
 *
 * @throws NotFoundError, PermissionError, NotAQueueError when the root itself cannot be listed.
 */
export function findQueues(root: string, options: FindQueuesOptions = {}): FoundQueues {
  const { depth = 8, directoryLimit = 100_000 } = options
  const directories: string[] = []
  const unreadable: string[] = []
  const waiting: { path: string; level: number }[] = [{ path: root, level: 0 }]
  let looked = 0
  while (looked < directoryLimit) {
    const next = waiting.pop()
    if (next === undefined) break
    looked += 1
    const entries = list(next.path, next.level === 0)
    if (entries === undefined) unreadable.push(next.path)
    else if (entries.some(isPartOfQueue)) directories.push(next.path)
    else if (next.level < depth) waiting.push(...subdirectories(next.path, entries, next.level + 1))
  }
  return { directories: directories.sort(), unreadable: unreadable.sort(), isPartial: waiting.length > 0 }
}

function list(path: string, isRoot: boolean): Dirent[] | undefined {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch (cause) {
    if (isRoot) throw fromSystemError(cause, { path })
    return undefined
  }
}

function isPartOfQueue(entry: Dirent): boolean {
  return entry.name === CONTROL_FILE || parseSegmentFileName(entry.name) !== undefined
}

function subdirectories(path: string, entries: readonly Dirent[], level: number): { path: string; level: number }[] {
  const isSearched = (entry: Dirent) =>
    entry.isDirectory() && entry.name !== QUARANTINE_DIRECTORY && entry.name !== READERS_DIRECTORY
  return entries.filter(isSearched).map((entry) => ({ path: join(path, entry.name), level }))
}
