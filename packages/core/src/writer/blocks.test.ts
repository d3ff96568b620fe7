import { join } from 'node:path'
import { verifyQueue } from '@chronicle-ts/inspect'
import { describe, expect, it } from 'vitest'
import { readQueue } from '../../../../tools/evidence/witness/read-queue.mjs'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { openObserver, openReader, openWriter, type QueueWriter } from '../index.js'

const newQueue = (): string => join(temporaryDirectory(), 'queue')
const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: true }
const source = { sourceSequence: 1, sourceId: 2, sourceEpoch: 3, outputIndex: 0, isLastOutput: true }
const DETAILS = [{}, { schemaVersion: 7 }, { trace }, { source }, { timestampNs: 9n }]

/** Appends messages of many lengths and kinds. */
function fill(writer: QueueWriter, count: number): void {
  for (let index = 0; index < count; index++)
    writer.append(index % 9, Buffer.alloc((index * 37) % 500, index), DETAILS[index % DETAILS.length])
}

/** All that two queues must have in common. */
function contents(directory: string): object[] {
  using observer = openObserver(directory)
  const messages: object[] = []
  observer.poll(Number.MAX_SAFE_INTEGER, (message) => {
    const { segmentId, offset, writerEpoch, ...kept } = message.toJSON()
    messages.push(kept)
  })
  return messages
}

/** Copies what is there by blocks; says how many. */
function copyBlocks(from: string, writer: QueueWriter, maxBytes: number): number {
  using reader = openReader(from, 'copy')
  let blocks = 0
  for (let block = reader.nextBlock(maxBytes); block !== undefined; block = reader.nextBlock(maxBytes)) {
    expect(block.bytes.length <= maxBytes || block.count === 1).toBe(true)
    expect(writer.appendBlock(block.bytes)).toBe(block.firstSequence)
    expect(writer.nextSequence).toBe(block.firstSequence + block.count)
    blocks++
  }
  reader.commit()
  return blocks
}

