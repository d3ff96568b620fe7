import { closeSync, mkdirSync, openSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { overwrite, overwriteControl, segmentFile, u32, u64 } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import {
  CONTROL_FILE,
  CONTROL_SEGMENT_SIZE_OFFSET,
  CONTROL_WRITE_OFFSET_OFFSET,
  CONTROL_WRITER_EPOCH_OFFSET,
  encodePaddingHeader,
  RECORD_HEADER_CRC_OFFSET,
  RECORD_SEQUENCE_OFFSET,
  SEGMENT_WRITER_EPOCH_OFFSET,
} from '../format/index.js'
import { openObserver, openWriter } from '../index.js'

/** A closed queue of `count` messages. */
function queueOf(count: number, extensions = true): string {
  const directory = join(temporaryDirectory(), 'queue')
  const writer = openWriter(directory, { segmentSize: 4096, extensions })
  appendNumbered(writer, 0, count)
  writer.close()
  return directory
}

const control = (directory: string) => join(directory, CONTROL_FILE)

/** Opens for writing, appends ten messages, and checks that all is there; returns epoch and cases. */
function expectGoesOn(directory: string, count: number): { epoch: number; cases: string[] } {
  using writer = openWriter(directory)
  expect(writer.nextSequence).toBe(count)
  appendNumbered(writer, count, count + 10)
  using observer = openObserver(directory)
  expect(drainSequences(observer)).toEqual(range(0, count + 10))
  return { epoch: writer.epoch, cases: writer.recovery.map((action) => action.case) }
}

describe('a queue without its control block', () => {
  it('L22: goes on from its segments, with their size and an epoch above all', () => {
    const directory = queueOf(60)
    openWriter(directory).close()
    using third = openWriter(directory)
    appendNumbered(third, 60, 61)
    third.close()
    rmSync(control(directory))
    const { epoch, cases } = expectGoesOn(directory, 61)
    expect(epoch).toBe(4)
    expect(cases).toContain('lost-control')
  })

  it.each([0, 3, 4, 7, 8, 100, 511])('L22: goes on when %i bytes are left of it', (length) => {
    const directory = queueOf(60)
    truncateSync(control(directory), length)
    expect(expectGoesOn(directory, 60).cases).toContain('lost-control')
  })

  it('L22: goes on also when all its segments are of the base format, or one was never filled', () => {
    const old = queueOf(60, false)
    rmSync(control(old))
    expect(expectGoesOn(old, 60).epoch).toBe(2)
    const empty = queueOf(0)
    rmSync(control(empty))
    expectGoesOn(empty, 0)
  })

  it('skips files that have a segment’s name and are not one', () => {
    const directory = queueOf(60)
    rmSync(control(directory))
    writeFileSync(segmentFile(directory, 50), 'no segment')
    mkdirSync(segmentFile(directory, 51))
    overwrite(segmentFile(directory, 1), SEGMENT_WRITER_EPOCH_OFFSET, Buffer.alloc(8, 0xff))
    using writer = openWriter(directory)
    expect(writer.nextSequence).toBe(60)
    expect(writer.epoch).toBe(2)
  })

  it('skips a segment whose length is invalid, or that says that it is another', () => {
    const directory = queueOf(60)
    rmSync(control(directory))
    truncateSync(segmentFile(directory, 0), 100)
    overwrite(segmentFile(directory, 1), 8, u32(77))
    using writer = openWriter(directory)
    expect(writer.nextSequence).toBe(60)
    expect(writer.segmentSize).toBe(4096)
  })

  it('begins again above files that have segment names and of which none is a segment, and keeps them aside', () => {
    const directory = join(temporaryDirectory(), 'queue')
    mkdirSync(directory)
    writeFileSync(segmentFile(directory, 3), 'no segment')
    closeSync(openSync(segmentFile(directory, 7), 'w'))
    using writer = openWriter(directory, { segmentSize: 4096 })
    expect(writer.position).toEqual({ segmentId: 8, offset: 64 })
    appendNumbered(writer, 0, 40)
    using observer = openObserver(directory)
    expect(drainSequences(observer)).toEqual(range(0, 40))
    const kept = readdirSync(join(directory, 'quarantine')).map((name) => name.slice(-11))
    expect(kept.sort()).toEqual(['000000003.q', '000000007.q'])
  })
})

describe('a control block that cannot be that of its segments', () => {
  it.each([
    ['gives them another size', CONTROL_SEGMENT_SIZE_OFFSET, u64(8192)],
    ['has an epoch that no queue reaches', CONTROL_WRITER_EPOCH_OFFSET, Buffer.alloc(8, 0xff)],
  ])('is rebuilt when it %s', (_, offset, bytes) => {
    const directory = queueOf(60)
    overwriteControl(directory, offset, bytes)
    expect(expectGoesOn(directory, 60).cases).toContain('lost-control')
    expect(readdirSync(join(directory, 'quarantine')).some((name) => name.endsWith(CONTROL_FILE))).toBe(true)
  })

  it.each([
    ['magic', 0, u32(0xdead_beef)],
    ['segment size', CONTROL_SEGMENT_SIZE_OFFSET, u64(0)],
  ])('L56: is rebuilt with an unknown %s, also when the only segment was cut', (_, offset, bytes) => {
    const directory = queueOf(8)
    overwriteControl(directory, offset, bytes)
    truncateSync(segmentFile(directory, 0), 3001)
    using writer = openWriter(directory)
    expect([writer.segmentSize, writer.nextSequence >= 8]).toEqual([4096, true])
    const sequence = writer.append(1, Buffer.from('next'))
    using observer = openObserver(directory, { onCorrupt: 'skip' })
    expect(drainSequences(observer)).toEqual([...range(0, 8), sequence])
  })

  it('is relied on where one segment fits it, or none is sound', () => {
    const fits = queueOf(60)
    const head = readdirSync(fits).filter((name) => name.endsWith('.q')).length - 1
    truncateSync(segmentFile(fits, head), 100)
    openWriter(fits).close()
    const none = queueOf(3)
    truncateSync(segmentFile(none, 0), 0)
    using writer = openWriter(none)
    expect(writer.segmentSize).toBe(4096)
    expect(writer.recovery.map((action) => action.case)).not.toContain('lost-control')
  })
})

describe('counts that are at their end', () => {
  it('are refused, and the queue is given back', () => {
    const directory = queueOf(3)
    overwriteControl(directory, CONTROL_WRITER_EPOCH_OFFSET, u64(Number.MAX_SAFE_INTEGER))
    const refusal = expect.objectContaining({ code: 'ERR_BAD_SEGMENT' })
    for (const _ of range(0, 2)) expect(() => openWriter(directory)).toThrowError(refusal)
    using observer = openObserver(directory)
    expect(observer.writerStatus().alive).toBe(false)
    expect(drainSequences(observer)).toEqual([0, 1, 2])
  })
})

describe('the sequence that a writer goes on with', () => {
  it('is above the highest that a queue can have reached, not above what damage says', () => {
    const directory = queueOf(60, false)
    rmSync(control(directory))
    overwrite(segmentFile(directory, 0), 64 + RECORD_SEQUENCE_OFFSET, Buffer.alloc(8, 0xff))
    using writer = openWriter(directory)
    expect(writer.nextSequence).toBe(60)
  })

  it('is that of the control block when the last header cannot be trusted', () => {
    const directory = queueOf(3)
    using observer = openObserver(directory, { start: { sequence: 2 } })
    const last = observer.next()?.offset ?? 0
    overwrite(segmentFile(directory, 0), last + RECORD_HEADER_CRC_OFFSET, u32(1))
    using writer = openWriter(directory)
    expect(writer.nextSequence).toBe(3)
  })

  it('is that of the control block when it ends after a padding record', () => {
    const directory = queueOf(3)
    using first = openWriter(directory)
    const { offset } = first.position
    first.close()
    overwrite(segmentFile(directory, 0), offset, encodePaddingHeader(offset, 4096))
    overwriteControl(directory, CONTROL_WRITE_OFFSET_OFFSET, u64(4096))
    const { cases } = expectGoesOn(directory, 3)
    expect(cases).toContain('bad-write-offset')
  })
})

describe('what earlier writers left unsynced', () => {
  it('is synced before the first mark, but for invalid segments', () => {
    const directory = queueOf(60)
    // The mark goes with it: all segments count as unsynced.
    rmSync(control(directory))
    using writer = openWriter(directory)
    overwrite(segmentFile(directory, 1), 0, u32(0))
    writer.append(1, Buffer.from('x'))
    writer.flushSync()
    expect(writer.durableSequence).toBe(61)
  })
})
