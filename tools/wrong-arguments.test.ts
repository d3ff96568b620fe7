import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import * as bridge from '@chronicle-ts/bridge'
import * as bus from '@chronicle-ts/bus'
import * as core from '@chronicle-ts/core'
import * as fanin from '@chronicle-ts/fanin'
import * as inspect from '@chronicle-ts/inspect'
import * as schema from '@chronicle-ts/schema'
import * as testing from '@chronicle-ts/testing'
import * as topics from '@chronicle-ts/topics'
import * as typed from '@chronicle-ts/typed'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** What plain JavaScript may pass in the place of a directory, a source or another argument ends with a coded error that names it, and changes nothing. */

// biome-ignore lint/suspicious/noExplicitAny: plain JavaScript passes anything
type Any = any

let folder: string
let queue: string
let writer: core.QueueWriter

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chronicle-arguments-'))
  queue = join(folder, 'queue')
  writer = core.openWriter(queue, { segmentSize: 65_536 })
  writer.append(1, Buffer.from('x'))
})

afterAll(() => {
  writer.close()
  rmSync(folder, { recursive: true, force: true })
})

const lease: bus.Lease = { pid: 1, startTime: 2, bootId: 'boot', epoch: 3, timestampNs: 4n, closed: false }
const TYPES = [schema.message('Quote', 1, { bid: schema.f64() })] as const

async function endOf(call: () => unknown): Promise<unknown> {
  try {
    const ended = (await call()) as { close?: () => void } | undefined
    ended?.close?.()
    return ended
  } catch (error) {
    return error
  }
}

const REFUSED = { code: 'ERR_INVALID_ARGUMENT', expected: expect.stringMatching(/./) }

/** Calls that take a directory or a file, by name. */
const PLACES: Readonly<Record<string, (place: Any) => unknown>> = {
  'core.openWriter': (place) => core.openWriter(place),
  'core.openReader': (place) => core.openReader(place, 'reader'),
  'core.openReaderAsync': (place) => core.openReaderAsync(place, 'reader'),
  'core.openObserver': (place) => core.openObserver(place),
  'core.openObserverAsync': (place) => core.openObserverAsync(place),
  'core.listReaders': (place) => core.listReaders(place),
  'core.removeReader': (place) => core.removeReader(place, 'nobody'),
  'inspect.inspectQueue': (place) => inspect.inspectQueue(place),
  'inspect.inspectState': (place) => inspect.inspectState(place),
  'inspect.inspectLock': (place) => inspect.inspectLock(place),
  'inspect.openColdReader': (place) => inspect.openColdReader(place),
  'inspect.verifyQueue': (place) => inspect.verifyQueue(place),
  'inspect.planRepairs': (place) => inspect.planRepairs(place, []),
  'inspect.planPrune': (place) => inspect.planPrune(place, { maxSegments: 2 }),
  'inspect.findQueues': (place) => inspect.findQueues(place),
  'inspect.findTrace': (place) => inspect.findTrace([place], '0af7651916cd43dd8448eb211c80319c'),
  'inspect.listQueue': (place) => inspect.listQueue(place),
  'inspect.readThresholds': (place) => inspect.readThresholds(place),
  'inspect.readAcknowledged': (place) => inspect.readAcknowledged(place),
  'inspect.markAcknowledged': (place) => inspect.markAcknowledged(place, []),
  'inspect.readBackupManifest': (place) => inspect.readBackupManifest(place),
  'inspect.QueueStatistics': (place) => new inspect.QueueStatistics(place),
  'bus.BusLayout': (place) => new bus.BusLayout(place),
  'bus.OwnerProbe': (place) => new bus.OwnerProbe(place),
  'bus.ReaderRegistration': (place) => new bus.ReaderRegistration(place),
  'bus.SubscriberDiscovery': (place) => new bus.SubscriberDiscovery(place, 'reader'),
  'bus.whenQueueAppears': (place) => bus.whenQueueAppears(place),
  'bus.isReady': (place) => bus.isReady(place),
  'bus.removeReady': (place) => bus.removeReady(place),
  'bus.writeReady': (place) => bus.writeReady(place),
  'bus.readLease': (place) => bus.readLease(place),
  'bus.writeLease': (place) => bus.writeLease(place, lease),
  'bridge.ReplicaSink': (place) => new bridge.ReplicaSink(place),
  'bridge.readIdentity': (place) => bridge.readIdentity(place),
  'bridge.bridgeStatus': (place) => bridge.bridgeStatus(place, {} as never),
  'bridge.promote': (place) => bridge.promote(place, {} as never, { name: 'sink' }),
  'bridge.rejoin': (place) => bridge.rejoin(place, {} as never),
  'testing.scenario, input': (place) => testing.scenario(place, () => undefined, join(folder, 'out')),
  'testing.scenario, output': (place) => testing.scenario(join(folder, 'in'), () => undefined, place),
  'typed.openTypedObserver': (place) => typed.openTypedObserver(place, TYPES),
  'topics.openBus': (place) => topics.openBus(place, {}),
}

const NO_PLACES: readonly unknown[] = [
  ...[undefined, null, '', 5, Number.NaN, true, Symbol('place'), [], {}, new Map(), Buffer.from('/tmp'), () => '/tmp'],
  ...['/tmp/a\0b', new URL('http://localhost/tmp'), new URL('file://other/tmp'), new URL('file:///tmp/a%00b')],
  // Text of a URL would be a path below a folder `file:`.
  'file:///tmp/queue',
]

