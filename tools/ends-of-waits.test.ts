import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as bus from '@chronicle-ts/bus'
import * as core from '@chronicle-ts/core'
import { FanInReader } from '@chronicle-ts/fanin'
import { openProcessor } from '@chronicle-ts/replay'
import { f64, message } from '@chronicle-ts/schema'
import { feed, openBus, ordersOut } from '@chronicle-ts/topics'
import { openTypedObserver, openTypedWriter } from '@chronicle-ts/typed'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

/**
 * One rule for everything that waits. When the signal aborts, a wait rejects with its reason and an iterator ends. When the handle is closed, a wait rejects with `ERR_CLOSED`
 * and an iterator ends; `return()` ends an iterator, also while it waits. Each case hangs when its wait does not end.
 */
const Quote = message('Quote', 1, { bid: f64() })
const payload = Buffer.alloc(1000)

let folder: string
let open: { close(): void }[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chronicle-ends-'))
  open = []
})

afterEach(() => {
  for (const one of open.reverse()) one.close()
  rmSync(folder, { recursive: true, force: true })
})

function kept<One extends { close(): void }>(one: One): One {
  open.push(one)
  return one
}

function queueOf(options: core.WriterOptions = {}): { readonly directory: string; readonly writer: core.QueueWriter } {
  const directory = join(folder, 'queue')
  return { directory, writer: kept(core.openWriter(directory, { segmentSize: 65_536, ...options })) }
}

function readerOf(): core.QueueReader {
  return kept(core.openReader(queueOf().directory, 'reader'))
}

function observerOf(): core.QueueObserver {
  return kept(core.openObserver(queueOf().directory))
}

interface Case<Waiting> {
  /** Begins to wait. */
  readonly begin: (signal: AbortSignal | undefined) => Waiting
  /** Closes what it waits on; absent where there is nothing to close. */
  readonly close?: () => void
}

type Wait = Case<Promise<unknown>>
type Iteration = Case<AsyncIterator<unknown>>

function onHandle<Handle extends { close(): void }, Waiting>(
  handle: Handle,
  begin: (handle: Handle, signal: AbortSignal | undefined) => Waiting,
): Case<Waiting> {
  return { begin: (signal) => begin(handle, signal), close: () => handle.close() }
}

/** A queue that is full, and whose reader reads nothing. */
function fullQueue(): core.QueueWriter {
  const { directory, writer } = queueOf({ maxSegments: 2 })
  kept(core.openReader(directory, 'slow'))
  while (writer.tryAppend(1, payload).status === 'appended');
  return writer
}

const WAITS: Readonly<Record<string, () => Wait>> = {
  'subscription.waitAsync': () =>
    onHandle(subscriptionOf('quotes'), (subscription, signal) => subscription.waitAsync({ signal })),
  'subscription.waitAsync of many': () =>
    onHandle(subscriptionOf('orders'), (subscription, signal) => subscription.waitAsync({ signal })),
  'reader.waitAsync': () => onHandle(readerOf(), (reader, signal) => reader.waitAsync({ signal })),
  'observer.waitAsync': () => onHandle(observerOf(), (observer, signal) => observer.waitAsync({ signal })),
  waitForAnyAsync: () => onHandle(observerOf(), (observer, signal) => core.waitForAnyAsync([observer], { signal })),
  'writer.appendAsync': () =>
    onHandle(fullQueue(), (writer, signal) => writer.appendAsync(1, payload, { signal, timeoutMs: Number.POSITIVE_INFINITY })),
  openReaderAsync: () => ({
    begin: (signal) =>
      core.openReaderAsync(join(folder, 'missing'), 'reader', { signal, waitForQueueMs: Number.POSITIVE_INFINITY }),
  }),
  openObserverAsync: () => ({
    begin: (signal) => core.openObserverAsync(join(folder, 'missing'), { signal, waitForQueueMs: Number.POSITIVE_INFINITY }),
  }),
  whenQueueAppears: () => ({
    begin: (signal) => bus.whenQueueAppears(join(folder, 'missing'), signal === undefined ? {} : { signal }),
  }),
  'endpoints.waitForOrdersIn': () =>
    onHandle(kept(bus.openStrategyEndpoints(folder, 'strategy')), (endpoints, signal) =>
      endpoints.waitForOrdersIn(signal === undefined ? {} : { signal }),
    ),
  'fanIn.waitAsync of an empty merge': () => onHandle(kept(new FanInReader()), (fanIn, signal) => fanIn.waitAsync({ signal })),
  'fanIn.waitAsync of a silent source': () => {
    const fanIn = kept(new FanInReader({ mode: 'ordered' }))
    fanIn.add('queue', readerOf())
    return onHandle(fanIn, (merge, signal) => merge.waitAsync({ signal }))
  },
}

/** Of one queue, or of all of a topic. */
function subscriptionOf(topic: 'quotes' | 'orders') {
  const topics = kept(openBus(folder, { quotes: feed('quotes', [Quote]), orders: ordersOut('*', [Quote]) }))
  return topics.subscribe(topic, { name: 'reader' })
}

