import { describe, expect, it } from 'vitest'
import { ManualClock } from './index.js'

const REFUSED = expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' })

describe('a manual clock', () => {
  it('fires timers in order, each at its time, those that they set included', () => {
    const clock = new ManualClock(1_000_000n)
    const fired: string[] = []
    const note = (name: string) => (nowNs: bigint) => fired.push(`${name}@${Number(nowNs) / 1e6}`)
    clock.setTimer(10, note('b'))
    clock.setTimer(5, (nowNs) => {
      note('a')(nowNs)
      clock.setTimer(2, note('inner'))
    })
    clock.setTimer(10, note('c'))
    const cancelled = clock.setTimer(1, note('cancelled'))
    expect([cancelled.dueNs, cancelled.cancel(), cancelled.cancel()]).toEqual([2_000_000n, true, false])
    clock.advance({ ms: 9, ns: 999_999n })
    expect(fired).toEqual(['a@6', 'inner@8'])
    clock.advance({ s: 1 })
    expect(fired.slice(2)).toEqual(['b@11', 'c@11'])
    expect([clock.nowNs(), clock.timers]).toEqual([1_010_999_999n, 0])
  })

  it('wakes programs that sleep, again and again within one asynchronous step', async () => {
    const clock = new ManualClock()
    const woke: bigint[] = []
    const program = (async () => {
      for (let turn = 0; turn < 3; turn++) {
        await clock.sleep(10)
        woke.push(clock.nowNs())
      }
    })()
    await clock.advanceAsync({ ms: 100 })
    await program
    expect(woke).toEqual([10_000_000n, 20_000_000n, 30_000_000n])
  })

  it('goes no way back when a timer, or another call, has moved it further', async () => {
    const nested = new ManualClock(0n)
    nested.setTimer(1, () => nested.advance({ s: 1 }))
    nested.advance({ ms: 5 })
    expect(nested.nowNs()).toBe(1_001_000_000n)

    const shared = new ManualClock(0n)
    shared.setTimer(1, () => shared.advance({ ms: 100 }))
    await Promise.all([shared.advanceAsync({ ms: 5 }), shared.advanceAsync({ ms: 500 })])
    expect(shared.nowNs()).toBeGreaterThanOrEqual(500_000_000n)
  })

  it.each([
    ...[{ ns: -1n }, { ms: -1 }, { s: -1 }, { ms: Number.NaN }, { s: Number.MAX_VALUE }, { ns: 5 }, { ms: 1n }],
    ...[{ minutes: 5 }, { ms: '5' }, { s: '5' }, undefined, null, 5, [5]],
  ])('refuses the span %o, in both ways to advance', async (span) => {
    const clock = new ManualClock(100n)
    expect(() => clock.advance(span as never)).toThrow()
    await expect(clock.advanceAsync(span as never)).rejects.toThrow()
    expect(clock.nowNs()).toBe(100n)
  })

  it('refuses a callback that is not a function, and a delay beyond every number of nanoseconds', () => {
    const clock = new ManualClock()
    for (const callback of [undefined, null, 5, {}]) expect(() => clock.setTimer(1, callback as never)).toThrow(REFUSED)
    expect(() => clock.setTimer(Number.MAX_VALUE, () => undefined)).toThrow(REFUSED)
    expect(clock.timers).toBe(0)
  })

  it('refuses to go back, and delays that are not finite', () => {
    const clock = new ManualClock(5n)
    expect(() => clock.advanceTo(4n)).toThrow(REFUSED)
    expect(() => clock.setTimer(Number.NaN, () => undefined)).toThrow(REFUSED)
    expect(() => clock.setTimer(-1, () => undefined)).toThrow(REFUSED)
  })
})
