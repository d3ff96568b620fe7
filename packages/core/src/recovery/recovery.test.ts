import { existsSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { copyAtRest, killedQueue } from '../../test/support/killed-queue.js'
import { appendNumbered, drainSequences, numberedPayload, range } from '../../test/support/messages.js'
import {
  overwrite,
  overwriteControl,
  pretendAnotherBoot,
  readBytes,
  readControlFile,
  segmentFile,
  u32,
  u64,
} from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import {
  CONTROL_CURRENT_SEGMENT_OFFSET,
  CONTROL_DIRTY_END_OFFSET,
  CONTROL_FILE,
  CONTROL_NEXT_SEQUENCE_OFFSET,
  CONTROL_PARKED_READERS_OFFSET,
  CONTROL_SEGMENT_GENERATION_OFFSET,
  CONTROL_SEGMENT_SIZE_OFFSET,
  CONTROL_WRITE_OFFSET_OFFSET,
  CONTROL_WRITER_EPOCH_OFFSET,
  LOCK_FILE,
  RECORD_PAYLOAD_OFFSET,
  SEGMENT_FLAG_SEALED,
  SEGMENT_FLAGS_OFFSET,
} from '../format/index.js'
import { openObserver, openReader, openWriter, type RecoveryCase } from '../index.js'

const SEGMENT_SIZE = 4096

/** Opens for writing, appends one message more, and checks that all messages are there, once, in order. Returns what recovery did. */
function expectWhole(directory: string, count: number): RecoveryCase[] {
  const writer = openWriter(directory)
  const cases = writer.recovery.map((action) => action.case)
  expect(writer.nextSequence).toBe(count)
  expect(writer.append(1, numberedPayload(count))).toBe(count)
  writer.close()
  const observer = openObserver(directory)
  expect(drainSequences(observer)).toEqual(range(0, count + 1))
  observer.close()
  return cases
}

function quarantined(directory: string): string[] {
  const folder = join(directory, 'quarantine')
  return existsSync(folder) ? readdirSync(folder) : []
}

describe('recovery after the death of the writer', () => {
  it('goes on where the last message ends', () => {
    expect(expectWhole(killedQueue(25), 25)).toEqual(['stale-lock'])
  })

  it('goes on in an empty queue', () => {
    expect(expectWhole(killedQueue(0), 0)).toEqual(['stale-lock'])
  })

  it('torn-tail: zeroes what an append that did not commit left, and uses its place', () => {
    const directory = killedQueue(25)
    const { currentSegment, writeOffset } = readControlFile(directory)
    overwriteControl(directory, CONTROL_DIRTY_END_OFFSET, u64(writeOffset + 256))
    overwrite(segmentFile(directory, currentSegment), writeOffset + 8, Buffer.alloc(200, 0x77))
    expect(expectWhole(directory, 25)).toEqual(['stale-lock', 'torn-tail'])
    expect(readControlFile(directory).currentSegment).toBe(currentSegment)
  })

  it('finds a record that was committed when the writer died before it updated the control block', () => {
    const directory = killedQueue(25)
    const before = killedQueue(24)
    const { writeOffset, nextSequence } = readControlFile(before)
    overwriteControl(directory, CONTROL_WRITE_OFFSET_OFFSET, u64(writeOffset))
    expect(expectWhole(directory, 25)).toEqual(['stale-lock'])
    const again = killedQueue(25)
    overwriteControl(again, CONTROL_WRITE_OFFSET_OFFSET, u64(writeOffset))
    overwriteControl(again, CONTROL_NEXT_SEQUENCE_OFFSET, u64(nextSequence))
    expect(expectWhole(again, 25)).toEqual(['stale-lock'])
  })

  it('corrupt-tail: sets aside what claims to be committed and is not, and goes on in the next segment', () => {
    const directory = killedQueue(25)
    const { currentSegment, writeOffset } = readControlFile(directory)
    overwrite(segmentFile(directory, currentSegment), writeOffset, Buffer.alloc(64, 0x55))
    expect(expectWhole(directory, 25)).toEqual(['stale-lock', 'corrupt-tail'])
    expect(readControlFile(directory).currentSegment).toBe(currentSegment + 1)
    expect(quarantined(directory)).toHaveLength(1)
  })

  it('corrupt-tail: hides no message after a hole further down', () => {
    const directory = killedQueue(25)
    const path = segmentFile(directory, readControlFile(directory).currentSegment)
    using before = openObserver(directory)
    let last = 0
    for (let message = before.next(); message !== undefined; message = before.next()) last = message.offset
    overwrite(path, 64, Buffer.alloc(4))
    overwrite(path, last, Buffer.alloc(64, 0xff))
    const writer = openWriter(directory)
    expect(writer.recovery.map((action) => action.case)).toEqual(['stale-lock', 'bad-write-offset', 'corrupt-tail'])
    writer.close()
    using strict = openObserver(directory)
    expect(() => drainSequences(strict)).toThrowError(expect.objectContaining({ code: 'ERR_CORRUPT_RECORD' }))
    using skipping = openObserver(directory, { onCorrupt: 'skip' })
    const sequences = drainSequences(skipping)
    expect(sequences).toContain(23)
    expect(sequences).toHaveLength(23)
  })

  it('L24: a torn append burns no segment', () => {
    const directory = killedQueue(3)
    for (let round = 0; round < 5; round++) {
      const { writeOffset } = readControlFile(directory)
      overwriteControl(directory, CONTROL_DIRTY_END_OFFSET, u64(writeOffset + 128))
      overwrite(segmentFile(directory, 0), writeOffset + 16, Buffer.alloc(32, 0x11))
      openWriter(directory).close()
    }
    expect(readControlFile(directory).currentSegment).toBe(0)
  })

  it('L14, odd-generation: an abandoned seqlock is made even, and no open hangs', () => {
    const directory = killedQueue(25)
    const { segmentGeneration } = readControlFile(directory)
    overwriteControl(directory, CONTROL_SEGMENT_GENERATION_OFFSET, u32(segmentGeneration + 1))
    const observer = openObserver(directory, { start: 'latest' })
    expect(observer.next()).toBeUndefined()
    observer.close()
    expect(expectWhole(directory, 25)).toContain('odd-generation')
    expect(readControlFile(directory).segmentGeneration % 2).toBe(0)
  })

  it('L22, control-behind: a control block older than the segments does not bring lost messages or a reused segment', () => {
    const directory = killedQueue(60)
    overwriteControl(directory, CONTROL_CURRENT_SEGMENT_OFFSET, u32(0))
    overwriteControl(directory, CONTROL_WRITE_OFFSET_OFFSET, u64(64))
    expect(expectWhole(directory, 60)).toContain('control-behind')
  })

  it.each([0, 64, 128, 4095, 4096, 2 ** 60])(
    'bad-write-offset: relies on no write offset of %i at which no record ends',
    (offset) => {
      const directory = killedQueue(25)
      overwriteControl(directory, CONTROL_WRITE_OFFSET_OFFSET, u64(offset))
      expectWhole(directory, 25)
      const again = killedQueue(25)
      overwriteControl(again, CONTROL_WRITE_OFFSET_OFFSET, u64(offset))
      overwriteControl(again, CONTROL_DIRTY_END_OFFSET, u64(SEGMENT_SIZE))
      expectWhole(again, 25)
    },
  )

  it('bad-write-offset: says that it checked the head whole', () => {
    const directory = killedQueue(25)
    overwriteControl(directory, CONTROL_WRITE_OFFSET_OFFSET, u64(readControlFile(directory).writeOffset + 64))
    expect(expectWhole(directory, 25)).toContain('bad-write-offset')
  })

  it.each([0, 24, 26, 2 ** 40])('L4: gives no sequence out twice when the control block says that %i is next', (nextSequence) => {
    const directory = killedQueue(25)
    overwriteControl(directory, CONTROL_NEXT_SEQUENCE_OFFSET, u64(nextSequence))
    expect(expectWhole(directory, 25)).toEqual(['stale-lock'])
    const rolled = freshHead()
    const { count } = rolled
    overwriteControl(rolled.directory, CONTROL_NEXT_SEQUENCE_OFFSET, u64(nextSequence))
    expectWhole(rolled.directory, count)
  })

  it('does not give the sequence of a damaged last message to another', () => {
    const directory = killedQueue(25)
    const last = offsetOfSequence(directory, 24)
    overwrite(segmentFile(directory, last.segmentId), last.offset + 1, Buffer.from([0xff]))
    const writer = openWriter(directory)
    expect(writer.recovery.map((action) => action.case)).toContain('corrupt-tail')
    expect(writer.nextSequence).toBe(25)
    writer.close()
  })

  it('missing-head: a control block that names a head far above all segments moves nothing', () => {
    for (const segmentId of [1000, 0xffff_ffff]) {
      const directory = killedQueue(60)
      const { currentSegment } = readControlFile(directory)
      overwriteControl(directory, CONTROL_CURRENT_SEGMENT_OFFSET, u32(segmentId))
      expect(expectWhole(directory, 60)).toContain('missing-head')
      expect(readControlFile(directory).currentSegment).toBe(currentSegment)
      expect(quarantined(directory)).toEqual([])
    }
    const empty = killedQueue(0)
    overwriteControl(empty, CONTROL_CURRENT_SEGMENT_OFFSET, u32(70_000))
    expect(expectWhole(empty, 0)).toContain('missing-head')
    expect(readControlFile(empty).currentSegment).toBe(0)
  })

  it.each([
    ['a segment size that no segment has', CONTROL_SEGMENT_SIZE_OFFSET, u64(2 * SEGMENT_SIZE)],
    ['a segment size of gigabytes', CONTROL_SEGMENT_SIZE_OFFSET, u64(0xff00_1000)],
    ['an epoch that no queue reaches', CONTROL_WRITER_EPOCH_OFFSET, Buffer.alloc(8, 0xff)],
  ])('lost-control: a control block with %s is set aside, not the segments', (_, offset, bytes) => {
    const directory = killedQueue(60)
    overwriteControl(directory, offset, bytes)
    expect(expectWhole(directory, 60)).toContain('lost-control')
    expect(readControlFile(directory)).toMatchObject({ segmentSize: SEGMENT_SIZE })
    expect(quarantined(directory).map((name) => name.slice(-CONTROL_FILE.length))).toEqual([CONTROL_FILE])
  })

  it('keeps the messages after a hole in the head when the control block is lost as well', () => {
    const directory = killedQueue(25)
    const hole = offsetOfSequence(directory, 22)
    overwrite(segmentFile(directory, hole.segmentId), hole.offset, u32(0))
    rmSync(join(directory, CONTROL_FILE))
    openAndClose(directory)
    const observer = openObserver(directory, { onCorrupt: 'skip' })
    expect(drainSequences(observer)).toEqual(range(0, 25).filter((sequence) => sequence !== 22))
    observer.close()
  })

  it('keeps a good last message after a gap in the sequence', () => {
    const directory = killedQueue(25)
    const gone = offsetOfSequence(directory, 23)
    const last = offsetOfSequence(directory, 24)
    expect(last.segmentId).toBe(gone.segmentId)
    overwrite(segmentFile(directory, gone.segmentId), gone.offset, Buffer.alloc(last.offset - gone.offset))
    rmSync(join(directory, CONTROL_FILE))
    expect(openAndClose(directory)).not.toContain('corrupt-tail')
    const observer = openObserver(directory, { onCorrupt: 'skip' })
    expect(drainSequences(observer)).toEqual([...range(0, 23), 24])
    observer.close()
  })

  it('L22, lost-control: a missing control block is rebuilt from the segments', () => {
    const directory = killedQueue(60)
    rmSync(join(directory, CONTROL_FILE))
    expect(expectWhole(directory, 60)).toContain('lost-control')
    expect(readControlFile(directory).segmentSize).toBe(SEGMENT_SIZE)
  })

  it.each([0, 1, 8, 100, 511])('L21, lost-control: a control block cut to %i bytes is set aside and rebuilt', (length) => {
    const directory = killedQueue(60)
    truncateSync(join(directory, CONTROL_FILE), length)
    expect(expectWhole(directory, 60)).toContain('lost-control')
    expect(quarantined(directory).some((name) => name.endsWith(CONTROL_FILE))).toBe(true)
  })

  it('L21: a zeroed control block is an error for readers and rebuilt by the next writer', () => {
    const directory = killedQueue(60)
    writeFileSync(join(directory, CONTROL_FILE), Buffer.alloc(512))
    expect(() => openReader(directory, 'reader')).toThrowError(expect.objectContaining({ code: 'ERR_NOT_READY' }))
    expect(() => openObserver(directory)).toThrowError(expect.objectContaining({ code: 'ERR_NOT_READY' }))
    expect(expectWhole(directory, 60)).toContain('lost-control')
  })

  it('L6, invalid-successor: a half-made next segment is moved away and the queue rolls', () => {
    for (const content of [Buffer.alloc(0), Buffer.alloc(SEGMENT_SIZE), Buffer.alloc(100, 0x99)]) {
      const directory = killedQueue(25)
      const { currentSegment } = readControlFile(directory)
      writeFileSync(segmentFile(directory, currentSegment + 1), content)
      expect(expectWhole(directory, 25)).toContain('invalid-successor')
      const writer = openWriter(directory)
      appendNumbered(writer, 26, 60)
      expect(writer.position.segmentId).toBeGreaterThan(currentSegment)
      writer.close()
    }
  })

  it('L3: a prepared next segment does not keep the next writer from rolling', () => {
    const directory = killedQueue(25)
    const { currentSegment } = readControlFile(directory)
    expect(existsSync(segmentFile(directory, currentSegment + 1))).toBe(true)
    const writer = openWriter(directory)
    appendNumbered(writer, 25, 100)
    expect(writer.position.segmentId).toBeGreaterThan(currentSegment + 1)
    writer.close()
  })

  it('L23: nothing of what stands in a prepared segment is ever appended to', () => {
    const directory = killedQueue(25)
    const { currentSegment } = readControlFile(directory)
    overwrite(segmentFile(directory, currentSegment + 1), 1024, Buffer.alloc(512, 0x42))
    expect(expectWhole(directory, 25)).toEqual(['stale-lock'])
    const writer = openWriter(directory)
    appendNumbered(writer, 26, 80)
    writer.close()
    const observer = openObserver(directory)
    expect(drainSequences(observer)).toEqual(range(0, 80))
    observer.close()
  })

  it('sealed-without-successor: makes the successor', () => {
    const directory = killedQueue(25)
    const { currentSegment } = readControlFile(directory)
    rmSync(segmentFile(directory, currentSegment + 1), { force: true })
    overwrite(segmentFile(directory, currentSegment), SEGMENT_FLAGS_OFFSET, u32(SEGMENT_FLAG_SEALED))
    expect(expectWhole(directory, 25)).toContain('sealed-without-successor')
    expect(readControlFile(directory).currentSegment).toBe(currentSegment + 1)
  })

  it('successor-without-seal: seals the segment before the head', () => {
    const directory = killedQueue(60)
    const { currentSegment } = readControlFile(directory)
    overwrite(segmentFile(directory, currentSegment - 1), SEGMENT_FLAGS_OFFSET, u32(0))
    expect(expectWhole(directory, 60)).toContain('successor-without-seal')
    expect(readBytes(segmentFile(directory, currentSegment - 1), SEGMENT_FLAGS_OFFSET, 4)).toEqual(u32(SEGMENT_FLAG_SEALED))
  })

  it('missing-head: goes on in a fresh segment when the named one is gone', () => {
    const directory = killedQueue(60)
    const { currentSegment } = readControlFile(directory)
    rmSync(segmentFile(directory, currentSegment))
    const writer = openWriter(directory)
    expect(writer.recovery.map((action) => action.case)).toContain('missing-head')
    expect(writer.append(1, Buffer.from('on'))).toBe(60)
    writer.close()
  })

  it('stale-waiters: the announcement of readers that died parked is cleared', () => {
    const directory = killedQueue(25)
    overwriteControl(directory, CONTROL_PARKED_READERS_OFFSET, u32(1))
    expect(expectWhole(directory, 25)).toContain('stale-waiters')
    expect(readControlFile(directory).parkedReaders).toBe(0)
  })

  it('L5, bad-index: a short or wrong index.meta costs nothing', () => {
    for (const content of [Buffer.alloc(0), Buffer.alloc(7, 1), Buffer.alloc(16, 0xff)]) {
      const directory = killedQueue(25)
      writeFileSync(join(directory, 'index.meta'), content)
      expect(expectWhole(directory, 25)).toEqual(['stale-lock'])
    }
  })

  it('stale-lock: the record of a dead writer is replaced, also when it is invalid', () => {
    for (const record of ['', '1 2', '99999999 1 1\n', 'garbage\n', `${'9'.repeat(200)}`]) {
      const directory = killedQueue(3)
      writeFileSync(join(directory, LOCK_FILE), record)
      const writer = openWriter(directory)
      expect(readFileSync(join(directory, LOCK_FILE), 'latin1')).toMatch(new RegExp(`^${process.pid} \\d+ ${writer.epoch}\\n$`))
      writer.close()
    }
  })

  it('keeps damage inside a segment for doctor: nothing after it is lost', () => {
    const directory = killedQueue(60)
    overwrite(segmentFile(directory, 0), 64 + RECORD_PAYLOAD_OFFSET, Buffer.from([0xff]))
    expect(openAndClose(directory)).toEqual(['stale-lock'])
    const observer = openObserver(directory, { onCorrupt: 'skip' })
    expect(drainSequences(observer)).toEqual(range(1, 60))
    observer.close()
  })
})

/** A killed queue whose head holds nothing yet. */
function freshHead(): { directory: string; count: number } {
  const directory = join(temporaryDirectory(), 'queue')
  const writer = openWriter(directory, { segmentSize: SEGMENT_SIZE })
  appendNumbered(writer, 0, 25)
  writer.roll()
  const copy = `${directory}-killed`
  copyAtRest(directory, copy)
  writer.close()
  return { directory: copy, count: 25 }
}

function openAndClose(directory: string): RecoveryCase[] {
  const writer = openWriter(directory)
  const cases = writer.recovery.map((action) => action.case)
  writer.close()
  return cases
}

describe('recovery after a stop of the machine', () => {
  it('L25: verifies after the durable mark and goes on in place when everything is there', () => {
    const directory = killedQueue(60)
    pretendAnotherBoot(directory)
    expect(expectWhole(directory, 60)).toEqual(['stale-lock'])
  })

  it('L25, unsynced-tail: cuts at the first hole, keeps what is cut, and never uses a position twice', () => {
    const directory = durablePrefix(25, 60)
    const head = readControlFile(directory).currentSegment
    const holeAt = offsetOfSequence(directory, 40)
    overwrite(segmentFile(directory, holeAt.segmentId), holeAt.offset + RECORD_PAYLOAD_OFFSET, Buffer.alloc(8, 0xee))
    const cases = expectWhole(directory, 40)
    expect(cases).toContain('unsynced-tail')
    expect(readControlFile(directory).currentSegment).toBeGreaterThan(head)
    expect(quarantined(directory).length).toBeGreaterThan(0)
  })

  it('unsynced-tail: a second cut finds what was appended after the first', () => {
    const directory = durablePrefix(25, 60)
    const holeAt = offsetOfSequence(directory, 40)
    overwrite(segmentFile(directory, holeAt.segmentId), holeAt.offset + RECORD_PAYLOAD_OFFSET, Buffer.alloc(8, 0xee))
    expectWhole(directory, 40)
    expect(readBytes(segmentFile(directory, holeAt.segmentId), 40, 24), 'the summary').toEqual(Buffer.alloc(24))
    pretendAnotherBoot(directory)
    expectWhole(directory, 41)
  })

  it('unsynced-tail: leads a reader that had been further on to the new messages', () => {
    const directory = durablePrefix(25, 60)
    const reader = openReader(directory, 'ahead')
    drainSequences(reader)
    reader.commit()
    reader.close()
    const holeAt = offsetOfSequence(directory, 40)
    overwrite(segmentFile(directory, holeAt.segmentId), holeAt.offset, Buffer.alloc(64))
    expect(expectWhole(directory, 40)).toContain('unsynced-tail')
    const again = openReader(directory, 'ahead')
    expect(drainSequences(again)).toEqual([40])
    again.close()
  })

  it('unsynced-deletion: sets aside what retention left below a gap', () => {
    const directory = killedQueue(300)
    rmSync(segmentFile(directory, 1))
    pretendAnotherBoot(directory)
    const writer = openWriter(directory)
    expect(writer.recovery.map((action) => action.case)).toContain('unsynced-deletion')
    writer.close()
    expect(quarantined(directory).some((name) => name.endsWith('000000000.q'))).toBe(true)
    using observer = openObserver(directory)
    const sequences = drainSequences(observer)
    expect(sequences).toEqual(range(sequences[0] as number, 300))
  })

  it('keeps every durable message when all after the mark is garbage', () => {
    const directory = durablePrefix(25, 60)
    const mark = offsetOfSequence(directory, 25)
    const length = SEGMENT_SIZE - mark.offset
    overwrite(segmentFile(directory, mark.segmentId), mark.offset, Buffer.alloc(length, 0x5a))
    for (let id = mark.segmentId + 1; existsSync(segmentFile(directory, id)); id++) {
      overwrite(segmentFile(directory, id), 64, Buffer.alloc(SEGMENT_SIZE - 64, 0x5a))
    }
    expect(expectWhole(directory, 25)).toContain('unsynced-tail')
  })

  it('survives the loss of segments that were never synced', () => {
    const directory = durablePrefix(25, 60)
    const mark = offsetOfSequence(directory, 25)
    overwrite(segmentFile(directory, mark.segmentId), mark.offset, Buffer.alloc(SEGMENT_SIZE - mark.offset))
    for (let id = mark.segmentId + 1; existsSync(segmentFile(directory, id)); id++) rmSync(segmentFile(directory, id))
    expect(expectWhole(directory, 25)).toContain('unsynced-tail')
  })
})

/** A queue as found after a stop of the machine: `durable` messages synced, `count` written. */
function durablePrefix(durable: number, count: number): string {
  const directory = join(temporaryDirectory(), 'queue')
  const writer = openWriter(directory, { segmentSize: SEGMENT_SIZE })
  appendNumbered(writer, 0, durable)
  writer.flushSync()
  const marked = readFileSync(join(directory, CONTROL_FILE)).subarray(64, 128)
  const mark = Buffer.from(marked)
  appendNumbered(writer, durable, count)
  const copy = `${directory}-killed`
  copyAtRest(directory, copy)
  writer.close()
  // Rolls sync in the background: the mark of the moment after the flush stands for a machine that stopped before any of it.
  overwriteControl(copy, 64, mark)
  pretendAnotherBoot(copy)
  renameSync(copy, `${directory}-cut`)
  return `${directory}-cut`
}

function offsetOfSequence(directory: string, sequence: number): { segmentId: number; offset: number } {
  const observer = openObserver(directory, { start: { sequence } })
  const message = observer.next()
  if (message?.sequence !== sequence) throw new Error(`no message ${sequence}`)
  const found = { segmentId: message.segmentId, offset: message.offset }
  observer.close()
  return found
}
