import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { amount } from '../effort/effort.mjs'
import { Random } from '../random.js'
import { expectedPayload, findDifference } from './expected-message.js'
import { runRound } from './round.js'
import { Tally } from './tally.js'
import { parseTortureOptions } from './torture-options.js'

const folder = mkdtempSync(join(tmpdir(), 'chronicle-torture-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** `npm run proof -- kill` goes on to 10,000. */
const KILLS = amount({ short: 5, long: 25 })

describe('kill -9', () => {
  // One queue that keeps everything, one that is bounded; `npm run torture` takes any seed, for a given time.
  for (const seed of [1, 3966987260]) {
    it(`L45: keeps every promise to the survivors, seed ${seed}`, async () => {
      const { broken, kills, appended, checks, tally } = await runRound({
        folder: join(folder, String(seed)),
        seed,
        kills: KILLS,
      })
      expect(broken).toEqual([])
      expect(kills).toBeGreaterThanOrEqual(KILLS)
      expect(tally.kills).toBe(kills)
      expect(checks).toBeGreaterThan(1)
      expect(appended).toBeGreaterThan(0)
    }, 240_000)
  }
})

describe('the harness', () => {
  it('takes numbers, and refuses anything else', () => {
    expect(parseTortureOptions(['--minutes', '0.5', '--seed', '7'])).toMatchObject({
      minutes: 0.5,
      seed: 7,
      kills: 150,
      keep: false,
    })
    for (const args of [['--minutes', 'x'], ['--seed', '1.5'], ['--kills', '-1'], ['--wrong']])
      expect(() => parseTortureOptions(args)).toThrow()
  })

  it('counts every death once, under the role that died and what that interrupted', () => {
    const tally = new Tally()
    tally.addKill('writer', 'flush')
    tally.addKill('writer', 'append that rolls')
    tally.addKill('reader', 'commit')
    tally.add('messages', 7)
    const total = new Tally()
    for (const stallMs of [3, 9, 5]) tally.addStall(stallMs)
    total.addAll(tally)
    total.addAll(tally)
    expect(total.kills).toBe(6)
    expect(total.stallMsMax).toBe(9)
    expect(total.describe()).toEqual([
      'killed reader: 2 (commit 2)',
      'killed writer: 4 (append that rolls 2, flush 2)',
      'messages 14',
    ])
  })

  it('draws the same plan from the same seed', () => {
    const draw = (seed: number) => {
      const random = new Random(seed)
      return Array.from({ length: 20 }, () => random.integer(0, 1_000_000))
    }
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
  })

  it('sees a message in the wrong place, of the wrong type, and with other bytes', () => {
    const payload = expectedPayload(12)
    const message = { sequence: 12, typeId: 0, payload }
    expect(findDifference(message)).toMatch(/type/)
    const typeId = Number(/expected (\d+)/.exec(findDifference(message) ?? '')?.[1])
    expect(findDifference({ ...message, typeId })).toBeUndefined()
    expect(findDifference({ ...message, typeId, sequence: 13 })).toBeDefined()
    const damaged = Buffer.from(payload)
    damaged[0] = (damaged[0] ?? 0) ^ 1
    expect(findDifference({ ...message, typeId, payload: damaged })).toMatch(/bytes/)
  })
})
