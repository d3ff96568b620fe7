import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { copyFileSync, rmSync, truncateSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { code } from '../../test/support/expectations.js'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { newQueue, queueOf } from '../../test/support/new-queue.js'
import { overwrite, segmentFile, u32 } from '../../test/support/raw-queue.js'
import { RECORD_HEADER_LENGTH, recordLength, SEGMENT_HEADER_LENGTH, SEGMENT_ID_OFFSET } from '../format/index.js'
import { openObserver, openReader, openWriter } from '../index.js'

const SKIP = { onCorrupt: 'skip' } as const

/** A queue of a hundred messages without a writer, and which of them stand in which segment. */
function closedQueue(): { directory: string; head: number; messagesOf: (segmentId: number) => number[] } {
  const { directory, writer } = queueOf(100)
  openReader(directory, 'new').close()
  const head = writer.position.segmentId
  writer.close()
  using observer = openObserver(directory)
  const ids = range(0, 100).map(() => observer.next()?.segmentId)
  return { directory, head, messagesOf: (segmentId) => range(0, 100).filter((number) => ids[number] === segmentId) }
}

function strictly(directory: string): void {
  using observer = openObserver(directory)
  drainSequences(observer)
}

const DAMAGE: Readonly<Record<string, (path: string) => void>> = {
  'another magic': (path) => overwrite(path, 0, u32(0x12345678)),
  'the id of another segment': (path) => overwrite(path, SEGMENT_ID_OFFSET, u32(77)),
  'zeros for a header': (path) => overwrite(path, 0, Buffer.alloc(SEGMENT_HEADER_LENGTH)),
  'bytes after its end': (path) => truncateSync(path, 5000),
}

describe('a source that skips damage', () => {
  it('skips a segment that is missing and one after it that nothing identifies', () => {
    const { directory, messagesOf } = closedQueue()
    copyFileSync(segmentFile(directory, 0), segmentFile(directory, 2))
    rmSync(segmentFile(directory, 1))
    using observer = openObserver(directory, { ...SKIP, onLost: 'snap' })
    expect(drainSequences(observer)).toEqual(
      range(0, 100).filter((number) => ![1, 2].some((id) => messagesOf(id).includes(number))),
    )
    expect(observer.metrics().lost).toBe(messagesOf(1).length + messagesOf(2).length)
    using strict = openObserver(directory, SKIP)
    expect(() => drainSequences(strict)).toThrowError(code('ERR_DATA_LOST', { from: messagesOf(1)[0], to: messagesOf(3)[0] }))
  })

  it.each([
    ['payload', RECORD_HEADER_LENGTH],
    ['length', 0],
  ])('loses no good record to a first one with a damaged %s, in a segment after lost messages', (_, damagedAt) => {
    const { directory, head } = closedQueue()
    rmSync(segmentFile(directory, head))
    const writer = openWriter(directory)
    const { segmentId } = writer.position
    const first = writer.nextSequence
    for (const _ of range(0, 20)) writer.append(1, Buffer.alloc(40, 1))
    writer.close()
    const path = segmentFile(directory, segmentId)
    overwrite(path, SEGMENT_HEADER_LENGTH + damagedAt, Buffer.from([99]))
    overwrite(path, SEGMENT_HEADER_LENGTH + recordLength(40), Buffer.alloc(RECORD_HEADER_LENGTH))
    using observer = openObserver(directory, SKIP)
    expect(drainSequences(observer).slice(-18)).toEqual(range(first + 2, first + 20))
  })
})

describe.each(Object.keys(DAMAGE))('a segment with %s', (name) => {
  it.each(['the first', 'one in the middle', 'the head'])('is read by its records by a source that skips damage: %s', (which) => {
    const { directory, head } = closedQueue()
    const damaged = which === 'the first' ? 0 : which === 'the head' ? head : 1
    DAMAGE[name]?.(segmentFile(directory, damaged))
    expect(() => strictly(directory)).toThrowError(code('ERR_BAD_SEGMENT', { segmentId: damaged }))
    const seen: unknown[] = []
    const note = (event: unknown) => seen.push(event)
    subscribe('chronicle:damage', note)
    for (const source of [openObserver(directory, SKIP), openReader(directory, 'new', SKIP)]) {
      expect(drainSequences(source)).toEqual(range(0, 100))
      expect(source.metrics().corruptSkipped).toBe(0)
      source.close()
    }
    unsubscribe('chronicle:damage', note)
    expect(seen).toEqual(Array(2).fill({ directory, segmentId: damaged, offset: 0, skipped: 0 }))
  })

  it('is resumed in by a reader that skips damage', () => {
    const { directory, messagesOf } = closedQueue()
    const reader = openReader(directory, 'resumed')
    const [first = 0, second = 0] = messagesOf(1)
    while (reader.nextSequence !== second) reader.next()
    reader.commit()
    reader.close()
    DAMAGE[name]?.(segmentFile(directory, 1))
    using resumed = openReader(directory, 'resumed', SKIP)
    expect(resumed.position.segmentId).toBe(1)
    expect(drainSequences(resumed)).toEqual(range(first + 1, 100))
    expect(resumed.metrics().corruptSkipped).toBe(0)
  })
})

describe('a segment that was cut', () => {
  it('is read as far as it is there by a source that skips damage, which counts what is missing', () => {
    const { directory, messagesOf } = closedQueue()
    truncateSync(segmentFile(directory, 1), 2000)
    using observer = openObserver(directory, SKIP)
    const read = drainSequences(observer)
    const missing = range(0, 100).filter((number) => !read.includes(number))
    expect(missing.length).toBeGreaterThan(0)
    expect(missing).toEqual(messagesOf(1).slice(-missing.length))
    expect(read).toContain(messagesOf(1)[0])
    expect(observer.metrics().corruptSkipped).toBe(missing.length)
  })

  it.each([
    ['counts what a reader had not read that resumes after the cut', -10, 1],
    ['counts nothing for a reader that had read all of it', 0, 0],
  ])('%s', (_, before, skipped) => {
    const { directory, messagesOf } = closedQueue()
    const following = messagesOf(2)[0] as number
    const reader = openReader(directory, 'resumed')
    while (reader.nextSequence !== following + before) reader.next()
    reader.commit()
    expect(reader.position).toMatchObject({ segmentId: 1, offset: expect.toSatisfy((offset: number) => offset > 1000) })
    reader.close()
    truncateSync(segmentFile(directory, 1), 1000)
    using resumed = openReader(directory, 'resumed', SKIP)
    expect(drainSequences(resumed)).toEqual(range(following, 100))
    expect(resumed.metrics().corruptSkipped).toBe(skipped)
  })

  it('is left when a writer has gone on after it, if it is the head', () => {
    const { directory, head, messagesOf } = closedQueue()
    truncateSync(segmentFile(directory, head), 256)
    using observer = openObserver(directory, SKIP)
    const read = drainSequences(observer)
    expect(read).toEqual(range(0, read.length))
    expect(messagesOf(head)).toContain(read.length)
    expect(observer.wait({ timeoutMs: 1 })).toBe('timeout')
    using writer = openWriter(directory)
    const { nextSequence } = writer
    appendNumbered(writer, nextSequence, nextSequence + 100)
    expect(drainSequences(observer)).toEqual(range(nextSequence, nextSequence + 100))
  })
})

describe('a head with a damaged header', () => {
  it('shows a source that skips damage what its writer appends, and is left with its writer', () => {
    const { directory, writer } = queueOf(30)
    overwrite(segmentFile(directory, writer.position.segmentId), 0, Buffer.alloc(SEGMENT_HEADER_LENGTH, 0xff))
    using observer = openObserver(directory, SKIP)
    expect(drainSequences(observer)).toEqual(range(0, 30))
    for (let number = 30; number < 100; number += 10) {
      appendNumbered(writer, number, number + 10)
      expect(drainSequences(observer)).toEqual(range(number, number + 10))
    }
    expect(observer.metrics().corruptSkipped).toBe(0)
    writer.close()
  })
})

describe('a head with a damaged header, and a queue whose first record is damaged', () => {
  it('opens, and is read by a source that skips damage', () => {
    const { directory, head } = closedQueue()
    overwrite(segmentFile(directory, 0), SEGMENT_HEADER_LENGTH, Buffer.alloc(64))
    overwrite(segmentFile(directory, head), 0, Buffer.alloc(SEGMENT_HEADER_LENGTH))
    using observer = openObserver(directory, SKIP)
    expect(drainSequences(observer)).toEqual(range(1, 100))
    expect(observer.metrics().corruptSkipped).toBe(1)
  })

  it('is found through a segment that cannot be read', () => {
    const { directory, messagesOf } = closedQueue()
    truncateSync(segmentFile(directory, 1), 64)
    overwrite(segmentFile(directory, 2), 0, Buffer.alloc(SEGMENT_HEADER_LENGTH))
    using observer = openObserver(directory, SKIP)
    expect(drainSequences(observer)).toEqual(range(0, 100).filter((number) => !messagesOf(1).includes(number)))
    expect(observer.metrics().corruptSkipped).toBe(messagesOf(1).length)
  })
})

describe('a file that is not the segment of its name', () => {
  it.each([1, 0])('is skipped below the head by a source that skips damage, which counts what is missing: segment %i', (id) => {
    const { directory, messagesOf } = closedQueue()
    copyFileSync(segmentFile(directory, 2), segmentFile(directory, id))
    for (const source of [openObserver(directory, SKIP), openReader(directory, 'new', SKIP)]) {
      expect(drainSequences(source)).toEqual(range(0, 100).filter((number) => !messagesOf(id).includes(number)))
      expect(source.metrics().corruptSkipped).toBe(messagesOf(id).length)
      source.close()
    }
  })

  it('stops every source in the place of the head: nothing says what will follow', () => {
    const { directory, head } = closedQueue()
    copyFileSync(segmentFile(directory, 0), segmentFile(directory, head))
    using observer = openObserver(directory, SKIP)
    expect(() => drainSequences(observer)).toThrowError(code('ERR_BAD_SEGMENT', { segmentId: head }))
  })
})

describe('a segment that was copied before its first message came', () => {
  it('L58: is not left without a report of the messages that are missing, by sources that begin there', () => {
    const { directory, writer } = newQueue()
    const early = `${directory}-early`
    copyFileSync(segmentFile(directory, 0), early)
    appendNumbered(writer, 0, 3)
    writer.roll()
    appendNumbered(writer, 3, 6)
    writer.close()
    copyFileSync(early, segmentFile(directory, 0))
    for (const open of [() => openObserver(directory), () => openReader(directory, 'strict')]) {
      using source = open()
      expect(() => source.next()).toThrowError(code('ERR_SEQUENCE_GAP', { expected: 0, found: 3 }))
    }
    using skipping = openObserver(directory, SKIP)
    expect(drainSequences(skipping)).toEqual([3, 4, 5])
    expect(skipping.metrics().corruptSkipped).toBe(3)
  })

  it('says nothing where no message was in it', () => {
    const { directory, writer } = newQueue({ firstSequence: 100 })
    writer.roll()
    writer.roll()
    appendNumbered(writer, 100, 103)
    using observer = openObserver(directory)
    expect(drainSequences(observer)).toEqual([100, 101, 102])
    writer.close()
  })
})
