import { join } from 'node:path'
import { openColdReader } from '@chronicle-ts/inspect'
import { describe, expect, it } from 'vitest'
import { readQueue } from '../../../../tools/evidence/witness/read-queue.mjs'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { type Message, type MessageDetails, type MessageFields, openObserver, openWriter } from '../index.js'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const source = { sourceSequence: 41, sourceId: 2, sourceEpoch: 1, outputIndex: 3, isLastOutput: true }
const payload = Buffer.from('payload')

/** Each way of giving details, with what a message must show. */
const CASES: readonly { given: MessageDetails; shown: object }[] = [
  { given: {}, shown: {} },
  { given: { schemaVersion: 255 }, shown: { schemaVersion: 255 } },
  { given: { timestampNs: 5n }, shown: { timestampNs: '5' } },
  { given: { timestampNs: 6n, schemaVersion: 1 }, shown: { timestampNs: '6', schemaVersion: 1 } },
  { given: { trace: { traceId, spanId } }, shown: { trace: { traceId, spanId, sampled: false, random: false } } },
  {
    given: { trace: { traceId: Buffer.from(traceId, 'hex'), spanId: Buffer.from(spanId, 'hex'), sampled: true, random: true } },
    shown: { trace: { traceId, spanId, sampled: true, random: true } },
  },
  { given: { source, schemaVersion: 9, timestampNs: new Date(1) }, shown: { source, schemaVersion: 9, timestampNs: '1000000' } },
]

function newQueue(): string {
  return join(temporaryDirectory(), 'queue')
}

/** What of a message is to be compared: the details that it has, and the time where one was given. */
function detailsOf(message: Pick<MessageFields, 'trace' | 'source' | 'schemaVersion' | 'timestampNs'>): object {
  const { trace, source, schemaVersion, timestampNs } = message
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  return {
    ...(schemaVersion === 0 ? {} : { schemaVersion }),
    ...(trace === undefined ? {} : { trace: { ...trace, traceId: hex(trace.traceId), spanId: hex(trace.spanId) } }),
    ...(source === undefined ? {} : { source }),
    ...(timestampNs < 1_000_000_000n ? { timestampNs: String(timestampNs) } : {}),
  }
}

