import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readQueue } from '../../../../tools/evidence/witness/read-queue.mjs'
import {
  CONTROL_FILE,
  encodeControl,
  encodeRecord,
  encodeSegmentHeader,
  formatLockRecord,
  recordLength,
  SEGMENT_HEADER_LENGTH,
  segmentFileName,
} from '../../src/format/index.js'
import { type MessageSource, openObserver, openReader, openWriter } from '../../src/index.js'

interface ExpectedRecord {
  readonly segment: number
  readonly offset: number
  readonly sequence: number
  readonly timestampNs: string
  readonly typeId: number
  readonly length: number
  readonly crc32: number
}

interface Expected {
  readonly headSegment: number
  readonly writeOffset: number
  readonly writerEpoch: number
  readonly padding: readonly { segment: number; offset: number }[]
  readonly readers: Readonly<Record<string, { segment: number; offset: number; generation: number }>>
  readonly records: readonly ExpectedRecord[]
}

const golden = fileURLToPath(new URL('rust-v3', import.meta.url))
const expected: Readonly<Record<string, Expected>> = JSON.parse(readFileSync(join(golden, 'expected.json'), 'utf8'))
const queues = Object.entries(expected).map(([name, facts]) => ({ name, facts }))
const readers = queues.flatMap(({ name, facts }) =>
  Object.entries(facts.readers).map(([reader, saved]) => ({ name, facts, reader, saved })),
)

let root = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'chronicle-golden-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

let copies = 0
function freshDirectory(): string {
  copies += 1
  return join(root, `queue-${copies}`)
}

function copyOf(name: string): string {
  const directory = freshDirectory()
  cpSync(join(golden, name), directory, { recursive: true })
  return directory
}

/** Everything that a source delivers until it has caught up, in the shape of expected.json. */
function drain(source: MessageSource): ExpectedRecord[] {
  const records: ExpectedRecord[] = []
  for (let message = source.next(); message !== undefined; message = source.next()) {
    const { segmentId: segment, offset, sequence, timestampNs, typeId, length, payload } = message
    expect(payload.length).toBe(length)
    records.push({ segment, offset, sequence, timestampNs: String(timestampNs), typeId, length, crc32: crc32(payload) })
  }
  return records
}

function contents(directory: string): Map<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    files.map((file) => [join(file.parentPath, file.name), readFileSync(join(file.parentPath, file.name)).toString('hex')]),
  )
}

const highest = (records: readonly ExpectedRecord[]) => Math.max(...records.map((record) => record.sequence))
const added = Array.from({ length: 40 }, (_, index) => Buffer.alloc((index * 53) % 500, index + 1))

describe.each(queues)('the queue $name of the Rust implementation', ({ name, facts }) => {
  it('is observed exactly as written, and no file changes', () => {
    const directory = copyOf(name)
    const before = contents(directory)
    using observer = openObserver(directory)
    expect(drain(observer)).toEqual(facts.records)
    expect(observer.position).toEqual({ segmentId: facts.headSegment, offset: facts.writeOffset })
    expect(contents(directory)).toEqual(before)
  })

  it('is read from its beginning by a new reader', () => {
    using reader = openReader(copyOf(name), 'newcomer')
    expect(drain(reader)).toEqual(facts.records)
  })

  it.each([true, false])('is continued by our writer, extensions %s, with no sequence missing', (extensions) => {
    const directory = copyOf(name)
    const writer = openWriter(directory, { extensions })
    expect(writer.epoch).toBe(facts.writerEpoch + 1)
    expect(writer.nextSequence).toBe(highest(facts.records) + 1)
    const sequences = added.map((payload, index) => writer.append(index + 1, payload))
    expect(sequences).toEqual(added.map((_, index) => highest(facts.records) + 1 + index))
    writer.close()

    using observer = openObserver(directory)
    const records = drain(observer)
    expect(records.slice(0, facts.records.length)).toEqual(facts.records)
    expect(records.slice(facts.records.length)).toMatchObject(
      added.map((payload, index) => ({
        sequence: sequences[index],
        typeId: index + 1,
        length: payload.length,
        crc32: crc32(payload),
      })),
    )

    const witnessed = readQueue(directory)
    expect(witnessed.problems).toEqual([])
    expect(witnessed.padding).toEqual(facts.padding)
    expect(witnessed.records).toMatchObject(records)
    const flags = new Set(witnessed.records.slice(facts.records.length).map((record) => record.flags))
    expect([...flags]).toEqual([extensions ? 1 : 0])
  })

  it('keeps to the bytes of the base format when it is continued without extensions', () => {
    const directory = copyOf(name)
    const before = readQueue(directory).control
    const writer = openWriter(directory, { extensions: false })
    for (const [index, payload] of added.entries()) writer.append(index + 1, payload)
    writer.close()
    const { control } = readQueue(directory)
    const { extensionEpoch, features, createdNs, bootId, firstSegmentPlusOne, nextSequence, dirtyEnd, dirtySegment } =
      control ?? {}
    const { parkedReaders, progressSequence, writerBlocked } = control ?? {}
    expect({ extensionEpoch, features, createdNs, bootId }).toEqual({
      extensionEpoch: 0,
      features: 0,
      createdNs: '0',
      bootId: before?.bootId,
    })
    expect({ firstSegmentPlusOne, nextSequence, dirtyEnd, dirtySegment }).toEqual({
      firstSegmentPlusOne: 0,
      nextSequence: 0,
      dirtyEnd: 0,
      dirtySegment: 0,
    })
    expect({ parkedReaders, progressSequence, writerBlocked }).toEqual({
      parkedReaders: 0,
      progressSequence: 0,
      writerBlocked: 0,
    })
    for (const file of readdirSync(directory).filter((entry) => entry.endsWith('.q'))) {
      expect([file, readFileSync(join(directory, file)).toString('hex', 16, 64)]).toEqual([file, '00'.repeat(48)])
    }
  })
})

