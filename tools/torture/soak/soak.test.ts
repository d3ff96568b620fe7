import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { READER_NAMES, runSoak } from './soak.js'

const folder = mkdtempSync(join(tmpdir(), 'chronicle-soak-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('four readers of different speeds read what one writer writes, while segments roll and are deleted, and nobody holds more and more', async () => {
  const { writer, readers, broken } = await runSoak({ folder, seconds: 15, rate: 5000 })
  expect(broken).toEqual([])
  expect(writer.count).toBe(75_000)
  expect(Object.keys(readers)).toEqual([...READER_NAMES])
  for (const { count, digest } of Object.values(readers))
    expect({ count, digest }).toEqual({ count: 75_000, digest: writer.digest })
  expect(readers['restarting']?.restarts).toBeGreaterThan(5)
}, 240_000)