describe('blocks of records', () => {
  it.each([1, 700, 128 * 1024])('carry a queue over as it is, %i bytes at a time, into segments of another size', (maxBytes) => {
    const [from, to] = [newQueue(), newQueue()]
    using writer = openWriter(from, { segmentSize: 8192, firstSequence: 2 ** 40 })
    fill(writer, 300)
    using replica = openWriter(to, { segmentSize: 4096, firstSequence: 2 ** 40 })
    const blocks = copyBlocks(from, replica, maxBytes)
    expect(blocks).toBeLessThanOrEqual(300)
    if (maxBytes === 1) expect(blocks).toBe(300)
    expect(contents(to)).toEqual(contents(from))
    fill(writer, 10)
    copyBlocks(from, replica, maxBytes)
    expect(contents(to)).toEqual(contents(from))
    expect(readQueue(to).problems).toEqual([])
    expect(readQueue(from).problems).toEqual([])
  })

  it('are refused as a whole when any byte of them is damaged, cut off or out of order', () => {
    const from = newQueue()
    using writer = openWriter(from, { segmentSize: 65_536 })
    fill(writer, 5)
    using observer = openObserver(from)
    const good = Buffer.from(observer.nextBlock()?.bytes ?? [])
    using replica = openWriter(newQueue(), { segmentSize: 4096 })
    // All that a checksum covers: the fixed words, the header's sum, the payload. Epoch, ids and padding are not, or not taken over.
    for (const at of [...Array(36).keys(), ...Array.from({ length: 37 }, (_, index) => 64 + 64 + index)]) {
      const bad = Buffer.from(good)
      bad[at] = (bad[at] ?? 0) ^ 0x10
      expect(() => replica.appendBlock(bad), `byte ${at}`).toThrowError(expect.objectContaining({ code: 'ERR_BAD_BLOCK' }))
    }
    expect(() => replica.appendBlock(good.subarray(0, good.length - 64))).toThrowError(
      expect.objectContaining({ code: 'ERR_BAD_BLOCK', found: undefined }),
    )
    expect(() => replica.appendBlock(good.subarray(64))).toThrowError(
      expect.objectContaining({ offset: 0, expected: 0, found: 1 }),
    )
    expect(replica.nextSequence).toBe(0)
    expect(replica.appendBlock(new Uint8Array(0))).toBe(0)
    replica.appendBlock(good)
    expect(() => replica.appendBlock(good)).toThrowError(expect.objectContaining({ expected: 5, found: 0 }))
    // In memory that is not aligned.
    const shifted = new Uint8Array(good.length + 3)
    fill(writer, 5)
    const next = observer.nextBlock()?.bytes ?? good
    shifted.set(next, 3)
    expect(replica.appendBlock(shifted.subarray(3, 3 + next.length))).toBe(5)
  })

  it('are refused when a record has no room in any segment, when they are not bytes, and without extensions', () => {
    const from = newQueue()
    using writer = openWriter(from, { segmentSize: 65_536 })
    writer.append(1, Buffer.alloc(5000))
    using observer = openObserver(from)
    const { bytes } = observer.nextBlock() ?? { bytes: Buffer.alloc(0) }
    using replica = openWriter(newQueue(), { segmentSize: 4096 })
    expect(() => replica.appendBlock(bytes)).toThrowError(expect.objectContaining({ code: 'ERR_TOO_LARGE', length: 5000 }))
    expect(() => replica.appendBlock('bytes' as never)).toThrowError(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }))
    const claim = replica.claim(1, 8)
    expect(() => replica.appendBlock(bytes)).toThrowError(expect.objectContaining({ code: 'ERR_TOO_LARGE' }))
    claim.abort()
    using plain = openWriter(newQueue(), { segmentSize: 65_536, extensions: false })
    expect(() => plain.appendBlock(bytes)).toThrowError(expect.objectContaining({ argument: 'extensions' }))
    for (const maxBytes of [0, -1, 1.5, Number.NaN])
      expect(() => observer.nextBlock(maxBytes)).toThrowError(expect.objectContaining({ argument: 'maxBytes' }))
  })

  it('say how far they went when the queue is full in the middle', () => {
    const from = newQueue()
    using writer = openWriter(from, { segmentSize: 65_536 })
    fill(writer, 100)
    using observer = openObserver(from)
    const { bytes } = observer.nextBlock() ?? { bytes: Buffer.alloc(0) }
    const to = newQueue()
    using replica = openWriter(to, { segmentSize: 4096, maxSegments: 2 })
    openReader(to, 'pins').close()
    expect(() => replica.appendBlock(bytes)).toThrowError(
      expect.objectContaining({ code: 'ERR_QUEUE_FULL', batch: { first: 0, count: 24 } }),
    )
    expect(replica.nextSequence).toBe(24)
    expect(contents(to)).toEqual(contents(from).slice(0, replica.nextSequence))
  })
})

describe('firstSequence', () => {
  it('is where a new queue begins, also when nothing was appended before the next open', async () => {
    const directory = newQueue()
    openWriter(directory, { segmentSize: 4096, firstSequence: 1000 }).close()
    using writer = openWriter(directory)
    expect(writer.notes).toEqual([])
    expect(writer.append(1, Buffer.from('x'))).toBe(1000)
    using reader = openReader(directory, 'r')
    expect(reader.next()?.sequence).toBe(1000)
    using observer = openObserver(directory, { start: 'latest' })
    expect(observer.nextSequence).toBe(1001)
    expect(readQueue(directory).problems).toEqual([])
    expect((await verifyQueue(directory)).problems).toEqual([])
  })

  it('of an existing queue is a note when it contradicts the queue', () => {
    const directory = newQueue()
    openWriter(directory, { segmentSize: 4096 }).close()
    using writer = openWriter(directory, { firstSequence: 5 })
    expect(writer.nextSequence).toBe(0)
    expect(writer.notes).toMatchObject([{ option: 'firstSequence', given: 5, actual: 0 }])
  })

  it.each([-1, 1.5, Number.NaN, 2 ** 53, '1'])('is refused when it is %s', (firstSequence) => {
    expect(() => openWriter(newQueue(), { firstSequence: firstSequence as number })).toThrowError(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', argument: 'firstSequence' }),
    )
  })

  it('needs extensions', () => {
    expect(() => openWriter(newQueue(), { firstSequence: 1, extensions: false })).toThrowError(
      expect.objectContaining({ argument: 'firstSequence' }),
    )
  })
})
