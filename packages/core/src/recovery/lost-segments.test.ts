import { rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { buildQueue, textPayloads } from '../../test/support/build-queue.js'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { overwrite, readBytes, readControlFile, segmentFile, u32 } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import {
  CONTROL_CURRENT_SEGMENT_OFFSET,
  CONTROL_FILE,
  encodePosition,
  RECORD_HEADER_LENGTH,
  RECORD_PAYLOAD_CRC_OFFSET,
  RECORD_SEQUENCE_OFFSET,
  SEGMENT_FIRST_SEQUENCE_PLUS_ONE_OFFSET,
  SEGMENT_HEADER_LENGTH,
} from '../format/index.js'
import { openObserver, openReader, openWriter, type WriterOptions } from '../index.js'

const SEGMENT_SIZE = 4096

function newDirectory(): string {
  return join(temporaryDirectory(), 'queue')
}

/** A closed queue of 200 messages; reader `all` has read all of them, reader `some` has stopped in the head. */
function readQueue(options: WriterOptions = {}): { directory: string; head: number } {
  const directory = newDirectory()
  using writer = openWriter(directory, { segmentSize: SEGMENT_SIZE, ...options })
  appendNumbered(writer, 0, 200)
  using all = openReader(directory, 'all')
  drainSequences(all)
  all.commit()
  using some = openReader(directory, 'some')
  while ((some.next()?.segmentId ?? 0) < writer.position.segmentId);
  some.commit()
  return { directory, head: writer.position.segmentId }
}

function lose(directory: string, head: number, count: number): void {
  for (let id = head; id > head - count; id--) rmSync(segmentFile(directory, id))
}

describe('a segment that recovery leaves empty', () => {
  it('says no first sequence: the messages before it may be lost in a power cut, and then it would contradict those that follow', () => {
    const directory = newDirectory()
    const writer = openWriter(directory, { segmentSize: SEGMENT_SIZE })
    appendNumbered(writer, 0, 5)
    writer.roll()
    writer.close()
    openReader(directory, 'ahead').close()
    const position = encodePosition({ segmentId: 1, offset: 640, heartbeatNs: 0n }, (bytes) => crc32(bytes))
    writeFileSync(join(directory, 'readers', 'ahead.meta'), position)
    openWriter(directory).close()
    expect(readBytes(segmentFile(directory, 1), SEGMENT_FIRST_SEQUENCE_PLUS_ONE_OFFSET, 8)).toEqual(Buffer.alloc(8))
  })
})

describe('the newest segments are lost', () => {
  it.each([1, 2, 3])('L57: no sequence and no position is used again, and readers get every new message: %i', (count) => {
    const { directory, head } = readQueue()
    lose(directory, head, count)
    using writer = openWriter(directory)
    expect(writer.recovery.map((action) => action.case)).toEqual(['missing-head', 'reader-ahead', 'reader-ahead'])
    expect([writer.nextSequence, writer.position.segmentId]).toEqual([200, head + 1])
    appendNumbered(writer, 200, 500)
    using all = openReader(directory, 'all')
    expect(drainSequences(all)).toEqual(range(200, 500))
    expect(() => openReader(directory, 'some')).toThrow(expect.objectContaining({ code: 'ERR_DATA_LOST', to: 200 }))
    using some = openReader(directory, 'some', { onLost: 'snap' })
    expect(drainSequences(some)).toEqual(range(200, 500))
  })

  it('L57: nor when the last segment that is left only leads on, because messages were lost before', () => {
    const { directory, head } = readQueue()
    lose(directory, head, 1)
    const first = openWriter(directory)
    appendNumbered(first, 200, 210)
    first.close()
    lose(directory, first.position.segmentId, 1)
    using writer = openWriter(directory)
    expect([writer.nextSequence, writer.position.segmentId]).toEqual([210, head + 2])
  })

  it('L57: nor when the only segment is lost and the second half of the control block is zeroed', () => {
    const directory = newDirectory()
    const writer = openWriter(directory, { segmentSize: SEGMENT_SIZE })
    appendNumbered(writer, 0, 3)
    using reader = openReader(directory, 'r')
    drainSequences(reader)
    reader.commit()
    reader.close()
    writer.close()
    lose(directory, 0, 1)
    overwrite(join(directory, CONTROL_FILE), 178, Buffer.alloc(334))
    using successor = openWriter(directory)
    expect(successor.nextSequence).toBeGreaterThanOrEqual(3)
  })

  it('L57: keeps the good records of the last segment that is left, when its first one is zeroed', () => {
    const { directory, head } = readQueue()
    const left = openObserver(directory, { start: { segmentId: head - 1, offset: SEGMENT_HEADER_LENGTH } })
    const messages = range(0, 4).map(() => left.next()?.sequence ?? -1)
    const { offset } = left.position
    left.close()
    overwrite(segmentFile(directory, head - 1), SEGMENT_HEADER_LENGTH, Buffer.alloc(offset - SEGMENT_HEADER_LENGTH))
    lose(directory, head, 1)
    using writer = openWriter(directory)
    expect([writer.nextSequence, writer.position.segmentId]).toEqual([200, head + 1])
    writer.append(1, Buffer.from('next'))
    using observer = openObserver(directory, { onCorrupt: 'skip', start: { sequence: messages[0] ?? 0 } })
    expect(drainSequences(observer)).toContain((messages[3] ?? 0) + 1)
  })

  it('L57: nor when the control block is lost with them', () => {
    const { directory, head } = readQueue()
    lose(directory, head, 2)
    rmSync(join(directory, CONTROL_FILE))
    using writer = openWriter(directory)
    expect(writer.nextSequence).toBeGreaterThanOrEqual(200)
    expect(writer.position.segmentId).toBe(head + 1)
    const first = writer.nextSequence
    appendNumbered(writer, first, first + 50)
    for (const name of ['all', 'some']) {
      using reader = openReader(directory, name, { onLost: 'snap' })
      expect(drainSequences(reader)).toEqual(range(first, first + 50))
    }
  })

  it.each(['lost', 'cut to its first bytes'])('L57: nor when no reader is left, and the control block is %s', (how) => {
    const { directory, head } = readQueue()
    rmSync(join(directory, 'readers'), { recursive: true })
    lose(directory, head, 1)
    if (how === 'lost') rmSync(join(directory, CONTROL_FILE))
    else truncateSync(join(directory, CONTROL_FILE), 100)
    using writer = openWriter(directory)
    expect(writer.recovery.map((action) => action.case)).toEqual(['lost-control', 'missing-head'])
    expect(writer.nextSequence).toBeGreaterThanOrEqual(200)
    expect(writer.position).toEqual({ segmentId: head + 1, offset: SEGMENT_HEADER_LENGTH })
  })

  it('L57: nor when index.meta alone shows how many of them there were', () => {
    const { directory, head } = readQueue()
    rmSync(join(directory, 'readers'), { recursive: true })
    lose(directory, head, 3)
    rmSync(join(directory, CONTROL_FILE))
    using writer = openWriter(directory)
    expect(writer.nextSequence).toBeGreaterThanOrEqual(200)
    expect(writer.position.segmentId).toBe(head + 1)
  })

  it('L57: nor when the control block says less, and the head was cut in a damaged record', () => {
    const directory = newDirectory()
    using first = openWriter(directory, { segmentSize: SEGMENT_SIZE })
    const offsets = Array.from({ length: 12 }, (_, index) => {
      const { offset } = first.position
      first.append(1, Buffer.alloc(150, index + 1))
      return offset
    })
    first.close()
    using reader = openReader(directory, 'all', { start: 'earliest' })
    drainSequences(reader)
    reader.commit()
    reader.close()
    const damaged = (offsets[3] ?? 0) + RECORD_HEADER_LENGTH
    overwrite(segmentFile(directory, 0), damaged + 10, Buffer.alloc(1500))
    truncateSync(segmentFile(directory, 0), damaged + 400)
    overwrite(join(directory, CONTROL_FILE), 137, Buffer.alloc(375))
    using writer = openWriter(directory)
    expect(writer.nextSequence).toBeGreaterThanOrEqual(12)
  })

  it.each([
    ['place and sequence in the control block are damaged', 263, Buffer.alloc(37, 0x5a)],
    ['the control block has no sequence, as after a recovery that was killed', 48, Buffer.alloc(4)],
  ])('L57: nor when the head was cut and %s', (_, offset, bytes) => {
    const directory = newDirectory()
    using first = openWriter(directory, { segmentSize: SEGMENT_SIZE })
    for (let index = 0; index < 12; index += 1) first.append(1, Buffer.alloc(150, index + 1))
    first.close()
    using reader = openReader(directory, 'all', { start: 'earliest' })
    drainSequences(reader)
    reader.commit()
    reader.close()
    truncateSync(segmentFile(directory, 0), 588)
    overwrite(join(directory, CONTROL_FILE), offset, bytes)
    using writer = openWriter(directory)
    expect(writer.nextSequence).toBeGreaterThanOrEqual(12)
  })

  it('L57: nor when the control block says less than the records that are left', () => {
    const directory = newDirectory()
    using first = openWriter(directory, { segmentSize: SEGMENT_SIZE })
    appendNumbered(first, 0, 20)
    first.close()
    using reader = openReader(directory, 'all', { start: 'earliest' })
    drainSequences(reader)
    reader.commit()
    reader.close()
    overwrite(segmentFile(directory, 0), 1024, Buffer.alloc(SEGMENT_SIZE - 1024))
    overwrite(join(directory, CONTROL_FILE), 137, Buffer.alloc(375))
    using writer = openWriter(directory)
    expect(writer.nextSequence).toBeGreaterThanOrEqual(20)
  })

  it('goes on after its last segment when one in the middle is damaged and the control block names one before', () => {
    const { directory, head } = readQueue()
    overwrite(segmentFile(directory, 2), 0, Buffer.alloc(1390))
    overwrite(join(directory, CONTROL_FILE), 131, Buffer.alloc(381))
    using writer = openWriter(directory)
    expect(writer.recovery.map((action) => action.case)).not.toContain('invalid-successor')
    expect(writer.append(1, Buffer.from('next'))).toBe(200)
    expect(writer.position.segmentId).toBeGreaterThanOrEqual(head)
  })

  it('goes on after its last segment when that is sealed, and the control block names a missing one before', () => {
    const directory = newDirectory()
    const writer = openWriter(directory, { segmentSize: SEGMENT_SIZE })
    for (let id = 0; id < 4; id++) {
      appendNumbered(writer, id, id + 1)
      writer.roll()
    }
    writer.close()
    rmSync(segmentFile(directory, 4))
    rmSync(segmentFile(directory, 1))
    overwrite(join(directory, CONTROL_FILE), CONTROL_CURRENT_SEGMENT_OFFSET, u32(1))
    using reopened = openWriter(directory)
    expect(reopened.position.segmentId).toBeGreaterThan(3)
  })

  it('L57: a reader that had come exactly to the end of what is left gets the loss once, and every new message', () => {
    for (const isControlLost of [false, true]) {
      const { directory, head } = readQueue()
      using before = openReader(directory, 'end')
      let last = 0
      for (let message = before.next(); (message?.segmentId ?? head) < head; message = before.next())
        last = message?.sequence ?? 0
      before.close()
      const reader = openReader(directory, 'end')
      while (reader.nextSequence <= last) if (reader.next() === undefined) break
      reader.commit()
      reader.close()
      lose(directory, head, 1)
      if (isControlLost) rmSync(join(directory, CONTROL_FILE))
      using writer = openWriter(directory)
      const first = writer.nextSequence
      appendNumbered(writer, first, first + 5)
      expect(() => openReader(directory, 'end')).toThrow(
        expect.objectContaining({ code: 'ERR_DATA_LOST', from: last + 1, to: first }),
      )
      using lenient = openReader(directory, 'end', { onLost: 'snap' })
      expect(drainSequences(lenient)).toEqual(range(first, first + 5))
      lenient.commit()
      lenient.close()
      using again = openReader(directory, 'end')
      expect(again.next()).toBeUndefined()
    }
  })

  it('L57: nor when all of them are lost, with or without the control block', () => {
    for (const isControlLost of [false, true]) {
      const { directory, head } = readQueue()
      lose(directory, head, head + 1)
      if (isControlLost) rmSync(join(directory, CONTROL_FILE))
      using writer = openWriter(directory, { segmentSize: SEGMENT_SIZE })
      expect(writer.nextSequence).toBeGreaterThanOrEqual(200)
      expect(writer.position.segmentId).toBe(head + 1)
    }
  })

  it('L57: a position file of another queue makes no segments, and its reader begins at the head', () => {
    const { directory } = readQueue()
    const other = newDirectory()
    buildQueue(other, { payloads: textPayloads(3), readers: { foreign: { segmentId: 3_000_000, offset: 64 } } })
    writeFileSync(join(directory, 'readers', 'foreign.meta'), readBytes(join(other, 'readers', 'foreign.meta'), 0, 80))
    using writer = openWriter(directory)
    expect(writer.recovery.map((action) => action.case)).toEqual(['reader-ahead'])
    expect(writer.append(1, Buffer.from('x'))).toBe(200)
    using reader = openReader(directory, 'foreign')
    expect(drainSequences(reader)).toEqual([200])
  })
})

describe('an empty head whose control block is lost', () => {
  it('L57: goes on with the sequence that its header has, when nothing is left below', () => {
    const directory = newDirectory()
    using writer = openWriter(directory, { segmentSize: SEGMENT_SIZE })
    appendNumbered(writer, 0, 100)
    writer.roll()
    const head = writer.position.segmentId
    writer.close()
    for (const id of range(0, head)) rmSync(segmentFile(directory, id))
    rmSync(join(directory, CONTROL_FILE))
    using next = openWriter(directory)
    expect(next.nextSequence).toBe(100)
  })

  it('L57: goes on above all that had room before, when nothing has the sequence', () => {
    const directory = newDirectory()
    buildQueue(directory, { payloads: [], firstSegment: 7, legacy: true })
    rmSync(join(directory, CONTROL_FILE))
    using next = openWriter(directory)
    expect(next.nextSequence).toBe(7 * (SEGMENT_SIZE / 64 - 1))
  })
})

describe('one damaged record of the base format', () => {
  const count = 100
  const damages: [string, (directory: string, segmentId: number, offset: number) => void][] = [
    ['length', (directory, id, offset) => overwrite(segmentFile(directory, id), offset, u32(0x7fff_ffff))],
    ['shorter length', (directory, id, offset) => overwrite(segmentFile(directory, id), offset, u32(1))],
    ['commit word', (directory, id, offset) => overwrite(segmentFile(directory, id), offset, u32(0))],
    ['checksum', (directory, id, offset) => overwrite(segmentFile(directory, id), offset + RECORD_PAYLOAD_CRC_OFFSET, u32(1))],
    ['sequence', (directory, id, offset) => overwrite(segmentFile(directory, id), offset + RECORD_SEQUENCE_OFFSET, u32(5))],
    [
      'sequence, near 2^53',
      (directory, id, offset) =>
        overwrite(segmentFile(directory, id), offset + RECORD_SEQUENCE_OFFSET, Buffer.from('feffffffffff1f00', 'hex')),
    ],
  ]

  it.each(damages.flatMap(([what, damage]) => [0, 40, 98, 99].map((sequence) => [what, sequence, damage] as const)))(
    'L57: a wrong %s of message %i makes no sequence come twice, and none impossible',
    (_, sequence, damage) => {
      for (const isControlLost of [false, true]) {
        const directory = newDirectory()
        const { records } = buildQueue(directory, { payloads: textPayloads(count), legacy: true })
        const place = records[sequence]
        damage(directory, place?.segmentId ?? 0, place?.offset ?? 0)
        if (isControlLost) rmSync(join(directory, CONTROL_FILE))
        using writer = openWriter(directory)
        expect(writer.nextSequence).toBeGreaterThanOrEqual(sequence === 99 && isControlLost ? count - 1 : count)
        expect(writer.nextSequence).toBeLessThan(count + SEGMENT_SIZE / 64)
        const next = writer.append(1, Buffer.from('next'))
        using observer = openObserver(directory, { onCorrupt: 'skip', onLost: 'snap' })
        expect(drainSequences(observer).at(-1)).toBe(next)
      }
    },
  )

  it('L57: in the last segment below an empty head makes no sequence come twice', () => {
    const directory = newDirectory()
    using writer = openWriter(directory, { segmentSize: SEGMENT_SIZE, extensions: false })
    appendNumbered(writer, 0, 30)
    writer.roll()
    const { segmentId } = writer.position
    writer.close()
    overwrite(segmentFile(directory, segmentId - 1), SEGMENT_HEADER_LENGTH, u32(0x7fff_ffff))
    using next = openWriter(directory)
    expect(next.nextSequence).toBe(30)
    expect(readControlFile(directory).currentSegment).toBe(segmentId)
  })
})
