import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { binding } from '@chronicle-ts/native'
import { describe, expect, it } from 'vitest'
import { until } from '../../test/support/expectations.js'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { openObserver, openReader, openWriter, type QueueWriter, type WriterOptions } from '../index.js'
import { resolveWriterOptions } from './writer-options.js'

function open(options: WriterOptions): QueueWriter {
  return openWriter(join(temporaryDirectory(), 'queue'), { segmentSize: 4096, ...options })
}

const refusal = (argument: string) => expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', argument })

describe('refused options', () => {
  it.each<[string, unknown]>([
    ['preset', { preset: 'toString' }],
    ['prefault', { prefault: 'yes' }],
    ['mlock', { mlock: 1 }],
    ['hugePages', { hugePages: 'yes' }],
    ['extensions', { extensions: 'no' }],
    ['heartbeatIntervalMs', { heartbeatIntervalMs: Number.POSITIVE_INFINITY }],
    ['heartbeatIntervalMs', { heartbeatIntervalMs: 2 ** 31 }],
    ['flushPolicy.everyMs', { flushPolicy: { everyMs: Number.POSITIVE_INFINITY } }],
    ['flushPolicy.everyMs', { flushPolicy: { everyMs: 0 } }],
    ['flushPolicy.everyBytes', { flushPolicy: { everyBytes: '5' } }],
    ['rollAfterMs', { rollAfterMs: 0 }],
    ['backpressureTimeoutMs', { backpressureTimeoutMs: Number.NaN }],
    ['retention.minSegments', { retention: { minSegments: 0 } }],
    ['retention.minSegments', { maxSegments: 3, retention: { consumed: true, minSegments: 3 } }],
    ['retention.minSegments', { segmentSize: 4096, maxBytes: 3 * 4096, retention: { consumed: true, minSegments: 3 } }],
    ['maxBytes', { segmentSize: 4096, maxBytes: 8191 }],
    ['maxBytes', { maxBytes: Number.NaN }],
    ['retention', { retention: 'all' }],
    ['retention', { retention: null }],
    ['retention.consumed', { retention: { consumed: 'yes' } }],
    ['flushPolicy', { flushPolicy: 100 }],
    ['flushPolicy.wait', { flushPolicy: { everyMessages: 1, wait: 1 } }],
    ['onHighWatermark', { onHighWatermark: 'log' }],
    ['onReaderReleased', { onReaderReleased: {} }],
    ['cpu', { cpu: [0, 1.5] }],
    ['cpu', { cpu: {} }],
    ['cpu', { cpu: '0' }],
    ['cpu', { cpu: 4000 }],
    ['cpu', { cpu: 1e9 }],
    ['options', null],
    ['options', 'durable'],
    ['options', []],
    ['maxSegment', { maxSegment: 3 }],
    ['toString', { toString: 1 }],
    ['retention.maxAge', { retention: { maxAge: 5 } }],
    ['retention', { retention: [] }],
    ['flushPolicy.everyMessage', { flushPolicy: { everyMessage: 5 } }],
  ])('are named, and nothing is made: %s %o', (argument, options) => {
    const directory = join(temporaryDirectory(), 'queue')
    expect(() => openWriter(directory, options as object)).toThrowError(refusal(argument))
    expect(readdirSync(join(directory, '..'))).toEqual([])
  })
})

describe('a misspelt option', () => {
  it.each([
    [{ maxSegmets: 3 }, 'maxSegments'],
    [{ backPressure: 'block' }, 'backpressure'],
    [{ retention: { maxAge: 3 } }, 'maxAgeMs'],
    [{ flushPolicy: { everyMS: 3 } }, 'everyMs'],
  ])('is refused with the nearest one that exists: %o', (options, nearest) => {
    expect(() => open(options as object)).toThrowError(`the nearest is ${nearest}:`)
  })

  it('that is undefined is not given', () => {
    open({ maxSegmets: undefined } as object).close()
  })
})

