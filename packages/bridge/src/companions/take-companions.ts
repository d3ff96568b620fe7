import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import {
  openQueueDirectory,
  parseSources,
  type QueueDirectory,
  SOURCES_FILE,
  setFileAside,
  writeSources,
} from '@chronicle-ts/core/internal'
import { replaceSchemaFile, SCHEMA_FOLDER } from '@chronicle-ts/schema'
import { type Companions, readCompanions } from './companions.js'

/**
 * Gives a replica the companions of its source, synced. Those that the source does not have stay. One that differs goes to the quarantine: it is of records that the history does not have, or is damaged.
 *
 * @returns whether anything was written
 * @throws the code of a call of the system that failed: what was written before it stays.
 */
export function takeCompanions(directory: string, { schemas, sources }: Companions): boolean {
  const own = readCompanions(directory)
  const texts = new Map(own.schemas.map(({ name, text }) => [name, text]))
  const other = schemas.filter(({ name, text }) => texts.get(name) !== text)
  const isOtherList = sources !== undefined && sources !== own.sources
  if (other.length === 0 && !isOtherList) return false
  const queue = openQueueDirectory(directory)
  try {
    // A link in the place of the folder leads out of the queue: this refuses it.
    queue.folder(SCHEMA_FOLDER)?.close()
    for (const file of other) {
      makeRoom(queue, join(SCHEMA_FOLDER, file.name))
      replaceSchemaFile(directory, file)
    }
    if (isOtherList) {
      makeRoom(queue, SOURCES_FILE)
      writeSources(directory, parseSources(sources) ?? [])
    }
  } finally {
    queue.close()
  }
  return true
}

/** Sets aside what has the name. */
function makeRoom(queue: QueueDirectory, name: string): void {
  if (lstatSync(queue.at(name), { throwIfNoEntry: false }) !== undefined) setFileAside(queue, name)
}
