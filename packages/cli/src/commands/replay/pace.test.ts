import { describe, expect, it } from 'vitest'
import { Pace } from './replay-command.js'

describe('the pace of a replay', () => {
  it('keeps messages as far apart as they were, divided by the speed', () => {
    const pace = new Pace(10)
    expect(pace.delayMs(1_000_000_000n, 0)).toBe(0)
    expect(pace.delayMs(2_000_000_000n, 0)).toBe(100)
    expect(pace.delayMs(2_000_000_000n, 60)).toBe(40)
  })

  it('catches up after a delay instead of adding it', () => {
    const pace = new Pace(1)
    pace.delayMs(0n, 0)
    expect(pace.delayMs(5_000_000n, 100)).toBe(0)
    expect(pace.delayMs(200_000_000n, 100)).toBe(100)
  })

  it('waits for nothing at full speed, nor for messages that go back in time', () => {
    const pace = new Pace(Number.POSITIVE_INFINITY)
    pace.delayMs(5_000_000_000n, 0)
    expect(pace.delayMs(9_000_000_000_000n, 0)).toBe(0)
    expect(new Pace(1).delayMs(0n, 0)).toBe(0)
  })
})
