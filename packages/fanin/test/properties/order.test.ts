import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { amount } from '../../../../tools/evidence/effort/effort.mjs'
import { measureMerge } from '../../src/measure-merge.js'
import type { Delivered } from '../memory/memory-merge.js'
import {
  definedOrder,
  hashOf,
  mergeInterleaved,
  mergeLive,
  mergeReplay,
  placesOnly,
  type Schedule,
  type Step,
  schedules,
} from './schedule.js'

const RUNS = { numRuns: amount({ short: 100, long: 400 }) }

const ACTS = ['append', 'append', 'append', 'heartbeat', 'append', 'append', 'close', 'open', 'heartbeat'] as const

/** Four writers, 4,000 steps, from a generator of fixed numbers: the same on every machine. */
function goldenSchedule(reads: (step: number) => number): Schedule {
  let state = 12345
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const steps = Array.from({ length: 4000 }, (_, i): Step => {
    const [passNs, writer, act, back] = [random(6), random(4), ACTS[random(ACTS.length)] ?? 'append', random(60)]
    return { passNs, writer, act, backNs: Math.max(back - 40, 0), reads: reads(i) }
  })
  return { keys: ['gamma', 'alpha', 'delta', 'beta'], steps }
}

const neverReads = (): number => 0
const alwaysReads = (): number => 1000

describe('the order of a merge', () => {
  it('L40: is the defined one in ordered mode, however writers and merge were scheduled', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const { delivered, merge } = mergeLive(schedule, { mode: 'ordered' })
        expect(placesOnly(delivered)).toEqual(definedOrder(schedule))
        expect(measureMerge(merge)).toMatchObject({ displaced: 0, released: 0 })
      }),
      RUNS,
    )
  })

  it('L40: is the defined one when every store of a writer can fall between two loads of the merge', () => {
    const count = fc.oneof(fc.constant(0), fc.constant(1), fc.integer({ min: 0, max: 30 }))
    const pace = fc.array(count, { minLength: 1, maxLength: 30 }).filter((counts) => counts.some((stores) => stores > 0))
    fc.assert(
      fc.property(schedules, pace, (schedule, counts) => {
        const { delivered, merge } = mergeInterleaved(schedule, counts)
        expect(placesOnly(delivered)).toEqual(definedOrder(schedule))
        expect(measureMerge(merge)).toMatchObject({ displaced: 0, released: 0 })
      }),
      { numRuns: amount({ short: 375, long: 1500 }) },
    )
  })

  it('L40: is the same live and in a replay, flags included, and a replay has it in either mode', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const live = hashOf(mergeLive(schedule, { mode: 'ordered' }).delivered)
        expect(hashOf(mergeReplay(schedule, 'ordered').delivered)).toBe(live)
        expect(hashOf(mergeReplay(schedule, 'eager').delivered)).toBe(live)
      }),
      RUNS,
    )
  })

  it('L40: has not changed since it was written down', () => {
    const golden = '77073b31655f56fcf7148d648595f89b30e944c429ff6edf7b4f28646ac96ce6'
    for (const reads of [neverReads, () => 1, alwaysReads, (step: number) => (step * 7) % 5]) {
      expect(hashOf(mergeLive(goldenSchedule(reads), { mode: 'ordered' }).delivered)).toBe(golden)
    }
    expect(hashOf(mergeReplay(goldenSchedule(neverReads), 'ordered').delivered)).toBe(golden)
  })

  it('depends on the schedule in eager mode', () => {
    const often = mergeLive(goldenSchedule(alwaysReads), { mode: 'eager' })
    const never = mergeLive(goldenSchedule(neverReads), { mode: 'eager' })
    expect(hashOf(often.delivered)).not.toBe(hashOf(never.delivered))
    expect(measureMerge(often.merge).displaced).toBeGreaterThan(0)
    expect(measureMerge(never.merge).displaced).toBe(0)
  })

  for (const options of [{ mode: 'eager' }, { mode: 'ordered', holdBackMs: 0 }, { mode: 'ordered', holdBackMs: 1e-5 }] as const) {
    const name = JSON.stringify(options)

    it(`has every message once, each source in its own order, and flags exactly what comes late: ${name}`, () => {
      fc.assert(
        fc.property(schedules, (schedule) => {
          const { delivered, play } = mergeLive(schedule, options)
          const next = new Map<string, number>()
          for (const { key, sequence } of delivered) {
            expect(sequence).toBe(next.get(key) ?? 0)
            next.set(key, sequence + 1)
          }
          expect(delivered.length).toBe(play.sources.reduce((sum, { length }) => sum + length, 0))
          expect(delivered.map(({ late }) => late)).toEqual(lateByDefinition(delivered))
        }),
        RUNS,
      )
    })

    it(`is the defined one exactly when nothing was displaced: ${name}`, () => {
      fc.assert(
        fc.property(schedules, (schedule) => {
          const { delivered, merge } = mergeLive(schedule, options)
          const isDefined = hashOf(delivered) === hashOf(mergeReplay(schedule, 'ordered').delivered)
          expect(measureMerge(merge).displaced === 0).toBe(isDefined)
        }),
        RUNS,
      )
    })
  }
})

/** Late: below the highest (merge time, key) delivered before, where the merge time is the highest timestamp of the source so far. */
function lateByDefinition(delivered: readonly Delivered[]): boolean[] {
  const highest = new Map<string, bigint>()
  let [atNs, atKey] = [-1n, '']
  return delivered.map(({ key, timestampNs }) => {
    const late = timestampNs < atNs || (timestampNs === atNs && key < atKey)
    const before = highest.get(key) ?? 0n
    const mergeNs = timestampNs > before ? timestampNs : before
    highest.set(key, mergeNs)
    if (mergeNs > atNs || (mergeNs === atNs && key > atKey)) [atNs, atKey] = [mergeNs, key]
    return late
  })
}
