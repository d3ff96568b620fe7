import { describe, expect, it } from 'vitest'
import { drain, HandClocks, memoryMerge, short, take } from '../test/memory/memory-merge.js'
import { MemorySource } from '../test/memory/memory-source.js'
import { measureMerge } from './measure-merge.js'
import type { SourceFailure } from './source-failure.js'

function closedSource(...timestamps: readonly bigint[]): MemorySource {
  const source = new MemorySource()
  for (const timestampNs of timestamps) source.append(timestampNs)
  return source.closeWriter()
}

describe('Merge, in both modes', () => {
  for (const mode of ['eager', 'ordered'] as const) {
    it(`${mode}: orders by timestamp, then by key`, () => {
      const merge = memoryMerge({ mode })
      merge.add('b', closedSource(1n, 5n), 0n)
      merge.add('a', closedSource(1n, 4n, 6n), 0n)
      merge.add('c', closedSource(2n), 0n)
      expect(short(drain(merge))).toBe('a0 b0 c0 a1 b1 a2')
    })

    it(`${mode}: compares all 64 bits of a timestamp`, () => {
      const merge = memoryMerge({ mode })
      const top = 0xffff_ffff_ffff_ffffn
      merge.add('a', closedSource(top - 1n, top), 0n)
      merge.add('b', closedSource(0x1_0000_0000n, 0xffff_ffff_0000_0000n), 0n)
      merge.add('c', closedSource(0xffff_ffffn, 0x8000_0000_0000_0000n), 0n)
      expect(short(drain(merge))).toBe('c0 b0 c1 b1 a0 a1')
    })

    it(`${mode}: never changes the order inside a source and flags what goes backwards`, () => {
      const merge = memoryMerge({ mode })
      merge.add('a', closedSource(10n, 5n, 12n), 0n)
      merge.add('b', closedSource(6n, 11n), 0n)
      expect(short(drain(merge))).toBe('b0 a0 a1! b1 a2')
    })

    it(`${mode}: L7: commits what was delivered and not what was looked at`, () => {
      const merge = memoryMerge({ mode })
      const [a, b] = [closedSource(1n, 3n), closedSource(2n, 4n)]
      merge.add('a', a, 0n)
      merge.add('b', b, 0n)
      expect(take(merge)?.key).toBe('a')
      merge.isReady()
      expect(merge.commit(false)).toEqual([])
      expect([a.committed, b.committed]).toEqual([1, 0])
      take(merge)
      expect(merge.commitKey('b', false)).toEqual([])
      expect([a.committed, b.committed]).toEqual([1, 1])
    })

    it(`${mode}: L39: sets a failing source aside, says why, and goes on with the others`, () => {
      const told: SourceFailure[] = []
      const merge = memoryMerge({ mode, onSourceError: (failure) => told.push(failure) })
      const bad = closedSource(1n, 2n)
      bad.failure = new Error('damaged')
      merge.add('a', bad, 0n)
      merge.add('b', closedSource(1n, 3n), 0n)
      expect(short(drain(merge))).toBe('b0 b1')
      expect(told).toEqual([{ key: 'a', operation: 'read', error: bad.failure }])
      expect(merge.failures()).toEqual(told)
      bad.failure = undefined
      expect(drain(merge)).toEqual([])
      expect(merge.retry('a')).toBe(true)
      expect(merge.retry('a')).toBe(false)
      expect(short(drain(merge))).toBe('a0! a1!')
    })

    it(`${mode}: lets the callback for an error remove and add sources`, () => {
      const replacement = closedSource(2n)
      const merge = memoryMerge({
        mode,
        onSourceError: ({ key }) => {
          merge.remove(key)
          merge.add('c', replacement, 0n)
        },
      })
      const bad = closedSource()
      bad.failure = new Error('gone')
      merge.add('a', bad, 0n)
      merge.add('b', closedSource(1n, 3n), 0n)
      expect(short(drain(merge))).toBe('b0 c0 b1')
    })

    it(`${mode}: goes on although the callback for an error retries at once, each time`, () => {
      const [bad, good] = [closedSource(1n), closedSource(2n, 3n)]
      bad.failure = new Error('out of order')
      let told = 0
      const merge = memoryMerge({
        mode,
        onSourceError: ({ key }) => {
          if (++told > 100) throw new Error('reported without end')
          merge.retry(key)
        },
      })
      merge.add('a', bad, 0n)
      merge.add('b', good, 0n)
      expect(short(drain(merge))).toBe('b0 b1')
      bad.failure = undefined
      expect(short(drain(merge))).toBe('a0!')
    })

    it(`${mode}: keeps a source whose position cannot be saved, and saves it with the next commit`, () => {
      const merge = memoryMerge({ mode })
      const [a, b] = [closedSource(1n, 3n), closedSource(2n)]
      merge.add('a', a, 0n)
      merge.add('b', b, 0n)
      drain(merge)
      a.commitFailure = new Error('disk full')
      expect(merge.commit(false)).toEqual([{ key: 'a', operation: 'commit', error: a.commitFailure }])
      expect([a.committed, b.committed]).toEqual([0, 1])
      a.commitFailure = undefined
      expect(merge.commit(false)).toEqual([])
      expect(a.committed).toBe(2)
    })

    it(`${mode}: adds and removes sources between any two messages`, () => {
      const merge = memoryMerge({ mode })
      merge.add('m', closedSource(10n, 20n, 30n), 0n)
      expect(take(merge)?.timestampNs).toBe(10n)
      merge.add('a', closedSource(5n, 20n, 25n), 0n)
      expect(take(merge)).toMatchObject({ key: 'a', timestampNs: 5n, late: true })
      expect(take(merge)).toMatchObject({ key: 'a', timestampNs: 20n, late: false })
      expect(merge.remove('a')).toBeInstanceOf(MemorySource)
      expect(merge.remove('a')).toBeUndefined()
      expect(short(drain(merge))).toBe('m1 m2')
      expect(measureMerge(merge)).toMatchObject({ sourceCount: 1, delivered: 5, late: 1, displaced: 1 })
    })

    it(`${mode}: survives the removal of the source whose message was delivered last`, () => {
      const merge = memoryMerge({ mode })
      merge.add('a', closedSource(1n, 2n), 0n)
      take(merge)
      merge.remove('a')
      merge.add('b', closedSource(3n), 0n)
      expect(short(drain(merge))).toBe('b0')
    })

    it(`${mode}: refuses a key that is taken and a source that is in already`, () => {
      const merge = memoryMerge({ mode })
      const source = closedSource()
      merge.add('a', source, 0n)
      expect(() => merge.add('a', closedSource(), 0n)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }))
      expect(() => merge.add('b', source, 0n)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }))
    })

    it(`${mode}: delivers nothing without sources`, () => {
      expect(memoryMerge({ mode }).next()).toBeUndefined()
    })
  }
})

