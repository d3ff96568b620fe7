import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { openReader, openWriter } from '@chronicle-ts/core'
import {
  CONTROL_CURRENT_SEGMENT_OFFSET,
  CONTROL_EXTENSION_EPOCH_OFFSET,
  CONTROL_NEXT_SEQUENCE_OFFSET,
  CONTROL_SEGMENT_GENERATION_OFFSET,
  CONTROL_WAITERS_PENDING_OFFSET,
  CONTROL_WRITE_OFFSET_OFFSET,
  encodePosition,
  renewPosition,
  SEGMENT_FLAGS_OFFSET,
  segmentFileName,
  WriterLock,
} from '@chronicle-ts/core/internal'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { buildQueue, textPayloads } from '../../../core/test/support/build-queue.js'
import { bytesReadBy } from '../../../core/test/support/bytes-read.js'
import { heldDirectory } from '../../../core/test/support/temporary.js'
import { type FindQueuesOptions, findQueues } from './find-queues.js'
import { inspectQueue } from './inspect-queue.js'
import { readLockTable } from './lock-table.js'

const GOLDEN = fileURLToPath(new URL('../../../core/test/golden/rust-v3/', import.meta.url))

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url))

let root: string
let queue: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chronicle-inspect-'))
  queue = join(root, 'queue')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe('inspecting a queue', () => {
  it('reports no bad lock record for a reader, whose file holds its position', () => {
    openWriter(queue, { segmentSize: 65_536 }).close()
    openReader(queue, 'closed').close()
    using _ = openReader(queue, 'running')
    expect(inspectQueue(queue).readers.map(({ name, lock }) => [name, lock.held, lock.recordIsBad])).toEqual([
      ['closed', false, false],
      ['running', true, false],
    ])
  })

  it('distinguishes what an empty queue takes of the disk from the length of its files', () => {
    openWriter(queue).close()
    const { bytes, allocatedBytes } = inspectQueue(queue).segments
    expect(bytes).toBe(128 * 1024 * 1024)
    expect(allocatedBytes).toBeGreaterThan(0)
    expect(allocatedBytes).toBeLessThanOrEqual(3 * 1024 * 1024)
  })

  it('shows head, range and readers of what the Rust writer left', () => {
    const { head, first, readers, segments, writer } = inspectQueue(join(GOLDEN, 'rolled'))
    expect(segments).toMatchObject({ count: 5, firstId: 0, lastId: 4, omitted: 0, bytes: 5 * 4096 })
    expect(head).toMatchObject({ segmentId: 3, offset: 2752, nextSequence: 60 })
    expect(first).toEqual({ segmentId: 0, sequence: 0, timestampNs: 1_700_000_000_000_000_000n })
    expect(writer).toMatchObject({ alive: false, epoch: 1 })
    expect(readers.map(({ name, lag, pinsFrom }) => ({ name, messages: lag?.messages, pinsFrom }))).toEqual([
      { name: 'audit', messages: 0, pinsFrom: 3 },
      { name: 'router', messages: 50, pinsFrom: 0 },
    ])
  })

  it('counts the lag of a queue whose sequence began again', () => {
    const { readers } = inspectQueue(join(GOLDEN, 'restarted'))
    expect(readers[0]?.lag?.messages).toBe(12)
  })

  it('L18, L19: knows a living writer and reader by their locks, and that they are gone', () => {
    const writer = openWriter(queue, { segmentSize: 4096 })
    for (let index = 0; index < 100; index += 1) writer.append(1, Buffer.alloc(100))
    const reader = openReader(queue, 'audit', { start: 'earliest' })
    reader.next()
    reader.commit()
    const live = inspectQueue(queue)
    expect(live.problems).toEqual([])
    expect(live.writer).toMatchObject({ alive: true, pid: process.pid })
    expect(live.readers[0]).toMatchObject({ name: 'audit', lag: { messages: 99 }, lock: { held: true } })
    expect(live.head.nextSequence).toBe(100)
    reader.close()
    writer.close()
    const left = inspectQueue(queue)
    expect(left.writer).toMatchObject({ alive: false, record: undefined })
    expect(left.readers[0]?.lock.held).toBe(false)
    expect(left.problems).toEqual([])
  })

  it('does not look like an active writer to one that is opening', async () => {
    openWriter(queue, { segmentSize: 4096 }).close()
    const program = `import { openWriter } from '@chronicle-ts/core'
      for (let i = 0; i < 100; i++) openWriter(process.argv[1], {}).close()`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, queue], { cwd: PACKAGE, stdio: 'ignore' })
    const exit = once(child, 'exit')
    while (child.exitCode === null) {
      inspectQueue(queue)
      await turn()
    }
    expect((await exit)[0]).toBe(0)
  })

  it('takes a segment in front of the head without a seal for a fault only when no writer is there to set it', () => {
    buildQueue(queue, { payloads: textPayloads(100) })
    writeSync(openSync(join(queue, segmentFileName(2)), 'r+'), Buffer.alloc(4), 0, 4, SEGMENT_FLAGS_OFFSET)
    const lock = WriterLock.acquire(heldDirectory(queue))
    expect(inspectQueue(queue).problems).toEqual([])
    lock.release()
    expect(inspectQueue(queue).problems.map(({ code }) => code)).toEqual(['SEGMENT_UNSEALED'])
  })

  it('takes the position of the first versions of the format, which has no time', () => {
    buildQueue(queue, { payloads: textPayloads(100) })
    const position = Buffer.alloc(16)
    position.writeBigUInt64LE(1n, 0)
    position.writeBigUInt64LE(64n, 8)
    writeFileSync(join(queue, 'readers/old.meta'), position)
    expect(inspectQueue(queue).readers).toEqual([
      expect.objectContaining({ name: 'old', legacy: true, lastHeartbeatNs: undefined, position: { segmentId: 1, offset: 64 } }),
    ])
  })

  it('distinguishes the time of a commit from that of a heartbeat', () => {
    buildQueue(queue, { payloads: textPayloads(100) })
    const position = encodePosition({ segmentId: 1, offset: 64, heartbeatNs: 5n }, crc32)
    renewPosition(position, 700n, crc32)
    writeFileSync(join(queue, 'readers/looping.meta'), position)
    expect(inspectQueue(queue).readers).toEqual([
      expect.objectContaining({
        name: 'looping',
        lastHeartbeatNs: 700n,
        lastCommitNs: 5n,
        position: { segmentId: 1, offset: 64 },
      }),
    ])
  })

  it('reports the rate of the last ten seconds, not that of all the head', () => {
    using writer = openWriter(queue, { segmentSize: 64 * 1024 })
    const nowNs = BigInt(Date.now()) * 1_000_000n
    for (let index = 0; index < 50; index += 1) writer.append(1, Buffer.alloc(64), { timestampNs: nowNs - 60_000_000_000n })
    for (let index = 0; index < 20; index += 1) writer.append(1, Buffer.alloc(64), { timestampNs: nowNs - 1_000_000_000n })
    const { rate } = inspectQueue(queue).head
    expect(rate).toEqual({ messagesPerSecond: 2, bytesPerSecond: (20 * 128) / 10, windowNs: 10_000_000_000n })
  })

  it.each([
    ['of a recording', -1000n],
    ['of a recording played faster', -5n],
    ['in the future', 60n],
  ])('reports no rate where the times of messages are %s', (_name, seconds) => {
    using writer = openWriter(queue, { segmentSize: 64 * 1024 })
    const timestampNs = BigInt(Date.now()) * 1_000_000n + seconds * 1_000_000_000n
    for (let index = 0; index < 50; index += 1) writer.append(1, Buffer.alloc(64), { timestampNs })
    expect(inspectQueue(queue).head.rate).toBeUndefined()
  })

  it('reports a rate of 0 where nothing was appended lately, and none in a quick look', () => {
    using writer = openWriter(queue, { segmentSize: 64 * 1024 })
    const nothing = { messagesPerSecond: 0, bytesPerSecond: 0, windowNs: 10_000_000_000n }
    expect(inspectQueue(queue).head.rate).toEqual(nothing)
    writer.append(1, Buffer.alloc(64))
    expect(inspectQueue(queue, { quick: true }).head.rate).toBeUndefined()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
    onTestFinished(() => {
      vi.useRealTimers()
    })
    expect(inspectQueue(queue).head.rate).toEqual(nothing)
  })

  it('reads a few kilobytes in a quick look, also where a long segment is prepared or the queue is empty', async () => {
    using writer = openWriter(queue, { segmentSize: 16 * 1024 * 1024 })
    // Its length grows with the locks of the whole machine.
    const locks = readLockTable()
    const quickly = () => inspectQueue(queue, { quick: true, locks })
    expect(bytesReadBy(quickly)).toBeLessThan(128 * 1024)
    for (let index = 0; index < 3000; index += 1) writer.append(1, Buffer.alloc(4000))
    const next = writer.position.segmentId + 1
    while (!existsSync(join(queue, segmentFileName(next)))) await turn()
    expect(bytesReadBy(quickly)).toBeLessThan(128 * 1024)
    for (let index = 0; index < 2; index += 1) writer.append(1, Buffer.alloc(20_000))
    expect(bytesReadBy(quickly)).toBeLessThan(256 * 1024)
    expect(quickly().head).toMatchObject({ nextSequence: 3002 })
    // All of it is read where damage may hide records.
    expect(bytesReadBy(() => inspectQueue(queue))).toBeGreaterThan(16 * 1024 * 1024)
  })

  it('looks at the ends of a long queue only', () => {
    buildQueue(queue, { payloads: textPayloads(400) })
    const { segments } = inspectQueue(queue, { segmentLimit: 4 })
    expect(segments.inspected.map(({ segmentId }) => segmentId)).toEqual([0, 1, 11, 12])
    expect(segments).toMatchObject({ count: 13, omitted: 9, bytes: 13 * 4096 })
  })

  it('throws for a directory that is missing or a file, and for nothing else', () => {
    expect(() => inspectQueue(join(root, 'missing'))).toThrow(expect.objectContaining({ code: 'ERR_NOT_FOUND' }))
    writeFileSync(join(root, 'file'), '')
    expect(() => inspectQueue(join(root, 'file'))).toThrow(expect.objectContaining({ code: 'ERR_NOT_A_QUEUE' }))
    expect(inspectQueue(root)).toMatchObject({ isQueue: false, problems: [{ code: 'NOT_A_QUEUE' }] })
  })
})

