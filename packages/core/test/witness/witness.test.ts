import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { verifyQueue } from '@chronicle-ts/inspect'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { amount } from '../../../../tools/evidence/effort/effort.mjs'
import { readQueue } from '../../../../tools/evidence/witness/read-queue.mjs'
import { CONTROL_FIELDS, type Field, SEGMENT_FIELDS } from '../../src/format/index.js'
import { openObserver } from '../../src/index.js'
import { type SampleMessage, writeSampleQueue } from './sample-queue.js'

const golden = fileURLToPath(new URL('../golden/rust-v3', import.meta.url))
const program = fileURLToPath(new URL('../../../../tools/evidence/witness/read-queue.mjs', import.meta.url))
const expected = JSON.parse(readFileSync(join(golden, 'expected.json'), 'utf8'))
const names = Object.keys(expected)

const segmentSize = 512
const sample: readonly SampleMessage[] = [0, 1, 63, 64, 65, 300, 5, 380, 0].map((length, index) => ({
  typeId: index * 1000,
  timestampNs: 1_700_000_000_000_000_000n + BigInt(index),
  payload: Uint8Array.from({ length }, (_, at) => (at * 7 + index + 1) & 255),
}))

let root = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'chronicle-witness-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

let copies = 0
/** A copy of a directory, or a new sample queue, that the test may damage. */
function fresh(from?: string): string {
  copies += 1
  const directory = join(root, `queue-${copies}`)
  if (from === undefined) writeSampleQueue(directory, sample, segmentSize)
  else cpSync(from, directory, { recursive: true })
  return directory
}

/** Runs the witness as a program over the directories, and answers the number of problems per directory. */
function problemsPrinted(directories: readonly string[]): number[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...directories, '--json'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  expect(stderr).toBe('')
  const ends = stdout.split('\n').filter((line) => line.startsWith('{"kind":"end"'))
  const counts = ends.map((line) => Number(JSON.parse(line).problems))
  expect(counts).toHaveLength(directories.length)
  expect(status).toBe(counts.every((count) => count === 0) ? 0 : 1)
  return counts
}

function flip(path: string, offset: number): void {
  const bytes = readFileSync(path)
  bytes[offset] = (bytes[offset] ?? 0) ^ 0x10
  writeFileSync(path, bytes)
}

describe('on the golden directories', () => {
  it.each(names)('finds in %s exactly the expected records, positions and padding', (name) => {
    const queue = readQueue(join(golden, name))
    const { headSegment, writeOffset, writerEpoch, padding, readers, records } = expected[name]
    expect(queue.problems).toEqual([])
    expect(queue.control).toMatchObject({ currentSegment: headSegment, writeOffset, writerEpoch })
    expect(queue.padding).toEqual(padding)
    expect(queue.records.map(({ flags, writerEpoch, payload, schemaVersion, trace, source, ...record }) => record)).toEqual(
      records,
    )
    expect(Object.keys(queue.readers).sort()).toEqual(Object.keys(readers).sort())
    expect(queue.readers).toMatchObject(readers)
  })

  it.each(names)('finds in %s the payloads that the README describes', (name) => {
    const { records } = readQueue(join(golden, name))
    expect(records.length).toBeGreaterThan(0)
    for (const record of records) {
      const i = Number((BigInt(record.timestampNs) - 1_700_000_000_000_000_000n) / 1000n)
      expect(record.payload).toEqual(Buffer.from(Array.from({ length: (37 * i) % 301 }, (_, k) => (31 * i + 7 * k) & 255)))
    }
  })

  it('prints no problem of any as a program', () => {
    const directories = names.map((name) => join(golden, name))
    expect(problemsPrinted(directories)).toEqual(names.map(() => 0))
  })
})

