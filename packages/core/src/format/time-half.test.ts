import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromHalf, highHalf, LOWEST_HALF, lowHalf, toHalf, toNs } from './time-half.js'

const unsigned = fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.constantFrom(0, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff))

it('sorts halves like the unsigned numbers that they come from, and gives these back', () => {
  fc.assert(
    fc.property(unsigned, unsigned, (a, b) => {
      expect(fromHalf(toHalf(a))).toBe(a)
      expect(toHalf(a) < toHalf(b)).toBe(a < b)
      const ns = (BigInt(a) << 32n) + BigInt(b)
      expect([highHalf(ns), lowHalf(ns)]).toEqual([toHalf(a), toHalf(b)])
      expect(toNs(toHalf(a), toHalf(b))).toBe(ns)
    }),
  )
  expect(toHalf(0)).toBe(LOWEST_HALF)
})
