import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStrategyEndpoints } from '@chronicle-ts/bus'
import { openWriter, type QueueWriter } from '@chronicle-ts/core'
import { message, u32, u64 } from '@chronicle-ts/schema'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Cancel, Entry, Fill, NewOrder, Quote, SMALL, Trade, topics } from '../test/support/messages.js'
import { defineTopics, feed, openBus, ordersOut, queue, type TopicBus } from './index.js'

let root = ''
let bus: TopicBus<typeof topics>
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'topics-'))
  bus = openBus(root, topics)
})
afterEach(() => {
  bus.close()
  rmSync(root, { recursive: true, force: true })
})

/** The code of the error that a call throws. */
function codeOf(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return (error as { code?: unknown }).code ?? error
  }
  return undefined
}

/** All that can be delivered now. */
function drain<M, Result>(subscription: { next(): M | undefined }, read: (m: M) => Result): Result[] {
  const results: Result[] = []
  for (let m = subscription.next(); m !== undefined; m = subscription.next()) results.push(read(m))
  return results
}

describe('a topic of one queue', () => {
  it('delivers what was chosen by type, key and predicate, counts the rest, and goes on where it was committed', () => {
    using out = bus.publisher('quotes', SMALL)
    for (const instrumentId of [5, 6, 7])
      for (const bid of [1, 0]) out.write(Quote, (q) => Object.assign(q, { instrumentId, bid, ask: 2 }))
    out.append(Trade, { instrumentId: 5, price: 1 })
    const options = { name: 'strategy', types: [Quote], key: new Set([5, 7]), where: (q: { bid: number }) => q.bid > 0 } as const
    {
      using quotes = bus.subscribe('quotes', options)
      const seen = drain(quotes, ({ key, type, body }: { key: string; type: string; body: { instrumentId: number } }) => [
        key,
        type,
        body.instrumentId,
      ])
      expect(seen).toEqual([
        ['binance', 'Quote', 5],
        ['binance', 'Quote', 7],
      ])
      expect(quotes.skipped.byType).toEqual(
        new Map([
          [1, 4],
          [2, 1],
        ]),
      )
      expect(quotes.commit()).toEqual([])
    }
    using again = bus.subscribe('quotes', { name: 'strategy' })
    expect(again.next()).toBeUndefined()
  })

  it('waits for a queue that does not exist yet, anywhere below the root', async () => {
    const texts: string[] = []
    setImmediate(() => bus.publisher('audit', SMALL).write(Entry, { text: 10 }, (e) => Object.assign(e, { text: 'begun' })))
    for await (const m of bus.subscribe('audit', { name: 'auditor', commit: 'each' })) {
      texts.push(`${m.key}: ${m.body.text}`)
      if (texts.length === 1) bus.publisher('fills', { key: 'x', ...SMALL })
      break
    }
    expect(texts).toEqual(['audit/trail: begun'])
  })

  it('refuses another definition when the queue is attached', () => {
    const Other = message('Quote', 1, { instrumentId: u64() })
    using out = bus.publisher('quotes', SMALL)
    out.append(Trade, { instrumentId: 1, price: 1 })
    using others = openBus(root, defineTopics({ quotes: feed('binance', [Other]) }))
    expect(codeOf(() => others.subscribe('quotes', { name: 'r' }).next())).toBe('ERR_SCHEMA_INCOMPATIBLE')
    out.close()
    expect(codeOf(() => others.publisher('quotes'))).toBe('ERR_SCHEMA_INCOMPATIBLE')
    bus.publisher('quotes').close()
  })

  it('keeps the position at a message that cannot be delivered', () => {
    using out = bus.publisher('quotes', SMALL)
    out.append(Quote, { instrumentId: 1, bid: 1, ask: 1 })
    out.queue.append(1, new Uint8Array(3))
    let isBroken = true
    {
      using quotes = bus.subscribe('quotes', { name: 'r', types: [Quote], where: () => (isBroken ? fail('broken') : true) })
      expect(() => quotes.next()).toThrow('broken')
      quotes.commit()
      isBroken = false
      expect(quotes.next()?.sequence).toBe(0)
      expect([codeOf(() => quotes.next()), codeOf(() => quotes.next())]).toEqual(['ERR_BAD_MESSAGE', 'ERR_BAD_MESSAGE'])
      quotes.commit()
    }
    using tolerant = bus.subscribe('quotes', { name: 'r', onBadMessage: 'skip' })
    expect(tolerant.next()).toBeUndefined()
    expect(tolerant.skipped).toEqual({ byType: new Map([[1, 1]]), bad: 1 })
  })

  it('saves each message when the next one is asked for, if that is wanted', async () => {
    using out = bus.publisher('quotes', SMALL)
    for (let bid = 0; bid < 3; bid++) out.append(Quote, { instrumentId: 1, bid, ask: 1 })
    const first: number[] = []
    for await (const m of bus.subscribe('quotes', { name: 'r', types: [Quote], commit: 'each' })) {
      first.push(m.body.bid)
      if (first.length === 2) break
    }
    using rest = bus.subscribe('quotes', { name: 'r', types: [Quote] })
    expect(drain(rest, (m: { body: { bid: number } }) => m.body.bid)).toEqual([1, 2])
  })
})

