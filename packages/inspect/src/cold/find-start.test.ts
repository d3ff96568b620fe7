import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openWriter, type QueueWriter } from '@chronicle-ts/core'
import { encodePaddingHeader } from '@chronicle-ts/core/internal'
import { beforeEach, describe, expect, it } from 'vitest'
import { buildQueue, textPayloads } from '../../../core/test/support/build-queue.js'
import { bytesReadBy } from '../../../core/test/support/bytes-read.js'
import { overwrite, segmentFile } from '../../../core/test/support/raw-queue.js'
import { temporaryDirectory } from '../../../core/test/support/temporary.js'
import type { ColdPosition } from './cold-item.js'
import { type ColdStart, openColdReader } from './open-cold-reader.js'

let queue: string

beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
})

describe('a place in a queue without records', () => {
  it.each<ColdStart>(['earliest', 'latest', { last: 3 }, { last: 0 }, { sequence: 5 }, { timestampNs: 5n }])(
    'is the beginning of its one segment: %o',
    (from) => {
      buildQueue(queue, { payloads: [], firstSegment: 7 })
      expect(positionOf(from)).toEqual({ segmentId: 7, offset: 64 })
    },
  )

  it.each<ColdStart>(['earliest', 'latest', { last: 3 }, { sequence: 5 }, { timestampNs: 5n }])(
    'is the beginning of the first segment there will be, when none is left: %o',
    (from) => {
      buildQueue(queue, { payloads: textPayloads(3) })
      rmSync(segmentFile(queue, 0))
      expect(positionOf(from)).toEqual({ segmentId: 0, offset: 64 })
    },
  )
})

describe('a place in a queue whose next segment is prepared', () => {
  it('lies in the segments that hold records', async () => {
    using writer = openWriter(queue, { segmentSize: 4096 })
    for (let index = 0; index < 40; index += 1) writer.append(1, Buffer.alloc(32), { timestampNs: BigInt(index) })
    const end = writer.position
    // The writer keeps one ready: a header and nothing else.
    while (!existsSync(segmentFile(queue, end.segmentId + 1))) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(positionOf('latest')).toEqual(end)
    expect(positionOf({ last: 0 })).toEqual(end)
    expect(positionOf({ last: 1 })).toEqual({ ...end, offset: end.offset - 128 })
    expect(positionOf({ sequence: 39 })).toEqual({ ...end, offset: end.offset - 128 })
    expect(positionOf({ timestampNs: 38n })).toEqual({ ...end, offset: end.offset - 256 })
    expect(positionOf({ sequence: 40 })).toEqual(end)
  })
})

describe('the n-th message from the end, where reading ends at a place', () => {
  it('is counted from that place, independent of what was appended since', () => {
    using writer = openWriter(queue, { segmentSize: 4096 })
    const append = (count: number) => {
      for (let index = 0; index < count; index += 1) writer.append(1, Buffer.alloc(32))
    }
    append(40)
    using present = openColdReader(queue, { from: 'latest', to: 'present' })
    expect(present.end).toEqual(writer.position)
    append(40)
    const sequencesOf = (last: number) => {
      using reader = openColdReader(queue, { from: { last }, to: present.end ?? 'present' })
      return [...reader].map((item) => item.kind === 'record' && item.sequence)
    }
    expect(sequencesOf(3)).toEqual([37, 38, 39])
    expect(sequencesOf(0)).toEqual([])
    expect(sequencesOf(100)).toEqual(Array.from({ length: 40 }, (_, index) => index))
  })
})

