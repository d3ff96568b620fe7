import { createHash, webcrypto } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { inspect, promisify } from 'node:util'
import { deserialize, serialize, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gunzipSync, gzip } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { newQueue } from '../../test/support/new-queue.js'
import { segmentFile } from '../../test/support/raw-queue.js'
import { deleteOpenQueue } from '../../test/support/temporary.js'
import { type Message, openObserver, openReader, type QueueReader } from '../index.js'

const SEGMENT_SIZE = 4096
const LENGTHS = [0, 1, 8, 63, 64, 65, 500, 2000]

/** A queue of several segments, and what is in it. */
function filledQueue(): { directory: string; payloads: Buffer[] } {
  const { directory, writer } = newQueue({ segmentSize: SEGMENT_SIZE })
  const payloads = Array.from({ length: 40 }, (_, index) => Buffer.alloc(LENGTHS[index % LENGTHS.length] as number, index + 1))
  for (const payload of payloads) writer.append(1, payload)
  writer.close()
  return { directory, payloads }
}

function next(reader: { next(): Message | undefined }): Message {
  const message = reader.next()
  if (message === undefined) throw new Error('caught up')
  return message
}

/** How many mappings this process has of a queue's segments. */
function mappedSegments(directory: string): number {
  const lines = readFileSync('/proc/self/maps', 'utf8').split('\n')
  return lines.filter((line) => line.includes(`${directory}/`) && line.includes('.q')).length
}

async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
  await turn()
}

describe('L60: payload is an owned copy', () => {
  it('that shares its memory with no other payload, for any length, and can be kept', () => {
    const { directory, payloads } = filledQueue()
    const kept: Buffer[] = []
    const reader = openReader(directory, 'r')
    reader.poll(Number.POSITIVE_INFINITY, (message) => kept.push(message.payload))
    reader.close()
    expect(kept).toEqual(payloads)
    for (const payload of kept) expect(payload.buffer.byteLength).toBe(payload.length)
  })

  it('that is copied once, and is the same Buffer until the message moves', () => {
    using observer = openObserver(filledQueue().directory)
    observer.next()
    const message = next(observer)
    const { payload } = message
    expect(message.payload).toBe(payload)
    observer.next()
    expect(message.payload).not.toBe(payload)
  })

  it('that may be written, which changes no byte of the queue', () => {
    const { directory, payloads } = filledQueue()
    using observer = openObserver(directory)
    for (const expected of payloads) {
      const message = next(observer)
      message.payload.fill(0xee)
      expect(message.payloadView).toEqual(expected)
    }
    using again = openObserver(directory)
    for (const expected of payloads) expect(next(again).payload).toEqual(expected)
  })

  it('that may be transferred: nothing else loses its bytes, and the next look copies again', () => {
    const { directory, payloads } = filledQueue()
    using observer = openObserver(directory)
    const kept: Buffer[] = []
    for (const expected of payloads) {
      const message = next(observer)
      const { payload } = message
      const received = structuredClone(payload, { transfer: [payload.buffer as ArrayBuffer] })
      expect(Buffer.from(received)).toEqual(expected)
      expect(payload.length).toBe(0)
      expect(message.payload).toEqual(expected)
      kept.push(message.payload)
    }
    expect(kept).toEqual(payloads)
  })

  it('that is good for asynchronous use after the reader went on and was closed', async () => {
    const { directory, payloads } = filledQueue()
    const reader = openReader(directory, 'r')
    const [zipped, hashed]: [Promise<Buffer>[], Promise<ArrayBuffer>[]] = [[], []]
    reader.poll(Number.POSITIVE_INFINITY, ({ payload }) => {
      zipped.push(promisify(gzip)(payload))
      hashed.push(webcrypto.subtle.digest('SHA-256', payload as Uint8Array<ArrayBuffer>))
    })
    reader.close()
    expect((await Promise.all(zipped)).map((bytes) => gunzipSync(bytes))).toEqual(payloads)
    const hashes = (await Promise.all(hashed)).map((bytes) => Buffer.from(bytes).toString('hex'))
    expect(hashes).toEqual(payloads.map((bytes) => createHash('sha256').update(bytes).digest('hex')))
  })
})