describe('accepted options', () => {
  it('are read once, before anything is made', async () => {
    let reads = 0
    const directory = join(temporaryDirectory(), 'queue')
    const counted = (name: string, value: unknown): object => ({
      get [name]() {
        reads++
        expect(existsSync(directory)).toBe(false)
        return value
      },
    })
    const cpu: number[] = []
    const retention = counted('maxSegments', 2)
    const options = Object.defineProperties(
      { segmentSize: 4096, cpu },
      Object.getOwnPropertyDescriptors(counted('retention', retention)),
    )
    using writer = openWriter(directory, options as WriterOptions)
    appendNumbered(writer, 0, 200)
    await writer.applyRetention()
    expect(writer.explainRetention()).toHaveLength(2)
    expect(reads).toBe(2)
    writer.close()
  })

  it('the directory may be a file URL; what is not a path is refused', () => {
    const directory = join(temporaryDirectory(), 'a queue')
    using writer = openWriter(pathToFileURL(directory), { segmentSize: 4096 })
    expect(writer.directory).toBe(directory)
    writer.append(1, Buffer.from('x'))
    using observer = openObserver(pathToFileURL(directory))
    using reader = openReader(pathToFileURL(directory), 'r')
    expect([observer.next()?.sequence, reader.next()?.sequence]).toEqual([0, 0])
    for (const path of ['', 'a\0b', 7, null, undefined, new URL('https://example.org/queue')])
      for (const call of [openWriter, openObserver, (wrong: string) => openReader(wrong, 'r')])
        expect(() => call(path as string)).toThrowError(refusal('directory'))
  })

  it('an append may be given its time as a Date', () => {
    const writer = open({})
    const time = new Date('2026-11-28T12:00:00.123Z')
    writer.append(1, Buffer.from('x'), { timestampNs: time })
    writer.tryAppend(1, Buffer.from('x'), { timestampNs: time })
    const claim = writer.claim(1, 1)
    for (const wrong of [new Date(Number.NaN), 5, '5', -1n, 2n ** 64n]) {
      const timestampNs = wrong as bigint
      expect(() => writer.append(1, Buffer.from('x'), { timestampNs })).toThrowError(refusal('timestampNs'))
      expect(() => claim.commit({ timestampNs })).toThrowError(refusal('timestampNs'))
    }
    claim.commit({ timestampNs: time })
    using observer = openObserver(writer.directory)
    for (const _ of range(0, 3)) expect(observer.next()?.timestampNs).toBe(BigInt(time.getTime()) * 1_000_000n)
    writer.close()
  })

  it('a blocked append waits for 30 seconds by default', () => {
    expect(resolveWriterOptions({}).backpressureTimeoutMs).toBe(30_000)
  })

  it('cpu pins the calling thread to one or several CPUs', () => {
    const before = binding.threadAffinity()
    try {
      const [first] = before
      if (first === undefined) throw new Error('this thread may run nowhere')
      open({ cpu: first }).close()
      expect(binding.threadAffinity()).toEqual([first])
      binding.setThreadAffinity(before)
      open({ cpu: before }).close()
      expect(binding.threadAffinity()).toEqual(before)
    } finally {
      binding.setThreadAffinity(before)
    }
  })

  it.each<WriterOptions>([
    { prefault: false },
    { mlock: true },
    { hugePages: true },
    { prefault: true, hugePages: true, cpu: [] },
    { preset: 'lowLatency' },
    { preset: 'highThroughput' },
    { preset: 'durable' },
    { extensions: false, flushPolicy: { everyMessages: 5 } },
  ])('change how messages are kept, not which: %o', (options) => {
    const writer = open(options)
    appendNumbered(writer, 0, 60)
    writer.close()
    using observer = openObserver(writer.directory)
    expect(drainSequences(observer)).toEqual(range(0, 60))
  })

  it('a preset gives way to what stands beside it, but not to undefined', () => {
    const given = open({ preset: 'durable', flushPolicy: { everyMessages: 3 } })
    appendNumbered(given, 0, 8)
    expect(given.metrics().syncs).toBe(2)
    given.close()
    const options = { preset: 'durable', flushPolicy: undefined } as unknown as WriterOptions
    const kept = open(options)
    appendNumbered(kept, 0, 2)
    expect(kept.durableSequence).toBe(2)
    kept.close()
  })
})