describe('what inspecting finds wrong', () => {
  beforeEach(() => {
    buildQueue(queue, { payloads: textPayloads(100), readers: { audit: { segmentId: 1, offset: 64 } } })
  })

  const cases: [string, () => void, string[]][] = [
    ['nothing in a healthy queue', () => undefined, []],
    ['a missing control block', () => unlinkSync(join(queue, 'control.meta')), ['CONTROL_MISSING']],
    ['a short control block', () => truncateSync(join(queue, 'control.meta'), 100), ['CONTROL_SHORT']],
    ['L21: a zeroed control block', () => writeFileSync(join(queue, 'control.meta'), Buffer.alloc(512)), ['CONTROL_ZEROED']],
    ['a foreign control block', () => write('control.meta', 0, 1), ['CONTROL_BAD_MAGIC']],
    ['an unknown version', () => write('control.meta', 4, 9), ['CONTROL_BAD_VERSION']],
    ['an unfinished creation', () => write('control.meta', 8, 1), ['CONTROL_NOT_READY']],
    ['L14: an odd generation', () => write('control.meta', CONTROL_SEGMENT_GENERATION_OFFSET, 7), ['CONTROL_ODD_GENERATION']],
    ['a head that is gone', () => write('control.meta', CONTROL_CURRENT_SEGMENT_OFFSET, 9), ['SEGMENT_UNSEALED', 'HEAD_MISSING']],
    [
      'L22: a control block that was rolled back',
      () => write('control.meta', CONTROL_CURRENT_SEGMENT_OFFSET, 1),
      ['CONTROL_BEHIND'],
    ],
    ['a missing segment', () => unlinkSync(segment(2)), ['SEGMENT_MISSING']],
    ['a truncated segment', () => truncateSync(segment(2), 100), ['SEGMENT_SHORT']],
    ['a segment that grew', () => truncateSync(segment(2), 8192), ['SEGMENT_LONG']],
    ['a segment of an unknown version', () => write(segmentFileName(2), 4, 9), ['SEGMENT_BAD_HEADER']],
    ['a segment under another name', () => cpSync(segment(2), segment(1)), ['SEGMENT_BAD_HEADER']],
    ['a segment that lost its seal', () => write(segmentFileName(2), SEGMENT_FLAGS_OFFSET, 0), ['SEGMENT_UNSEALED']],
    ['a zeroed segment', () => writeFileSync(segment(2), Buffer.alloc(4096)), ['SEGMENT_BAD_HEADER']],
    ['L6: a next segment without a header', () => writeFileSync(segment(4), ''), ['SEGMENT_NOT_READY']],
    ['L5: a short index', () => writeFileSync(join(queue, 'index.meta'), 'abc'), ['INDEX_BAD']],
    ['L11: a bad reader file', () => writeFileSync(join(queue, 'readers/audit.meta'), Buffer.alloc(80, 7)), ['READER_BAD']],
    ['a reader file that is still empty', () => writeFileSync(join(queue, 'readers/new.meta'), ''), ['LEFTOVER']],
    [
      'a reader file that is still of zeros',
      () => writeFileSync(join(queue, 'readers/new.meta'), Buffer.alloc(80)),
      ['LEFTOVER'],
    ],
    ['a reader whose data is gone', () => [0, 1].map((id) => unlinkSync(segment(id))), ['READER_DATA_LOST']],
    ['leftovers and strangers among the reader files', strayReaderFiles, ['LEFTOVER', 'READER_NAME']],
    ['a file in the place of the readers', () => replaceByFile('readers'), ['FILE_UNREADABLE']],
    ['L16: readers of the base format that died parked', leakWaiters, ['WAITERS_LEAKED']],
    ['a lock record that is noise', () => writeFileSync(join(queue, 'writer.lock'), 'hello'), ['LOCK_RECORD_BAD']],
    ['L33: a lock record of a dead process', () => writeFileSync(join(queue, 'writer.lock'), '999999999 1 1\n'), ['LOCK_STALE']],
    [
      'leftovers and foreign files',
      () => ['000000009.q.tmp', 'notes'].map((name) => writeFileSync(join(queue, name), '')),
      ['LEFTOVER', 'FOREIGN_FILE'],
    ],
    ['a directory in the place of a file', () => replaceByDirectory('index.meta'), ['FILE_UNREADABLE']],
    ['a named pipe in the place of a file', () => replaceByPipe('control.meta'), ['FILE_UNREADABLE']],
  ]

  it.each(cases)('%s', (_, damage, expected) => {
    damage()
    expect(inspectQueue(queue).problems.map(({ code }) => code)).toEqual(expected)
  })

  function segment(id: number): string {
    return join(queue, segmentFileName(id))
  }

  function write(name: string, offset: number, value: number): void {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value)
    writeSync(openSync(join(queue, name), 'r+'), bytes, 0, 4, offset)
  }

  function strayReaderFiles(): void {
    for (const name of ['audit.meta.tmp', 'audit.meta.lost', 'no reader']) writeFileSync(join(queue, 'readers', name), '')
  }

  function leakWaiters(): void {
    write('control.meta', CONTROL_EXTENSION_EPOCH_OFFSET, 0)
    write('control.meta', CONTROL_WAITERS_PENDING_OFFSET, 2)
  }

  function replaceByFile(name: string): void {
    rmSync(join(queue, name), { recursive: true })
    writeFileSync(join(queue, name), '')
  }

  function replaceByDirectory(name: string): void {
    rmSync(join(queue, name), { force: true })
    mkdirSync(join(queue, name))
  }

  function replaceByPipe(name: string): void {
    rmSync(join(queue, name))
    execFileSync('mkfifo', [join(queue, name)])
  }
})

