import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as bridge from '@chronicle-ts/bridge'
import * as bus from '@chronicle-ts/bus'
import * as core from '@chronicle-ts/core'
import * as fanin from '@chronicle-ts/fanin'
import * as inspect from '@chronicle-ts/inspect'
import * as replay from '@chronicle-ts/replay'
import * as schema from '@chronicle-ts/schema'
import * as telemetry from '@chronicle-ts/telemetry'
import * as testing from '@chronicle-ts/testing'
import * as topics from '@chronicle-ts/topics'
import * as typed from '@chronicle-ts/typed'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endOf, GARBAGE, isOptions, OWN_ERROR, publicMethods } from './garbage.js'

/**
 * Every public method, with garbage in the place of each argument in turn and valid ones beside it. It ends with `ERR_INVALID_ARGUMENT`, with what the garbage itself throws, or with an answer that
 * {@link TAKEN} allows. The methods are those of the API reports, so that a new one cannot be forgotten.
 */

// biome-ignore lint/suspicious/noExplicitAny: plain JavaScript passes anything
type Any = any

let folder: string
let count = 0
const open: { close(): unknown }[] = []

const Quote = schema.message('Quote', 1, { bid: schema.f64() })
const Json = schema.jsonMessage('Json', 2, {})
const TYPES = [Quote, Json] as const
const lease: bus.Lease = { pid: 1, startTime: 2, bootId: 'boot', epoch: 3, timestampNs: 4n, closed: false }
const X = Buffer.from('x')
/** The first message of {@link newQueue}. */
const COMMITTED = { sequence: 0, segmentId: 0, offset: 64, length: 1 }
const api = { trace: { getActiveSpan: () => undefined }, context: {} }

function nothing(): undefined {
  return undefined
}

function fresh(): string {
  return join(folder, `fresh-${count++}`)
}

/** It is closed at the end. */
function kept<T extends { close(): unknown }>(opened: T): T {
  open.push(opened)
  return opened
}

function newWriter(): core.QueueWriter {
  return kept(core.openWriter(fresh(), { segmentSize: 16_384, backpressureTimeoutMs: 0 }))
}

/** A queue with two messages. */
function newQueue(): string {
  const writer = newWriter()
  for (let messages = 0; messages < 2; messages += 1) writer.append(1, X)
  return writer.directory
}

function newReader(): core.QueueReader {
  const reader = kept(core.openReader(newQueue(), 'reader'))
  reader.next()
  return reader
}

function newFanIn(): fanin.FanInReader<core.QueueReader> {
  const fanIn = kept(new fanin.FanInReader<core.QueueReader>({ ownsSources: true }))
  fanIn.add('key', core.openReader(newQueue(), 'reader'))
  return fanIn
}

function newTypedWriter(): typed.TypedWriter<typeof TYPES> {
  return kept(typed.openTypedWriter(fresh(), TYPES, { segmentSize: 16_384, backpressureTimeoutMs: 0 }))
}

/** The records of a queue from its beginning. */
function firstBlock(): Uint8Array {
  return kept(core.openObserver(newQueue())).nextBlock()?.bytes ?? X
}

function newTypedReader(): typed.TypedReader<typeof TYPES> {
  const writer = newTypedWriter()
  writer.append(Quote, { bid: 1 })
  return kept(typed.openTypedReader(writer.queue.directory, 'reader', TYPES))
}

function newLayout(): bus.BusLayout {
  const layout = new bus.BusLayout(fresh())
  layout.createFeed('feed')
  layout.createStrategy('strategy')
  return layout
}

const TOPICS = { quotes: topics.feed('feed', TYPES) }

function newTopicBus(): topics.TopicBus<typeof TOPICS> {
  return kept(topics.openBus(newLayout().root, TOPICS))
}

function newMemoryBus(): testing.MemoryBus {
  return kept(testing.memoryBus())
}

beforeAll(() => {
  folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'chronicle-garbage-'))
})

