import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import * as bridge from '@chronicle-ts/bridge'
import * as bus from '@chronicle-ts/bus'
import * as core from '@chronicle-ts/core'
import * as fanin from '@chronicle-ts/fanin'
import * as inspect from '@chronicle-ts/inspect'
import * as replay from '@chronicle-ts/replay'
import * as schema from '@chronicle-ts/schema'
import { protobufMessage } from '@chronicle-ts/schema/protobuf'
import * as telemetry from '@chronicle-ts/telemetry'
import * as testing from '@chronicle-ts/testing'
import * as topics from '@chronicle-ts/topics'
import * as typed from '@chronicle-ts/typed'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/**
 * Every public call that takes options refuses a name that does not exist, and what is not an object: plain JavaScript has no compiler that would. The calls are those of the API reports, so that a
 * new one cannot be forgotten.
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const payload = Buffer.from('x')
const Quote = schema.message('Quote', 1, { bid: schema.f64() })
const TYPES = [Quote] as const

/** What the calls are made on. Opened once: a call that is refused changes nothing. */
let folder: string
let queue: string
let writer: core.QueueWriter
let reader: core.QueueReader
let observer: core.QueueObserver
let fanIn: fanin.FanInReader
let typedWriter: typed.TypedWriter<typeof TYPES>
let typedReader: typed.TypedReader<typeof TYPES>
let topicBus: topics.TopicBus<{ quotes: topics.Topic<typeof TYPES> }>
let subscription: topics.Subscription<typeof TYPES>
let processor: replay.Processor
let endpoints: bus.StrategyEndpoints
let discovery: bus.RouterDiscovery
let subscriber: bus.SubscriberDiscovery
let memoryQueue: testing.MemoryQueue
let typedMemoryQueue: testing.TypedMemoryQueue<typeof TYPES>
let memoryBus: testing.MemoryBus
let source: bridge.ReplicaSource
const open: { close(): void }[] = []

function kept<One extends { close(): void }>(one: One): One {
  open.push(one)
  return one
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chronicle-options-'))
  queue = join(folder, 'queue')
  writer = kept(core.openWriter(queue, { segmentSize: 65_536 }))
  writer.append(1, payload)
  reader = kept(core.openReader(queue, 'reader'))
  observer = kept(core.openObserver(queue))
  fanIn = kept(new fanin.FanInReader())
  typedWriter = kept(typed.openTypedWriter(join(folder, 'typed'), TYPES))
  typedReader = kept(typed.openTypedReader(join(folder, 'typed'), 'reader', TYPES))
  topicBus = kept(topics.openBus(join(folder, 'topics'), { quotes: topics.feed('quotes', TYPES) }))
  subscription = kept(topicBus.subscribe('quotes', { name: 'reader' }))
  processor = kept(replay.openProcessor({ inputs: { queue }, output: kept(core.openWriter(join(folder, 'output'))) }))
  endpoints = kept(bus.openStrategyEndpoints(join(folder, 'bus'), 'strategy'))
  discovery = kept(new bus.RouterDiscovery(join(folder, 'bus')))
  subscriber = kept(new bus.SubscriberDiscovery(queue, 'subscriber'))
  memoryQueue = kept(testing.memoryQueue())
  typedMemoryQueue = kept(testing.memoryQueue({ types: TYPES }))
  memoryBus = kept(testing.memoryBus())
  source = new bridge.ReplicaSource(observer)
  writeFileSync(join(folder, 'in.ndjson'), '')
})

afterAll(() => {
  for (const one of open.reverse()) one.close()
  rmSync(folder, { recursive: true, force: true })
})

// biome-ignore lint/suspicious/noExplicitAny: plain JavaScript passes anything
type Options = any

const api = { trace: {}, context: {} } as unknown as telemetry.TelemetryApi
const connection = {} as never
const nothing = (): void => undefined

