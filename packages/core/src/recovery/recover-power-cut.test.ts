import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspectQueue, openColdReader, verifyQueue } from '@chronicle-ts/inspect'
import { beforeEach, describe, expect, it } from 'vitest'
import { type BuiltQueue, buildQueue, type QueuePlan, textPayloads } from '../../test/support/build-queue.js'
import { code } from '../../test/support/expectations.js'
import { range } from '../../test/support/messages.js'
import {
  overwrite,
  overwriteControl,
  pretendAnotherBoot,
  readBytes,
  readControlFile,
  segmentFile,
} from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { encodeSegmentHeader, SEGMENT_FLAGS_OFFSET, SEGMENT_HEADER_LENGTH } from '../format/index.js'
import { openObserver, openReader, openWriter, type RecoveryCase } from '../index.js'

const SEGMENT_SIZE = 4096
/** Of 32 bytes each. */
const PER_SEGMENT = 31

let queue: string

beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
})

describe('recovery after a stop of the machine, of a queue that was never synced', () => {
  it('checks everything and goes on in place when all of it is there', () => {
    const { headSegment } = build({ payloads: textPayloads(100) })
    expect(recover()).toEqual({ cases: [], sequence: 100 })
    expect(readControlFile(queue).currentSegment).toBe(headSegment)
    expect(readable()).toEqual(range(0, 101))
  })

  it('begins at what retention left', () => {
    build({ payloads: textPayloads(100), firstSegment: 7, firstSequence: 1000 })
    expect(recover()).toEqual({ cases: [], sequence: 1100 })
    expect(readable()).toEqual(range(1000, 1101))
  })

  it.each([0, 1, 100])('L4: keeps %i messages of a queue that a writer began at a higher sequence', (count) => {
    const first = openWriter(queue, { segmentSize: SEGMENT_SIZE, firstSequence: 1000 })
    for (const payload of textPayloads(count)) first.append(1, payload)
    first.close()
    pretendAnotherBoot(queue)
    expect(recover()).toEqual({ cases: [], sequence: 1000 + count })
    expect(readable()).toEqual(range(1000, 1001 + count))
  })

  it('L4: keeps what was appended since the beginning was lost, when the machine stops again', () => {
    const first = openWriter(queue, { segmentSize: SEGMENT_SIZE, firstSequence: 1000 })
    for (const payload of textPayloads(10)) first.append(1, payload)
    first.close()
    overwrite(segmentFile(queue, 0), SEGMENT_HEADER_LENGTH, Buffer.alloc(64))
    pretendAnotherBoot(queue)
    expect(recover()).toEqual({ cases: ['unsynced-tail'], sequence: 1000 })
    pretendAnotherBoot(queue)
    expect(recover()).toEqual({ cases: [], sequence: 1001 })
    expect(readable()).toEqual([1000, 1001])
  })

  it('unsynced-tail: keeps bytes that an append left after the last record, and goes on above them', () => {
    const { headSegment, writeOffset } = build({ payloads: textPayloads(100) })
    overwrite(segmentFile(queue, headSegment), writeOffset + 8, Buffer.alloc(100, 7))
    expect(recover()).toEqual({ cases: ['unsynced-tail'], sequence: 100 })
    expect(readControlFile(queue).currentSegment).toBe(headSegment + 1)
    expect(quarantined()).toEqual([Buffer.concat([Buffer.alloc(8), Buffer.alloc(100, 7)])])
    expect(readable()).toEqual(range(0, 101))
  })

  it('keeps bytes at the end of a segment that a later one follows, and loses none of its records', () => {
    build({ payloads: textPayloads(100) })
    overwrite(segmentFile(queue, 1), SEGMENT_SIZE - 32, Buffer.alloc(16, 7))
    expect(recover()).toEqual({ cases: [], sequence: 100 })
    expect(quarantined()).toHaveLength(1)
    expect(readable()).toEqual(range(0, 101))
  })

  it('seals a segment whose seal was lost although a later one holds messages', () => {
    build({ payloads: textPayloads(100) })
    overwrite(segmentFile(queue, 1), SEGMENT_FLAGS_OFFSET, Buffer.alloc(4))
    expect(recover()).toEqual({ cases: [], sequence: 100 })
    expect(inspectQueue(queue).segments.inspected[1]?.sealed).toBe(true)
    expect(readable()).toEqual(range(0, 101))
  })

  it('L4: goes on with the sequence where one empty segment is left', () => {
    build({ payloads: [], firstSegment: 7, firstSequence: 500 })
    expect(recover()).toEqual({ cases: [], sequence: 500 })
  })

  it('damaged-segment: puts the header of a first segment right whose records are there', () => {
    build({ payloads: textPayloads(100) })
    overwrite(segmentFile(queue, 0), 0, Buffer.alloc(SEGMENT_HEADER_LENGTH))
    expect(recover()).toEqual({ cases: ['damaged-segment'], sequence: 100 })
    expect(readable()).toEqual(range(0, 101))
  })

  it('unsynced-tail: counts nothing after a first segment that was lost, and keeps its bytes', () => {
    const { headSegment } = build({ payloads: textPayloads(100) })
    overwrite(segmentFile(queue, 0), 0, Buffer.alloc(SEGMENT_SIZE))
    const before = range(0, headSegment + 1).map((id) => readFileSync(segmentFile(queue, id)))
    expect(recover()).toEqual({ cases: ['unsynced-tail'], sequence: 100 })
    expect(readControlFile(queue).currentSegment).toBe(headSegment + 1)
    expect(quarantined()).toEqual(before)
    expect(readable()).toEqual([100])
  })

  it('unsynced-tail: begins with sequence 0 again when nothing of a queue without a mark reached the disk but its control block', () => {
    build({ payloads: textPayloads(11), readers: { first: { segmentId: 0, offset: 64 } } })
    writeFileSync(segmentFile(queue, 0), '')
    expect(recover()).toEqual({ cases: ['unsynced-tail', 'reader-ahead'], sequence: 0 })
    using reader = openReader(queue, 'first')
    expect(reader.next()?.sequence).toBe(0)
  })

  it.each([
    ['is empty', Buffer.alloc(0)],
    ['is shorter than a header', Buffer.alloc(40)],
    ['has its length and nothing else', Buffer.alloc(SEGMENT_SIZE)],
    ['is short and has its header', Buffer.from(encodeSegmentHeader({ segmentId: 0 }))],
  ])(
    'damaged-segment: leads readers past a first segment that %s, when the control block did not reach the disk either',
    (_, bytes) => {
      const writer = openWriter(queue, { segmentSize: SEGMENT_SIZE })
      writer.close()
      openReader(queue, 'first').close()
      writeFileSync(segmentFile(queue, 0), bytes)
      writeFileSync(segmentFile(queue, 1), Buffer.concat([encodeSegmentHeader({ segmentId: 1 })], SEGMENT_SIZE))
      rmSync(join(queue, 'control.meta'))
      const { cases, sequence } = recover()
      expect(cases).toEqual(['lost-control', 'damaged-segment'])
      expect(readable()).toEqual([sequence])
      using reader = openReader(queue, 'first')
      expect(reader.next()?.sequence).toBe(sequence)
    },
  )

  it('damaged-segment: leaves a first segment with any other byte in it, which readers report', () => {
    openWriter(queue, { segmentSize: SEGMENT_SIZE }).close()
    writeFileSync(segmentFile(queue, 0), Buffer.alloc(SEGMENT_SIZE, 1))
    writeFileSync(segmentFile(queue, 1), Buffer.concat([encodeSegmentHeader({ segmentId: 1 })], SEGMENT_SIZE))
    rmSync(join(queue, 'control.meta'))
    openWriter(queue).close()
    expect(() => openObserver(queue, { start: 'earliest' })).toThrowError(code('ERR_BAD_SEGMENT'))
  })

  it('unsynced-tail: does not trust a next segment that lost its header', () => {
    const { headSegment } = build({ payloads: textPayloads(100) })
    writeFileSync(segmentFile(queue, headSegment + 1), Buffer.alloc(SEGMENT_SIZE))
    expect(recover()).toEqual({ cases: ['unsynced-tail'], sequence: 100 })
    expect(readControlFile(queue).currentSegment).toBe(headSegment + 2)
    expect(readable()).toEqual(range(0, 101))
  })

  it('L4, missing-head: goes on above where readers have been, and with the sequence, when no segment is left', () => {
    const { headSegment } = build({ payloads: textPayloads(100), readers: { audit: { segmentId: 9, offset: 64 } } })
    for (let id = 0; id <= headSegment; id += 1) rmSync(segmentFile(queue, id))
    expect(recover()).toEqual({ cases: ['missing-head'], sequence: 100 })
    expect(readControlFile(queue).currentSegment).toBe(10)
    expect(() => openReader(queue, 'audit')).toThrow(expect.objectContaining({ code: 'ERR_DATA_LOST', to: 100 }))
    using reader = openReader(queue, 'audit', { onLost: 'snap' })
    expect(reader.next()?.sequence).toBe(100)
  })

  it('missing-head: does so without readers too', () => {
    build({ payloads: textPayloads(100) })
    for (let id = 0; id <= 3; id += 1) rmSync(segmentFile(queue, id))
    expect(recover()).toEqual({ cases: ['missing-head'], sequence: 100 })
    expect(readControlFile(queue).currentSegment).toBe(4)
  })
})