describe('options that the existing queue contradicts', () => {
  it('are reported in the notes, and have no effect', () => {
    const created = open({})
    expect(created.notes).toEqual([])
    created.close()
    using other = openWriter(created.directory, { segmentSize: 8192 })
    expect(other.segmentSize).toBe(4096)
    expect(other.notes).toEqual([
      { option: 'segmentSize', given: 8192, actual: 4096, text: expect.stringContaining('segmentSize=8192') },
    ])
    other.close()
    using same = openWriter(created.directory)
    expect(same.notes).toEqual([])
  })

  it('are reported where the queue has more than was asked for: extensions, permissions', () => {
    const created = open({ mode: 0o660 })
    created.close()
    const base = openWriter(created.directory, { mode: 0o600, extensions: false })
    const mode = statSync(join(created.directory, 'control.meta')).mode & 0o777
    expect(base.notes).toMatchObject([
      { option: 'extensions', given: false, actual: true },
      { option: 'mode', given: 0o600, actual: mode, text: expect.stringContaining('mode=0o600') },
    ])
    base.close()
    using wider = openWriter(created.directory, { mode: 0o666 })
    expect(wider.notes).toEqual([])
  })

  it('of a queue in the base format are kept without a note', () => {
    const created = open({ extensions: false })
    created.close()
    using again = openWriter(created.directory, { extensions: false })
    expect(again.notes).toEqual([])
  })
})

describe('limits of an existing queue', () => {
  it('maxBytes is measured by the segments that it has, not by those that a new queue would get', () => {
    const created = open({})
    created.close()
    const bounded = openWriter(created.directory, { maxBytes: 3 * 4096 })
    using reader = openReader(created.directory, 'a')
    expect(() => appendNumbered(bounded, 0, 1000)).toThrowError(expect.objectContaining({ code: 'ERR_QUEUE_FULL' }))
    expect(bounded.position.segmentId).toBe(2)
    expect(reader.next()?.sequence).toBe(0)
    bounded.close()
  })

  it('maxBytes that two of its segments exceed is refused, and the queue stays as it is', () => {
    const created = open({ segmentSize: 1 << 20 })
    created.close()
    const options = { segmentSize: 4096, maxBytes: 1 << 20 }
    expect(() => openWriter(created.directory, options)).toThrowError(refusal('maxBytes'))
    openWriter(created.directory).close()
  })

  it.each([
    undefined,
    { consumed: true, minSegments: 2 },
    { minSegments: 2 },
    { readerTtlMs: 60_000 },
    { maxSegments: 2 },
    { maxBytes: 3 * 4096 - 1 },
  ])('let the queue go on for as long as its readers do, with the retention %o', (retention) => {
    const writer = open({ maxSegments: 3, ...(retention && { retention }) })
    using reader = openReader(writer.directory, 'a')
    for (const number of range(0, 200)) {
      appendNumbered(writer, number, number + 1)
      drainSequences(reader)
      reader.commit()
    }
    expect(writer.nextSequence).toBe(200)
    writer.close()
  })

  it('keep everything with `consumed: false`, until the queue is full', () => {
    using writer = open({ maxSegments: 3, retention: { consumed: false } })
    expect(() => appendNumbered(writer, 0, 1000)).toThrowError(expect.objectContaining({ code: 'ERR_QUEUE_FULL' }))
    expect(writer.explainRetention().filter(({ deletable }) => deletable)).toEqual([])
  })
})

