import {
  cpSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { openWriter } from '@chronicle-ts/core'
import {
  CONTROL_CURRENT_SEGMENT_OFFSET,
  encodeRecord,
  encodeSegmentHeader,
  RECORD_HEADER_LENGTH,
  recordLength,
  SEGMENT_FLAG_SEALED,
  SEGMENT_FLAGS_OFFSET,
  segmentFileName,
} from '@chronicle-ts/core/internal'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BuiltRecord, buildQueue, textPayloads } from '../../../core/test/support/build-queue.js'
import type { ColdItem } from './cold-item.js'
import { openColdReader } from './open-cold-reader.js'

const GOLDEN = fileURLToPath(new URL('../../../core/test/golden/rust-v3/', import.meta.url))

interface ExpectedRecord {
  readonly segment: number
  readonly offset: number
  readonly sequence: number
  readonly timestampNs: string
  readonly typeId: number
  readonly length: number
  readonly crc32: number
}

let root: string
let queue: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chronicle-cold-'))
  queue = join(root, 'queue')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe('a cold reader', () => {
  const expected = JSON.parse(readFileSync(join(GOLDEN, 'expected.json'), 'utf8')) as Record<
    string,
    { records: ExpectedRecord[] }
  >

  it.each(Object.entries(expected))('delivers exactly what the Rust writer left in %s', (name, { records }) => {
    using reader = openColdReader(join(GOLDEN, name))
    const found = Array.from(reader, (item) =>
      item.kind !== 'record'
        ? []
        : {
            segment: item.segmentId,
            offset: item.offset,
            sequence: item.sequence,
            timestampNs: item.timestampNs.toString(),
            typeId: item.typeId,
            length: item.payload.length,
            crc32: crc32(item.payload),
          },
    ).flat()
    expect(found).toEqual(records)
  })

  it('shows the padding record that a repair left, and goes on after it', () => {
    using reader = openColdReader(join(GOLDEN, 'repaired'))
    const places = [...reader].map((item) => `${item.kind} ${item.segmentId}:${item.offset}`)
    expect(places.slice(2, 5)).toEqual(['record 0:256', 'padding 0:448', 'record 1:64'])
  })

  it('reads on across segments whose names have more than nine digits', () => {
    buildQueue(queue, { payloads: textPayloads(100), firstSegment: 999_999_999 })
    expect(sequences(readAll(queue))).toEqual(count(0, 100))
  })
})

describe('where a cold reader begins', () => {
  beforeEach(() => {
    buildQueue(queue, { payloads: textPayloads(100), firstSequence: 1000 })
  })

  it('is the first record by default', () => {
    expect(openColdReader(queue).next()).toMatchObject({ sequence: 1000 })
  })

  it('is after the last record with latest', () => {
    expect(openColdReader(queue, { from: 'latest' }).next()).toBeUndefined()
  })

  it.each([1, 2, 31, 32, 33, 99, 100])('is the n-th record from the end with last: %i', (last) => {
    expect(sequences([...openColdReader(queue, { from: { last } })])).toEqual(count(1100 - last, last))
  })

  it('is the first record when more are asked for than there are', () => {
    expect(openColdReader(queue, { from: { last: 5000 } }).next()).toMatchObject({ sequence: 1000 })
  })

  it.each([1000, 1001, 1031, 1032, 1063, 1064, 1099])('is the record with sequence %i', (sequence) => {
    expect(openColdReader(queue, { from: { sequence } }).next()).toMatchObject({ sequence })
  })

  it('is the end for a sequence or a time to come', () => {
    expect(openColdReader(queue, { from: { sequence: 1100 } }).next()).toBeUndefined()
    expect(openColdReader(queue, { from: { timestampNs: 1_800_000_000_000_000_000n } }).next()).toBeUndefined()
  })

  it('is the first record that is as old as a time', () => {
    const reader = openColdReader(queue, { from: { timestampNs: 1_700_000_000_000_041_500n } })
    expect(reader.next()).toMatchObject({ sequence: 1042 })
  })

  it('is an exact place, and refuses an offset where no record can begin', () => {
    expect(openColdReader(queue, { from: { segmentId: 1 } }).next()).toMatchObject({ segmentId: 1, offset: 64 })
    expect(() => openColdReader(queue, { from: { segmentId: 1, offset: 65 } })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
    )
  })

  it('is an error for a directory that is missing, empty, or a file', () => {
    expect(() => openColdReader(join(root, 'missing'))).toThrow(expect.objectContaining({ code: 'ERR_NOT_FOUND' }))
    expect(() => openColdReader(root)).toThrow(expect.objectContaining({ code: 'ERR_NOT_A_QUEUE' }))
    expect(() => openColdReader(join(queue, 'control.meta'))).toThrow(expect.objectContaining({ code: 'ERR_NOT_A_QUEUE' }))
  })
})