function fail(reason: string): never {
  throw new Error(reason)
}

describe('a topic of every strategy', () => {
  function strategy(key: string): ReturnType<typeof bus.publisher<'orders'>> {
    return bus.publisher('orders', { key, ...SMALL })
  }

  it('merges what they send by time, says whose it is, and follows them as they come and go', () => {
    const alpha = strategy('alpha')
    const beta = strategy('beta')
    alpha.append(NewOrder, { id: 1, price: 1, symbol: 'A' }, { timestampNs: 10n })
    beta.append(NewOrder, { id: 2, price: 1, symbol: 'B' }, { timestampNs: 5n })
    alpha.append(Cancel, { id: 1 }, { timestampNs: 20n })
    using orders = bus.subscribe('orders', { name: 'router' })
    const read = ({ key, type, body }: { key: string; type: string; body: { id: number } }) => `${key} ${type} ${body.id}`
    expect(drain(orders, read)).toEqual(['beta NewOrder 2', 'alpha NewOrder 1', 'alpha Cancel 1'])
    expect(orders.keys).toEqual(['alpha', 'beta'])
    beta.append(Cancel, { id: 2 }, { timestampNs: 30n })
    beta.close()
    const gamma = strategy('gamma')
    gamma.append(NewOrder, { id: 3, price: 1, symbol: 'C' }, { timestampNs: 40n })
    const later: string[] = []
    while (later.length < 2 || orders.keys.includes('beta')) later.push(...drain(orders, read))
    expect(later.sort()).toEqual(['beta Cancel 2', 'gamma NewOrder 3'])
    expect(orders.keys).toEqual(['alpha', 'gamma'])
  })

  it('delivers what strategies left that went before the first subscription', () => {
    const left = strategy('gone')
    left.append(Cancel, { id: 9 })
    left.close()
    using orders = bus.subscribe('orders', { name: 'router' })
    const ids: number[] = []
    while (ids.length === 0) ids.push(...drain(orders, (m: { body: { id: number } }) => m.body.id))
    expect(ids).toEqual([9])
  })

  it('L66: sets a strategy aside whose message or definition is bad, and the others go on', () => {
    const good = strategy('good')
    using bad = openStrategyEndpoints(root, 'bad', { writer: SMALL.writer })
    bad.markReady()
    bad.ordersOut.append(11, new Uint8Array(1))
    const Strange = message('Cancel', 11, { id: u64() })
    using strange = openBus(root, defineTopics({ orders: ordersOut('*', [Strange]) }))
    strange.publisher('orders', { key: 'strange', ...SMALL }).append(Strange, { id: 1n })
    good.append(Cancel, { id: 7 })
    const told: string[] = []
    using orders = bus.subscribe('orders', { name: 'router', onProblem: ({ key }) => told.push(key) })
    const seen: string[] = []
    while (seen.length < 1 || told.length < 2) seen.push(...drain(orders, (m: { key: string }) => m.key))
    expect(seen).toEqual(['good'])
    expect(orders.failures.map(({ key, error }) => [key, (error as { code?: string }).code])).toEqual([
      ['bad', 'ERR_BAD_MESSAGE'],
      ['strange', 'ERR_SCHEMA_INCOMPATIBLE'],
    ])
    expect(told.sort()).toEqual(['bad', 'strange'])
  })

  it('answers them one by one', async () => {
    using answers = bus.publisher('fills', { key: 'alpha', ...SMALL })
    answers.append(Fill, { id: 1, price: 2.5 })
    for await (const m of bus.subscribe('fills', { name: 'strategy', source: 'alpha' })) {
      expect([m.key, m.type, m.body.price]).toEqual(['alpha', 'Fill', 2.5])
      break
    }
  })

  it('delivers in an order that is a function of the data, when that is asked for', async () => {
    const sent = strategy('alpha')
    const other = strategy('beta')
    for (let id = 0; id < 20; id++) (id % 3 === 0 ? sent : other).append(Cancel, { id }, { timestampNs: BigInt(1000 + id) })
    sent.close()
    other.close()
    const ids: number[] = []
    for await (const m of bus.subscribe('orders', { name: 'router', types: [Cancel], mode: 'ordered' })) {
      ids.push(m.body.id)
      if (ids.length === 20) break
    }
    expect(ids).toEqual(Array.from({ length: 20 }, (_, id) => id))
  })
})