const ITERATORS: Readonly<Record<string, () => Iteration>> = {
  'reader.messages': () => onHandle(readerOf(), (reader, signal) => reader.messages({ signal })),
  'reader.messages with commitEvery': () =>
    onHandle(readerOf(), (reader, signal) => reader.messages({ signal, commitEvery: 10 })),
  'observer.messages': () => onHandle(observerOf(), (observer, signal) => observer.messages({ signal })),
  'source.batches': () => onHandle(observerOf(), (observer, signal) => observer.batches({ signal })),
  'source.follow, after it has caught up': () =>
    onHandle(observerOf(), (observer, signal) => {
      const following = observer.follow({ signal })
      void following.next()
      return following
    }),
  toReadableStream: () =>
    onHandle(observerOf(), (observer, signal) => core.toReadableStream(observer, { signal })[Symbol.asyncIterator]()),
  toReadable: () => onHandle(observerOf(), (observer, signal) => core.toReadable(observer, { signal })[Symbol.asyncIterator]()),
  'fanIn.messages': () => {
    const fanIn = kept(new FanInReader())
    fanIn.add('queue', readerOf())
    return onHandle(fanIn, (merge, signal) => merge.messages(signal === undefined ? {} : { signal }))
  },
  'typed.messages': () => {
    const directory = join(folder, 'typed')
    kept(openTypedWriter(directory, [Quote]))
    return onHandle(kept(openTypedObserver(directory, [Quote])), (source, signal) => source.messages({ signal }))
  },
  'subscription.messages': () => onHandle(subscriptionOf('quotes'), (subscription, signal) => subscription.messages({ signal })),
  'routerDiscovery.events': () =>
    onHandle(kept(new bus.RouterDiscovery(folder)), (discovery, signal) =>
      discovery.events(signal === undefined ? {} : { signal }),
    ),
  'subscriberDiscovery.events': () => {
    const subscriber = kept(new bus.SubscriberDiscovery(join(folder, 'missing'), 'reader'))
    subscriber.poll()
    return onHandle(subscriber, (one, signal) => one.events(signal === undefined ? {} : { signal }))
  },
  'processor.messages': () => {
    const { directory } = queueOf()
    const output = kept(core.openWriter(join(folder, 'output'), { segmentSize: 65_536 }))
    const processor = kept(openProcessor({ inputs: { queue: directory }, output }))
    return onHandle(processor, (one, signal) => one.messages(signal === undefined ? {} : { signal }))
  },
}

/** Enough turns of the event loop for the wait to be under way. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

const REASON = new Error('the reason')

describe.each(Object.entries(WAITS))('the wait %s', (_, prepare) => {
  it('rejects with the reason of its signal', async () => {
    const stop = new AbortController()
    const wait = prepare().begin(stop.signal)
    const outcome = expect(wait).rejects.toBe(REASON)
    await settle()
    stop.abort(REASON)
    await outcome
  })

  it('rejects with the reason of a signal that has aborted before', async () => {
    await expect(prepare().begin(AbortSignal.abort(REASON))).rejects.toBe(REASON)
  })

  it('rejects with ERR_CLOSED when its handle is closed', async () => {
    const { begin, close } = prepare()
    if (close === undefined) return
    const outcomes = [begin(undefined), begin(new AbortController().signal)].map((wait) =>
      expect(wait).rejects.toMatchObject({ code: 'ERR_CLOSED' }),
    )
    await settle()
    close()
    await Promise.all(outcomes)
  })

  it('rejects with ERR_CLOSED when its handle was closed before', async () => {
    const { begin, close } = prepare()
    if (close === undefined) return
    close()
    await expect(begin(undefined)).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  })
})

describe.each(Object.entries(ITERATORS))('the iterator %s', (name, prepare) => {
  it('ends when its signal aborts', async () => {
    const stop = new AbortController()
    const next = prepare().begin(stop.signal).next()
    await settle()
    stop.abort(REASON)
    expect(await next).toMatchObject({ done: true })
  })

  it('ends when its signal has aborted before', async () => {
    expect(await prepare().begin(AbortSignal.abort(REASON)).next()).toMatchObject({ done: true })
  })

  it('ends when its handle is closed', async () => {
    const { begin, close } = prepare()
    const next = begin(undefined).next()
    await settle()
    close?.()
    expect(await next).toMatchObject({ done: true })
  })

  it('ends when its handle was closed before', async () => {
    const { begin, close } = prepare()
    close?.()
    expect(await begin(undefined).next()).toMatchObject({ done: true })
  })

  // A stream's iterator is Node's: its `return()` waits for the read under way. What ends a stream is its `destroy` or `cancel`.
  it.skipIf(name.startsWith('toReadable'))('ends at return(), also while it waits', async () => {
    const iterator = prepare().begin(undefined)
    const next = iterator.next()
    await settle()
    expect(await iterator.return?.()).toMatchObject({ done: true })
    expect(await next).toMatchObject({ done: true })
  })
})
