import { type Dirent, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DirectoryPath } from '@chronicle-ts/core'
import {
  CONTROL_FILE,
  COUNT_OR_INFINITY,
  checkOptions,
  fromSystemError,
  INDEX_FILE,
  LOCK_FILE,
  parseSegmentFileName,
  pathOf,
  QUARANTINE_DIRECTORY,
  READERS_DIRECTORY,
} from '@chronicle-ts/core/internal'
import { FILE_MEMORY, type FileMemory, recall } from './file-memory.js'

export interface FindQueuesOptions {
  /** How many levels below the root are searched. Default 8: a bus has four. */
  readonly depth?: number
  /** Directories that are looked at before the search gives up. Default 100,000. */
  readonly directoryLimit?: number
  /** What earlier searches read, for searching again and again. Default: this search reads everything. */
  readonly memory?: FileMemory
}

export interface FoundQueues {
  /** Directories of queues, sorted. The root itself when it is one. */
  readonly directories: readonly string[]
  /** Directories that could not be listed. */
  readonly unreadable: readonly string[]
  /** What was not searched, sorted: symbolic links to directories, and directories that lie deeper than `depth`. A queue may be there. */
  readonly leftOut: readonly string[]
  /** The limit was reached before everything was looked at. */
  readonly isPartial: boolean
}

/**
 * Finds the queues in and below a directory, a bus root for instance. Follows no symbolic links and looks into no queue.
 *
 * @throws NotFoundError, PermissionError, NotAQueueError when the root itself cannot be listed.
 */
export function findQueues(place: DirectoryPath, options: FindQueuesOptions = {}): FoundQueues {
  const root = pathOf(place)
  checkOptions(options, { depth: COUNT_OR_INFINITY, directoryLimit: COUNT_OR_INFINITY, memory: FILE_MEMORY })
  const { depth = 8, directoryLimit = 100_000, memory } = options
  memory?.begin()
  const directories: string[] = []
  const unreadable: string[] = []
  const leftOut: string[] = []
  const waiting: { path: string; level: number }[] = [{ path: root, level: 0 }]
  let looked = 0
  while (looked < directoryLimit) {
    const next = waiting.pop()
    if (next === undefined) break
    looked += 1
    const contents = recall(memory, next.path, () => search(next.path, next.level === 0))
    if (contents === undefined) unreadable.push(next.path)
    else if (contents === 'queue') directories.push(next.path)
    else {
      leftOut.push(...contents.links.filter(isDirectory))
      if (next.level < depth) waiting.push(...contents.below.map((path) => ({ path, level: next.level + 1 })))
      else leftOut.push(...contents.below)
    }
  }
  return {
    directories: directories.sort(),
    unreadable: unreadable.sort(),
    leftOut: leftOut.sort(),
    isPartial: waiting.length > 0,
  }
}

/** What a directory that is not a queue leads to. */
interface Contents {
  readonly links: readonly string[]
  readonly below: readonly string[]
}

function search(path: string, isRoot: boolean): Contents | 'queue' | undefined {
  const entries = list(path, isRoot)
  if (entries === undefined) return undefined
  if (entries.some(isPartOfQueue)) return 'queue'
  const links = entries.filter((entry) => entry.isSymbolicLink()).map(({ name }) => join(path, name))
  return { links, below: subdirectories(path, entries) }
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

/** A queue that lost its segments and its control block may still have these two. Anywhere else they are names as any other, of a strategy for instance. */
function isRestOfQueue(entry: Dirent): boolean {
  return entry.name === LOCK_FILE || entry.name === INDEX_FILE
}

function subdirectories(path: string, entries: readonly Dirent[]): string[] {
  const ownNames = entries.some(isRestOfQueue) ? [QUARANTINE_DIRECTORY, READERS_DIRECTORY] : []
  return entries.filter((entry) => entry.isDirectory() && !ownNames.includes(entry.name)).map(({ name }) => join(path, name))
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    // It leads nowhere, or where this user may not look.
    return false
  }
}
