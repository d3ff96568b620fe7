import { copyFileSync, existsSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { binding } from '@chronicle-ts/native'
import type { ColdPosition } from '../cold/index.js'
import { encodePosition } from '../format/index.js'
import { quarantinePath } from '../recovery/set-aside.js'

/**
 * Gives a registered reader another position, while nobody uses its name. The old file is kept.
 *
 * @returns where the old file is.
 */
export function moveReader(directory: string, file: string, to: ColdPosition): string {
  const path = join(directory, file)
  const keptAt = quarantinePath(directory, basename(path))
  if (existsSync(path)) copyFileSync(path, keptAt)
  const temporary = `${path}.tmp`
  writeFileSync(
    temporary,
    encodePosition({ ...to, heartbeatNs: binding.realtimeNs() }, (bytes) => binding.crc32(bytes)),
  )
  renameSync(temporary, path)
  return keptAt
}
