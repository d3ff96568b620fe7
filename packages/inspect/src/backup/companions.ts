import { lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SCHEMAS_DIRECTORY, SOURCES_DIRECTORY, SOURCES_FILE, syncDirectory } from '@chronicle-ts/core/internal'
import { ACKNOWLEDGED_FILE } from '../cold/acknowledged.js'
import { THRESHOLDS_FILE } from '../state/read-thresholds.js'
import { writeDurably } from './write-durably.js'

/**
 * Small files and folders that belong to a queue beside its segments and positions. A queue whose records get other places has its own damage to acknowledge, and the hints in `sources/` name places.
 */
const COMPANIONS = {
  copy: [SCHEMAS_DIRECTORY, SOURCES_FILE, THRESHOLDS_FILE, ACKNOWLEDGED_FILE, SOURCES_DIRECTORY],
  'other-places': [SCHEMAS_DIRECTORY, SOURCES_FILE, THRESHOLDS_FILE],
} as const

/** Schemas and thresholds are small; something else in their place is left out. */
const COMPANION_LENGTH_MAX = 64 * 1024 * 1024

/** Copies what belongs to a queue into a new one, synced: a `copy` has the same records at the same places. @throws what the system says */
export function copyCompanions(from: string, to: string, kind: keyof typeof COMPANIONS): void {
  for (const name of COMPANIONS[kind]) copyCompanion(join(from, name), join(to, name))
}

function copyCompanion(from: string, to: string): void {
  const stat = lstatSync(from, { throwIfNoEntry: false })
  if (stat === undefined) return
  if (!stat.isDirectory()) {
    if (stat.isFile() && stat.size <= COMPANION_LENGTH_MAX) writeDurably(to, readFileSync(from))
    return
  }
  mkdirSync(to)
  for (const name of readdirSync(from)) if (!name.endsWith('.tmp')) copyCompanion(join(from, name), join(to, name))
  syncDirectory(to)
}