describe('finding queues', () => {
  it('finds them below a bus root, and nothing below a queue', () => {
    cpSync(join(GOLDEN, 'bus'), join(root, 'bus'), { recursive: true })
    cpSync(join(GOLDEN, 'killed'), join(root, 'bus/market_data/queue/feed'), { recursive: true })
    cpSync(join(GOLDEN, 'killed'), join(root, 'bus/market_data/queue/feed/quarantine/killed'), { recursive: true })
    expect(findQueues(join(root, 'bus')).directories.map((path) => path.slice(root.length))).toEqual([
      '/bus/market_data/queue/feed',
      '/bus/orders/queue/alpha/orders_out',
    ])
  })

  it('looks no deeper, and at no more, than its options permit', () => {
    for (const name of ['a', 'b', 'c/d']) buildQueue(join(root, name), { payloads: textPayloads(1) })
    const found = (options: FindQueuesOptions) => findQueues(root, options).directories.map((path) => path.slice(root.length))
    expect(found({})).toEqual(['/a', '/b', '/c/d'])
    expect(found({ depth: 1 })).toEqual(['/a', '/b'])
    expect(findQueues(root, { directoryLimit: 5 })).toMatchObject({ directories: { length: 3 }, isPartial: false })
    for (const directoryLimit of [1, 2, 3, 4]) expect(findQueues(root, { directoryLimit }).isPartial).toBe(true)
  })

  it('names what it did not search: links to directories, and what lies too deep', () => {
    for (const name of ['a', 'b/c/d']) buildQueue(join(root, name), { payloads: textPayloads(1) })
    symlinkSync('a', join(root, 'link'))
    symlinkSync('nowhere', join(root, 'dangling'))
    expect(findQueues(root, { depth: 1 })).toMatchObject({
      directories: [join(root, 'a')],
      leftOut: [join(root, 'b/c'), join(root, 'link')],
    })
  })

  it('finds queues that are named like the folders of a queue', () => {
    const names = ['bus/quarantine/orders_out', 'bus/readers']
    for (const name of names) buildQueue(join(root, name), { payloads: textPayloads(1) })
    expect(findQueues(root).directories).toEqual(names.map((name) => join(root, name)))
    writeFileSync(join(root, 'bus/writer.lock'), '')
    expect(findQueues(root).directories).toEqual([])
  })
})

