import { closeSync, ftruncateSync, openSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binding } from '@chronicle-ts/native'

/** Memory first; a disk serves too, nothing is ever synced. */
const FOLDERS = ['/dev/shm', tmpdir()]

/**
 * Memory that native code accepts as a mapping and that no other process has: a file of its own without a name. The native verifier can check what was read into it
 * with `pread`, while no foreign hand can truncate it. `undefined` where no such file can be made.
 */
export function createScratchMapping(length: number): ArrayBuffer | undefined {
  for (const folder of FOLDERS) {
    try {
      return mapNamelessFile(folder, length)
    } catch {
      // The next folder may allow it; without any, records are checked one by one.
    }
  }
  return undefined
}

function mapNamelessFile(folder: string, length: number): ArrayBuffer {
  // Made exclusively and unlinked at once: a name that exists already fails, and nothing depends on it being hard to guess.
  const path = join(folder, `chronicle-${process.pid}-${process.hrtime.bigint()}`)
  const fd = openSync(path, 'wx+', 0o600)
  try {
    unlinkSync(path)
    ftruncateSync(fd, length)
    return binding.mapFile(fd, length, true)
  } finally {
    closeSync(fd)
  }
}
