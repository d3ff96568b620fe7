import { rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { segmentFileName } from '@chronicle-ts/core/internal'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { amount } from '../../../tools/evidence/effort/effort.mjs'
import { drain, LONG_MS, Queues } from '../test/queues/queues.js'
import { FanInReader } from './fan-in-reader.js'
import type { SourceFailure } from './source-failure.js'

/** Queues that are merged at once. */
const QUEUES = amount({ short: 200, long: 1000 })

let queues: Queues

beforeEach(() => {
  queues = new Queues()
})

afterEach(() => queues.end())

describe('FanInReader', () => {
  it('merges queues by timestamp, then by key, whether readers or observers', () => {
    queues.closed('a', 1n, 4n, 4n)
    queues.closed('b', 2n, 4n)
    for (const mode of ['eager', 'ordered'] as const) {
      const fanIn = queues.fanIn({ mode })
      fanIn.add('b', queues.reader('b', mode))
      fanIn.add('a', queues.observer('a'))
      expect(drain(fanIn)).toEqual(['a:1', 'b:2', 'a:4', 'a:4', 'b:4'])
      expect(fanIn.commit()).toEqual([])
      expect([fanIn.keys, fanIn.size, fanIn.has('a'), fanIn.has('c')]).toEqual([['a', 'b'], 2, true, false])
    }
  })

  it('L7: commits exactly what was delivered: a restart repeats the rest and skips nothing', () => {
    queues.closed('a', 1n, 3n, 5n)
    queues.closed('b', 2n, 4n, 6n)
    const all = ['a:1', 'b:2', 'a:3', 'b:4', 'a:5', 'b:6']
    for (let delivered = 0; delivered <= all.length; delivered++) {
      const name = `router${delivered}`
      const first = queues.fanIn({ ownsSources: true })
      first.add('a', queues.reader('a', name))
      first.add('b', queues.reader('b', name))
      for (let count = 0; count < delivered; count++) first.next()
      expect(first.commit({ durable: delivered % 2 === 1 })).toEqual([])
      expect(first.wait({ timeoutMs: 0 })).toBe(delivered < all.length ? 'message' : 'timeout')
      first.close()
      const second = queues.fanIn({ ownsSources: true })
      second.add('a', queues.reader('a', name))
      second.add('b', queues.reader('b', name))
      expect(drain(second)).toEqual(all.slice(delivered))
      second.close()
    }
  })

  it('L7: commits one source without the others', () => {
    queues.closed('a', 1n)
    queues.closed('b', 2n)
    const first = queues.fanIn({ ownsSources: true })
    first.add('a', queues.reader('a'))
    first.add('b', queues.reader('b'))
    expect(drain(first)).toEqual(['a:1', 'b:2'])
    expect(first.commit({ key: 'b' })).toEqual([])
    expect(() => first.commit({ key: 'c' })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }))
    first.close()
    const second = queues.fanIn()
    second.add('a', queues.reader('a'))
    second.add('b', queues.reader('b'))
    expect(drain(second)).toEqual(['a:1'])
  })

  it('keeps the delivered message readable while it looks ahead, across rolls too', () => {
    const writer = queues.writer('a', { segmentSize: 4096 })
    for (let i = 0; i < 200; i++) writer.append(1, Buffer.from(`message ${i}`))
    const fanIn = queues.fanIn()
    fanIn.add('a', queues.reader('a'))
    for (let i = 0; i < 200; i++) {
      const delivery = fanIn.next()
      fanIn.metrics()
      expect(delivery?.message.sequence).toBe(i)
      expect(delivery?.message.payload.toString()).toBe(`message ${i}`)
    }
    expect(fanIn.next()).toBeUndefined()
    expect(fanIn.metrics()).toMatchObject({ delivered: 200, lag: { messages: 0 } })
  })

  it('goes on when a writer restarts, and waits for the new one', () => {
    const first = queues.writer('a')
    first.append(1, Buffer.from('1'))
    const fanIn = queues.fanIn({ mode: 'ordered', holdBackMs: Number.POSITIVE_INFINITY })
    fanIn.add('a', queues.reader('a'))
    const other = queues.writer('b')
    fanIn.add('b', queues.reader('b'))
    other.heartbeat()
    expect(drain(fanIn)).toEqual(['a:1'])
    first.close()
    other.append(1, Buffer.from('2'))
    expect(fanIn.wait({ timeoutMs: LONG_MS })).toBe('message')
    expect(drain(fanIn)).toEqual(['b:2'])
    const second = queues.writer('a')
    other.append(1, Buffer.from('3'))
    expect(fanIn.wait({ timeoutMs: 30 })).toBe('timeout')
    second.append(1, Buffer.from('4'))
    other.append(1, Buffer.from('5'))
    expect(drain(fanIn)).toEqual(['b:3', 'a:4'])
  })

  it('L39: sets a corrupt source aside, says why, goes on with the others, and takes a replacement', async () => {
    queues.closed('a', 1n, 3n, 5n)
    queues.closed('b', 2n, 4n, 6n)
    const file = await open(join(queues.directory('a'), segmentFileName(0)), 'r+')
    await file.write(Buffer.from([0xff]), 0, 1, 64 + 128 + 64)
    await file.close()
    const told: SourceFailure[] = []
    const fanIn = queues.fanIn({ mode: 'ordered', onSourceError: (failure) => told.push(failure) })
    fanIn.add('a', queues.reader('a'))
    fanIn.add('b', queues.reader('b'))
    expect(drain(fanIn)).toEqual(['a:1', 'b:2', 'b:4', 'b:6'])
    const error = expect.objectContaining({ code: 'ERR_CORRUPT_RECORD' })
    expect(told).toEqual([{ key: 'a', operation: 'read', error }])
    expect(fanIn.failures).toEqual(told)
    expect(fanIn.metrics()).toMatchObject({ failedCount: 1, errors: 1, delivered: 4 })
    expect(fanIn.retry('a')).toBe(true)
    expect(drain(fanIn)).toEqual([])
    expect(told.length).toBe(2)
    expect(fanIn.remove('a')).toBeDefined()
    expect([fanIn.failures, fanIn.metrics().errors]).toEqual([[], 2])
    fanIn.add('a', queues.reader('a', 'lenient', { onCorrupt: 'skip' }))
    expect(drain(fanIn)).toEqual(['a:1!', 'a:5!'])
  })

  it('L39: sets a source aside whose messages were deleted unread', () => {
    const writer = queues.writer('a', { segmentSize: 4096 })
    for (let i = 0; i < 100; i++) writer.append(1, Buffer.from(String(i)))
    const fanIn = queues.fanIn()
    fanIn.add('a', queues.observer('a'))
    queues.closed('b', 1n, 2n)
    fanIn.add('b', queues.reader('b'))
    expect(fanIn.next()?.key).toBe('b')
    rmSync(join(queues.directory('a'), segmentFileName(1)))
    const delivered = drain(fanIn)
    expect(delivered[0]).toBe('b:2')
    expect(delivered.length).toBeLessThan(100)
    expect(fanIn.failures).toMatchObject([{ key: 'a', operation: 'read', error: { code: 'ERR_DATA_LOST' } }])
  })

  it(`merges ${QUEUES} queues of uneven rates, in the order of their timestamps`, () => {
    let total = 0
    for (let i = 0; i < QUEUES; i++) {
      const writer = queues.writer(`q${i}`, { segmentSize: 4096 })
      const count = i % 100 === 0 ? 40 : i % 3
      for (let n = 0; n < count; n++)
        writer.append(1, Buffer.alloc(0), { timestampNs: BigInt(1 + ((n * 7919 + i * 104729) % 1000) + n * 1000) })
      total += count
      writer.close()
    }
    const orders = (['eager', 'ordered'] as const).map((mode) => {
      const fanIn = new FanInReader({ mode, ownsSources: true })
      for (let i = 0; i < QUEUES; i++) fanIn.add(`q${i}`, queues.observer(`q${i}`))
      const order: string[] = []
      let before = 0n
      fanIn.poll(Number.POSITIVE_INFINITY, ({ key, message, late }) => {
        if (late || message.timestampNs < before) throw new Error(`${key} ${message.sequence} is late`)
        before = message.timestampNs
        order.push(`${key} ${message.sequence}`)
      })
      fanIn.close()
      return order
    })
    expect(orders[0]?.length).toBe(total)
    expect(orders[1]).toEqual(orders[0])
  }, 180_000)

  it('closes its sources only when it owns them', () => {
    queues.closed('a', 1n)
    const [lent, owned, removed] = [queues.observer('a'), queues.observer('a'), queues.observer('a')]
    const borrower = queues.fanIn()
    borrower.add('lent', lent)
    borrower.close()
    const owner = queues.fanIn({ ownsSources: true })
    owner.add('owned', owned)
    owner.add('removed', removed)
    expect(owner.remove('removed')).toBe(removed)
    owner.close()
    owner.close()
    expect([lent.closed, owned.closed, removed.closed, owner.closed]).toEqual([false, true, true, true])
    for (const use of [
      () => owner.next(),
      () => owner.commit(),
      () => owner.wait(),
      () => owner.add('x', lent),
      () => owner.metrics(),
    ]) {
      expect(use).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
    }
  })

  it('refuses options that mean nothing', () => {
    for (const options of [
      { mode: 'sorted' },
      { holdBackMs: -1 },
      { holdBackMs: Number.NaN },
      { allowedLatenessNs: 5 },
      { allowedLatenessNs: -1n },
      { wait: 'sleep' },
      { ownsSources: 1 },
      { onSourceError: 'log' },
    ]) {
      expect(() => new FanInReader(options as never)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }))
    }
    const fanIn = queues.fanIn()
    queues.closed('a')
    const source = queues.observer('a')
    expect(() => fanIn.add(7 as never, source)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }))
    expect(() => fanIn.add('a', source, { allowedLatenessNs: -1n })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
    )
    expect(fanIn.size).toBe(0)
  })
})