describe('recovery after a stop of the machine, when retention deleted everything below an empty head', () => {
  it('L57: gives no sequence again that the header of the head is above, although the mark is older', () => {
    const writer = openWriter(queue, { segmentSize: SEGMENT_SIZE })
    writer.append(1, Buffer.alloc(32))
    writer.flushSync()
    const control = readFileSync(join(queue, 'control.meta')).subarray(64, 128)
    while (writer.position.segmentId === 0) writer.append(1, Buffer.alloc(32))
    writer.close()
    // A power cut took the message of the new head, the control block's last state, and the later mark.
    overwriteControl(queue, 64, control)
    overwrite(segmentFile(queue, 1), SEGMENT_HEADER_LENGTH, Buffer.alloc(256))
    rmSync(segmentFile(queue, 0))
    stopMachine()
    expect(recover().sequence).toBe(PER_SEGMENT)
  })
})

describe('recovery after a second stop of the machine', () => {
  it('unsynced-tail: goes on above a segment that the first one closed, when the fresh one was lost', () => {
    const { headSegment, writeOffset } = build({ payloads: textPayloads(100) })
    overwrite(segmentFile(queue, headSegment), writeOffset + 8, Buffer.alloc(100, 7))
    openWriter(queue).close()
    for (const id of [1, 2]) rmSync(segmentFile(queue, headSegment + id), { force: true })
    stopMachine()
    expect(recover()).toEqual({ cases: ['unsynced-tail'], sequence: 100 })
    expect(readControlFile(queue).currentSegment).toBe(headSegment + 2)
    expect(readable()).toEqual(range(0, 101))
  })

  it.each(['with the messages after them', 'alone'])('L4: keeps no summary of records that the first one took %s', (how) => {
    const writer = openWriter(queue, { segmentSize: SEGMENT_SIZE })
    for (const payload of textPayloads(3 * PER_SEGMENT)) writer.append(1, payload)
    writer.close()
    const summary = readBytes(segmentFile(queue, 1), 0, SEGMENT_HEADER_LENGTH)
    overwrite(segmentFile(queue, 1), SEGMENT_SIZE / 2, Buffer.alloc(SEGMENT_SIZE / 2))
    if (how !== 'alone') for (const id of [2, 3]) rmSync(segmentFile(queue, id), { force: true })
    stopMachine()
    const { sequence } = recover()
    // What the first recovery stored in the segment's header did not reach the disk.
    overwrite(segmentFile(queue, 1), 0, summary)
    stopMachine()
    expect(recover().sequence).toBe(sequence + 1)
    expect(summaryProblems()).toEqual([])
  })

  it('L57: keeps what was appended since the segment of the durable mark was lost', () => {
    const writer = openWriter(queue, { segmentSize: SEGMENT_SIZE })
    for (const payload of textPayloads(PER_SEGMENT + 5)) writer.append(1, payload)
    writer.flushSync()
    writer.append(1, Buffer.from('not durable'))
    writer.close()
    writeFileSync(segmentFile(queue, 1), Buffer.alloc(SEGMENT_SIZE, 7))
    stopMachine()
    const { sequence } = recover()
    stopMachine()
    expect(recover().sequence).toBe(sequence + 1)
    expect(readable()).toEqual([...range(0, PER_SEGMENT), sequence, sequence + 1])
  })

  it('L4: keeps no summary of a segment whose seal was lost, and in which the writer goes on', () => {
    const writer = openWriter(queue, { segmentSize: SEGMENT_SIZE })
    for (const payload of textPayloads(PER_SEGMENT + 1)) writer.append(1, payload)
    writer.close()
    overwrite(segmentFile(queue, 0), SEGMENT_FLAGS_OFFSET, Buffer.alloc(4))
    rmSync(segmentFile(queue, 1))
    stopMachine()
    expect(recover().sequence).toBe(PER_SEGMENT)
    expect(summaryProblems()).toEqual([])
  })
})

