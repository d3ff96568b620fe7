import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import * as bridge from '@chronicle-ts/bridge'
import * as progress from '@chronicle-ts/bridge/progress'
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
import { endOf, GARBAGE, isOptions, OWN_ERROR, publicCalls } from './garbage.js'

/**
 * Every public function and constructor, with garbage in the place of each argument in turn and valid ones beside it. It ends with `ERR_INVALID_ARGUMENT`, with what the garbage itself throws, or with an
 * answer that {@link ANSWERS} or {@link Call} allows. The functions are those of the API reports, so that a new one cannot be forgotten.
 */
// biome-ignore lint/suspicious/noExplicitAny: plain JavaScript passes anything
type Any = any

let folder: string
let queue: string
let typedQueue: string
let writer: core.QueueWriter
let reader: core.QueueReader
let observer: core.QueueObserver
let count = 0
const open: { close(): void }[] = []

const Quote = schema.message('Quote', 1, { bid: schema.f64() })
const TYPES = [Quote] as const
const lease: bus.Lease = { pid: 1, startTime: 2, bootId: 'boot', epoch: 3, timestampNs: 4n, closed: false }
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const REGISTRY: schema.SchemaRegistry = { schemas: [], problems: [], foreign: [] }
const FILE = { name: schema.schemaFileName(Quote), text: schema.encodeSchema(Quote.description) }
const FRAME = { queueId: TRACE_ID, term: 1, first: 0, count: 1, crc: 0, part: 1, parts: 1, body: Buffer.alloc(64) }
const PROGRESS: progress.BridgeProgress = {
  ...{ role: 'push', name: 'a', pid: 1, queueId: 'q', term: 1, stream: 's', state: 'running', nextSequence: 1 },
  ...{ lag: { messages: 1, bytes: 1, seconds: 1 }, records: 1, bytes: 1, failures: 0, error: null, updatedMs: 1 },
}
const api = { trace: { getActiveSpan: () => undefined }, context: {} }
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
const frames = { subject: 's', publish: nothing, frameAt: nothing }
const meter = {
  createObservableCounter: nothing,
  createObservableGauge: nothing,
  addBatchObservableCallback: nothing,
  removeBatchObservableCallback: nothing,
}

function nothing(): undefined {
  return undefined
}

async function* noBytes(): AsyncGenerator<Uint8Array> {}

/** An observer that has a message to read. */
function unread(): core.QueueObserver {
  const opened = core.openObserver(queue)
  open.push(opened)
  return opened
}

/** A path that nothing has. */
function fresh(): string {
  return join(folder, `fresh-${count++}`)
}

function busFolder(): string {
  const layout = new bus.BusLayout(join(folder, 'bus'))
  layout.createFeed('feed')
  layout.createStrategy('strategy')
  return layout.root
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chronicle-garbage-'))
  queue = join(folder, 'queue')
  typedQueue = join(folder, 'typed')
  writer = core.openWriter(queue, { segmentSize: 65_536 })
  writer.append(1, Buffer.from('x'))
  observer = core.openObserver(queue)
  reader = core.openReader(queue, 'held')
  reader.next()
  typed.openTypedWriter(typedQueue, TYPES, { segmentSize: 65_536 }).close()
  writeFileSync(join(folder, 'in.ndjson'), '')
  mkdirSync(join(folder, 'bus'))
})

