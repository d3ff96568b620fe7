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

/** The number of a finished preparation of a segment of zeros, under its final name. */
export function preparedSegment(path: string, length: number): number {
  const job = binding.backgroundPrepare(`${path}.tmp`, path, new Uint8Array(0), length, 0)
  const state = binding.jobWait(job, 30_000)
  if (state !== 1) throw new Error(`${path} cannot be prepared: ${state}`)
  return job
}