describe.each(readers)('the reader $reader of $name', ({ name, facts, reader, saved }) => {
  const isUnread = (record: ExpectedRecord) =>
    record.segment > saved.segment || (record.segment === saved.segment && record.offset >= saved.offset)

  it('goes on where it had committed', () => {
    const directory = copyOf(name)
    const source = openReader(directory, reader)
    expect(source.position).toEqual({ segmentId: saved.segment, offset: saved.offset })
    expect(drain(source)).toEqual(facts.records.filter(isUnread))
    source.commit()
    source.close()
    const { generation, segment, offset } = readQueue(directory).readers[reader] ?? {}
    expect({ segment, offset }).toEqual({ segment: facts.headSegment, offset: facts.writeOffset })
    expect(Number(generation)).toBeGreaterThan(saved.generation)

    using again = openReader(directory, reader)
    expect(again.next()).toBeUndefined()
  })

  it('goes on into what our writer appends', () => {
    const directory = copyOf(name)
    using source = openReader(directory, reader)
    using writer = openWriter(directory)
    const unread = drain(source)
    expect(unread).toEqual(facts.records.filter(isUnread))
    const sequences = added.map((payload) => writer.append(9, payload))
    expect(drain(source).map((record) => record.sequence)).toEqual(sequences)
  })
})

describe('a queue of the base format whose last writer wrote less than the one before', () => {
  /** Sequences 0 to 9, then, after a restart, 0 to 2. */
  function build(): string {
    const directory = copyOf('restarted')
    for (const file of readdirSync(directory)) rmSync(join(directory, file), { recursive: true })
    const segment = Buffer.alloc(8192)
    segment.set(encodeSegmentHeader({ segmentId: 0 }))
    let end = SEGMENT_HEADER_LENGTH
    for (const sequence of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2]) {
      const payload = Buffer.from(`message ${sequence}`)
      encodeRecord(segment, end, { sequence, timestampNs: 1n, typeId: 1, payload }, crc32)
      end += recordLength(payload.length)
    }
    writeFileSync(join(directory, segmentFileName(0)), segment)
    writeFileSync(
      join(directory, CONTROL_FILE),
      encodeControl({ segmentSize: 8192, writerEpoch: 2, writeOffset: end, notifySequence: 13 }),
    )
    writeFileSync(join(directory, 'writer.lock'), formatLockRecord({ pid: 1, startTime: 1, epoch: 2 }))
    return directory
  }

  it('is continued from the highest sequence, and read across that seam', () => {
    const directory = build()
    const writer = openWriter(directory)
    expect(writer.append(1, Buffer.from('ours'))).toBe(10)
    expect(writer.append(1, Buffer.from('ours'))).toBe(11)
    writer.close()
    expect(readQueue(directory).problems).toEqual([])
    using observer = openObserver(directory)
    expect(drain(observer).map((record) => record.sequence)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 10, 11])
  })

  it.each(['opened again', 'without its control block'])('goes on above that seam when it is %s', (how) => {
    const directory = build()
    const first = openWriter(directory)
    first.append(1, Buffer.from('ours'))
    first.close()
    if (how === 'without its control block') rmSync(join(directory, CONTROL_FILE))
    const second = openWriter(directory)
    expect(second.append(1, Buffer.from('ours'))).toBe(11)
    second.close()
    expect(readQueue(directory).problems).toEqual([])
    using observer = openObserver(directory)
    expect(drain(observer).map((record) => record.sequence)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 10, 11])
  })
})
