import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_SLOT, SlotSet } from './slot-set.js'

describe('SlotSet', () => {
  it('has exactly the slots that were added and not deleted since', () => {
    const step = fc.record({ add: fc.boolean(), slot: fc.nat(40) })
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const [set, model] = [new SlotSet(), new Set<number>()]
        for (const { add, slot } of steps) {
          set.reserve(slot + 1)
          if (add) set.add(slot)
          else set.delete(slot)
          if (add) model.add(slot)
          else model.delete(slot)
        }
        const members = Array.from({ length: set.size }, (_, place) => set.at(place))
        expect(members.sort((a, b) => a - b)).toEqual([...model].sort((a, b) => a - b))
        for (const slot of model) expect(set.has(slot)).toBe(true)
      }),
    )
  })

  it('gives every member its turn', () => {
    const set = new SlotSet()
    set.reserve(8)
    for (const slot of [1, 5, 7]) set.add(slot)
    expect(new Set([set.take(), set.take(), set.take()])).toEqual(new Set([1, 5, 7]))
    for (const slot of [1, 5, 7]) set.delete(slot)
    expect(set.take()).toBe(NO_SLOT)
  })
})