afterAll(async () => {
  for (const one of open.reverse()) await one.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A handle, and the valid arguments of one of its methods, both created again for each call. An empty object among them stands for options, which may be left out. */
type Call = readonly [handle: () => Any, valid: (handle: Any) => unknown[]]

const CALLS: Readonly<Record<string, Call>> = {
  'core.Claim.setFloat64': [() => newWriter().claim(1, 8), () => [0, 1]],
  'core.Claim.setInt32': [() => newWriter().claim(1, 8), () => [0, 1]],
  'core.Claim.setBigInt64': [() => newWriter().claim(1, 8), () => [0, 1n]],
  'core.Claim.commit': [() => newWriter().claim(1, 8), () => [{}]],
  'core.MessageSource.poll': [newReader, () => [1, nothing]],
  'core.MessageSource.nextBlock': [newReader, () => [65_536]],
  'core.MessageSource.wait': [newReader, () => [{}]],
  'core.MessageSource.waitAsync': [newReader, () => [{}]],
  'core.MessageSource.messages': [newReader, () => [{}]],
  'core.MessageSource.follow': [newReader, () => [{}]],
  'core.MessageSource.batches': [newReader, () => [{}]],
  'core.MessageSource.seek': [newReader, () => ['earliest']],
  'core.QueueReader.commit': [newReader, () => [{}]],
  'core.QueueReader.commitThrough': [newReader, () => [COMMITTED, {}]],
  'core.QueueReader.messages': [newReader, () => [{}]],
  'core.QueueReader.run': [newReader, () => [nothing, { signal: AbortSignal.abort() }]],
  'core.QueueWriter.append': [newWriter, () => [1, X, {}]],
  'core.QueueWriter.tryAppend': [newWriter, () => [1, X, {}]],
  'core.QueueWriter.appendAsync': [newWriter, () => [1, X, {}]],
  'core.QueueWriter.appendBatch': [newWriter, () => [[{ typeId: 1, payload: X }]]],
  'core.QueueWriter.appendPacked': [newWriter, () => [1, X, Uint32Array.of(0, 1)]],
  'core.QueueWriter.appendBlock': [newWriter, () => [Buffer.from(firstBlock())]],
  'core.QueueWriter.claim': [newWriter, () => [1, 8, {}]],
  'bus.BusLayout.strategy': [newLayout, () => ['a']],
  'bus.BusLayout.feed': [newLayout, () => ['a']],
  'bus.BusLayout.createStrategy': [newLayout, () => ['a']],
  'bus.BusLayout.createFeed': [newLayout, () => ['a']],
  'bus.LeaseWatch.observe': [() => new bus.LeaseWatch(), () => [lease, 1]],
  'bus.LeaseWatch.unchangedMs': [
    () => {
      const watch = new bus.LeaseWatch()
      watch.observe(lease)
      return watch
    },
    () => [1],
  ],
  'bus.OwnerProbe.look': [() => new bus.OwnerProbe(newQueue(), 5), () => [1]],
  'bus.ReaderRegistration.register': [() => new bus.ReaderRegistration(newQueue()), () => ['a', {}]],
  'bus.ReaderRegistration.unregister': [() => new bus.ReaderRegistration(newQueue()), () => ['a']],
  'bus.RouterDiscovery.events': [() => kept(new bus.RouterDiscovery(newLayout().root)), () => [{}]],
  'bus.StrategyEndpoints.waitForOrdersIn': [
    () => {
      const layout = newLayout()
      const endpoints = kept(bus.openStrategyEndpoints(layout, 'strategy'))
      kept(bus.openRouterEndpoints(layout, 'strategy'))
      return endpoints
    },
    () => [{}],
  ],
  'bus.SubscriberDiscovery.events': [() => kept(new bus.SubscriberDiscovery(newQueue(), 'a')), () => [{}]],
  'bus.SubscriberDiscovery.reconnect': [() => kept(new bus.SubscriberDiscovery(newQueue(), 'a')), () => [new Error('e')]],
  'fanin.FanInReader.add': [newFanIn, () => ['other', kept(core.openObserver(newQueue())), {}]],
  'fanin.FanInReader.remove': [newFanIn, () => ['other']],
  'fanin.FanInReader.retry': [newFanIn, () => ['key']],
  'fanin.FanInReader.has': [newFanIn, () => ['key']],
  'fanin.FanInReader.poll': [newFanIn, () => [1, nothing]],
  'fanin.FanInReader.commit': [newFanIn, () => [{}]],
  'fanin.FanInReader.wait': [newFanIn, () => [{}]],
  'fanin.FanInReader.waitAsync': [newFanIn, () => [{}]],
  'fanin.FanInReader.messages': [newFanIn, () => [{}]],
  'fanin.RetryBackoff.fail': [() => new fanin.RetryBackoff(1, 2), () => [1]],
  'inspect.FileMemory.recall': [() => new inspect.FileMemory(), () => [newQueue(), nothing, nothing]],
  'inspect.StateHistory.state': [() => new inspect.StateHistory(), () => [inspect.inspectQueue(newQueue()), {}, 1]],
  'inspect.StateHistory.look': [() => new inspect.StateHistory(), () => [newQueue(), {}]],
  'inspect.StateHistory.add': [() => new inspect.StateHistory(), () => [inspect.inspectQueue(newQueue()), 1]],
  'replay.Processor.messages': [
    () => kept(replay.openProcessor({ inputs: { a: newQueue() }, output: newWriter() })),
    () => [{ signal: AbortSignal.abort() }],
  ],
  'replay.Replay.run': [() => kept(replay.openReplay({ sources: { a: newQueue() } })), () => [nothing]],
  'replay.Replay.step': [() => kept(replay.openReplay({ sources: { a: newQueue() } })), () => [1, nothing]],
  'replay.Replay.until': [() => kept(replay.openReplay({ sources: { a: newQueue() } })), () => [{ timestampNs: 1n }, nothing]],
  'schema.FlatMessage.since': [() => schema.message('M', 3, { a: schema.f64() }), () => [2, { b: schema.f64() }]],
  'schema.FlatMessage.keyedBy': [() => schema.message('M', 3, { a: schema.u32() }), () => ['a']],
  'schema.FlatMessage.writer': [() => Quote, () => [{}]],
  'schema.InPlaceMessage.encode': [() => Quote, () => [{ bid: 1 }]],
  'schema.InPlaceMessage.decode': [() => Quote, () => [Quote.encode({ bid: 1 }), 1]],
  'schema.InPlaceMessage.writer': [() => Quote, () => [{}]],
  'schema.ValueMessage.encode': [() => Json, () => [{}]],
  'schema.ValueMessage.decode': [() => Json, () => [Buffer.from('{}')]],
  'telemetry.TracedReader.handle': [
    () => telemetry.traced(newReader(), api as Any),
    () => [kept(core.openObserver(newQueue())).next(), nothing],
  ],
  'telemetry.TracedReader.forEach': [
    () => telemetry.traced(newReader(), api as Any),
    () => [nothing, { signal: AbortSignal.abort() }],
  ],
  'telemetry.TracedWriter.append': [() => telemetry.traced(newWriter(), api as Any), () => [1, X, {}]],
  'telemetry.TracedWriter.tryAppend': [() => telemetry.traced(newWriter(), api as Any), () => [1, X, {}]],
  'telemetry.TracedWriter.appendAsync': [() => telemetry.traced(newWriter(), api as Any), () => [1, X, {}]],
  'telemetry.TracedWriter.appendBatch': [() => telemetry.traced(newWriter(), api as Any), () => [[{ typeId: 1, payload: X }]]],
  'testing.ManualClock.setTimer': [() => new testing.ManualClock(), () => [1, nothing]],
  'testing.ManualClock.sleep': [
    () => {
      const clock = new testing.ManualClock()
      setImmediate(() => clock.advance({ ms: 2 }))
      return clock
    },
    () => [0],
  ],
  'testing.ManualClock.advance': [() => new testing.ManualClock(), () => [{ ns: 5n }]],
  'testing.ManualClock.advanceTo': [() => new testing.ManualClock(), () => [5n]],
  'testing.ManualClock.advanceAsync': [() => new testing.ManualClock(), () => [{ ns: 5n }]],
  'testing.MemoryBus.strategy': [newMemoryBus, () => ['a', {}]],
  'testing.MemoryBus.router': [
    () => {
      const memory = newMemoryBus()
      memory.strategy('a')
      return memory
    },
    () => ['a', {}],
  ],
  'testing.MemoryBus.feedWriter': [newMemoryBus, () => ['a', {}]],
  'testing.MemoryBus.feedReader': [
    () => {
      const memory = newMemoryBus()
      memory.feedWriter('a')
      return memory
    },
    () => ['a', 'reader', {}],
  ],
  'testing.MemoryQueue.reader': [() => kept(testing.memoryQueue()), () => ['a', {}]],
  'testing.MemoryQueue.observer': [() => kept(testing.memoryQueue()), () => [{}]],
  'testing.TypedMemoryQueue.reader': [() => kept(testing.memoryQueue({ types: TYPES })), () => ['a', {}]],
  'testing.TypedMemoryQueue.observer': [() => kept(testing.memoryQueue({ types: TYPES })), () => [{}]],
  'topics.Subscription.messages': [
    () => newTopicBus().subscribe('quotes', { name: 'a' } as Any),
    () => [{ signal: AbortSignal.abort() }],
  ],
  'topics.Subscription.waitAsync': [() => newTopicBus().subscribe('quotes', { name: 'a' } as Any), () => [{ timeoutMs: 0 }]],
  'topics.Subscription.commit': [() => newTopicBus().subscribe('quotes', { name: 'a' } as Any), () => [{}]],
  'topics.TopicBus.publisher': [newTopicBus, () => ['quotes', {}]],
  'topics.TopicBus.subscribe': [newTopicBus, () => ['quotes', { name: 'a' }]],
  'typed.TypedReader.commit': [newTypedReader, () => [{}]],
  'typed.TypedSource.messages': [newTypedReader, () => [{}]],
  'typed.TypedSource.seek': [newTypedReader, () => ['earliest']],
  'typed.TypedWriter.write': [newTypedWriter, () => [Quote, nothing, {}]],
  'typed.TypedWriter.append': [newTypedWriter, () => [Quote, { bid: 1 }, {}]],
  'typed.TypedWriter.tryAppend': [newTypedWriter, () => [Quote, { bid: 1 }, {}]],
  'typed.TypedWriter.appendAsync': [newTypedWriter, () => [Quote, { bid: 1 }, {}]],
  'typed.WhereExpression.matches': [
    () => new typed.WhereExpression('bid > 1'),
    () => [{ bid: 2 }, { type: 'Quote', typeId: 1, version: 1, sequence: 0, timestampNs: 0n }],
  ],
  'typed.WhereExpression.checkFields': [() => new typed.WhereExpression('bid > 1'), () => [new Set(['bid'])]],
  'bridge.Puller.run': [
    () =>
      new bridge.Puller(new bridge.ReplicaSink(fresh()), { subject: 's', publish: nothing, frameAt: nothing } as Any, {
        name: 's',
      }),
    () => [AbortSignal.abort()],
  ],
}
/** In the reports, and not made or called by users, or only with a server. A class stands for all of its methods. */
const NOT_CALLED: Readonly<Record<string, string>> = {
  'bridge.FrameStream': 'needs a server',
  'bridge.ProgressWriter': 'used by chron-cli',
  'bridge.Pusher': 'needs a server; its one method is that of Puller',
  'bridge.ReplicaSink': 'takes frames, which have checksums of their own',
  'bridge.ReplicaSource': 'used by the ways of carrying',
  'inspect.LockTable': 'exported as a type only',
  'replay.ReplayClock': 'exported as a type only',
  'schema.Field': 'made by functions of its kinds',
  'schema.SbeMessage': 'its methods are those of InPlaceMessage and the header of another standard',
  'testing.NatsServer': 'needs a server',
  'typed.MessageSelector': 'for other packages',
  'typed.ReadEntry': 'for other packages',
  'typed.TypedIterator': 'the methods of every iterator',
  'replay.Processor.emit': 'only while a message is processed',
  'topics.Subscription.setAside': 'for errors of the handler',
  'topics.Subscription.assertInPlace': 'for other packages',
}

const NO_OPTIONS = ['undefined', 'object', 'nullPrototype']
const OBJECTS = ['array', 'arrayOfNull', 'object', 'nullPrototype', 'promise', 'getter', 'proxy']

/** Garbage that a method takes, as it is valid there. Options may be `undefined` or have no field everywhere. */
const TAKEN: Readonly<Record<string, readonly string[]>> = {
  'core.Claim.setFloat64 1': ['notANumber', 'negative', 'fraction'],
  'core.Claim.setInt32 1': ['notANumber', 'negative', 'fraction'],
  'core.Claim.setBigInt64 1': ['bigint'],
  'core.MessageSource.poll 1': ['function'],
  'core.MessageSource.nextBlock 0': ['undefined'],
  'core.QueueReader.run 0': ['function'],
  'core.QueueReader.run 1': NO_OPTIONS,
  'core.QueueWriter.appendBatch 0': ['array'],
  'bus.LeaseWatch.observe 1': ['undefined', 'negative', 'fraction'],
  'bus.LeaseWatch.unchangedMs 0': ['undefined', 'negative', 'fraction'],
  'bus.OwnerProbe.look 0': ['undefined', 'negative', 'fraction'],
  'bus.SubscriberDiscovery.reconnect 0': ['undefined'],
  'fanin.FanInReader.add 0': ['empty', 'text'],
  'fanin.FanInReader.remove 0': ['empty', 'text'],
  'fanin.FanInReader.retry 0': ['empty', 'text'],
  'fanin.FanInReader.has 0': ['empty', 'text'],
  'fanin.FanInReader.poll 1': ['function'],
  'fanin.RetryBackoff.fail 0': ['negative', 'fraction'],
  'inspect.FileMemory.recall 0': ['empty', 'text'],
  'inspect.FileMemory.recall 1': ['function'],
  'inspect.FileMemory.recall 2': ['undefined', 'function'],
  'inspect.StateHistory.state 2': ['undefined', 'negative', 'fraction'],
  'inspect.StateHistory.add 1': ['undefined', 'negative', 'fraction'],
  'replay.Processor.messages 0': NO_OPTIONS,
  'replay.Replay.run 0': ['undefined', 'function'],
  'replay.Replay.step 0': ['undefined'],
  'replay.Replay.step 1': ['undefined', 'function'],
  'replay.Replay.until 1': ['function'],
  'schema.FlatMessage.since 1': ['object', 'nullPrototype'],
  'schema.InPlaceMessage.decode 1': ['undefined'],
  // What JSON has a form for.
  'schema.ValueMessage.encode 0': ['null', 'notANumber', 'negative', 'fraction', 'empty', 'text', 'true', ...OBJECTS],
  'telemetry.TracedReader.handle 1': ['function'],
  'telemetry.TracedReader.forEach 0': ['function'],
  'telemetry.TracedReader.forEach 1': NO_OPTIONS,
  'telemetry.TracedWriter.appendBatch 0': ['array'],
  'testing.ManualClock.setTimer 0': ['fraction'],
  'testing.ManualClock.setTimer 1': ['function'],
  'testing.ManualClock.sleep 0': ['fraction'],
  'testing.ManualClock.advance 0': ['object', 'nullPrototype'],
  'testing.ManualClock.advanceAsync 0': ['object', 'nullPrototype'],
  'testing.MemoryBus.feedReader 1': ['undefined'],
  'testing.MemoryQueue.reader 0': ['undefined'],
  'testing.TypedMemoryQueue.reader 0': ['undefined'],
  'topics.Subscription.messages 0': NO_OPTIONS,
  'topics.Subscription.waitAsync 0': NO_OPTIONS,
  'typed.TypedWriter.write 1': ['function'],
  // Any decoded value may be a body, and a body has the fields that it has; so has a header.
  'typed.WhereExpression.matches 0': Object.keys(GARBAGE),
  'typed.WhereExpression.matches 1': OBJECTS,
}

/** An answer; a handle that is closed meanwhile, or a signal that has aborted, ends a wait. */
function isEnd(end: unknown): boolean {
  return end === 'answered' || ['ERR_CLOSED', 'ABORT_ERR'].includes((end as { code?: string }).code ?? '')
}

describe('a public method', () => {
  it('is in this table', () => {
    const known = new Set([...Object.keys(CALLS), ...Object.keys(NOT_CALLED)])
    const isKnown = (name: string): boolean => known.has(name) || known.has(name.slice(0, name.lastIndexOf('.')))
    expect(publicMethods().filter((name) => !isKnown(name))).toEqual([])
    expect(publicMethods().length).toBeGreaterThan(100)
  })

  it.each(Object.keys(CALLS))('refuses garbage with a code, or answers as documented: %s', async (name) => {
    const [newHandle, valid] = CALLS[name] as Call
    const method = name.slice(name.lastIndexOf('.') + 1)
    // What is refused changes nothing: the next garbage meets the same handle.
    let handle: Any
    const call = (index: number, garbage: unknown): Promise<unknown> =>
      endOf(async () => {
        handle ??= newHandle()
        const given = valid(handle)
        if (index >= 0) given[index] = garbage
        const result = handle[method](...given)
        if (typeof result?.then !== 'function') return result
        // What the garbage lets begin may have no end of its own.
        const called = handle
        setImmediate(() => (called.reader ?? called).close?.())
        handle = undefined
        return await result
      })
    expect(await call(-1, undefined)).toSatisfy(isEnd)
    const bad: unknown[] = []
    for (const [index, argument] of valid(newHandle()).entries())
      for (const [kind, garbage] of Object.entries(GARBAGE)) {
        const end = await call(index, garbage)
        if (end === OWN_ERROR || (end as { code?: unknown }).code === 'ERR_INVALID_ARGUMENT') continue
        const isTaken = TAKEN[`${name} ${index}`]?.includes(kind) || (isOptions(argument) && NO_OPTIONS.includes(kind))
        if (!(isEnd(end) && isTaken)) bad.push([index, kind, String(end)])
        handle = undefined
      }
    expect(bad).toEqual([])
  })
})
