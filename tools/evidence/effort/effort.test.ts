import { describe, expect, it } from 'vitest'
import { amountAt, effortOf, scaleOf, seedOf } from './effort.mjs'

const AMOUNTS = { short: 2, long: 10, full: 150 }

describe('the effort of a run', () => {
  it.each([
    [{}, 'short'],
    [{ CI: 'true' }, 'long'],
    [{ CI: 'false' }, 'short'],
    [{ CHRONICLE_EFFORT: '' }, 'short'],
    [{ CI: 'true', CHRONICLE_EFFORT: 'short' }, 'short'],
    [{ CHRONICLE_EFFORT: 'full' }, 'full'],
  ])('of %j is %s', (env, effort) => {
    expect(effortOf(env)).toBe(effort)
  })

  it('decides how much is taken, and only the full one is scaled', () => {
    expect(amountAt(AMOUNTS, 'short', 7)).toBe(2)
    expect(amountAt(AMOUNTS, 'long', 7)).toBe(10)
    expect(amountAt(AMOUNTS, 'full', 1)).toBe(150)
    expect(amountAt(AMOUNTS, 'full', 0.01)).toBe(2)
    expect(amountAt(AMOUNTS, 'full', 0.0001)).toBe(1)
    expect(amountAt({ short: 2, long: 10 }, 'full', 1)).toBe(10)
  })

  it('takes the seed that is named, and another one in every run otherwise', () => {
    expect(seedOf({ CHRONICLE_SEED: '42' })).toBe(42)
    expect(seedOf({ CI: 'true' })).toBe(seedOf({ CI: 'true' }))
    const drawn = new Set(Array.from({ length: 50 }, () => seedOf({})))
    expect(drawn.size).toBeGreaterThan(40)
    for (const seed of drawn) expect(seed).toBeGreaterThanOrEqual(1)
  })

  it.each([
    [() => effortOf({ CHRONICLE_EFFORT: 'much' })],
    [() => scaleOf({ CHRONICLE_SCALE: '0' })],
    [() => scaleOf({ CHRONICLE_SCALE: 'x' })],
    [() => scaleOf({ CHRONICLE_SCALE: 'Infinity' })],
    [() => seedOf({ CHRONICLE_SEED: '-1' })],
    [() => seedOf({ CHRONICLE_SEED: 'x' })],
  ])('refuses invalid values: %s', (read) => {
    expect(read).toThrow(RangeError)
  })
})