describe('on a queue with all extensions', () => {
  it('finds everything and no problem', () => {
    const directory = fresh()
    const queue = readQueue(directory)
    expect(queue.problems).toEqual([])
    expect(
      queue.records.map(({ sequence, typeId, timestampNs, payload }) => ({ sequence, typeId, timestampNs, payload })),
    ).toEqual(
      sample.map((message, sequence) => ({
        sequence,
        typeId: message.typeId,
        timestampNs: String(message.timestampNs),
        payload: Buffer.from(message.payload),
      })),
    )
    expect(queue.segments.filter((segment) => segment.sealed).length).toBe(queue.segments.length - 1)
    expect(queue.durable.map((slot) => slot.generation)).toEqual([6, 5])
    expect(queue.lock).toEqual({ pid: 4711, startTime: 123456, epoch: 7 })
    expect(queue.index).toEqual({ segment: queue.control?.currentSegment, offset: queue.control?.writeOffset })
    expect(problemsPrinted([directory])).toEqual([0])
  })

  /** Fields that nothing else in a queue at rest confirms: counters, hints, times, flags of live processes. */
  const unconfirmedInControl = [
    ...['bootId', 'extensionEpoch', 'writerEpoch', 'features', 'createdNs', 'firstSegmentPlusOne', 'writerHeartbeatNs'],
    ...['segmentGeneration', 'dirtyEnd', 'dirtySegment', 'lastAppendNs', 'notifySequence', 'waitersPending', 'parkedReaders'],
    ...['progressSequence', 'writerBlocked', 'queueId', 'replicaTerm', 'sourceQueueId'],
  ]
  const unconfirmedInSegment = ['createdNs', 'writerEpoch']
  const isUnconfirmed = (fields: readonly Field[], skipped: readonly string[], offset: number) =>
    fields.some((field) => skipped.includes(field.name) && offset >= field.offset && offset < field.offset + field.length)

  it.each(['000000000.q', '000000001.q', '000000005.q'])('notices every flipped byte of segment %s', (name) => {
    const directory = fresh()
    const path = join(directory, name)
    const whole = readFileSync(path)
    const missed: number[] = []
    for (let offset = 0; offset < whole.length; offset++) {
      if (isUnconfirmed(SEGMENT_FIELDS, unconfirmedInSegment, offset)) continue
      flip(path, offset)
      if (readQueue(directory, { payloads: false }).problems.length === 0) missed.push(offset)
      writeFileSync(path, whole)
    }
    expect(missed).toEqual([])
  })

  it.each(['control.meta', 'readers/router.meta'])('notices every flipped byte of %s that anything confirms', (name) => {
    const directory = fresh()
    const path = join(directory, name)
    const whole = readFileSync(path)
    const missed: number[] = []
    for (let offset = 0; offset < whole.length; offset++) {
      if (name === 'control.meta' && isUnconfirmed(CONTROL_FIELDS, unconfirmedInControl, offset)) continue
      flip(path, offset)
      if (readQueue(directory, { payloads: false }).problems.length === 0) missed.push(offset)
      writeFileSync(path, whole)
    }
    expect(missed).toEqual([])
  })
})

