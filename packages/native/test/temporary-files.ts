import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { binding } from '../src/index.js'

/** A folder of its own for one test file, removed afterwards. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chronicle-native-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Maps a new file of `length` bytes. */
export function mapNewFile(path: string, length: number, options: { writable?: boolean } = {}): ArrayBuffer {
  const fd = openSync(path, 'w+')
  try {
    ftruncateSync(fd, length)
    return binding.mapFile(fd, length, options.writable ?? true)
  } finally {
    closeSync(fd)
  }
}