describe('the newest messages of a queue', () => {
  const SEGMENT_SIZE = 16 * 1024 * 1024

  function newest(count: number): number[] {
    using reader = openColdReader(queue, { from: { last: count }, to: 'present' })
    return [...reader].map((item) => (item.kind === 'record' ? item.sequence : -1))
  }

  function fill(writer: QueueWriter): void {
    const batch = Array.from({ length: 1000 }, () => ({ typeId: 1, payload: Buffer.alloc(1000) }))
    for (let count = 0; count < 4; count += 1) writer.appendBatch(batch)
  }

  it('are found without a copy of the head, and without reading what the writer has made ready', async () => {
    using writer = openWriter(queue, { segmentSize: SEGMENT_SIZE })
    fill(writer)
    const prepared = segmentFile(queue, writer.position.segmentId + 1)
    while (!existsSync(prepared)) await new Promise((resolve) => setTimeout(resolve, 1))
    // As it is where the file system counts reserved space as data.
    overwrite(prepared, SEGMENT_SIZE - 64, Buffer.alloc(64))
    overwrite(prepared, 64, Buffer.alloc(SEGMENT_SIZE - 128))
    expect(bytesReadBy(() => expect(newest(10).at(-1)).toBe(3999))).toBeLessThan(1024 * 1024)
  })

  it.each([1, 5, 300, 3999, 4000, 9000])('are counted over damaged records, too: the last %i', (count) => {
    const writer = openWriter(queue, { segmentSize: SEGMENT_SIZE })
    fill(writer)
    writer.close()
    const all = Array.from({ length: 4000 }, (_, index) => index)
    expect(newest(count)).toEqual(all.slice(-count))
    const recordAt = (sequence: number) => 64 + sequence * 1088
    for (const sequence of [3, 3700, 3997, 3998]) overwrite(segmentFile(queue, 0), recordAt(sequence) + 64, Buffer.from('damage'))
    // The last one may be damaged, and is not counted less.
    const first = 4000 - Math.min(count, 4000)
    expect(firstPlace(count)).toEqual({ segmentId: 0, offset: recordAt(first) })
  })

  it('are not found in a payload that holds a segment', () => {
    const inner = join(queue, '..', 'inner')
    const writer = openWriter(inner, { segmentSize: 4096 })
    for (let count = 0; count < 3; count += 1) writer.append(1, Buffer.alloc(64))
    writer.close()
    const carried = readFileSync(segmentFile(inner, 0)).subarray(64, 64 + 3 * 128)
    const outer = openWriter(queue, { segmentSize: SEGMENT_SIZE })
    for (let count = 0; count < 3; count += 1) outer.append(2, carried)
    outer.close()
    expect(newest(1)).toEqual([2])
    expect(firstPlace(1)).toEqual({ segmentId: 0, offset: 64 + 2 * 448 })
  })

  function firstPlace(count: number): ColdPosition {
    using reader = openColdReader(queue, { from: { last: count }, to: 'present' })
    return reader.position
  }
})

describe('a place in a queue with segments that only lead on', () => {
  it('is found on both sides of them, whether they are padded or empty', () => {
    const before = buildQueue(`${queue}-before`, { payloads: sized(31), firstTimestampNs: 0n })
    buildQueue(queue, { payloads: sized(29), firstSegment: 6, firstSequence: 31, firstTimestampNs: 31_000n })
    expect(before.records.at(-1)).toMatchObject({ segmentId: 0, sequence: 30 })
    cpSync(segmentFile(`${queue}-before`, 0), segmentFile(queue, 0))
    for (const id of [1, 2, 3, 4, 5]) {
      buildQueue(`${queue}-${id}`, { payloads: [], firstSegment: id })
      cpSync(segmentFile(`${queue}-${id}`, id), segmentFile(queue, id))
    }
    for (const id of [1, 2, 4]) overwrite(segmentFile(queue, id), 64, encodePaddingHeader(64, 4096))
    for (const sequence of [0, 7, 30, 31, 59]) {
      expect(firstSequence({ sequence })).toBe(sequence)
      expect(firstSequence({ timestampNs: BigInt(sequence) * 1000n })).toBe(sequence)
    }
  })

  const sized = (count: number) => Array.from({ length: count }, () => Buffer.alloc(32, 7))

  function firstSequence(from: ColdStart): number | undefined {
    using reader = openColdReader(queue, { from })
    for (let item = reader.next(); item !== undefined; item = reader.next()) if (item.kind === 'record') return item.sequence
    return undefined
  }
})

describe('an exact place', () => {
  it('needs no offset, and is taken as it is where nothing stands', () => {
    buildQueue(queue, { payloads: textPayloads(3) })
    expect(positionOf({ segmentId: 9 })).toEqual({ segmentId: 9, offset: 64 })
    using reader = openColdReader(queue, { from: { segmentId: 9 } })
    expect(reader.next()).toBeUndefined()
  })
})

function positionOf(from: ColdStart): ColdPosition {
  using reader = openColdReader(queue, { from })
  return reader.position
}

describe('a time in a queue whose clock went back', () => {
  it('L62: is found where neither an end of a segment nor the first message of one shows the step', () => {
    const writer = openWriter(queue, { segmentSize: 1 << 16 })
    const times = Array.from({ length: 2000 }, (_, index) => (index % 150 === 75 ? 50_000 + index : 1000 + index * 10))
    for (const time of times) writer.append(1, Buffer.alloc(500), { timestampNs: BigInt(time) })
    writer.close()
    for (const time of [0, 1750, 20_000, 50_500]) {
      using reader = openColdReader(queue, { from: { timestampNs: BigInt(time) } })
      const [item] = reader
      expect(item?.kind === 'record' && item.sequence).toBe(times.findIndex((each) => each >= time))
    }
    using none = openColdReader(queue, { from: { time: 1 } })
    expect(none.next()).toBeUndefined()
    expect(() => openColdReader(queue, { from: { time: Number.NaN } })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
    )
  })
})
