import { toHalf } from '@chronicle-ts/core/internal'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Tournament } from './tournament.js'

interface Contestant {
  readonly high: number
  readonly low: number
}

describe('Tournament', () => {
  it('has the lowest time win, and the lowest rank among equal times, after any changes', () => {
    const half = fc.oneof(
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 0x7fff_fffe, max: 0x8000_0001 }),
      fc.constant(0xffff_ffff),
    )
    const change = fc.record({ slot: fc.nat(20), high: half, low: half, withdraw: fc.boolean() })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 200 }), (changes) => {
        const tournament = new Tournament()
        const model = new Map<number, Contestant>()
        for (const { slot, high, low, withdraw } of changes) {
          tournament.reserve(slot + 1)
          tournament.rank(slot, 100 - slot)
          if (withdraw) tournament.withdraw(slot)
          else tournament.enter(slot, toHalf(high), toHalf(low))
          if (withdraw) model.delete(slot)
          else model.set(slot, { high, low })
          const [best] = [...model].sort(([a, x], [b, y]) => x.high - y.high || x.low - y.low || b - a)
          expect(tournament.has(tournament.winner)).toBe(best !== undefined)
          if (best !== undefined) expect(tournament.winner).toBe(best[0])
        }
      }),
    )
  })

  it('distinguishes the highest 64-bit time from no time', () => {
    const tournament = new Tournament()
    tournament.reserve(2)
    tournament.enter(1, toHalf(0xffff_ffff), toHalf(0xffff_ffff))
    expect(tournament.winner).toBe(1)
  })
})
