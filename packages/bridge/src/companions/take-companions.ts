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
 * Gives a replica the companions of its source, synced: those and no others. What differs, and what the source does not have, goes to the quarantine: it is of records that the history does not have, or is
 * damaged. What is damaged in the source stays.
 *
 * @returns whether anything was changed
 * @throws the code of a call of the system that failed: what was written before it stays.
 */
export function takeCompanions(directory: string, source: Companions): boolean {
  const own = readCompanions(directory)
  const wanted = [...source.schemas].flatMap(([name, text]) =>
    text === null || own.schemas.get(name) === text ? [] : { name, text },
  )
  const foreign = [...own.schemas.keys()].filter((name) => !source.schemas.has(name))
  const isOtherList = source.sources !== null && source.sources !== own.sources
  if (wanted.length === 0 && foreign.length === 0 && !isOtherList) return false
  const queue = openQueueDirectory(directory)
  try {
    // A link in the place of the folder leads out of the queue: this refuses it.
    queue.folder(SCHEMA_FOLDER)?.close()
    for (const name of foreign) makeRoom(queue, join(SCHEMA_FOLDER, name))
    for (const file of wanted) {
      makeRoom(queue, join(SCHEMA_FOLDER, file.name))
      replaceSchemaFile(directory, file)
    }
    if (isOtherList) {
      makeRoom(queue, SOURCES_FILE)
      if (source.sources !== undefined) writeSources(directory, parseSources(source.sources) ?? [])
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