describe('a cold reader on damage', () => {
  let records: readonly BuiltRecord[]

  beforeEach(() => {
    records = buildQueue(queue, { payloads: textPayloads(100) }).records
  })

  it('reports a payload that does not match its checksum and delivers every other record', () => {
    overwrite(at(5), RECORD_HEADER_LENGTH + 3, Buffer.from('X'))
    const items = readAll(queue)
    expect(problems(items)).toEqual(['RECORD_BAD_PAYLOAD_CRC'])
    expect(sequences(items)).toEqual(count(0, 100).filter((sequence) => sequence !== 5))
  })

  it('reports a header that does not match its checksum', () => {
    overwrite(at(5), 16, Buffer.from([1]))
    expect(problems(readAll(queue))).toEqual(['RECORD_BAD_HEADER_CRC'])
  })

  it('finds the next record after a length that leads nowhere', () => {
    overwrite(at(5), 0, word(1_000_000))
    const items = readAll(queue)
    expect(problems(items)).toEqual(['RECORD_BAD_LENGTH'])
    expect(sequences(items)).toEqual(count(0, 100).filter((sequence) => sequence !== 5))
  })

  it('finds the records after a hole of zeros', () => {
    overwrite(at(5), 0, Buffer.alloc(128 * 3))
    const items = readAll(queue)
    expect(problems(items)).toEqual(['RECORDS_LOST'])
    expect(sequences(items)).toEqual(count(0, 100).filter((sequence) => sequence < 5 || sequence > 7))
  })

  it('is not misled by a payload that looks like a record', () => {
    const inner = new Uint8Array(128)
    encodeRecord(inner, 0, { sequence: 4_000_000, timestampNs: 1n, typeId: 1, payload: Buffer.from('trap') }, crc32)
    const payloads = textPayloads(20)
    payloads[5] = Buffer.from(inner)
    records = buildQueue(queue, { payloads }).records
    overwrite(at(5), 0, word(1_000_000))
    expect(sequences(readAll(queue)).slice(0, 8)).toEqual([0, 1, 2, 3, 4, 6, 7, 8])
  })

  it('L58: reports the messages that are missing from a first segment that was copied before they came', () => {
    const directory = join(root, 'live')
    const writer = openWriter(directory, { segmentSize: 4096 })
    const first = join(directory, segmentFileName(0))
    const early = readFileSync(first)
    for (const text of ['a', 'b']) writer.append(1, Buffer.from(text))
    writer.roll()
    writer.append(1, Buffer.from('c'))
    writer.close()
    writeFileSync(first, early)
    const items = readAll(directory)
    expect(problems(items)).toEqual(['SEQUENCE_GAP'])
    expect(sequences(items)).toEqual([2])
  })

  it('reports missing segments and goes on after them', () => {
    unlinkSync(join(queue, segmentFileName(1)))
    const items = readAll(queue)
    expect(problems(items)).toEqual(['SEGMENT_MISSING'])
    expect(sequences(items)).toEqual(records.filter((record) => record.segmentId !== 1).map((record) => record.sequence))
  })

  it('waits for a segment that is still to be made, below one that was prepared', () => {
    const { headSegment } = buildQueue(join(root, 'copied'), { payloads: textPayloads(30) })
    const directory = join(root, 'copied')
    writeAt(join(directory, segmentFileName(headSegment)), SEGMENT_FLAGS_OFFSET, Buffer.from([SEGMENT_FLAG_SEALED]))
    const prepared = Buffer.alloc(4096)
    prepared.set(encodeSegmentHeader({ segmentId: headSegment + 2 }))
    writeFileSync(join(directory, segmentFileName(headSegment + 2)), prepared)
    using reader = openColdReader(directory)
    expect(sequences([...reader])).toHaveLength(30)
    using writer = openWriter(directory)
    while (writer.position.segmentId <= headSegment + 2) writer.append(1, Buffer.alloc(1000))
    const items = [...reader]
    expect(problems(items)).toEqual([])
    expect(sequences(items)).toEqual(Array.from({ length: writer.nextSequence - 30 }, (_, index) => 30 + index))
  })

  it('reports a segment that was cut short and delivers what is left of it', () => {
    truncateSync(join(queue, segmentFileName(1)), 1000)
    const items = readAll(queue)
    expect(problems(items)[0]).toBe('SEGMENT_SHORT')
    const left = records.filter((record) => record.segmentId !== 1 || record.offset + 128 <= 1000)
    expect(sequences(items)).toEqual(left.map((record) => record.sequence))
  })

  it('delivers the records of a segment whose header is gone', () => {
    writeAt(join(queue, segmentFileName(1)), 0, Buffer.alloc(64))
    const items = readAll(queue)
    expect(problems(items)).toEqual(['SEGMENT_BAD_HEADER'])
    expect(sequences(items)).toEqual(count(0, 100))
  })

  it('reads a queue whose control block is gone, zeroed or foreign', () => {
    for (const bytes of [undefined, Buffer.alloc(512), Buffer.from('not a control block'.repeat(40))]) {
      if (bytes === undefined) unlinkSync(join(queue, 'control.meta'))
      else writeFileSync(join(queue, 'control.meta'), bytes)
      expect(sequences(readAll(queue))).toEqual(count(0, 100))
    }
  })

  it('waits in front of a torn last record, reports it once, and goes on when it is repaired', () => {
    const last = at(99)
    overwrite(last, RECORD_HEADER_LENGTH, Buffer.from('torn'))
    using reader = openColdReader(queue, { from: { last: 2 } })
    expect([reader.next()?.kind, reader.next()?.kind, reader.next(), reader.next()]).toEqual([
      'record',
      'problem',
      undefined,
      undefined,
    ])
    overwrite(last, RECORD_HEADER_LENGTH, Buffer.from('mess'))
    expect(reader.next()).toMatchObject({ kind: 'record', sequence: 99 })
  })

  it('ends within bounds on files of noise', () => {
    for (const id of [0, 1, 2, 3]) {
      const noise = Buffer.alloc(4096)
      for (let index = 0; index < noise.length; index += 1) noise[index] = (index * 2_654_435_761 + id * 977) >>> 11
      writeFileSync(join(queue, segmentFileName(id)), noise)
    }
    expect(sequences(readAll(queue))).toEqual([])
  })

  function at(sequence: number): BuiltRecord {
    return records[sequence] as BuiltRecord
  }

  function overwrite(record: BuiltRecord, offset: number, bytes: Uint8Array): void {
    writeAt(join(queue, segmentFileName(record.segmentId)), record.offset + offset, bytes)
  }
})