/** Calls by name: the package, the class if any, the function. Options that a call needs stand beside the wrong one. */
const CALLS: Readonly<Record<string, (options: Options) => unknown>> = {
  'core.openWriter': (options) => core.openWriter(join(folder, 'new'), options),
  'core.openReader': (options) => core.openReader(queue, 'other', options),
  'core.openReaderAsync': (options) => core.openReaderAsync(queue, 'other', options),
  'core.openObserver': (options) => core.openObserver(queue, options),
  'core.openObserverAsync': (options) => core.openObserverAsync(queue, options),
  'core.waitForAny': (options) => core.waitForAny([observer], options),
  'core.waitForAnyAsync': (options) => core.waitForAnyAsync([observer], options),
  'core.toReadable': (options) => core.toReadable(observer, options),
  'core.toReadableStream': (options) => core.toReadableStream(observer, options),
  'core.QueueWriter.append': (options) => writer.append(1, payload, options),
  'core.QueueWriter.tryAppend': (options) => writer.tryAppend(1, payload, options),
  'core.QueueWriter.appendAsync': (options) => writer.appendAsync(1, payload, options),
  'core.QueueWriter.claim': (options) => writer.claim(1, 8, options),
  'core.Claim.commit': (options) => {
    using claim = writer.claim(1, 8)
    claim.commit(options)
  },
  'core.MessageSource.wait': (options) => observer.wait(options),
  'core.MessageSource.waitAsync': (options) => observer.waitAsync(options),
  'core.MessageSource.messages': (options) => observer.messages(options),
  'core.MessageSource.follow': (options) => observer.follow(options),
  'core.MessageSource.batches': (options) => observer.batches(options),
  'core.QueueReader.messages': (options) => reader.messages(options),
  'core.QueueReader.run': (options) => reader.run(nothing, options),
  'core.QueueReader.commit': (options) => reader.commit(options),
  'core.QueueReader.commitThrough': (options) => reader.commitThrough({ segmentId: 0, offset: 0, length: 0 }, options),
  'inspect.inspectQueue': (options) => inspect.inspectQueue(queue, options),
  'inspect.inspectState': (options) => inspect.inspectState(queue, options),
  'inspect.stateOfQueue': (options) => inspect.stateOfQueue(inspect.inspectQueue(queue), options),
  'inspect.StateHistory.state': (options) => new inspect.StateHistory().state(inspect.inspectQueue(queue), options),
  'inspect.StateHistory.look': (options) => new inspect.StateHistory().look(queue, options),
  'inspect.openColdReader': (options) => inspect.openColdReader(queue, options),
  'inspect.verifyQueue': (options) => inspect.verifyQueue(queue, options),
  'inspect.QueueVerification.constructor': (options) => new inspect.QueueVerification(queue, options),
  'inspect.repairQueue': (options) => inspect.repairQueue(queue, options),
  'inspect.planRepairs': (options) => inspect.planRepairs(queue, [], options),
  'inspect.planPrune': (options) => inspect.planPrune(queue, options),
  'inspect.pruneQueue': (options) => inspect.pruneQueue(queue, options),
  'inspect.findQueues': (options) => inspect.findQueues(folder, options),
  'inspect.findTrace': (options) => inspect.findTrace([queue], '00', options),
  'inspect.backupQueue': (options) => inspect.backupQueue(queue, join(folder, 'backup'), options),
  'inspect.QueueBackup.constructor': (options) => new inspect.QueueBackup(queue, join(folder, 'backup'), options),
  'inspect.restoreQueue': (options) => inspect.restoreQueue(queue, join(folder, 'restored'), options),
  'inspect.QueueStatistics.constructor': (options) => new inspect.QueueStatistics(queue, options),
  'bus.openFeedWriter': (options) => bus.openFeedWriter(join(folder, 'bus'), 'feed', options),
  'bus.openFeedReader': (options) => bus.openFeedReader(join(folder, 'bus'), 'feed', 'reader', options),
  'bus.openStrategyEndpoints': (options) => bus.openStrategyEndpoints(join(folder, 'bus'), 'other', options),
  'bus.openRouterEndpoints': (options) => bus.openRouterEndpoints(join(folder, 'bus'), 'other', options),
  'bus.StrategyEndpoints.waitForOrdersIn': (options) => endpoints.waitForOrdersIn(options),
  'bus.RouterDiscovery.constructor': (options) => new bus.RouterDiscovery(join(folder, 'bus'), options),
  'bus.RouterDiscovery.events': (options) => discovery.events(options),
  'bus.SubscriberDiscovery.constructor': (options) => new bus.SubscriberDiscovery(queue, 'other', options),
  'bus.SubscriberDiscovery.events': (options) => subscriber.events(options),
  'bus.ReaderRegistration.register': (options) => new bus.ReaderRegistration(queue).register('other', options),
  'bus.whenQueueAppears': (options) => bus.whenQueueAppears(queue, options),
  'fanin.FanInReader.constructor': (options) => new fanin.FanInReader(options),
  'fanin.FanInReader.add': (options) => fanIn.add('key', observer, options),
  'fanin.FanInReader.commit': (options) => fanIn.commit(options),
  'fanin.FanInReader.wait': (options) => fanIn.wait(options),
  'fanin.FanInReader.waitAsync': (options) => fanIn.waitAsync(options),
  'fanin.FanInReader.messages': (options) => fanIn.messages(options),
  'schema.FlatMessage.writer': (options) => Quote.writer(options),
  'schema.SbeMessage.writer': (options) => schema.fromSbe(SBE).messages['M']?.writer(options),
  'schema.enumOf': (options) => schema.enumOf({ buy: 0 }, options),
  'schema.jsonMessage': (options) => schema.jsonMessage('Json', 2, options),
  'schema.msgpackMessage': (options) => schema.msgpackMessage('Packed', 3, options),
  'schema.protobufMessage': (options) => protobufMessage('Proto', 4, {} as never, options),
  'schema.fromSbe': (options) => schema.fromSbe(SBE, options),
  'schema.toSbe': (options) => schema.toSbe(TYPES, isObject(options) ? { package: 'p', id: 1, ...options } : options),
  'typed.openTypedWriter': (options) => typed.openTypedWriter(join(folder, 'new'), TYPES, options),
  'typed.openTypedReader': (options) => typed.openTypedReader(join(folder, 'typed'), 'other', TYPES, options),
  'typed.openTypedReaderAsync': (options) => typed.openTypedReaderAsync(join(folder, 'typed'), 'other', TYPES, options),
  'typed.openTypedObserver': (options) => typed.openTypedObserver(join(folder, 'typed'), TYPES, options),
  'typed.asTypedObserver': (options) => typed.asTypedObserver(observer, TYPES, options),
  'typed.asTypedReader': (options) => typed.asTypedReader(reader, TYPES, options),
  'typed.asTypedWriter': (options) => typed.asTypedWriter(writer, TYPES, options),
  'typed.checkSelection': (selection) => typed.checkSelection(selection, TYPES),
  'typed.TypedSource.messages': (options) => typedReader.messages(options),
  'typed.TypedReader.commit': (options) => typedReader.commit(options),
  'typed.TypedWriter.write': (options) => typedWriter.write(Quote, nothing, options),
  'typed.TypedWriter.append': (options) => typedWriter.append(Quote, { bid: 1 }, options),
  'typed.TypedWriter.tryAppend': (options) => typedWriter.tryAppend(Quote, { bid: 1 }, options),
  'typed.TypedWriter.appendAsync': (options) => typedWriter.appendAsync(Quote, { bid: 1 }, options),
  'topics.TopicBus.publisher': (options) => topicBus.publisher('quotes', options),
  'topics.TopicBus.subscribe': (options) =>
    topicBus.subscribe('quotes', isObject(options) ? { name: 'other', ...options } : options),
  'topics.Subscription.messages': (options) => subscription.messages(options),
  'topics.Subscription.waitAsync': (options) => subscription.waitAsync(options),
  'topics.Subscription.commit': (options) => subscription.commit(options),
  'replay.openReplay': (options) => replay.openReplay(isObject(options) ? { sources: { queue }, ...options } : options),
  'replay.openProcessor': (options) =>
    replay.openProcessor(isObject(options) ? { inputs: { queue }, output: writer, ...options } : options),
  'replay.Processor.messages': (options) => processor.messages(options),
  'replay.Processor.emit': (options) => processor.emit(1, payload, options),
  'testing.memoryQueue': (options) => testing.memoryQueue(options),
  'testing.MemoryQueue.reader': (options) => memoryQueue.reader('other', options),
  'testing.MemoryQueue.observer': (options) => memoryQueue.observer(options),
  'testing.TypedMemoryQueue.reader': (options) => typedMemoryQueue.reader('other', options),
  'testing.TypedMemoryQueue.observer': (options) => typedMemoryQueue.observer(options),
  'testing.NatsServer.start': (options) => testing.NatsServer.start(options),
  'testing.MemoryBus.strategy': (options) => memoryBus.strategy('other', options),
  'testing.MemoryBus.router': (options) => memoryBus.router('other', options),
  'testing.MemoryBus.feedWriter': (options) => memoryBus.feedWriter('feed', options),
  'testing.MemoryBus.feedReader': (options) => memoryBus.feedReader('feed', 'reader', options),
  'testing.scenario': (options) => testing.scenario(join(folder, 'in.ndjson'), nothing, join(folder, 'out.ndjson'), options),
  'telemetry.traced': (options) => telemetry.traced(reader, api, options),
  'telemetry.TracedReader.forEach': (options) => telemetry.traced(reader, api).forEach(nothing, options),
  'telemetry.TracedWriter.append': (options) => tracedWriter().append(1, payload, options),
  'telemetry.TracedWriter.tryAppend': (options) => tracedWriter().tryAppend(1, payload, options),
  'telemetry.TracedWriter.appendAsync': (options) => tracedWriter().appendAsync(1, payload, options),
  'bridge.connectNats': (options) =>
    bridge.connectNats(isObject(options) ? { servers: 'nats://127.0.0.1:1', ...options } : options),
  'bridge.connectPersistently': (options) =>
    bridge.connectPersistently(
      { servers: 'nats://127.0.0.1:1' },
      isObject(options) ? { signal: AbortSignal.abort(), ...options } : options,
    ),
  'bridge.FrameStream.of': (options) => bridge.FrameStream.of(connection, 'id', options),
  'bridge.bridgeStatus': (options) => bridge.bridgeStatus(queue, connection, options),
  'bridge.promote': (options) => bridge.promote(queue, connection, isObject(options) ? { name: 'sink', ...options } : options),
  'bridge.rejoin': (options) => bridge.rejoin(queue, connection, options),
  'bridge.Puller.constructor': (options) => new bridge.Puller({} as never, {} as never, options),
  'bridge.Pusher.constructor': (options) => new bridge.Pusher(source, {} as never, options),
  'bridge.ReplicaSink.constructor': (options) => new bridge.ReplicaSink(join(folder, 'replica'), options),
  'bridge.ReplicaSource.constructor': (options) => new bridge.ReplicaSource(observer, options),
  'bridge.pushToStream': (options) => bridge.pushToStream(source, new PassThrough(), options),
}

