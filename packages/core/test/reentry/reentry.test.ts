import { describe, expect, it } from 'vitest'
import type { BatchMessage, QueueReader, QueueWriter, WriterOptions } from '../../src/index.js'
import { isQueueError, openReader, openWriter } from '../../src/index.js'
import { code } from '../support/expectations.js'
import { memoryDirectory } from '../support/temporary.js'
import { Ledger, tolerantly } from './ledger.js'

interface Scene {
  /** Asynchronous appends, settled or not. */
  readonly pending: Promise<void>[]
  readonly writer: QueueWriter
  readonly reader: QueueReader
  readonly ledger: Ledger
}

/** Acknowledged when the promise resolves. */
function appendLater({ writer, ledger, pending }: Scene, options?: object): void {
  const entry = ledger.next()
  const appended = writer.appendAsync(entry.typeId, entry.payload, { timeoutMs: 0, ...options })
  pending.push(
    appended.then(
      (sequence) => ledger.acknowledge(sequence, entry),
      (error) => {
        if (!isQueueError(error)) throw error
      },
    ),
  )
}

/** What a callback does: every method. */
const METHODS: Readonly<Record<string, (scene: Scene) => void>> = {
  append: ({ writer, ledger }) => ledger.append(writer),
  'two appends': ({ writer, ledger }) => {
    ledger.append(writer)
    ledger.append(writer)
  },
  tryAppend: ({ writer, ledger }) => {
    const entry = ledger.next()
    const result = writer.tryAppend(entry.typeId, entry.payload)
    if (result.status === 'appended') ledger.acknowledge(result.sequence, entry)
  },
  appendAsync: (scene) => appendLater(scene),
  appendBatch: ({ writer, ledger }) => ledger.batch(writer, 10),
  'claim and commit': ({ writer, ledger }) => ledger.claim(writer),
  'claim and abort': ({ writer }) => writer.claim(1, 8).abort(),
  roll: ({ writer }) => writer.roll(),
  flush: ({ writer }) => void writer.flush().catch(() => undefined),
  flushSync: ({ writer }) => writer.flushSync(),
  heartbeat: ({ writer }) => writer.heartbeat(),
  explainRetention: ({ writer }) => void writer.explainRetention(),
  metrics: ({ writer }) => void writer.metrics(),
  'close of the writer': ({ writer }) => writer.close(),
  'next of a reader': ({ reader }) => void reader.next(),
  'peek of a reader': ({ reader }) => void reader.peek(),
  'poll and commit of a reader': ({ reader }) => {
    reader.poll(1000, () => undefined)
    reader.commit()
  },
  'seek of a reader': ({ reader }) => reader.seek('earliest'),
  'lag of a reader': ({ reader }) => void reader.lag(),
  'wait of a reader': ({ reader }) => void reader.wait({ timeoutMs: 0 }),
  'close of a reader': ({ reader }) => reader.close(),
  'another writer of the queue': ({ writer }) =>
    expect(() => openWriter(writer.directory)).toThrowError(code('ERR_WRITER_ACTIVE')),
}

/** An accessor that calls back before it answers. */
const getter = <T>(name: string, value: T, callback: () => void): object =>
  Object.defineProperty({}, name, {
    enumerable: true,
    get: () => {
      callback()
      return value
    },
  })

/** Appends a batch whose messages, or whose array, call back while it is read. */
function appendCallingBatch({ writer, ledger }: Scene, make: (entries: readonly BatchMessage[]) => Iterable<BatchMessage>): void {
  ledger.batchOf(writer, 12, make)
}

function appendWith({ writer, ledger }: Scene, options: object): void {
  const entry = ledger.next()
  ledger.acknowledge(writer.append(entry.typeId, entry.payload, options), entry)
}

