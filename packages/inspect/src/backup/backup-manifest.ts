import { join } from 'node:path'
import type { DirectoryPath } from '@chronicle-ts/core'
import { pathOf } from '@chronicle-ts/core/internal'
import { readColdFile } from '../cold/cold-file.js'

/** What a backup says about itself; the file is part of no other queue. */
export const BACKUP_FILE = 'backup.json'

const BACKUP_LENGTH_MAX = 16 * 1024 * 1024

/** The content of `backup.json`. */
export interface BackupManifest {
  readonly schemaVersion: 1
  /** Hexadecimal; empty in queues that have none. */
  readonly queueId: string
  /** Where the queue was, on its machine. */
  readonly source: string
  /** RFC 3339. */
  readonly takenAt: string
  readonly segments: number
  /** `null` when the queue was empty. */
  readonly firstSequence: number | null
  /** The sequence that follows the last message. */
  readonly nextSequence: number | null
  readonly records: number
  readonly readers: readonly string[]
}

/** The manifest of a backup; `undefined` when the directory has none, or a damaged one. */
export function readBackupManifest(directory: DirectoryPath): BackupManifest | undefined {
  const path = join(pathOf(directory), BACKUP_FILE)
  try {
    const bytes = readColdFile(path, BACKUP_LENGTH_MAX)
    const manifest = bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as Partial<BackupManifest>)
    return manifest?.schemaVersion === 1 ? (manifest as BackupManifest) : undefined
  } catch {
    return undefined
  }
}