describe('a quick look', () => {
  it('finds the same end and lags as a walk, for payloads of all lengths', () => {
    for (const length of [0, 1, 64, 1000, 200_000, 400_000]) {
      const directory = join(root, `queue-${length}`)
      const writer = openWriter(directory, { segmentSize: 1024 * 1024 })
      const reader = openReader(directory, 'audit', { start: 'earliest' })
      for (let index = 0; index < 7; index += 1) writer.append(1, Buffer.alloc(length, 1))
      reader.next()
      reader.commit()
      const { head: walked, readers: walkedReaders, problems } = inspectQueue(directory)
      const { head: quick, readers: quickReaders } = inspectQueue(directory, { quick: true })
      expect(problems).toEqual([])
      expect({ ...quick, rate: undefined }).toEqual({ ...walked, rate: undefined })
      expect(quickReaders.map(({ lag }) => lag)).toEqual(walkedReaders.map(({ lag }) => lag))
      reader.close()
      writer.close()
    }
  })

  it('finds the end of a head that nothing was appended to yet', () => {
    using writer = openWriter(queue, { segmentSize: 4096 })
    for (let index = 0; index < 7; index += 1) writer.append(1, Buffer.alloc(100))
    writer.roll()
    expectSameHead()
  })

  it('finds what was appended since the control block was written', () => {
    const { records, writeOffset } = buildQueue(queue, { payloads: textPayloads(9) })
    write64('control.meta', CONTROL_WRITE_OFFSET_OFFSET, records[7]?.offset ?? 0)
    write64('control.meta', CONTROL_NEXT_SEQUENCE_OFFSET, 7)
    expect(inspectQueue(queue, { quick: true }).head).toMatchObject({ offset: writeOffset, nextSequence: 9, recordCount: 9 })
    expectSameHead()
  })

  it.each([0, 64, 100, 2 ** 40])('walks when the control block says that records end at %i', (offset) => {
    buildQueue(queue, { payloads: textPayloads(9) })
    write64('control.meta', CONTROL_WRITE_OFFSET_OFFSET, offset)
    expectSameHead()
  })

  it('walks a queue of the base format', () => {
    buildQueue(queue, { payloads: textPayloads(9), legacy: true })
    expectSameHead()
  })

  it('counts the messages of a head that a writer of the base format began', () => {
    buildQueue(queue, { payloads: textPayloads(9), legacy: true })
    using writer = openWriter(queue)
    writer.append(1, Buffer.from('ours'))
    expectSameHead()
    expect(inspectQueue(queue, { quick: true }).head).toMatchObject({ nextSequence: 10, recordCount: 10 })
  })

  function expectSameHead(): void {
    const { head: walked } = inspectQueue(queue)
    const { head: quick } = inspectQueue(queue, { quick: true })
    expect({ ...quick, rate: undefined }).toEqual({ ...walked, rate: undefined })
  }

  function write64(name: string, offset: number, value: number): void {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(BigInt(value))
    writeSync(openSync(join(queue, name), 'r+'), bytes, 0, 8, offset)
  }
})