describe('on damaged copies', () => {
  it('the program notices each damage', () => {
    const directories: string[] = []
    const damage = (change: (directory: string) => void, from?: string) => {
      const directory = fresh(from)
      change(directory)
      directories.push(directory)
    }
    for (let offset = 0; offset < segmentSize; offset += 17) {
      if (offset < 24 || offset >= 40) damage((directory) => flip(join(directory, '000000001.q'), offset))
    }
    for (const offset of [0, 4, 24, 70, 133, 200, 257, 273]) damage((directory) => flip(join(directory, 'control.meta'), offset))
    damage((directory) => truncateSync(join(directory, '000000001.q'), 500))
    damage((directory) => truncateSync(join(directory, '000000001.q'), 10))
    damage((directory) => truncateSync(join(directory, '000000001.q'), 0))
    damage((directory) => truncateSync(join(directory, 'control.meta'), 300))
    damage((directory) => truncateSync(join(directory, 'readers/router.meta'), 79))
    damage((directory) => truncateSync(join(directory, 'index.meta'), 15))
    damage((directory) => unlinkSync(join(directory, 'control.meta')))
    damage((directory) => unlinkSync(join(directory, '000000001.q')))
    damage((directory) => unlinkSync(join(directory, '000000002.q')))
    damage((directory) => mkdirSync(join(directory, 'readers/directory.meta')))
    damage((directory) => flip(join(directory, '000000000.q'), 72), join(golden, 'rolled'))
    damage((directory) => flip(join(directory, '000000000.q'), 500), join(golden, 'repaired'))
    damage((directory) => rmSync(directory, { recursive: true }))
    expect(problemsPrinted(directories).map((count) => count > 0)).toEqual(directories.map(() => true))
  })

  it('reads on over flags of a segment that it does not know, as every reader does', () => {
    const directory = fresh()
    const path = join(directory, '000000000.q')
    const bytes = readFileSync(path)
    const { records } = readQueue(directory)
    bytes.writeUInt32LE((bytes.readUInt32LE(12) | 0xa0c0_0002) >>> 0, 12)
    writeFileSync(path, bytes)
    const queue = readQueue(directory)
    expect(queue.problems.map(({ code, offset }) => ({ code, offset }))).toEqual([{ code: 'not-zero', offset: 12 }])
    expect(queue.records).toEqual(records)
    expect(verifyQueue(directory).problems.filter(({ severity }) => severity !== 'info')).toEqual([])
    using observer = openObserver(directory, { start: 'earliest' })
    let count = 0
    while (observer.next() !== undefined) count++
    expect(count).toBe(records.length)
  })

  it('takes what an append left that never committed for torn, not for damage', () => {
    const directory = fresh()
    const control = readQueue(directory).control
    const end = Number(control?.writeOffset)
    const path = join(directory, `00000000${control?.currentSegment}.q`)
    const bytes = readFileSync(path)
    bytes.fill(0xee, end + 8, end + 60)
    writeFileSync(path, bytes)
    expect(readQueue(directory).problems.map((problem) => problem.code)).toEqual(['not-zero'])

    const controlBytes = readFileSync(join(directory, 'control.meta'))
    controlBytes.writeUInt32LE(end + 64, 280)
    writeFileSync(join(directory, 'control.meta'), controlBytes)
    const queue = readQueue(directory)
    expect(queue.problems).toEqual([])
    expect(queue.torn).toEqual([{ segment: control?.currentSegment, offset: end, end: end + 64 }])
    expect(problemsPrinted([directory])).toEqual([0])
  })

  it('explains its usage when it is given no directory', () => {
    const result = spawnSync(process.execPath, [program], { encoding: 'utf8' })
    expect([result.status, result.stdout]).toEqual([2, ''])
    expect(result.stderr).toContain('usage:')
  })
})

describe('on random queues', () => {
  const message = fc.record({
    typeId: fc.integer({ min: 0, max: 0xfffe }),
    timestampNs: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    payload: fc.uint8Array({ maxLength: 384, size: 'max' }),
  })

  it('reads back what was written, as a program too', () => {
    const directories: string[] = []
    const ahead: number[] = []
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), fc.constantFrom(512, 1024, 4096), (messages, size) => {
        copies += 1
        const directory = join(root, `queue-${copies}`)
        writeSampleQueue(directory, messages, size)
        directories.push(directory)
        const queue = readQueue(directory)
        // Any time may be given; those that have not come yet are reported.
        expect(queue.problems.filter(({ code }) => code !== 'clock-ahead')).toEqual([])
        ahead.push(queue.problems.length)
        expect(queue.records).toMatchObject(
          messages.map((one, sequence) => ({
            sequence,
            typeId: one.typeId,
            timestampNs: String(one.timestampNs),
            payload: Buffer.from(one.payload),
          })),
        )
      }),
      { numRuns: amount({ short: 15, long: 60 }) },
    )
    expect(problemsPrinted(directories)).toEqual(ahead)
  })
})