describe('waiting', () => {
  it('ends at the signal, at close, and at the end of the bus', async () => {
    const ending = new AbortController()
    const loop = (async () => {
      for await (const _ of bus.subscribe('orders', { name: 'a', signal: ending.signal })) fail('nothing was sent')
    })()
    setImmediate(() => ending.abort())
    await loop
    const waiting = bus.subscribe('audit', { name: 'b' }).messages().next()
    setImmediate(() => bus.close())
    expect(await waiting).toEqual({ value: undefined, done: true })
    expect(codeOf(() => bus.publisher('audit'))).toBe('ERR_CLOSED')
  })

  it('delivers what a strategy sends that comes while the loop waits', async () => {
    const ids: number[] = []
    setImmediate(() => bus.publisher('orders', { key: 'late', ...SMALL }).append(Cancel, { id: 4 }))
    for await (const m of bus.subscribe('orders', { name: 'router', types: [Cancel] })) {
      ids.push(m.body.id)
      if (ids.length === 2) break
      setImmediate(() => append(bus.publisher('orders', { key: 'later', ...SMALL })))
    }
    expect(ids).toEqual([4, 5])
  })

  function append(publisher: { readonly queue: QueueWriter }): void {
    publisher.queue.append(11, Cancel.encode({ id: 5 }))
  }
})

describe('what is refused', () => {
  it.each([
    ['a place outside of the root', () => queue('../outside', [Entry])],
    ['an absolute place', () => queue('/etc', [Entry])],
    ['a name that is not one', () => feed('a/b', [Quote])],
    ['a topic that is not one', () => defineTopics({ x: {} as never })],
    ['an unknown topic', () => bus.publisher('nothing' as never)],
    ['a publisher of every strategy', () => bus.publisher('orders')],
    ['types that the topic does not have', () => bus.subscribe('quotes', { name: 'r', types: [Entry] as never })],
    ['a key for types without one', () => bus.subscribe('orders', { name: 'r', key: new Set<never>() })],
  ])('%s', (_, call) => {
    expect(codeOf(call)).toBe('ERR_INVALID_ARGUMENT')
  })

  it('two definitions of one type in one queue', () => {
    const Other = message('Quote', 1, { bid: u32() })
    expect(codeOf(() => defineTopics({ a: feed('x', [Quote]), b: feed('x', [Other]) }))).toBe('ERR_SCHEMA_INCOMPATIBLE')
    defineTopics({ a: feed('x', [Quote]), b: feed('y', [Other]) })
  })

  it('a second publisher of one queue', () => {
    using first = bus.publisher('quotes', SMALL)
    expect(codeOf(() => bus.publisher('quotes'))).toBe('ERR_WRITER_ACTIVE')
    first.close()
    bus.publisher('quotes').close()
    openWriter(join(root, 'audit', 'trail'), SMALL.writer).close()
  })
})
