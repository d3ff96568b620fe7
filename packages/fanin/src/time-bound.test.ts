import { describe, expect, it } from 'vitest'
import { drain, HandClocks, memoryMerge, short, take } from '../test/memory/memory-merge.js'
import { MemorySource } from '../test/memory/memory-source.js'
import { measureMerge } from './measure-merge.js'

const NOW = 1_700_000_000_000_000_000n
const MS = 1_000_000n
const FUTURE = NOW + 3_600_000n * MS
const HOLD_BACK_MS = 10

function clocksAt(nowNs: bigint): HandClocks {
  const clocks = new HandClocks()
  clocks.nowNs = nowNs
  return clocks
}

for (const mode of ['eager', 'ordered'] as const) {
  describe(`A timestamp from the future, ${mode}`, () => {
    it('L62: changes the place of its own message only', () => {
      const clocks = clocksAt(NOW)
      const merge = memoryMerge({ mode, clocks, holdBackMs: HOLD_BACK_MS })
      const [a, b] = [new MemorySource(), new MemorySource()]
      merge.add('a', a, 0n)
      merge.add('b', b, 0n)
      a.append(NOW, NOW).append(FUTURE, NOW + 1n)
      for (let i = 2n; i < 5n; i++) a.append(NOW + i, NOW + i)
      for (let i = 0n; i < 10n; i++) b.append(NOW + i * 2n, NOW + i * 2n)
      const delivered = drain(merge)
      // It waits for the bound, or until nothing else is visible; then its successors come, and all that follows has its own place.
      clocks.nowNs = NOW + 20n * MS
      b.append(clocks.nowNs, clocks.nowNs)
      delivered.push(...drain(merge))
      expect(short(delivered.filter(({ key }) => key === 'a'))).toMatch(/^a0 a1 a2!? a3!? a4!?$/)
      expect(measureMerge(merge).ahead).toBe(1)
      a.append(clocks.nowNs + 1n, clocks.nowNs + 1n)
      a.append(clocks.nowNs + 3n, clocks.nowNs + 3n)
      b.append(clocks.nowNs + 2n, clocks.nowNs + 2n)
      b.append(clocks.nowNs + 4n, clocks.nowNs + 4n)
      clocks.nowNs += 5n
      a.heartbeat(clocks.nowNs)
      b.heartbeat(clocks.nowNs)
      expect(short(drain(merge)).replace('b10 ', '')).toBe('a5 b11 a6 b12')
    })

    it('L62: waits for its turn no longer than configured while others have messages all the time', () => {
      const clocks = clocksAt(NOW)
      const merge = memoryMerge({ mode, clocks, holdBackMs: HOLD_BACK_MS })
      const [a, b] = [new MemorySource(), new MemorySource()]
      merge.add('a', a, 0n)
      merge.add('b', b, 0n)
      a.append(FUTURE, NOW)
      let waitedMs = 0
      for (let delivered = ''; delivered !== 'a' && waitedMs < 1000; waitedMs++) {
        clocks.nowNs += MS
        b.append(clocks.nowNs, clocks.nowNs).append(clocks.nowNs, clocks.nowNs)
        a.heartbeat(clocks.nowNs)
        delivered = take(merge)?.key ?? ''
        if (delivered === 'b') delivered = take(merge)?.key ?? ''
      }
      expect(waitedMs).toBeGreaterThanOrEqual(HOLD_BACK_MS)
      expect(waitedMs).toBeLessThanOrEqual(HOLD_BACK_MS + 2)
    })

    it('L62: is flagged, and makes no other message late', () => {
      const clocks = clocksAt(NOW)
      const merge = memoryMerge({ mode, clocks, holdBackMs: HOLD_BACK_MS })
      merge.add('a', new MemorySource().append(FUTURE).append(NOW).closeWriter(), 0n)
      const flags = []
      for (let one = merge.next(); one !== undefined; one = merge.next()) flags.push([one.ahead, one.late])
      expect(flags).toEqual([
        [true, false],
        [false, false],
      ])
      expect(measureMerge(merge).sources).toMatchObject([{ ahead: 1, late: 0, displaced: 0 }])
    })

    it('orders closed queues the same way in every run, for any content', () => {
      const sources = () =>
        new Map([
          [
            'a',
            new MemorySource()
              .append(NOW - 5n)
              .append(FUTURE + 1n)
              .append(NOW - 3n)
              .closeWriter(),
          ],
          [
            'b',
            new MemorySource()
              .append(NOW - 4n)
              .append(FUTURE)
              .append(FUTURE + 2n)
              .append(NOW - 1n)
              .closeWriter(),
          ],
          [
            'c',
            new MemorySource()
              .append(NOW - 2n)
              .append(NOW)
              .closeWriter(),
          ],
        ])
      const merged = (keys: readonly string[], stepNs: bigint): string => {
        const clocks = clocksAt(NOW)
        // The clock runs while the merge is at work.
        clocks.beforeLoad = () => {
          clocks.nowNs += stepNs
        }
        const merge = memoryMerge({ mode, clocks, holdBackMs: HOLD_BACK_MS })
        const all = sources()
        for (const key of keys) merge.add(key, all.get(key) as MemorySource, 0n)
        return short(drain(merge))
      }
      const first = merged(['a', 'b', 'c'], 0n)
      expect(first).toBe('a0 b0 c0 c1 b1 a1 a2! b2 b3!')
      for (const step of [0n, 1n, MS, 3n * MS]) {
        for (const keys of [
          ['a', 'b', 'c'],
          ['c', 'b', 'a'],
          ['b', 'a', 'c'],
        ])
          expect(merged(keys, step)).toBe(first)
      }
    })

    it('counts like any other when no bound is configured', () => {
      const merge = memoryMerge({ mode, clocks: clocksAt(NOW), holdBackMs: Number.POSITIVE_INFINITY })
      merge.add('a', new MemorySource().append(FUTURE).append(NOW).closeWriter(), 0n)
      merge.add(
        'b',
        new MemorySource()
          .append(NOW)
          .append(NOW + 1n)
          .closeWriter(),
        0n,
      )
      expect(short(drain(merge))).toBe('b0 b1 a0 a1!')
      expect(measureMerge(merge).ahead).toBe(0)
    })
  })
}

describe('An ordered merge that is held back', () => {
  it('L62: says by whom and since when, and goes on after the configured time', () => {
    const clocks = clocksAt(NOW)
    const merge = memoryMerge({ mode: 'ordered', clocks, holdBackMs: HOLD_BACK_MS })
    const [silent, busy] = [new MemorySource(), new MemorySource().append(NOW)]
    merge.add('silent', silent, 0n)
    merge.add('busy', busy, 0n)
    expect(measureMerge(merge).heldBackBy).toBeUndefined()
    expect(drain(merge)).toEqual([])
    clocks.nowNs += 7n * MS
    expect(measureMerge(merge).heldBackBy).toMatchObject({ key: 'silent', sinceNs: NOW, forMs: expect.closeTo(7) })
    clocks.nowNs += 4n * MS
    expect(short(drain(merge))).toBe('busy0')
    expect(measureMerge(merge)).toMatchObject({ heldBackBy: undefined, released: 1 })
  })
})
