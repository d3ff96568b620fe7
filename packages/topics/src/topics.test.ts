import { closeSync, mkdtempSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openStrategyEndpoints } from '@chronicle-ts/bus'
import { openObserver, openReader, openWriter, QueueReplacedError, type QueueWriter } from '@chronicle-ts/core'
import { message, u32, u64 } from '@chronicle-ts/schema'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Cancel, Entry, Fill, NewOrder, Quote, SMALL, Trade, topics } from '../test/support/messages.js'
import { defineTopics, feed, openBus, ordersIn, ordersOut, queue, type TopicBus } from './index.js'

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

  it('refuses to read and to commit from within a predicate, and closes from there', () => {
    using out = bus.publisher('quotes', SMALL)
    for (const bid of [1, 2, 3]) out.append(Quote, { instrumentId: 5, bid, ask: 2 })
    const codes: unknown[] = []
    using quotes = bus.subscribe('quotes', {
      name: 'r',
      types: [Quote],
      where: ({ bid }) => {
        codes.push(
          codeOf(() => quotes.next()),
          codeOf(() => quotes.commit()),
        )
        if (bid === 2) quotes.close()
        return true
      },
    })
    expect(quotes.next()?.body.bid).toBe(1)
    quotes.next()
    expect(codes).toEqual(new Array(2).fill(['ERR_BUSY', 'ERR_BUSY']).flat())
    expect(codeOf(() => quotes.next())).toBe('ERR_CLOSED')
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
    while (later.length < 2 || orders.keys.includes('beta')) {
      later.push(...drain(orders, read))
      orders.commit()
    }
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

describe('a topic of every feed', () => {
  const everyFeed = defineTopics({ feeds: feed('*', [Quote, Trade]), answers: ordersIn('*', [Fill]) })
  const append = (key: string, instrumentId: number, timestampNs: bigint): void => {
    using out = openBus(root, everyFeed).publisher('feeds', { key, ...SMALL })
    out.append(Trade, { instrumentId, price: 1 }, { timestampNs })
  }
  const read = ({ key, body }: { key: string; body: { instrumentId: number } }) => `${key} ${body.instrumentId}`

  it('merges the feeds that there are by time, and attaches the ones that come', async () => {
    append('kraken', 1, 20n)
    append('binance', 2, 10n)
    append('binance', 3, 30n)
    using all = openBus(root, everyFeed)
    using feeds = all.subscribe('feeds', { name: 'recorder' })
    expect(drain(feeds, read)).toEqual(['binance 2', 'kraken 1', 'binance 3'])
    expect(feeds.commit()).toEqual([])
    append('coinbase', 4, 40n)
    const seen: string[] = []
    while (seen.length < 1) {
      seen.push(...drain(feeds, read))
      await feeds.waitAsync({ timeoutMs: 100 })
    }
    expect([seen, feeds.keys]).toEqual([['coinbase 4'], ['binance', 'coinbase', 'kraken']])
    feeds.close()
    using again = all.subscribe('feeds', { name: 'recorder' })
    expect(drain(again, read)).toEqual(['coinbase 4'])
  })

  it('delivers what a feed sends that comes while the loop waits, and reads one feed when it is named', async () => {
    using all = openBus(root, everyFeed)
    setImmediate(() => append('late', 5, 1n))
    for await (const m of all.subscribe('feeds', { name: 'a', types: [Trade] })) {
      expect(read(m)).toBe('late 5')
      break
    }
    append('other', 6, 0n)
    using one = all.subscribe('feeds', { name: 'b', source: 'late' })
    expect(drain(one, read)).toEqual(['late 5'])
    expect(codeOf(() => all.publisher('feeds'))).toBe('ERR_INVALID_ARGUMENT')
  })

  it('sets a feed aside that cannot be read, and reads a feed from its beginning that took its place', async () => {
    append('good', 1, 1n)
    append('bad', 2, 2n)
    const { directory } = bus.layout.feed('bad')
    {
      using writer = openWriter(directory)
      writer.append(Trade.typeId, Buffer.from('?'))
    }
    using all = openBus(root, everyFeed)
    const told: string[] = []
    const detached: string[] = []
    using feeds = all.subscribe('feeds', {
      name: 'recorder',
      onProblem: ({ key }) => told.push(key),
      onDetached: (key) => detached.push(key),
    })
    expect(drain(feeds, read)).toEqual(['good 1', 'bad 2'])
    expect([feeds.keys, told, detached]).toEqual([['good'], ['bad'], ['bad']])
    expect(feeds.failures).toMatchObject([{ key: 'bad', error: { code: 'ERR_BAD_MESSAGE' } }])
    rmSync(directory, { recursive: true })
    append('bad', 7, 3n)
    const seen: string[] = []
    while (seen.length < 1) {
      seen.push(...drain(feeds, read))
      await feeds.waitAsync({ timeoutMs: 100 })
    }
    expect([seen, feeds.failures, told]).toEqual([['bad 7'], [], ['bad']])
  })

  it('reads the answers to every strategy', async () => {
    using all = openBus(root, everyFeed)
    for (const [key, id] of [
      ['alpha', 1],
      ['beta', 2],
    ] as const) {
      bus.publisher('orders', { key, ...SMALL })
      bus.publisher('fills', { key, ...SMALL }).append(Fill, { id, price: 1 }, { timestampNs: BigInt(id) })
    }
    using answers = all.subscribe('answers', { name: 'audit' })
    expect(drain(answers, ({ key, body }: { key: string; body: { id: number } }) => `${key} ${body.id}`)).toEqual([
      'alpha 1',
      'beta 2',
    ])
  })
})

describe('a queue that cannot be read now', () => {
  const ids = (m: { body: { id: number } }) => m.body.id
  const strategy = (key: string) => bus.publisher('orders', { key, ...SMALL })

  /** Reads until something is so: queues are tried again as time passes. */
  async function until(orders: ReturnType<typeof bus.subscribe<'orders'>>, isSo: (seen: readonly number[]) => boolean) {
    const seen: number[] = []
    while (!isSo(seen)) {
      seen.push(...drain(orders, ids))
      await orders.waitAsync({ timeoutMs: 10 })
    }
    return seen
  }

  it('L66: is tried again when its name is taken, reported once, and read when it is free', async () => {
    const alpha = strategy('alpha')
    alpha.append(Cancel, { id: 1 })
    const taken = openReader(alpha.queue.directory, 'router')
    const told: string[] = []
    using orders = bus.subscribe('orders', {
      name: 'router',
      onProblem: ({ error }) => told.push((error as { code?: string }).code ?? ''),
    })
    const start = performance.now()
    expect(await until(orders, () => performance.now() - start > 400)).toEqual([])
    expect([told, orders.keys]).toEqual([['ERR_READER_ACTIVE'], []])
    taken.close()
    expect(await until(orders, ({ length }) => length > 0)).toEqual([1])
    expect([told.length, orders.failures]).toEqual([1, []])
  })

  it('is set aside by the program, and delivers again what was not committed', async () => {
    const [alpha, beta] = [strategy('alpha'), strategy('beta')]
    using orders = bus.subscribe('orders', { name: 'router' })
    alpha.append(Cancel, { id: 1 }, { timestampNs: 1n })
    expect(await until(orders, ({ length }) => length === 1)).toEqual([1])
    orders.commit()
    alpha.append(Cancel, { id: 2 }, { timestampNs: 2n })
    beta.append(Cancel, { id: 3 }, { timestampNs: 3n })
    expect([orders.next()?.body.id, orders.next()?.body.id]).toEqual([2, 3])
    orders.setAside('alpha', Object.assign(new Error('the answers are full'), { code: 'EBUSY' }))
    expect(orders.failures).toMatchObject([{ key: 'alpha', error: { code: 'EBUSY' } }])
    orders.commit()
    expect(await until(orders, ({ length }) => length > 0)).toEqual([2])
    expect(codeOf(() => orders.setAside('nobody', new Error('x')))).toBe('ERR_INVALID_ARGUMENT')
    using audit = bus.subscribe('audit', { name: 'r' })
    expect(codeOf(() => audit.setAside('audit/trail', new Error('x')))).toBe('ERR_INVALID_ARGUMENT')
  })

  it('is left for the one that takes its place, and each of those is reported', async () => {
    const told: unknown[] = []
    using orders = bus.subscribe('orders', {
      name: 'router',
      onProblem: ({ error }) => told.push((error as { code?: string }).code),
    })
    for (const round of [1, 2, 3]) {
      const { queue } = strategy('alpha')
      await until(orders, () => orders.keys.length === 1)
      expect(codeOf(() => orders.assertInPlace('alpha'))).toBeUndefined()
      queue.close()
      renameSync(dirname(queue.directory), join(root, `alpha ${round}`))
      const next = strategy('alpha')
      next.append(Cancel, { id: round })
      expect(codeOf(() => orders.assertInPlace('alpha'))).toBe('ERR_QUEUE_REPLACED')
      orders.setAside('alpha', new QueueReplacedError({ directory: next.queue.directory, detail: 'it was renamed' }))
      expect(orders.failures).toEqual([])
      expect(await until(orders, ({ length }) => length > 0)).toEqual([round])
      orders.commit()
      next.queue.close()
    }
    expect(told).toEqual(Array(3).fill('ERR_QUEUE_REPLACED'))
  })

  it('throws what reading throws, when it is the only one', () => {
    const out = bus.publisher('quotes', SMALL)
    for (let bid = 0; bid < 3; bid++) out.append(Quote, { instrumentId: 1, bid, ask: 1 })
    const segment = join(out.queue.directory, '000000000.q')
    using observer = openObserver(out.queue.directory, { start: { sequence: 1 } })
    const { offset } = observer.position
    out.close()
    const fd = openSync(segment, 'r+')
    writeSync(fd, Buffer.alloc(8, 0xff), 0, 8, offset + 64)
    closeSync(fd)
    using quotes = bus.subscribe('quotes', { name: 'r' })
    expect(quotes.next()?.sequence).toBe(0)
    expect([codeOf(() => quotes.next()), codeOf(() => quotes.next())]).toEqual(['ERR_CORRUPT_RECORD', 'ERR_CORRUPT_RECORD'])
  })

  it('keeps what a strategy sent that left, until it is committed', async () => {
    const alpha = strategy('alpha')
    alpha.append(Cancel, { id: 1 })
    {
      using orders = bus.subscribe('orders', { name: 'router' })
      expect(await until(orders, ({ length }) => length === 1)).toEqual([1])
      alpha.close()
      // Read on, as a program does that collects a batch: nothing of it is saved.
      const start = performance.now()
      expect(await until(orders, () => performance.now() - start > 50)).toEqual([])
    }
    using orders = bus.subscribe('orders', { name: 'router' })
    expect(await until(orders, ({ length }) => length === 1)).toEqual([1])
    orders.commit()
    await until(orders, () => orders.keys.length === 0)
    orders.close()
    using again = bus.subscribe('orders', { name: 'router' })
    expect(again.next()).toBeUndefined()
  })

  it('reports once per queue that a message is bad which is skipped', async () => {
    const alpha = strategy('alpha')
    for (let count = 0; count < 3; count++) alpha.queue.append(Cancel.typeId, new Uint8Array(1))
    alpha.append(Cancel, { id: 9 })
    const told: string[] = []
    using orders = bus.subscribe('orders', { name: 'router', onBadMessage: 'skip', onProblem: ({ key }) => told.push(key) })
    expect(await until(orders, ({ length }) => length > 0)).toEqual([9])
    expect([told, orders.skipped.bad, orders.failures]).toEqual([['alpha'], 3, []])
  })
})
