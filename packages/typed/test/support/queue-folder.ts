import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'

/** Small segments: a queue costs a few pages. */
export const SMALL = { segmentSize: 64 * 1024 } as const

/** A folder per test, removed after it. */
export function useQueueFolder(): { readonly path: string; queue(name?: string): string } {
  let path = ''
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'typed-'))
  })
  afterEach(() => rmSync(path, { recursive: true, force: true }))
  return {
    get path() {
      return path
    },
    queue: (name = 'queue') => join(path, name),
  }
}