/** Taken out of the reports by name, and not calls of their own. */
const NOT_CALLED: Readonly<Record<string, string>> = {
  'schema.InPlaceMessage.writer': 'abstract',
  'schema.flags': 'takes names of flags',
  'testing.MemoryQueue.constructor': 'made by memoryQueue',
  'testing.TypedMemoryQueue.constructor': 'made by memoryQueue',
  'typed.MessageSelector.constructor': 'made by readers, which check',
  'typed.TypedSource.constructor': 'made by openTypedObserver and asTypedReader',
  'typed.TypedWriter.constructor': 'made by openTypedWriter and asTypedWriter',
  'telemetry.TracedReader.constructor': 'made by traced',
}

const SBE = `<sbe:messageSchema xmlns:sbe="http://fixprotocol.io/2016/sbe" package="p" id="1" version="0" byteOrder="littleEndian">
<types><composite name="messageHeader"><type name="blockLength" primitiveType="uint16"/><type name="templateId" primitiveType="uint16"/>
<type name="schemaId" primitiveType="uint16"/><type name="version" primitiveType="uint16"/></composite></types>
<sbe:message name="M" id="1"><field name="a" id="1" type="uint8"/></sbe:message></sbe:messageSchema>`

function tracedWriter(): telemetry.TracedWriter {
  const without = { trace: { getActiveSpan: () => undefined }, context: {} } as unknown as telemetry.TelemetryApi
  return telemetry.traced(writer, without)
}

