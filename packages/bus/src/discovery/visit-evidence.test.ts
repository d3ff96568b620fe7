import { describe, expect, it } from 'vitest'
import { VisitEvidence } from './visit-evidence.js'

/** The visits concluded when events arrive in portions, with a look after each. */
function visits(...portions: readonly number[]): number {
  const evidence = new VisitEvidence()
  let count = 0
  for (const events of portions) {
    for (let event = 0; event < events; event++) evidence.countEvent()
    if (evidence.concludeVisit(false)) count++
  }
  return count
}

describe('VisitEvidence', () => {
  it('takes two events that arrive together or apart for one visit', () => {
    expect(visits(2)).toBe(1)
    expect(visits(1, 1)).toBe(1)
    expect(visits(1, 0, 0, 1, 0)).toBe(1)
  })

  it('distinguishes visits that follow each other', () => {
    expect(visits(2, 2)).toBe(2)
    expect(visits(1, 1, 1, 1)).toBe(2)
    expect(visits(3, 1, 2)).toBe(2)
  })

  it('takes the events of a visit that is known anyhow for that visit, whether they come before or after', () => {
    for (const [before, after] of [
      [0, 2],
      [1, 1],
      [2, 0],
    ] as const) {
      const evidence = new VisitEvidence()
      for (let event = 0; event < before; event++) evidence.countEvent()
      expect(evidence.concludeVisit(true)).toBe(true)
      for (let event = 0; event < after; event++) evidence.countEvent()
      expect([before, after, evidence.concludeVisit(false)]).toEqual([before, after, false])
    }
  })

  it('knows of none without events, and forgets on request', () => {
    const evidence = new VisitEvidence()
    expect(evidence.concludeVisit(false)).toBe(false)
    evidence.countEvent()
    evidence.reset()
    expect(evidence.concludeVisit(false)).toBe(false)
  })
})
