import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { runSoak } from './soak.js'

const folder = mkdtempSync(join(tmpdir(), 'chronicle-strategies-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('a router answers every order once and keeps nothing, while strategies start, crash and vanish, seed 5', async () => {
  const { broken, orders, answers, lostWithDirectory, reportedOrders, kills, moved, deleted } = await runSoak({
    folder,
    strategies: 12,
    seconds: 12,
    seed: 5,
    strategiesPerHost: 4,
  })
  expect(broken, 'again: --strategies 12 --minutes 0.2 --seed 5').toEqual([])
  for (const count of [kills, moved, deleted, answers]) expect(count).toBeGreaterThan(0)
  expect(answers + lostWithDirectory + reportedOrders).toBeGreaterThanOrEqual(orders)
}, 240_000)