/** Whether it can be spread beside the options that a call needs. */
function isObject(options: unknown): options is object {
  return typeof options === 'object' && options !== null && Object.getPrototypeOf(options) === Object.prototype
}

/** An `AbortSignal` in the place of its options is a mistake that is easily made, and a loop that has none never ends. */
const NO_OPTIONS = [
  ...[null, 5, 'text', true, Symbol('options'), () => ({})],
  ...[[], ['text'], new Map([['segmentSize', 1]]), new Date(), /options/, new ArrayBuffer(8), new URL('http://x/')],
  ...[new Number(5), Promise.resolve({}), new AbortController().signal],
]

/** Of no option. Each passes a check that coerces, or that looks whether there is anything: a text in an array becomes that text, and a promise is true. */
const WRONG_VALUES = [null, Symbol('option'), ['strict'], new Number(5), new String('strict'), Promise.resolve(true)]

/** Options that take some of these: lists, and objects whose members the caller chooses. */
const TAKES_OBJECTS = new Set(['inputs', 'sources', 'servers', 'sinks'])

/** Every name in the tables of the page of options. */
const OPTION_NAMES = [
  ...new Set([...readFileSync(join(root, 'docs/options.md'), 'utf8').matchAll(/^\| (\w+) \|/gm)].map(([, name = '']) => name)),
]

