import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { amount } from '../effort/effort.mjs'
import { READER_NAMES, runSoak } from './soak.js'

const SECONDS = amount({ short: 8, long: 15 })
const RATE = 5000
const COUNT = SECONDS * RATE

const folder = mkdtempSync(join(tmpdir(), 'chronicle-soak-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it(
  'four readers of different speeds read what one writer writes, while segments roll and are deleted, and no process holds more and more',
  async () => {
    const { writer, readers, broken } = await runSoak({ folder, seconds: SECONDS, rate: RATE })
    expect(broken).toEqual([])
    expect(writer.count).toBe(COUNT)
    expect(Object.keys(readers)).toEqual([...READER_NAMES])
    for (const { count, digest } of Object.values(readers))
      expect({ count, digest }).toEqual({ count: COUNT, digest: writer.digest })
    expect(readers['restarting']?.restarts).toBeGreaterThan(5)
  },
  240_000 + SECONDS * 3000,
)
