import { copyFileSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { binding } from '@chronicle-ts/native'
import type { ColdPosition } from '../cold/index.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { encodePosition } from '../format/index.js'
import { quarantineEntry } from '../recovery/set-aside.js'

/**
 * Gives a registered reader another position, while nobody uses its name. The old file is kept.
 *
 * @returns where the old file is.
 */
export function moveReader(directory: QueueDirectory, file: string, to: ColdPosition): string {
  const path = directory.at(file)
  const kept = quarantineEntry(directory, basename(path))
  if (existsSync(path)) copyFileSync(path, directory.at(kept))
  const temporary = `${path}.tmp`
  rmSync(temporary, { force: true })
  writeFileSync(
    temporary,
    encodePosition({ ...to, heartbeatNs: binding.realtimeNs() }, (bytes) => binding.crc32(bytes)),
    { flag: 'wx' },
  )
  renameSync(temporary, path)
  return directory.describe(kept)
}