describe('a cold reader on a live queue', () => {
  it('answers undefined at the end, and delivers what is appended later', () => {
    const built = buildQueue(queue, { payloads: textPayloads(3) })
    using reader = openColdReader(queue)
    expect(sequences([...reader])).toEqual([0, 1, 2])
    appendRecord(queue, built.headSegment, built.writeOffset, 3)
    expect(sequences([...reader])).toEqual([3])
    expect(reader.next()).toBeUndefined()
  })

  it('L2: never skips a committed record at a roll', () => {
    const built = buildQueue(queue, { payloads: textPayloads(3) })
    using reader = openColdReader(queue)
    expect(sequences([...reader])).toEqual([0, 1, 2])
    appendRecord(queue, 0, built.writeOffset, 3)
    makeSegment(queue, 1)
    appendRecord(queue, 1, 64, 4)
    writeAt(join(queue, segmentFileName(0)), SEGMENT_FLAGS_OFFSET, word(SEGMENT_FLAG_SEALED))
    expect(sequences([...reader])).toEqual([3, 4])
  })

  it('L43: leaves a segment without a seal when the control block names a later one', () => {
    buildQueue(queue, { payloads: textPayloads(3) })
    using reader = openColdReader(queue, { from: 'latest' })
    makeSegment(queue, 1)
    expect(reader.next()).toBeUndefined()
    writeAt(join(queue, 'control.meta'), CONTROL_CURRENT_SEGMENT_OFFSET, word(1))
    expect(reader.next()).toBeUndefined()
    appendRecord(queue, 1, 64, 3)
    expect(reader.next()).toMatchObject({ segmentId: 1, sequence: 3 })
  })

  it('L6: waits in front of a next segment that has no header yet', () => {
    buildQueue(queue, { payloads: textPayloads(3) })
    writeAt(join(queue, segmentFileName(0)), SEGMENT_FLAGS_OFFSET, word(SEGMENT_FLAG_SEALED))
    writeFileSync(join(queue, segmentFileName(1)), '')
    using reader = openColdReader(queue, { from: 'latest' })
    expect(reader.next()).toBeUndefined()
    makeSegment(queue, 1)
    appendRecord(queue, 1, 64, 3)
    expect(reader.next()).toMatchObject({ kind: 'record', sequence: 3 })
  })

  it('reports once that retention overtook it, and goes on with what is left', () => {
    const { records } = buildQueue(queue, { payloads: textPayloads(100) })
    using reader = openColdReader(queue)
    reader.next()
    for (const id of [0, 1]) unlinkSync(join(queue, segmentFileName(id)))
    const items = [...reader]
    expect(problems(items)).toEqual(['SEGMENT_RETIRED'])
    expect(sequences(items)).toEqual(
      records
        .filter(({ segmentId }) => segmentId !== 1)
        .map(({ sequence }) => sequence)
        .slice(1),
    )
  })

  it('ends when the queue is removed', () => {
    buildQueue(queue, { payloads: textPayloads(3) })
    using reader = openColdReader(queue, { from: 'latest' })
    expect(reader.next()).toBeUndefined()
    rmSync(queue, { recursive: true })
    expect(problems([...reader])).toEqual(['QUEUE_REMOVED'])
    expect(reader.ended).toBe(true)
  })

  it.each([
    ['as many messages', 31],
    ['fewer messages', 10],
  ])('L51: stays in its directory when another queue takes the path of one with %s in its segment', (_, written) => {
    const full = (text: string) => Buffer.from(text.padEnd(64))
    using old = openWriter(queue, { segmentSize: 4096 })
    for (let number = 0; number < written; number += 1) old.append(1, full('old'))
    using reader = openColdReader(queue)
    expect(sequences([...reader])).toHaveLength(written)
    old.append(1, full('late'))
    renameSync(queue, join(root, 'away'))
    using successor = openWriter(queue, { segmentSize: 4096 })
    for (let number = 0; number < 100; number += 1) successor.append(1, full('new'))
    const items = [...reader]
    expect(sequences(items)).toEqual([written])
    expect(problems(items)).toEqual(['QUEUE_REMOVED'])
    expect(reader.ended).toBe(true)
  })

  it('does not follow a queue that was created again under the same name', () => {
    buildQueue(queue, { payloads: textPayloads(3) })
    using reader = openColdReader(queue, { from: 'latest' })
    expect(reader.next()).toBeUndefined()
    cpSync(queue, join(root, 'copy'), { recursive: true })
    rmSync(queue, { recursive: true })
    cpSync(join(root, 'copy'), queue, { recursive: true })
    expect(problems([...reader])).toEqual(['QUEUE_REMOVED'])
  })
})

