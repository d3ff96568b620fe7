import { readdirSync } from 'node:fs'
import { type DirectoryPath, InvalidArgumentError } from '@chronicle-ts/core'
import {
  BRIDGE_DIRECTORY,
  CONTROL_FILE,
  checkMembers,
  fromSystemError,
  INDEX_FILE,
  LEASE_FILE,
  LOCK_FILE,
  parseSegmentFileName,
  pathOf,
  QUARANTINE_DIRECTORY,
  READERS_DIRECTORY,
  READY_FILE,
  SCHEMAS_DIRECTORY,
  SOURCES_DIRECTORY,
  SOURCES_FILE,
  SPARSE_INDEX_DIRECTORY,
  TEMPORARY_SUFFIX,
} from '@chronicle-ts/core/internal'
import { BACKUP_FILE } from '../backup/backup-manifest.js'
import { THRESHOLDS_FILE } from '../state/read-thresholds.js'
import { ACKNOWLEDGED_FILE } from './acknowledged.js'

/** What stands in a queue's directory, by name only: nothing is opened, so that a hundred thousand segments cost one listing. */
export interface QueueListing {
  /** Ids of all published segments, ascending. */
  readonly segmentIds: readonly number[]
  readonly hasControl: boolean
  readonly hasIndex: boolean
  readonly hasLock: boolean
  readonly hasReaders: boolean
  readonly hasReady: boolean
  readonly hasLease: boolean
  readonly hasThresholds: boolean
  readonly hasAcknowledged: boolean
  /** Names of temporary files. */
  readonly leftovers: readonly string[]
  readonly hasQuarantine: boolean
  /** Names that no queue has. */
  readonly foreign: readonly string[]
}

/** What a queue has beside its segments. */
const KNOWN = new Set<string>([
  SPARSE_INDEX_DIRECTORY,
  CONTROL_FILE,
  INDEX_FILE,
  LOCK_FILE,
  READERS_DIRECTORY,
  QUARANTINE_DIRECTORY,
  READY_FILE,
  LEASE_FILE,
  THRESHOLDS_FILE,
  ACKNOWLEDGED_FILE,
  BACKUP_FILE,
  SCHEMAS_DIRECTORY,
  SOURCES_DIRECTORY,
  SOURCES_FILE,
  BRIDGE_DIRECTORY,
  'archive',
  'producers',
])

/**
 * Lists a queue's directory. `path` is what messages call it.
 *
 * @throws QueueError when the directory is missing, is not a directory, or may not be listed.
 */
export function listQueue(place: DirectoryPath, path: string = pathOf(place)): QueueListing {
  const directory = pathOf(place)
  if (typeof path !== 'string') throw new InvalidArgumentError({ argument: 'path', value: path, expected: 'text' })
  const names = readNames(directory, path)
  const present = new Set(names)
  const segmentIds: number[] = []
  const leftovers: string[] = []
  const foreign: string[] = []
  for (const name of names) {
    const id = parseSegmentFileName(name)
    if (id !== undefined) segmentIds.push(id)
    else if (name.endsWith(TEMPORARY_SUFFIX)) leftovers.push(name)
    else if (!KNOWN.has(name)) foreign.push(name)
  }
  return {
    segmentIds: segmentIds.sort((a, b) => a - b),
    hasControl: present.has(CONTROL_FILE),
    hasIndex: present.has(INDEX_FILE),
    hasLock: present.has(LOCK_FILE),
    hasReaders: present.has(READERS_DIRECTORY),
    hasReady: present.has(READY_FILE),
    hasLease: present.has(LEASE_FILE),
    hasThresholds: present.has(THRESHOLDS_FILE),
    hasAcknowledged: present.has(ACKNOWLEDGED_FILE),
    leftovers: leftovers.sort(),
    hasQuarantine: present.has(QUARANTINE_DIRECTORY),
    foreign: foreign.sort(),
  }
}

/** Ids of the segments in a directory, in order; none where it cannot be listed. */
export function segmentIdsIn(directory: string): readonly number[] {
  try {
    return listQueue(directory).segmentIds
  } catch {
    return []
  }
}

/** Whether a directory with this listing is, or was, a queue. */
export function isQueueListing(listing: QueueListing): boolean {
  checkMembers('listing', listing, ['hasControl', 'segmentIds'], 'what listQueue returned')
  return listing.hasControl || listing.segmentIds.length > 0
}

function readNames(directory: string, path: string): string[] {
  try {
    return readdirSync(directory)
  } catch (cause) {
    throw fromSystemError(cause, { path })
  }
}