/** The callers: each runs `callback` once or more in the middle of a method. */
const CALLERS: Readonly<Record<string, (scene: Scene, callback: () => void) => void>> = {
  'the options of append': (scene, callback) => appendWith(scene, getter('timestampNs', 5n, callback)),
  'the options of tryAppend': ({ writer, ledger }, callback) => {
    const entry = ledger.next()
    const result = writer.tryAppend(entry.typeId, entry.payload, getter('timestampNs', undefined, callback))
    if (result.status === 'appended') ledger.acknowledge(result.sequence, entry)
  },
  'the options of appendAsync': (scene, callback) => appendLater(scene, getter('timestampNs', undefined, callback)),
  'the options of commit': ({ writer, ledger }, callback) => {
    const entry = ledger.next()
    const claim = writer.claim(entry.typeId, entry.payload.length)
    entry.payload.copy(claim.payload)
    try {
      claim.commit(getter('timestampNs', undefined, callback))
      ledger.acknowledge(writer.nextSequence - 1, entry)
    } finally {
      claim.abort()
    }
  },
  'the payloads of a batch': (scene, callback) =>
    appendCallingBatch(scene, (entries) =>
      entries.map(({ typeId, payload }) => Object.assign(getter('payload', payload, callback), { typeId }) as BatchMessage),
    ),
  'the types of a batch': (scene, callback) =>
    appendCallingBatch(scene, (entries) =>
      entries.map(({ typeId, payload }) => Object.assign(getter('typeId', typeId, callback), { payload }) as BatchMessage),
    ),
  'the array of a batch': (scene, callback) =>
    appendCallingBatch(
      scene,
      (entries) =>
        new Proxy(entries, {
          get: (target, key, receiver) => {
            if (key === 'length' || key === '3') callback()
            return Reflect.get(target, key, receiver) as unknown
          },
        }),
    ),
  'the generator of a batch': (scene, callback) =>
    appendCallingBatch(scene, function* (entries) {
      for (const entry of entries) {
        callback()
        yield entry
      }
    }),
  'the handler of poll': ({ writer, ledger, reader }, callback) => {
    ledger.batch(writer, 3)
    reader.poll(2, callback)
  },
  'the options of a second writer': (_, callback) =>
    openWriter(memoryDirectory(), {
      segmentSize: 4096,
      ...getter('preset', undefined, callback),
      retention: getter('maxSegments', 3, callback),
    }).close(),
  'the options of a second reader': ({ writer }, callback) =>
    openReader(writer.directory, 'second', getter('start', 'earliest', callback)).close(),
}

/** Methods in the middle of which the writer calls `onHighWatermark`, or `onReaderReleased`. */
const ROLLING: Readonly<Record<string, (scene: Scene) => void>> = {
  append: ({ writer, ledger }) => ledger.append(writer),
  tryAppend: (scene) => METHODS['tryAppend']?.(scene),
  appendAsync: (scene) => appendLater(scene),
  appendBatch: ({ writer, ledger }) => ledger.batch(writer, 10),
  claim: ({ writer, ledger }) => ledger.claim(writer),
  roll: ({ writer, ledger }) => {
    ledger.append(writer)
    writer.roll()
  },
}

function scene(options: WriterOptions): Scene {
  const directory = memoryDirectory()
  const writer = openWriter(directory, { segmentSize: 4096, ...options })
  return { writer, reader: openReader(directory, 'r'), ledger: new Ledger(), pending: [] }
}

async function close({ writer, reader, ledger, pending }: Scene): Promise<void> {
  reader.close()
  writer.close()
  await Promise.all(pending)
  ledger.compare(writer.directory)
}

describe('L53: a queue holds what was acknowledged and nothing else when its methods are called', () => {
  for (const [caller, call] of Object.entries(CALLERS))
    it.each(Object.entries(METHODS))(`from ${caller}: %s`, async (_, method) => {
      const opened = scene({})
      opened.ledger.batch(opened.writer, 15)
      tolerantly(() => call(opened, () => tolerantly(() => method(opened))))
      tolerantly(() => opened.ledger.append(opened.writer))
      await close(opened)
    })

  for (const [rolling, roll] of Object.entries(ROLLING))
    it.each(Object.entries(METHODS))(`from onHighWatermark, called by ${rolling}: %s`, async (_, method) => {
      let told = 0
      const opened: Scene = scene({
        maxSegments: 4,
        onHighWatermark: () => {
          told++
          tolerantly(() => method(opened))
        },
      })
      for (let count = 0; count < 200 && told === 0; count++) tolerantly(() => roll(opened))
      expect(told).toBeGreaterThan(0)
      tolerantly(() => roll(opened))
      await close(opened)
    })

  for (const [rolling, roll] of Object.entries(ROLLING))
    it.each(Object.entries(METHODS))(`from onReaderReleased, called by ${rolling}: %s`, async (_, method) => {
      let told = 0
      const opened: Scene = scene({
        maxSegments: 3,
        retention: { consumed: true, maxReaderLagBytes: 8192 },
        onReaderReleased: () => {
          told++
          tolerantly(() => method(opened))
        },
      })
      for (let count = 0; count < 200 && told === 0; count++) tolerantly(() => roll(opened))
      expect(told).toBe(1)
      tolerantly(() => roll(opened))
      await close(opened)
    })
})