describe('a directory or a file', () => {
  it.each(Object.keys(PLACES))('is a path or the URL of one: %s', async (name) => {
    for (const wrong of NO_PLACES)
      expect([wrong, await endOf(() => PLACES[name]?.(wrong))]).toEqual([wrong, expect.objectContaining(REFUSED)])
  })

  it.each([
    'inspect.inspectLock',
    'inspect.readThresholds',
    'bus.isReady',
    'bus.readLease',
    'bus.OwnerProbe',
    'bridge.readIdentity',
  ])('may be a URL: %s', async (name) => {
    expect(await endOf(() => PLACES[name]?.(pathToFileURL(queue)))).toEqual(await endOf(() => PLACES[name]?.(queue)))
  })
})

/** Calls that take a reader or an observer, a writer, or something else that is not an option. */
const OTHERS: Readonly<Record<string, (value: Any) => unknown>> = {
  'core.toReadable': (value) => core.toReadable(value),
  'core.toReadableStream': (value) => core.toReadableStream(value),
  'core.waitForAny': (value) => core.waitForAny([value]),
  'fanin.FanInReader.add': (value) => new fanin.FanInReader().add('key', value),
  'fanin.RetryBackoff': (value) => new fanin.RetryBackoff(value),
  'typed.asTypedReader': (value) => typed.asTypedReader(value, TYPES),
  'typed.asTypedObserver': (value) => typed.asTypedObserver(value, TYPES),
  'typed.asTypedWriter': (value) => typed.asTypedWriter(value, TYPES),
  'bridge.ReplicaSource': (value) => new bridge.ReplicaSource(value),
  'bus.SubscriberDiscovery, name': (value) => new bus.SubscriberDiscovery(queue, value),
  'bus.writeLease, lease': (value) => bus.writeLease(queue, value),
  'bus.OwnerProbe, expiryMs': (value) => new bus.OwnerProbe(queue, value),
  'inspect.findTrace, traceId': (value) => inspect.findTrace([queue], value),
  'inspect.findTrace, places': (value) => inspect.findTrace(value, '0af7651916cd43dd8448eb211c80319c'),
  'topics.openBus, topics': (value) => topics.openBus(folder, value),
  'topics.openBus, a topic': (value) => topics.openBus(folder, { quotes: value }),
}

/** Calls whose callback must be synchronous. Each ends by itself. */
const SYNCHRONOUS: Readonly<Record<string, (callback: Any) => unknown>> = {
  'core.poll': (callback) => {
    using observer = core.openObserver(queue)
    return observer.poll(1, callback)
  },
  'fanin.poll': (callback) => {
    using fanIn = new fanin.FanInReader({ ownsSources: true })
    fanIn.add('key', core.openObserver(queue))
    return fanIn.poll(1, callback)
  },
  'typed.where': (where) => {
    using observer = core.openObserver(typedQueue())
    return typed.asTypedObserver(observer, TYPES, { where }).next()
  },
  'typed.write, of a fixed length': (fill) => {
    using writer = typed.openTypedWriter(join(folder, 'fixed'), TYPES)
    writer.write(TYPES[0], fill)
  },
  'typed.write, with variable parts': (fill) => {
    const Note = schema.message('Note', 2, { text: schema.utf8() })
    using writer = typed.openTypedWriter(join(folder, 'variable'), [Note] as const)
    writer.write(Note, { text: 100_000 }, fill)
  },
}

function typedQueue(): string {
  const directory = join(folder, 'typed')
  using writer = typed.openTypedWriter(directory, TYPES)
  writer.append(TYPES[0], { bid: 1 })
  return directory
}

describe('a callback that must be synchronous', () => {
  it.each(Object.keys(SYNCHRONOUS))('is refused when it returns a promise, whose rejection is dropped: %s', async (name) => {
    const unhandled: unknown[] = []
    const note = (reason: unknown): unknown => unhandled.push(reason)
    process.on('unhandledRejection', note)
    const late = async (): Promise<never> => {
      throw new Error('too late')
    }
    expect(await endOf(() => SYNCHRONOUS[name]?.(late))).toMatchObject({
      ...REFUSED,
      value: expect.stringContaining('returns a promise'),
    })
    await setImmediate()
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})

describe('another argument', () => {
  it.each(Object.keys(OTHERS))('is refused when it is of another kind: %s', async (name) => {
    for (const wrong of [null, Number.NaN, -1, '', 'text\0', true, Symbol('value'), new Map(), [5], () => 1])
      expect([wrong, await endOf(() => OTHERS[name]?.(wrong))]).toEqual([wrong, expect.objectContaining(REFUSED)])
    expect(bus.readLease(queue)).toEqual({ kind: 'absent' })
  })

  it('is refused as the number of messages of a poll', () => {
    using observer = core.openObserver(queue)
    for (const wrong of [-1, 1.5, Number.NaN, Number.NEGATIVE_INFINITY, '1', null] as Any[])
      expect(() => observer.poll(wrong, () => undefined)).toThrow(expect.objectContaining({ ...REFUSED, argument: 'limit' }))
    expect(observer.poll(Number.POSITIVE_INFINITY, () => undefined)).toBe(1)
  })

  it('is refused as the servers of NATS', async () => {
    for (const servers of [undefined, null, '', 5, {}, [], [''], [5]] as Any[])
      expect(await endOf(() => bridge.connectNats({ servers }))).toMatchObject({ ...REFUSED, argument: 'servers' })
  })
})