describe('what a message carries', () => {
  it('is the same by every way of appending, for readers, cold readers and the witness, across rolls', async () => {
    const directory = newQueue()
    using writer = openWriter(directory, { segmentSize: 4096 })
    const shown: object[] = []
    for (const { given, shown: one } of CASES) {
      writer.append(1, payload, given)
      expect(writer.tryAppend(1, payload, given)).toMatchObject({ status: 'appended' })
      await writer.appendAsync(1, payload, { ...given, timeoutMs: 1000 })
      writer.appendBatch([{ typeId: 1, payload, ...given }])
      const { timestampNs, ...claimed } = given
      const claim = writer.claim(1, payload.length, claimed)
      claim.payload.set(payload)
      claim.commit({ timestampNs })
      shown.push(one, one, one, one, one)
    }
    const messages = CASES.map(({ given }) => ({ typeId: 1, payload, ...given }))
    // More than one native call takes, with plain messages between them, and more than a segment.
    const many = Array.from({ length: 700 }, (_, index) => messages[index % messages.length] as (typeof messages)[number])
    writer.appendBatch(many)
    shown.push(...many.map((_, index) => (CASES[index % CASES.length] as (typeof CASES)[number]).shown))
    using observer = openObserver(directory)
    const seen: object[] = []
    observer.poll(10_000, (message) => {
      expect(message.payload).toEqual(payload)
      expect(detailsOf(message.copy())).toEqual(detailsOf(message))
      seen.push(detailsOf(message))
    })
    expect(seen).toEqual(shown)
    using cold = openColdReader(directory)
    const coldly = Array.from(cold, (item) => (item.kind === 'record' ? detailsOf(item) : item))
    expect(coldly).toEqual(shown)
    expect(readQueue(directory).problems).toEqual([])
  })

  it.each([
    [{ schemaVersion: 256 }, 'schemaVersion'],
    [{ schemaVersion: -1 }, 'schemaVersion'],
    [{ schemaVersion: 1.5 }, 'schemaVersion'],
    [{ schemaVersion: '1' }, 'schemaVersion'],
    [{ trace: { traceId, spanId }, source }, 'source'],
    [{ trace: null }, 'trace'],
    [{ trace: { traceId, spanId: '' } }, 'trace.spanId'],
    [{ trace: { traceId: '0'.repeat(32), spanId } }, 'trace.traceId'],
    [{ trace: { traceId: new Uint8Array(16), spanId } }, 'trace.traceId'],
    [{ trace: { traceId: 'g'.repeat(32), spanId } }, 'trace.traceId'],
    [{ trace: { traceId, spanId, sampled: 1 } }, 'trace.sampled'],
    [{ source: 1 }, 'source'],
    [{ source: { ...source, sourceId: 2 ** 32 } }, 'source.sourceId'],
    [{ source: { ...source, outputIndex: 65_536 } }, 'source.outputIndex'],
    [{ source: { ...source, sourceSequence: 2 ** 53 } }, 'source.sourceSequence'],
    [{ source: { ...source, isLastOutput: undefined } }, 'source.isLastOutput'],
    [{ timestampNs: -1n }, 'timestampNs'],
    [{ schemaversion: 1 }, 'schemaversion'],
  ])('is refused before anything is written: case %#', (given, argument) => {
    using writer = openWriter(newQueue(), { segmentSize: 4096 })
    const options = given as unknown as MessageDetails
    const refusal = expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', argument })
    expect(() => writer.append(1, payload, options)).toThrowError(refusal)
    expect(() => writer.tryAppend(1, payload, options)).toThrowError(refusal)
    if (argument !== 'schemaversion') expect(() => writer.appendBatch([{ typeId: 1, payload, ...options }])).toThrowError(refusal)
    expect(writer.nextSequence).toBe(0)
  })

  it('has no unknown name in the first message of a batch, and in those with details', () => {
    using writer = openWriter(newQueue(), { segmentSize: 4096 })
    const plain = { typeId: 1, payload }
    const misspelt = { ...plain, timestmapNs: 1n }
    for (const [at, messages] of [
      [0, [misspelt, plain]],
      [1, [plain, { ...misspelt, schemaVersion: 1 }]],
    ] as const) {
      const refusal = { code: 'ERR_INVALID_ARGUMENT', argument: `messages[${at}].timestmapNs` }
      expect(() => writer.appendBatch(messages)).toThrowError(expect.objectContaining(refusal))
    }
    expect(writer.nextSequence).toBe(0)
  })

  it('goes around in a batch of messages that were read, as they are', () => {
    const directory = newQueue()
    using writer = openWriter(directory, { segmentSize: 65_536 })
    writer.append(7, payload, { timestampNs: 5n, schemaVersion: 3 })
    using observer = openObserver(directory)
    const message = observer.next() as Message
    const copy = message.copy()
    writer.appendBatch([message, copy, { ...copy, typeId: 8 }])
    const seen = Array.from({ length: 3 }, () => observer.next()?.copy())
    expect(seen.map((one) => [one?.typeId, one?.timestampNs, one?.schemaVersion])).toEqual([
      [7, 5n, 3],
      [7, 5n, 3],
      [8, 5n, 3],
    ])
  })

  it('needs the extensions, but for the time', () => {
    using writer = openWriter(newQueue(), { segmentSize: 4096, extensions: false })
    const refusal = expect.objectContaining({ argument: 'extensions' })
    expect(() => writer.append(1, payload, { schemaVersion: 1 })).toThrowError(refusal)
    expect(() => writer.claim(1, 8, { trace: { traceId, spanId } })).toThrowError(refusal)
    expect(writer.append(1, payload, { timestampNs: 1n })).toBe(0)
  })

  it('stays that of its own message when a callback appends another one in the middle', () => {
    const directory = newQueue()
    using writer = openWriter(directory, {
      segmentSize: 4096,
      maxSegments: 3,
      retention: { consumed: true },
      onHighWatermark: () => writer.append(2, Buffer.from('told'), { trace: { traceId, spanId } }),
    })
    for (let count = 0; count < 70; count++) writer.append(1, Buffer.alloc(64), { schemaVersion: 3 })
    using observer = openObserver(directory)
    const types = new Map<number, object>()
    observer.poll(100, (message) => void types.set(message.typeId, detailsOf(message)))
    expect(types.get(1)).toEqual({ schemaVersion: 3 })
    expect(types.get(2)).toMatchObject({ trace: { traceId } })
  })
})

describe('a claim', () => {
  it('becomes shorter at its commit, and leaves nothing of what was written beyond', () => {
    const directory = newQueue()
    using writer = openWriter(directory, { segmentSize: 4096 })
    for (const length of [1000, 999, 960, 500, 63, 1, 0]) {
      const claim = writer.claim(1, 1000)
      claim.payload.fill(0xff)
      claim.commit({ length })
      expect(claim.length).toBe(length)
      writer.append(2, payload)
    }
    using observer = openObserver(directory)
    const lengths: number[] = []
    observer.poll(100, ({ typeId, payload }) => {
      if (typeId === 1) lengths.push(payload.length)
      if (typeId === 1) expect(payload.every((byte) => byte === 0xff)).toBe(true)
    })
    expect(lengths).toEqual([1000, 999, 960, 500, 63, 1, 0])
    expect(readQueue(directory).problems).toEqual([])
  })

  it('stays open when the length is refused', () => {
    using writer = openWriter(newQueue(), { segmentSize: 4096 })
    const claim = writer.claim(1, 8)
    for (const length of [9, -1, 1.5, Number.NaN, '4'])
      expect(() => claim.commit({ length: length as number })).toThrowError(expect.objectContaining({ argument: 'length' }))
    claim.setInt32(0, 7).commit({ length: 4 })
    expect(writer.nextSequence).toBe(1)
  })
})