describe('Merge, eager', () => {
  it('delivers what is visible without waiting for any source', () => {
    const merge = memoryMerge({ mode: 'eager' })
    const [a, b] = [new MemorySource(), new MemorySource()]
    merge.add('a', a, 0n)
    merge.add('b', b, 0n)
    b.append(20n)
    expect(short(drain(merge))).toBe('b0')
    a.append(10n)
    expect(short(drain(merge))).toBe('a0!')
  })

  it('finds a message of a resting source within a bounded number of messages', () => {
    const merge = memoryMerge({ mode: 'eager' })
    const busy = new MemorySource()
    for (let i = 0; i < 2000; i++) busy.append(BigInt(1000 + i))
    merge.add('busy', busy, 0n)
    const quiet = Array.from({ length: 1000 }, () => new MemorySource())
    for (const [i, source] of quiet.entries()) merge.add(`quiet${i}`, source, 0n)
    take(merge)
    quiet[500]?.append(1n)
    let count = 0
    while (take(merge)?.key === 'busy') count++
    expect(count).toBeLessThanOrEqual(Math.ceil(1000 / Math.floor(Math.log2(1000))))
  })

  it('looks at resting sources so seldom that they cost a message the logarithm of their number', () => {
    const merge = memoryMerge({ mode: 'eager' })
    const busy = new MemorySource()
    for (let i = 0; i < 1000; i++) busy.append(BigInt(i + 1))
    merge.add('busy', busy, 0n)
    const quiet = Array.from({ length: 1000 }, () => new MemorySource())
    for (const [i, source] of quiet.entries()) merge.add(`quiet${i}`, source, 0n)
    take(merge)
    const before = quiet.reduce((sum, { peekCount }) => sum + peekCount, 0)
    for (let i = 0; i < 500; i++) take(merge)
    const looks = quiet.reduce((sum, { peekCount }) => sum + peekCount, 0) - before
    expect(looks).toBeLessThanOrEqual(500 * 10)
  })
})

