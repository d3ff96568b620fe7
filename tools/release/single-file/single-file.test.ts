import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, it } from 'vitest'
import { bundle } from './build.mjs'
import { trySingleFile } from './try-single-file.mjs'

describe('chron-cli as one file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chronicle-single-file-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('imports, shows, inspects and diagnoses a queue in a folder without packages, and leaves no file', async () => {
    const program = join(folder, 'chron-cli.cjs')
    await bundle(program)
    trySingleFile(program)
  })
})