describe('a reader that was further than what a stop of the machine left', () => {
  it('unsynced-tail: is led on over segments that are not there any more', () => {
    const { headSegment } = build({ payloads: textPayloads(100), readers: { audit: { segmentId: 6, offset: 640 } } })
    expect(recover()).toEqual({ cases: ['unsynced-tail', 'reader-ahead'], sequence: 100 })
    expect(readControlFile(queue).currentSegment).toBe(7)
    for (let id = headSegment + 1; id < 7; id += 1) expect(existsSync(segmentFile(queue, id))).toBe(true)
    using reader = openReader(queue, 'audit')
    expect(reader.next()?.sequence).toBe(100)
    expect(inspectQueue(queue).problems.filter(({ severity }) => severity === 'critical')).toEqual([])
  })

  it('unsynced-tail: is led on from a head that is full to its last byte', () => {
    build({ payloads: range(0, 63).map(() => Buffer.alloc(0)), readers: { audit: { segmentId: 1, offset: 640 } } })
    expect(recover()).toEqual({ cases: ['unsynced-tail', 'reader-ahead'], sequence: 63 })
    expect(readControlFile(queue).currentSegment).toBe(2)
    using reader = openReader(queue, 'audit')
    expect(reader.next()?.sequence).toBe(63)
    expect(readable()).toEqual(range(0, 64))
  })
})