afterAll(() => {
  for (const one of [...open, reader, observer, writer]) one.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The valid arguments of a call, created again for each. An empty object among them stands for options, which may be left out. */
type Call = readonly [call: (...given: Any[]) => unknown, valid: () => unknown[]]

function constructed(name: new (...given: Any[]) => unknown): (...given: Any[]) => unknown {
  return (...given) => new name(...given)
}

/** What it returns would close the queue that all calls use. */
function unreturned(call: (...given: Any[]) => unknown): (...given: Any[]) => void {
  return (...given) => {
    call(...given)
  }
}

/** Arguments of which every value has an answer, and why. */
const ANSWERS: Readonly<Record<string, string>> = {
  'core.isQueueError 0': 'says whether it is one',
  'core.isQueueError 1': 'says whether it is one of this code',
  'bus.isBusName 0': 'says whether it is one',
  'bus.parseLease 0': 'never throws: says that it is unreadable',
  'inspect.isRepairable 0': 'says whether it is the code of a problem that repair can correct',
  'fanin.isPassingError 0': 'says whether it is one',
  'schema.isSchemaError 0': 'says whether it is one',
  'schema.isSchemaError 1': 'says whether it is one of this code',
  'schema.parseSchemaFileName 0': 'undefined for other names',
  'schema.toJsonSafe 0': 'every value has a form',
}

/** Garbage that a call takes, as it is valid there. Options may be `undefined` or have no field everywhere. */
const TAKEN: Readonly<Record<string, readonly string[]>> = {
  'core.waitForAny 0': ['array'],
  'core.waitForAny 1': ['undefined', 'object', 'nullPrototype'],
  'core.waitForAnyAsync 0': ['array'],
  'core.waitForAnyAsync 1': ['undefined', 'object', 'nullPrototype'],
  'bus.OwnerProbe 1': ['undefined', 'fraction'],
  'bus.writeReady 1': ['undefined', 'empty', 'text'],
  'inspect.acknowledgeProblems 1': ['undefined', 'array'],
  'inspect.findTrace 0': ['array'],
  'inspect.inspectLock 1': ['undefined'],
  'inspect.listQueue 1': ['undefined', 'empty', 'text'],
  'inspect.markAcknowledged 1': ['array'],
  'inspect.planRepairs 1': ['array'],
  'inspect.problemsBeforeRepair 0': ['array'],
  'inspect.planPrune 1': ['object', 'nullPrototype'],
  'inspect.pruneQueue 1': ['object', 'nullPrototype'],
  'inspect.parseThresholds 0': ['promise'],
  'fanin.RetryBackoff 0': ['undefined', 'fraction'],
  'fanin.RetryBackoff 1': ['undefined', 'fraction'],
  'bridge.ProgressWriter 1': ['function'],
  'bridge.pullFromStream 1': ['array'],
  'bridge.readFrames 0': ['array'],
  'testing.ManualClock 0': ['undefined', 'bigint'],
  'testing.findNatsServer 0': ['undefined'],
  'testing.scenario 1': ['function'],
  'testing.scenario 3': ['undefined', 'object', 'nullPrototype'],
  'telemetry.collectMetrics 1': ['array'],
  'telemetry.logTo 1': ['undefined', 'array'],
  'typed.MessageSelector 2': ['function'],
  'schema.complex 0': ['undefined'],
  'schema.createDecoder 0': ['array'],
  'schema.message 2': ['object', 'nullPrototype'],
  'schema.readSchemaFiles 1': ['undefined', 'array', 'arrayOfNull'],
  'schema.readSchemas 1': ['undefined', 'array', 'arrayOfNull'],
  'schema.saveSchema 2': ['undefined'],
  'schema.toSbe 0': ['array'],
}

const CALLS: Readonly<Record<string, Call>> = {
  'core.isQueueError': [core.isQueueError, () => [new Error(), 'ERR_CLOSED']],
  'core.listReaders': [core.listReaders, () => [queue]],
  'core.openObserver': [core.openObserver, () => [queue, {}]],
  'core.openObserverAsync': [core.openObserverAsync, () => [queue, {}]],
  'core.openReader': [core.openReader, () => [queue, 'reader', {}]],
  'core.openReaderAsync': [core.openReaderAsync, () => [queue, 'reader', {}]],
  'core.openWriter': [core.openWriter, () => [fresh(), {}]],
  'core.removeReader': [core.removeReader, () => [queue, 'nobody']],
  'core.toReadable': [core.toReadable, () => [unread(), {}]],
  'core.toReadableStream': [core.toReadableStream, () => [unread(), {}]],
  'core.waitForAny': [core.waitForAny, () => [[unread()], { timeoutMs: 0 }]],
  'core.waitForAnyAsync': [core.waitForAnyAsync, () => [[unread()], { timeoutMs: 0 }]],
  'bus.BusLayout': [constructed(bus.BusLayout), () => [folder]],
  'bus.OwnerProbe': [constructed(bus.OwnerProbe), () => [queue, 5]],
  'bus.ReaderRegistration': [constructed(bus.ReaderRegistration), () => [queue]],
  'bus.RouterDiscovery': [constructed(bus.RouterDiscovery), () => [busFolder(), {}]],
  'bus.SubscriberDiscovery': [constructed(bus.SubscriberDiscovery), () => [queue, 'subscriber', {}]],
  'bus.formatLease': [bus.formatLease, () => [lease]],
  'bus.isBusName': [bus.isBusName, () => ['a']],
  'bus.isReady': [bus.isReady, () => [queue]],
  'bus.isSameOwner': [bus.isSameOwner, () => [lease, lease]],
  'bus.judgeLiveness': [bus.judgeLiveness, () => [{ lockHeld: true, lease }]],
  'bus.openFeedReader': [
    (...given) => bus.openFeedReader(...(given as [Any, Any, Any])),
    () => {
      const layout = busFolder()
      bus.openFeedWriter(layout, 'feed').close()
      return [layout, 'feed', 'reader', {}]
    },
  ],
  'bus.openFeedWriter': [bus.openFeedWriter, () => [busFolder(), 'feed', {}]],
  'bus.openRouterEndpoints': [
    bus.openRouterEndpoints,
    () => {
      const layout = busFolder()
      bus.openStrategyEndpoints(layout, 'strategy').close()
      return [layout, 'strategy', {}]
    },
  ],
  'bus.openStrategyEndpoints': [bus.openStrategyEndpoints, () => [busFolder(), 'strategy', {}]],
  'bus.parseLease': [bus.parseLease, () => ['']],
  'bus.readLease': [bus.readLease, () => [queue]],
  'bus.removeReady': [bus.removeReady, () => [queue]],
  'bus.whenQueueAppears': [bus.whenQueueAppears, () => [queue, {}]],
  'bus.writeLease': [bus.writeLease, () => [queue, lease]],
  'bus.writeReady': [bus.writeReady, () => [queue, 'text']],
  'inspect.QueueBackup': [constructed(inspect.QueueBackup), () => [queue, fresh(), {}]],
  'inspect.QueueDifference': [constructed(inspect.QueueDifference), () => [queue, queue]],
  'inspect.QueueSalvage': [constructed(inspect.QueueSalvage), () => [queue, fresh()]],
  'inspect.QueueStatistics': [constructed(inspect.QueueStatistics), () => [queue, {}]],
  'inspect.QueueVerification': [constructed(inspect.QueueVerification), () => [queue, {}]],
  'inspect.acknowledgeProblems': [inspect.acknowledgeProblems, () => [queue, []]],
  'inspect.backupQueue': [inspect.backupQueue, () => [queue, fresh(), {}]],
  'inspect.describeRepairStep': [inspect.describeRepairStep, () => [{ kind: 'rebuild-control' }]],
  'inspect.findQueues': [inspect.findQueues, () => [folder, {}]],
  'inspect.findTrace': [inspect.findTrace, () => [[queue], TRACE_ID, {}]],
  'inspect.inspectLock': [inspect.inspectLock, () => [join(queue, 'writer.lock'), inspect.readLockTable()]],
  'inspect.inspectQueue': [inspect.inspectQueue, () => [queue, {}]],
  'inspect.inspectState': [inspect.inspectState, () => [queue, {}]],
  'inspect.isQueueListing': [inspect.isQueueListing, () => [inspect.listQueue(queue)]],
  'inspect.isRepairable': [inspect.isRepairable, () => ['SEGMENT_UNSEALED']],
  'inspect.listQueue': [inspect.listQueue, () => [queue, 'path']],
  'inspect.markAcknowledged': [inspect.markAcknowledged, () => [queue, []]],
  'inspect.openColdReader': [inspect.openColdReader, () => [queue, {}]],
  'inspect.parseThresholds': [inspect.parseThresholds, () => [{}]],
  'inspect.planPrune': [inspect.planPrune, () => [queue, { maxSegments: 5 }]],
  'inspect.planRepairs': [inspect.planRepairs, () => [queue, [], {}]],
  'inspect.problemsBeforeRepair': [inspect.problemsBeforeRepair, () => [[]]],
  'inspect.pruneQueue': [inspect.pruneQueue, () => [typedQueue, { maxSegments: 5 }]],
  'inspect.readAcknowledged': [inspect.readAcknowledged, () => [queue]],
  'inspect.readBackupManifest': [inspect.readBackupManifest, () => [queue]],
  'inspect.readThresholds': [inspect.readThresholds, () => [queue]],
  'inspect.recoverOnce': [inspect.recoverOnce, () => [typedQueue]],
  'inspect.repairQueue': [inspect.repairQueue, () => [queue, {}]],
  'inspect.restoreQueue': [inspect.restoreQueue, () => [queue, fresh(), {}]],
  'inspect.salvageQueue': [inspect.salvageQueue, () => [queue, fresh()]],
  'inspect.stateLabel': [inspect.stateLabel, () => [{ word: 'ok', severity: 'ok' }]],
  'inspect.stateOfQueue': [inspect.stateOfQueue, () => [inspect.inspectQueue(queue), {}]],
  'inspect.verifyQueue': [inspect.verifyQueue, () => [queue, {}]],
  'fanin.FanInReader': [constructed(fanin.FanInReader), () => [{}]],
  'fanin.RetryBackoff': [constructed(fanin.RetryBackoff), () => [1, 2]],
  'fanin.isPassingError': [fanin.isPassingError, () => [new Error()]],
  'bridge.ProgressWriter': [(...given) => new bridge.ProgressWriter(...(given as [Any, Any])), () => [queue, nothing]],
  'bridge.Puller': [constructed(bridge.Puller), () => [new bridge.ReplicaSink(fresh()), frames, { name: 'sink' }]],
  'bridge.Pusher': [constructed(bridge.Pusher), () => [new bridge.ReplicaSource(observer), frames, {}]],
  'bridge.ReplicaSink': [constructed(bridge.ReplicaSink), () => [fresh(), {}]],
  'bridge.ReplicaSource': [constructed(bridge.ReplicaSource), () => [observer, {}]],
  'bridge.bridgeStatus': [bridge.bridgeStatus, () => [queue, {}, {}]],
  'bridge.connectNats': [bridge.connectNats, () => [{ servers: '' }]],
  'bridge.connectPersistently': [bridge.connectPersistently, () => [{ servers: '' }, { signal: AbortSignal.abort() }]],
  'bridge.encodeFrame': [bridge.encodeFrame, () => [FRAME]],
  'bridge.promote': [bridge.promote, () => [queue, {}, { name: 'sink' }]],
  'bridge.pullFromStream': [bridge.pullFromStream, () => [new bridge.ReplicaSink(fresh()), noBytes()]],
  'bridge.pushToStream': [bridge.pushToStream, () => [new bridge.ReplicaSource(observer), new PassThrough().resume(), {}]],
  'bridge.readFrames': [(chunks: Any) => bridge.readFrames(chunks).next(), () => [noBytes()]],
  'bridge.readIdentity': [bridge.readIdentity, () => [queue]],
  'bridge.rejoin': [bridge.rejoin, () => [queue, {}, {}]],
  'bridge.forgetProgress': [progress.forgetProgress, () => [queue, 'push']],
  'bridge.readProgress': [progress.readProgress, () => [queue]],
  'bridge.writeProgress': [progress.writeProgress, () => [queue, PROGRESS]],
  'replay.openProcessor': [replay.openProcessor, () => [{ inputs: { queue }, output: writer }]],
  'replay.openReplay': [replay.openReplay, () => [{ sources: { queue } }]],
  'telemetry.collectMetrics': [telemetry.collectMetrics, () => [meter, [{ writer }, { reader }]]],
  'telemetry.logTo': [telemetry.logTo, () => [logger, []]],
  'telemetry.traced': [telemetry.traced, () => [reader, api, {}]],
  'testing.ManualClock': [constructed(testing.ManualClock), () => [5n]],
  'testing.findNatsServer': [testing.findNatsServer, () => [join(folder, 'none')]],
  'testing.memoryQueue': [testing.memoryQueue, () => [{}]],
  'testing.scenario': [
    testing.scenario,
    () => [join(folder, 'in.ndjson'), nothing, join(folder, 'out.ndjson'), { update: true }],
  ],
  'topics.defineTopics': [topics.defineTopics, () => [{}]],
  'topics.feed': [topics.feed, () => ['feed', TYPES]],
  'topics.openBus': [topics.openBus, () => [busFolder(), {}]],
  'topics.ordersIn': [topics.ordersIn, () => ['strategy', TYPES]],
  'topics.ordersOut': [topics.ordersOut, () => ['strategy', TYPES]],
  'topics.queue': [topics.queue, () => ['path', TYPES]],
  'typed.MessageSelector': [constructed(typed.MessageSelector), () => [TYPES, {}, typed.newReadEntry]],
  'typed.WhereExpression': [constructed(typed.WhereExpression), () => ['bid > 1']],
  'typed.asTypedObserver': [unreturned(typed.asTypedObserver), () => [observer, TYPES, {}]],
  'typed.asTypedReader': [unreturned(typed.asTypedReader), () => [reader, TYPES, {}]],
  'typed.asTypedWriter': [unreturned(typed.asTypedWriter), () => [writer, TYPES, {}]],
  'typed.checkSelection': [typed.checkSelection, () => [{}, TYPES]],
  'typed.checkTypes': [typed.checkTypes, () => [TYPES]],
  'typed.checkTypesAgainstRegistry': [typed.checkTypesAgainstRegistry, () => [queue, TYPES]],
  'typed.commitBefore': [typed.commitBefore, () => [reader, { segmentId: 0, offset: 128 }]],
  'typed.openTypedObserver': [typed.openTypedObserver, () => [typedQueue, TYPES, {}]],
  'typed.openTypedReader': [typed.openTypedReader, () => [typedQueue, 'reader', TYPES, {}]],
  'typed.openTypedReaderAsync': [typed.openTypedReaderAsync, () => [typedQueue, 'reader', TYPES, {}]],
  'typed.openTypedWriter': [typed.openTypedWriter, () => [typedQueue, TYPES, {}]],
  'schema.addSchemaFile': [schema.addSchemaFile, () => [queue, FILE]],
  'schema.array': [schema.array, () => ['f64', 2]],
  'schema.ascii': [schema.ascii, () => [2]],
  'schema.checkAgainstRegistry': [schema.checkAgainstRegistry, () => [REGISTRY, Quote]],
  'schema.checkCompatible': [schema.checkCompatible, () => [Quote.description, Quote.description]],
  'schema.checkSchemaFile': [schema.checkSchemaFile, () => [queue, FILE]],
  'schema.complex': [schema.complex, () => ['f32']],
  'schema.createDecoder': [schema.createDecoder, () => [TYPES]],
  'schema.decimal': [schema.decimal, () => [2]],
  'schema.encodeSchema': [schema.encodeSchema, () => [Quote.description]],
  'schema.enumOf': [schema.enumOf, () => [{ buy: 1 }, {}]],
  'schema.fingerprintOf': [schema.fingerprintOf, () => [Quote.description]],
  'schema.flags': [schema.flags, () => [['a']]],
  'schema.fromSbe': [schema.fromSbe, () => [SBE, {}]],
  'schema.isSchemaError': [schema.isSchemaError, () => [new Error(), 'ERR_IO']],
  'schema.isWholeSchemaFile': [schema.isWholeSchemaFile, () => [FILE]],
  'schema.jsonMessage': [schema.jsonMessage, () => ['Json', 2, {}]],
  'schema.list': [schema.list, () => [{ a: schema.f64() }]],
  'schema.matrix': [schema.matrix, () => ['f64', 2, 2]],
  'schema.message': [schema.message, () => ['Message', 3, { a: schema.f64() }]],
  'schema.messageFromDescription': [schema.messageFromDescription, () => [Quote.description]],
  'schema.msgpackMessage': [schema.msgpackMessage, () => ['Packed', 4, {}]],
  'schema.parseSchema': [schema.parseSchema, () => [FILE.text]],
  'schema.parseSchemaFileName': [schema.parseSchemaFileName, () => [FILE.name]],
  'schema.protobufMessage': [protobufMessage, () => ['Proto', 5, {}, {}]],
  'schema.quantized': [schema.quantized, () => ['i8']],
  'schema.readSchemaFiles': [schema.readSchemaFiles, () => [queue, [1]]],
  'schema.readSchemas': [schema.readSchemas, () => [queue, [1]]],
  'schema.replaceSchemaFile': [schema.replaceSchemaFile, () => [queue, FILE]],
  'schema.saveSchema': [schema.saveSchema, () => [typedQueue, Quote, REGISTRY]],
  'schema.schemaDifferences': [schema.schemaDifferences, () => [Quote.description, Quote.description]],
  'schema.schemaFileName': [schema.schemaFileName, () => [Quote]],
  'schema.toSbe': [schema.toSbe, () => [TYPES, { package: 'p', id: 1 }]],
  'schema.toJsonSafe': [schema.toJsonSafe, () => [1]],
  'schema.vector': [schema.vector, () => ['f64']],
  'schema.writeSbeHeader': [schema.writeSbeHeader, () => [new DataView(new ArrayBuffer(64)), 0, { type: Quote, schemaId: 1 }]],
}

const SBE = `<sbe:messageSchema xmlns:sbe="http://fixprotocol.io/2016/sbe" package="p" id="1" version="0" byteOrder="littleEndian">
<types><composite name="messageHeader"><type name="blockLength" primitiveType="uint16"/><type name="templateId" primitiveType="uint16"/>
<type name="schemaId" primitiveType="uint16"/><type name="version" primitiveType="uint16"/></composite></types>
<sbe:message name="M" id="1"><field name="a" id="1" type="uint8"/></sbe:message></sbe:messageSchema>`

/** Calls that have nothing to end well with here: no server, and no message of another package. */
const WITHOUT_END = new Set([
  ...['bridge.bridgeStatus', 'bridge.connectNats', 'bridge.connectPersistently', 'bridge.promote', 'bridge.rejoin'],
  'schema.protobufMessage',
])

/** In the reports, and without an argument, or not made by users. */
const NOT_CALLED: Readonly<Record<string, string>> = {
  'bridge.Reconnects': 'exported as a type only',
  'inspect.LockTable': 'exported as a type only',
  'replay.ReplayClock': 'exported as a type only',
  'schema.Field': 'made by functions of its kinds',
  'schema.InPlaceMessage': 'abstract',
  'schema.SbeMessage': 'made by fromSbe',
  'telemetry.TracedReader': 'made by traced',
  'telemetry.TracedWriter': 'made by traced',
  'testing.MemoryQueue': 'made by memoryQueue',
  'testing.TypedMemoryQueue': 'made by memoryQueue',
  'typed.ReadEntry': 'made by newReadEntry, for other packages',
  'typed.newReadEntry': 'for other packages, as an argument of MessageSelector',
  'typed.TypedIterator': 'made by messages()',
}

describe('a public call', () => {
  it('is in this table', () => {
    const known = new Set([...Object.keys(CALLS), ...Object.keys(NOT_CALLED)])
    expect(publicCalls().filter((name) => !known.has(name))).toEqual([])
    expect(publicCalls().length).toBeGreaterThan(100)
  })

  it.each(Object.keys(CALLS))('refuses garbage with a code, or answers as documented: %s', async (name) => {
    const [call, valid] = CALLS[name] as Call
    if (!WITHOUT_END.has(name)) expect(await endOf(() => call(...valid()))).toBe('answered')
    for (const index of valid().keys()) {
      const where = `${name} ${index}`
      for (const [kind, garbage] of Object.entries(GARBAGE)) {
        const given = valid()
        const isTaken =
          where in ANSWERS ||
          TAKEN[where]?.includes(kind) ||
          (isOptions(given[index]) && ['undefined', 'object', 'nullPrototype'].includes(kind))
        given[index] = garbage
        const end = await endOf(() => call(...given))
        if (end === OWN_ERROR) continue
        if (end === 'answered') expect([where, kind, isTaken]).toEqual([where, kind, true])
        else expect([where, kind, end]).toEqual([where, kind, expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' })])
      }
    }
  })
})
