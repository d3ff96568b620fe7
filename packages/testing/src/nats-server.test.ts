import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { findNatsServer } from './index.js'

const folder = mkdtempSync(join(tmpdir(), 'nats-server-'))

/** A program that says that it is this version. */
function programOf(version: string): string {
  const path = join(folder, version)
  writeFileSync(path, `#!/bin/sh\necho "nats-server: v${version}"\n`, { mode: 0o755 })
  return path
}

describe('findNatsServer', () => {
  afterEach(() => vi.unstubAllEnvs())
  afterAll(() => rmSync(folder, { recursive: true }))

  it('takes the server at the path, before that of the environment, before the installed one', () => {
    const [one, other] = [programOf('2.10.29'), programOf('2.11.0')]
    vi.stubEnv('CHRONICLE_NATS_SERVER', one)
    expect(findNatsServer()).toEqual({ path: one, version: [2, 10, 29] })
    expect(findNatsServer(other)?.version).toEqual([2, 11, 0])
    vi.stubEnv('CHRONICLE_NATS_SERVER', '')
    expect(findNatsServer()?.path).not.toBe(one)
  })

  it('takes no other server where the one that was named is missing', () => {
    vi.stubEnv('CHRONICLE_NATS_SERVER', join(folder, 'missing'))
    expect(findNatsServer()).toBeUndefined()
  })
})