function readAll(directory: string): ColdItem[] {
  using reader = openColdReader(directory)
  return [...reader]
}

function sequences(items: readonly ColdItem[]): number[] {
  return items.flatMap((item) => (item.kind === 'record' ? [item.sequence] : []))
}

function problems(items: readonly ColdItem[]): string[] {
  return items.flatMap((item) => (item.kind === 'problem' ? [item.problem.code] : []))
}

function count(from: number, length: number): number[] {
  return Array.from({ length }, (_, index) => from + index)
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function writeAt(path: string, offset: number, bytes: Uint8Array): void {
  const fd = openSync(path, 'r+')
  writeSync(fd, bytes, 0, bytes.length, offset)
}

function makeSegment(directory: string, segmentId: number): void {
  const bytes = new Uint8Array(4096)
  bytes.set(encodeSegmentHeader({ segmentId }))
  writeFileSync(join(directory, segmentFileName(segmentId)), bytes)
}

function appendRecord(directory: string, segmentId: number, offset: number, sequence: number): void {
  const payload = Buffer.from(`message ${sequence}`)
  const bytes = new Uint8Array(recordLength(payload.length))
  encodeRecord(bytes, 0, { sequence, timestampNs: 1n, typeId: 1, payload, writerEpoch: 1 }, crc32)
  writeAt(join(directory, segmentFileName(segmentId)), offset, bytes)
}