describe('L60: payloadView is valid as long as it is held', () => {
  it('after the reader moved on, was closed, and the files were deleted', () => {
    const { directory, payloads } = filledQueue()
    const reader = openReader(directory, 'r')
    const views: Buffer[] = []
    reader.poll(Number.POSITIVE_INFINITY, (message) => views.push(message.payloadView))
    reader.close()
    deleteOpenQueue(directory)
    expect(views).toEqual(payloads)
    expect(views[1]?.buffer.byteLength).toBe(SEGMENT_SIZE)
  })

  it('and so is view', () => {
    using reader = openReader(filledQueue().directory, 'r')
    reader.next()
    const { view, payloadOffset } = next(reader)
    while (reader.next() !== undefined);
    reader.close()
    expect(view.getUint8(payloadOffset)).toBe(2)
  })

  it('and no longer: segments whose views are collected are unmapped, those without views at once', async () => {
    const { directory } = filledQueue()
    const without = openReader(directory, 'without')
    while (without.next() !== undefined);
    without.close()
    const deadline = performance.now() + 30_000
    while (mappedSegments(directory) > 0 && performance.now() < deadline) await turn()
    expect(mappedSegments(directory)).toBe(0)

    let views: Buffer[] = []
    using reader: QueueReader = openReader(directory, 'with')
    reader.poll(Number.POSITIVE_INFINITY, (message) => views.push(message.payloadView))
    reader.close()
    await collectGarbage()
    const held = mappedSegments(directory)
    expect(held).toBeGreaterThan(1)
    expect(views.length).toBe(40)
    views = []
    while (mappedSegments(directory) > 0 && performance.now() < deadline) await collectGarbage()
    expect(mappedSegments(directory)).toBe(0)
  })

  it('and a caller that transfers its buffer does not take the segment away from the reader', () => {
    const { directory, payloads } = filledQueue()
    using observer = openObserver(directory)
    for (const expected of payloads) {
      const message = next(observer)
      for (const take of [() => message.payloadView.buffer, () => message.view.buffer]) {
        const buffer = take() as ArrayBuffer & { transfer?: () => ArrayBuffer }
        try {
          // Newer engines refuse this one, and know the other.
          structuredClone(buffer, { transfer: [buffer] })
        } catch (error) {
          expect(error).toMatchObject({ name: 'DataCloneError' })
        }
        buffer.transfer?.()
      }
      expect(message.payloadView).toEqual(expected)
      expect(message.view.getUint32(message.offset, true)).toBe(expected.length + 1)
      expect(message.payload).toEqual(expected)
    }
    expect(observer.next()).toBeUndefined()
  })
})

describe('a message', () => {
  it('shows its fields as JSON, on the console, and, as a copy, to structuredClone and serialize', () => {
    using observer = openObserver(filledQueue().directory)
    observer.next()
    observer.next()
    const message = next(observer)
    const copy = message.copy()
    const json = {
      sequence: 2,
      timestampNs: String(copy.timestampNs),
      typeId: 1,
      length: 8,
      payload: 'AwMDAwMDAwM=',
      offset: 256,
    }
    expect(JSON.parse(JSON.stringify(message))).toMatchObject(json)
    expect(JSON.stringify(copy)).toBe(JSON.stringify(message))
    expect(inspect(message)).toMatch(/^Message \{\n {2}sequence: 2,.*payload: <Buffer 03 03/s)
    expect({ ...structuredClone(copy) }).toEqual({ ...copy, payload: new Uint8Array(copy.payload) })
    expect(deserialize(serialize({ ...copy }))).toMatchObject({ sequence: 2, timestampNs: copy.timestampNs })
    observer.close()
    expect(inspect(message)).toBe('Message { closed }')
  })

  it('that was closed with its reader says so in every field, and never touches unmapped memory', () => {
    const reader = openReader(filledQueue().directory, 'r')
    const message = next(reader)
    const peeked = reader.peek() as Message
    reader.close()
    const closed = expect.objectContaining({ code: 'ERR_CLOSED', handle: 'reader' })
    const fields = [
      'sequence',
      'timestampNs',
      'timestampHigh',
      'timestampLow',
      'typeId',
      'length',
      'flags',
      'payloadCrc',
      'writerEpoch',
      'schemaVersion',
      'trace',
      'source',
    ] as const
    for (const field of [...fields, 'segmentId', 'payload', 'payloadView', 'view'] as const) {
      expect(() => message[field]).toThrow(closed)
      expect(() => peeked[field]).toThrow(closed)
    }
    expect(() => message.copy()).toThrow(closed)
    expect(() => JSON.stringify(message)).toThrow(closed)
  })

  it('whose payload was looked at before the reader was closed keeps it', () => {
    const { directory, payloads } = filledQueue()
    const reader = openReader(directory, 'r')
    reader.next()
    const { payload } = next(reader)
    reader.close()
    expect(payload).toEqual(payloads[1])
    expect(readFileSync(segmentFile(directory, 0)).length).toBe(SEGMENT_SIZE)
  })
})