describe('flush policies', () => {
  it('everyMs makes messages durable by itself, and syncs nothing while nothing is appended', async () => {
    const writer = open({ segmentSize: 1 << 20, flushPolicy: { everyMs: 1 } })
    appendNumbered(writer, 0, 5)
    await until(() => writer.durableSequence === 5)
    const { syncs } = writer.metrics()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(writer.metrics().syncs).toBe(syncs)
    writer.close()
  })

  it('everyBytes syncs when that much was appended', () => {
    const writer = open({ segmentSize: 1 << 20, flushPolicy: { everyBytes: 1024, wait: true } })
    for (const _ of range(0, 3)) writer.append(1, Buffer.alloc(192))
    expect(writer.durableSequence).toBe(0)
    writer.append(1, Buffer.alloc(192))
    expect(writer.durableSequence).toBe(4)
    writer.close()
  })

  it('a batch counts for the policy as a whole', () => {
    const writer = open({ segmentSize: 1 << 20, flushPolicy: { everyMessages: 10, wait: true } })
    const batch = range(0, 25).map(() => ({ typeId: 1, payload: Buffer.alloc(8) }))
    writer.appendBatch(batch)
    expect(writer.durableSequence).toBe(25)
    expect(writer.metrics().syncs).toBe(1)
    writer.close()
  })

  it('counts what a batch appended before the message that is refused', () => {
    const writer = open({ preset: 'durable' })
    const batch = [Buffer.alloc(8), Buffer.alloc(8), Buffer.alloc(5000)].map((payload) => ({ typeId: 1, payload }))
    expect(() => writer.appendBatch(batch)).toThrowError(expect.objectContaining({ code: 'ERR_TOO_LARGE' }))
    expect(writer.durableSequence).toBe(2)
    writer.close()
  })

  it('batches larger than any before are taken whole', () => {
    const writer = open({ segmentSize: 1 << 20 })
    for (const count of [3, 65, 1000, 2]) writer.appendBatch(range(0, count).map(() => ({ typeId: 2, payload: Buffer.alloc(4) })))
    expect(writer.nextSequence).toBe(1070)
    writer.close()
  })

  it('flushing twice syncs once, and a queue of the base format syncs without a mark', async () => {
    const writer = open({ extensions: false })
    appendNumbered(writer, 0, 2)
    await writer.flush()
    writer.flushSync()
    await writer.flush()
    expect(writer.metrics()).toMatchObject({ syncs: 1, durableSequence: 0 })
    writer.close()
  })

  it('covers what earlier writers left unsynced in several segments', async () => {
    const first = open({})
    appendNumbered(first, 0, 100)
    first.close()
    const second = openWriter(first.directory)
    appendNumbered(second, 100, 101)
    await second.flush()
    expect(second.durableSequence).toBe(101)
    second.close()
  })
})

describe('metrics', () => {
  it('count what happened, and answer after the close too', async () => {
    const writer = open({})
    appendNumbered(writer, 0, 60)
    const { rolls } = writer.metrics()
    expect(writer.metrics()).toMatchObject({
      appended: 60,
      nextSequence: 60,
      blockedRolls: 0,
      segmentsDeleted: 0,
      readersReleased: 0,
    })
    expect(rolls).toBe(writer.position.segmentId)
    using observer = openObserver(writer.directory)
    const waiting = observer.waitAsync({ timeoutMs: 1 })
    await waiting
    expect(observer.metrics()).toMatchObject({ messages: 0, waits: 1, timeouts: 0 })
    writer.close()
    expect(writer.closed).toBe(true)
    expect(writer.metrics()).toMatchObject({ appended: 60, durableSequence: 0 })
  })

  it('a heartbeat is given without an append', async () => {
    const writer = open({ heartbeatIntervalMs: 1 })
    using observer = openObserver(writer.directory)
    const before = observer.heartbeatNs
    await until(() => observer.heartbeatNs > before)
    expect(observer.writerStatus().heartbeatNs).toBeGreaterThan(before)
    expect(writer.nextSequence).toBe(0)
    writer.close()
  })

  it('writers, readers and claims end with their scope, also an asynchronous one', async () => {
    const directory = join(temporaryDirectory(), 'queue')
    {
      await using writer = openWriter(directory, { segmentSize: 4096 })
      await using observer = openObserver(directory)
      writer.append(1, Buffer.from('x'))
      expect(observer.next()?.sequence).toBe(0)
    }
    openWriter(directory).close()
  })
})