/** What a call ends with: thrown, rejected or returned. */
async function endOf(call: () => unknown): Promise<unknown> {
  try {
    return await call()
  } catch (error) {
    return error
  }
}

/** The calls with options that the reports of the interface name. */
function callsInReports(): string[] {
  const found = new Set<string>()
  for (const file of readdirSync(join(root, 'docs/api')).filter((name) => !name.startsWith('native'))) {
    let inside: string | undefined
    for (const line of readFileSync(join(root, 'docs/api', file), 'utf8').split('\n')) {
      const declared = /^ {2}export declare (?:abstract )?(class|function|interface|type)? ?(\w+)/.exec(line)
      if (declared !== null) inside = declared[1] === 'class' ? declared[2] : undefined
      else if (/^ {2}export/.test(line)) inside = undefined
      if (
        !/\b(\w*[oO]ptions|names|rules|selection|persistent)\??: |schema: SbeExport/.test(line) ||
        line.includes('ErrorOptions')
      )
        continue
      const name = file.replace('.txt', '')
      const method = /^ {6}(?:static |abstract )?(\w+)[(<]/.exec(line)
      if (declared?.[1] === 'function') found.add(`${name}.${declared[2]}`)
      else if (inside !== undefined && method !== null) found.add(`${name}.${inside}.${method[1]}`)
    }
  }
  return [...found]
}

describe('a call with options', () => {
  it('is in this table, when it is public', () => {
    const known = new Set([...Object.keys(CALLS), ...Object.keys(NOT_CALLED)])
    expect(callsInReports().filter((name) => !known.has(name))).toEqual([])
  })

  it.each(Object.keys(CALLS))('refuses an unknown name: %s', async (name) => {
    const before = writer.nextSequence
    expect(await endOf(() => CALLS[name]?.({ noSuchOption: 1 }))).toMatchObject({
      code: 'ERR_INVALID_ARGUMENT',
      argument: expect.stringContaining('noSuchOption'),
    })
    expect(writer.nextSequence).toBe(before)
  })

  it.each(Object.keys(CALLS))('refuses what is not an object: %s', async (name) => {
    for (const wrong of NO_OPTIONS)
      expect(await endOf(() => CALLS[name]?.(wrong))).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
  })

  it.each(Object.keys(CALLS))('refuses a value of another kind for each of its options: %s', async (name) => {
    const before = writer.nextSequence
    for (const option of OPTION_NAMES) {
      const isUnknown = await endOf(() => CALLS[name]?.({ [option]: Symbol(option) }))
      if (/^(?:an option that exists|one of )/.test((isUnknown as { expected?: string }).expected ?? '')) continue
      for (const value of WRONG_VALUES) {
        if (TAKES_OBJECTS.has(option) && typeof value === 'object' && value !== null) continue
        const end = await endOf(() => CALLS[name]?.({ [option]: value }))
        expect([option, value, end]).toEqual([option, value, expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' })])
      }
    }
    expect(writer.nextSequence).toBe(before)
  })
})