describe('Merge, ordered', () => {
  it('L40: waits for what a living source may still deliver', () => {
    const merge = memoryMerge({ mode: 'ordered' })
    const [a, b] = [new MemorySource(), new MemorySource()]
    merge.add('a', a, 0n)
    merge.add('b', b, 0n)
    b.append(20n)
    expect(drain(merge)).toEqual([])
    a.append(10n)
    expect(short(drain(merge))).toBe('a0')
    a.heartbeat(19n)
    expect(drain(merge)).toEqual([])
    a.heartbeat(21n)
    expect(short(drain(merge))).toBe('b0')
  })

  it('takes a promise of the same time for enough only when the key goes after', () => {
    const merge = memoryMerge({ mode: 'ordered' })
    const [a, b, c] = [new MemorySource(), new MemorySource(), new MemorySource()]
    merge.add('a', a, 0n)
    merge.add('b', b, 0n)
    merge.add('c', c, 0n)
    b.append(20n)
    a.heartbeat(21n)
    c.heartbeat(20n)
    expect(short(drain(merge))).toBe('b0')
    b.append(30n)
    a.heartbeat(30n)
    c.heartbeat(31n)
    expect(drain(merge)).toEqual([])
    a.append(30n)
    expect(short(drain(merge))).toBe('a0')
  })

  it('subtracts the allowed lateness from heartbeats, per source', () => {
    const merge = memoryMerge({ mode: 'ordered' })
    const [a, b] = [new MemorySource(), new MemorySource()]
    merge.add('a', a, 5n)
    merge.add('b', b, 0n)
    b.append(20n)
    a.heartbeat(24n)
    expect(drain(merge)).toEqual([])
    a.append(19n, 24n)
    a.heartbeat(26n)
    expect(short(drain(merge))).toBe('a0 b0')
  })

  it('trusts no heartbeat of a source with unbounded lateness', () => {
    const merge = memoryMerge({ mode: 'ordered' })
    const [a, b] = [new MemorySource(), new MemorySource()]
    merge.add('a', a, undefined)
    merge.add('b', b, 0n)
    b.append(20n)
    a.heartbeat(1000n)
    expect(drain(merge)).toEqual([])
    a.append(21n)
    expect(short(drain(merge))).toBe('b0')
  })

  it('does not wait for dead writers, and waits again when one comes back', () => {
    const clocks = new HandClocks()
    const merge = memoryMerge({ mode: 'ordered', clocks })
    const [a, b] = [new MemorySource(), new MemorySource()]
    merge.add('a', a, 0n)
    merge.add('b', b, 0n)
    clocks.nowNs = 100_000_000n
    b.append(clocks.nowNs)
    a.closeWriter()
    clocks.nowNs += 1n
    expect(short(drain(merge))).toBe('b0')
    clocks.nowNs += 100_000_000n
    a.openWriter()
    a.heartbeat(clocks.nowNs)
    clocks.nowNs += 1n
    b.append(clocks.nowNs)
    expect(drain(merge)).toEqual([])
    a.append(clocks.nowNs + 1n)
    expect(short(drain(merge))).toBe('b1')
  })

  it('L40: looks once more after the writer was found dead: it may have appended and closed just before', () => {
    const merge = memoryMerge({ mode: 'ordered' })
    const [a, b] = [new MemorySource(), new MemorySource()]
    merge.add('a', a, 0n)
    merge.add('b', b, 0n)
    b.append(20n)
    a.beforeLoad = (load) => {
      if (load === 'writer') a.append(10n).closeWriter()
    }
    expect(short(drain(merge))).toBe('a0')
  })

  it('L40: reads the clock before it looks at the source of a dead writer: a new one may append in between', () => {
    const clocks = new HandClocks()
    const merge = memoryMerge({ mode: 'ordered', clocks })
    const [a, b] = [new MemorySource().closeWriter(), new MemorySource()]
    merge.add('a', a, 0n)
    merge.add('b', b, 0n)
    clocks.nowNs = 20n
    b.append(20n)
    clocks.nowNs = 21n
    expect(short(drain(merge))).toBe('b0')
    clocks.nowNs = 30n
    clocks.beforeLoad = () => {
      clocks.beforeLoad = undefined
      a.openWriter()
      a.heartbeat(30n)
      a.append(35n)
      b.append(40n)
      clocks.nowNs = 50n
    }
    b.append(29n)
    expect(short(drain(merge))).toBe('b1 a0')
  })

  it('does not wait for dead writers either when messages are stamped with the future', () => {
    const clocks = new HandClocks()
    // The clock runs while the merge looks, and never reaches the messages.
    clocks.beforeLoad = () => {
      clocks.nowNs++
    }
    const merge = memoryMerge({ mode: 'ordered', clocks })
    for (const key of ['a', 'c', 'd']) merge.add(key, closedSource(), 0n)
    merge.add('b', closedSource(1n << 62n, 1n << 63n), 0n)
    expect(short(drain(merge))).toBe('b0 b1')
  })

  it('holds back no longer than configured, however many sources are silent, and flags what comes after all', () => {
    const clocks = new HandClocks()
    const merge = memoryMerge({ mode: 'ordered', clocks, holdBackMs: 10 })
    const silent = Array.from({ length: 20 }, () => new MemorySource())
    for (const [i, source] of silent.entries()) merge.add(`silent${i}`, source, 0n)
    const busy = new MemorySource().append(1_000n)
    merge.add('busy', busy, 0n)
    expect(drain(merge)).toEqual([])
    clocks.nowNs += 9_000_000n
    expect(drain(merge)).toEqual([])
    clocks.nowNs += 1_000_000n
    expect(short(drain(merge))).toBe('busy0')
    expect(measureMerge(merge)).toMatchObject({ released: 20, displaced: 0 })
    silent[3]?.append(999n)
    expect(short(drain(merge))).toBe('silent30!')
    expect(measureMerge(merge)).toMatchObject({ late: 1, displaced: 1 })
  })

  it('does not wait again for a source that it no longer waited for until that has caught up', () => {
    const clocks = new HandClocks()
    const merge = memoryMerge({ mode: 'ordered', clocks, holdBackMs: 10 })
    const [slow, busy] = [new MemorySource(), new MemorySource().append(1_000n)]
    merge.add('slow', slow, 0n)
    merge.add('busy', busy, 0n)
    drain(merge)
    clocks.nowNs += 10_000_000n
    expect(short(drain(merge))).toBe('busy0')
    busy.append(2_000n)
    slow.heartbeat(500n)
    expect(short(drain(merge))).toBe('busy1')
    slow.heartbeat(2_500n)
    expect(drain(merge)).toEqual([])
    busy.append(3_000n)
    expect(drain(merge)).toEqual([])
    slow.heartbeat(3_001n)
    expect(short(drain(merge))).toBe('busy2')
  })

  it('asks the sources it does not need nothing', () => {
    const merge = memoryMerge({ mode: 'ordered' })
    const busy = new MemorySource()
    for (let i = 0; i < 1000; i++) busy.append(BigInt(i + 1))
    merge.add('busy', busy, 0n)
    const quiet = Array.from({ length: 1000 }, () => new MemorySource())
    for (const [i, source] of quiet.entries()) {
      source.heartbeat(1_000_000n)
      merge.add(`quiet${i}`, source, 0n)
    }
    take(merge)
    const before = quiet.reduce((sum, { peekCount }) => sum + peekCount, 0)
    for (let i = 0; i < 500; i++) take(merge)
    expect(quiet.reduce((sum, { peekCount }) => sum + peekCount, 0)).toBe(before)
  })

  it('reports watermarks per source and for the whole', () => {
    const merge = memoryMerge({ mode: 'ordered' })
    const [a, b] = [new MemorySource(), new MemorySource().append(20n)]
    merge.add('a', a, 0n)
    merge.add('b', b, 0n)
    a.heartbeat(15n)
    drain(merge)
    const metrics = measureMerge(merge)
    expect(metrics.watermarkNs).toBe(15n)
    expect(metrics.sources.map(({ key, state, watermarkNs }) => [key, state, watermarkNs])).toEqual([
      ['a', 'silent', 15n],
      ['b', 'message', 20n],
    ])
    expect(metrics.lag).toEqual({ messages: 1, bytes: 64, ns: 1n })
  })
})