describe('recovery after a stop of the machine, of a queue with a durable mark', () => {
  it('unsynced-deletion: begins at what is left when the segment of the mark is gone', () => {
    const writer = openWriter(queue, { segmentSize: SEGMENT_SIZE })
    writer.append(1, Buffer.alloc(32))
    writer.flushSync()
    const control = readFileSync(join(queue, 'control.meta')).subarray(64, 128)
    for (let index = 1; index < 100; index += 1) writer.append(1, Buffer.alloc(32))
    writer.close()
    overwriteControl(queue, 64, control)
    rmSync(segmentFile(queue, 0))
    stopMachine()
    expect(recover().sequence).toBe(100)
    expect(readable()).toEqual(range(PER_SEGMENT, 101))
  })
})

function build(plan: QueuePlan): BuiltQueue {
  const built = buildQueue(queue, plan)
  stopMachine()
  return built
}

function stopMachine(): void {
  pretendAnotherBoot(queue)
}

/** Opens for writing and appends; returns what recovery did, and the sequence that the message got. */
function recover(): { cases: RecoveryCase[]; sequence: number } {
  using writer = openWriter(queue)
  return { cases: writer.recovery.map((action) => action.case), sequence: writer.append(1, Buffer.from('next')) }
}

/** What was kept, in the order in which it was. */
function quarantined(): Buffer[] {
  const folder = join(queue, 'quarantine')
  return existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .map((name) => readFileSync(join(folder, name)))
    : []
}

function summaryProblems(): string[] {
  return verifyQueue(queue).problems.flatMap(({ code, message }) => (code === 'SEGMENT_BAD_SUMMARY' ? [message] : []))
}

function readable(): number[] {
  using reader = openColdReader(queue)
  return [...reader].flatMap((item) => (item.kind === 'record' ? [item.sequence] : []))
}
