import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { until } from '../../test/support/expectations.js'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { overwrite, pretendAnotherBoot, readControlFile, segmentFile } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { CONTROL_FILE } from '../format/index.js'
import { openObserver, openReader, openWriter, type QueueWriter, type WriterOptions } from '../index.js'

const SEGMENT_SIZE = 4096

/** A live queue, and an empty directory for its copy. */
function liveQueue(options: WriterOptions = {}): { directory: string; copy: string; writer: QueueWriter } {
  const root = temporaryDirectory()
  const copy = join(root, 'copy')
  mkdirSync(copy)
  const directory = join(root, 'queue')
  return { directory, copy, writer: openWriter(directory, { segmentSize: SEGMENT_SIZE, ...options }) }
}

/** Copies the files that match, as they are at this moment. */
function copyNow(directory: string, copy: string, which: RegExp): void {
  for (const name of readdirSync(directory))
    if (which.test(name) && !name.endsWith('.tmp')) cpSync(join(directory, name), join(copy, name), { recursive: true })
}

const SEGMENTS = /^\d+\.q$/
const CONTROL = /^control\.meta$/
const READERS = /^readers$/

/** Opens the copy for writing, and checks that what is read there goes on without a gap. Returns the cases, and the first new sequence. */
function expectUnbroken(copy: string): { cases: string[]; first: number } {
  using writer = openWriter(copy)
  const first = writer.nextSequence
  appendNumbered(writer, first, first + 80)
  using observer = openObserver(copy)
  expect(drainSequences(observer)).toEqual(range(0, first + 80))
  return { cases: writer.recovery.map((action) => action.case), first }
}

describe('a copy of a live queue', () => {
  it.each([
    ['control block first', [CONTROL, SEGMENTS]],
    ['control block last', [SEGMENTS, CONTROL]],
  ] as const)('L58, copied-queue: has no gap and loses nothing that comes next, with the %s', (_, order) => {
    const { directory, copy, writer } = liveQueue()
    appendNumbered(writer, 0, 70)
    writer.flushSync()
    copyNow(directory, copy, order[0])
    appendNumbered(writer, 70, 200)
    writer.flushSync()
    copyNow(directory, copy, order[1])
    const { cases, first } = expectUnbroken(copy)
    expect(cases).toContain('copied-queue')
    expect(first).toBe(order[0] === CONTROL ? 200 : 70)
    using reopened = openWriter(copy)
    expect(reopened.recovery).toEqual([])
    writer.close()
  })

  it('L58: goes on after a last segment that was copied in part, in another segment', () => {
    const { directory, copy, writer } = liveQueue()
    appendNumbered(writer, 0, 70)
    writer.close()
    cpSync(directory, copy, { recursive: true })
    const cut = writer.position.segmentId
    truncateSync(segmentFile(copy, cut), 300)
    const copied = openWriter(copy)
    const first = copied.nextSequence
    appendNumbered(copied, first, first + 80)
    copied.close()
    expect(copied.position.segmentId).toBeGreaterThan(cut)
    expect(statSync(segmentFile(copy, cut)).size).toBe(SEGMENT_SIZE)
    using observer = openObserver(copy, { onCorrupt: 'skip' })
    expect(drainSequences(observer).slice(-80)).toEqual(range(first, first + 80))
  })

  it('L58: appends nothing to a sealed segment, which readers may have left', () => {
    const { directory, copy, writer } = liveQueue()
    while (writer.position.segmentId < 3) writer.append(1, Buffer.alloc(1500))
    copyNow(directory, copy, CONTROL)
    for (const id of [0, 1, 2]) cpSync(segmentFile(directory, id), segmentFile(copy, id))
    writer.close()
    const copied = openWriter(copy)
    expect(copied.recovery.map((action) => action.case)).toEqual(['copied-queue', 'sealed-without-successor'])
    expect(copied.position.segmentId).toBeGreaterThan(2)
    const first = copied.append(1, Buffer.from('small enough for the room that is left'))
    using observer = openObserver(copy)
    expect(drainSequences(observer)).toEqual(range(0, first + 1))
    copied.close()
    using reopened = openWriter(copy)
    reopened.append(1, Buffer.from('next'))
    expect(reopened.recovery).toEqual([])
    expect(drainSequences(observer)).toEqual([first + 1])
  })

  it('L58, copied-queue: ends at the first gap when its segments are of different moments', () => {
    const { directory, copy, writer } = liveQueue()
    appendNumbered(writer, 0, 70)
    const early = writer.position.segmentId
    copyNow(directory, copy, new RegExp(`^0*${early}\\.q$`))
    appendNumbered(writer, 70, 200)
    for (const id of range(0, early)) cpSync(segmentFile(directory, id), segmentFile(copy, id))
    for (const id of range(early + 1, writer.position.segmentId + 1)) cpSync(segmentFile(directory, id), segmentFile(copy, id))
    copyNow(directory, copy, CONTROL)
    expect(expectUnbroken(copy).first).toBe(70)
    writer.close()
  })

  it.each([
    ['was copied when it was half full', 0],
    ['was copied when it was prepared and empty', 1],
  ])('L58: ends with a segment that %s, and keeps in the quarantine what follows it', async (_, early) => {
    const { directory, copy, writer } = liveQueue()
    using follower = openReader(directory, 'late')
    openReader(directory, 'early').close()
    appendNumbered(writer, 0, 70)
    const gapId = writer.position.segmentId + early
    await until(() => existsSync(segmentFile(directory, gapId)))
    cpSync(segmentFile(directory, gapId), segmentFile(copy, gapId))
    appendNumbered(writer, 70, 300)
    const segmentOf = range(0, 300).map(() => follower.next()?.segmentId)
    follower.commit()
    const ids = range(0, writer.position.segmentId + 1)
    for (const id of ids) if (id !== gapId) cpSync(segmentFile(directory, id), segmentFile(copy, id))
    copyNow(directory, copy, CONTROL)
    copyNow(directory, copy, READERS)
    writer.close()

    const expected = early === 0 ? 70 : segmentOf.indexOf(gapId)
    expect(expectUnbroken(copy).first).toBe(expected)
    const kept = readdirSync(join(copy, 'quarantine')).map((name) => readFileSync(join(copy, 'quarantine', name)))
    for (const id of ids.slice(gapId + 1))
      expect(kept.some((bytes) => bytes.equals(readFileSync(segmentFile(directory, id))))).toBe(true)
    for (const name of ['early', 'late']) {
      using reader = openReader(copy, name)
      expect(drainSequences(reader).at(-1)).toBe(expected + 79)
    }
    using reopened = openWriter(copy)
    expect(reopened.recovery).toEqual([])
    expect(reopened.nextSequence).toBe(expected + 80)
  })

  describe.each([
    ['of this run of the machine', () => undefined],
    ['of another machine', pretendAnotherBoot],
  ])('%s', (_, prepare) => {
    it.each<[string, (path: string) => void]>([
      ['is missing', (path) => rmSync(path)],
      ['was cut', (path) => truncateSync(path, 1000)],
      ['holds zeros from its middle on', (path) => overwrite(path, 1024, Buffer.alloc(SEGMENT_SIZE - 1024))],
      ['begins with zeros', (path) => overwrite(path, 0, Buffer.alloc(1024))],
    ])('L57, copied-queue: keeps what follows a segment that %s, and gives out no sequence again', (__, damage) => {
      const { directory, copy, writer } = liveQueue()
      openReader(directory, 'early').close()
      appendNumbered(writer, 0, 200)
      writer.flushSync()
      writer.close()
      cpSync(directory, copy, { recursive: true })
      prepare(copy)
      using before = openObserver(copy, { onCorrupt: 'skip', onLost: 'snap' })
      damage(segmentFile(copy, 3))
      const left = drainSequences(before)
      expect(left.at(-1)).toBe(199)
      using next = openWriter(copy)
      expect(next.recovery.map((action) => action.case)).toContain('copied-queue')
      expect(next.append(1, Buffer.from('next'))).toBe(200)
      using observer = openObserver(copy, { onCorrupt: 'skip', onLost: 'snap' })
      expect(drainSequences(observer)).toEqual([...left, 200])
      next.close()
      using reopened = openWriter(copy)
      expect(reopened.recovery).toEqual([])
    })
  })

  it('L58, reader-ahead: puts a position right that is of a later moment, and gives its reader every new message', () => {
    const { directory, copy, writer } = liveQueue()
    appendNumbered(writer, 0, 70)
    copyNow(directory, copy, SEGMENTS)
    appendNumbered(writer, 70, 200)
    using reader = openReader(directory, 'later')
    drainSequences(reader)
    reader.commit()
    copyNow(directory, copy, CONTROL)
    copyNow(directory, copy, READERS)
    const { cases, first } = expectUnbroken(copy)
    expect(cases).toEqual(['copied-queue', 'reader-ahead'])
    using moved = openReader(copy, 'later')
    expect(drainSequences(moved)).toEqual(range(first, first + 80))
    writer.close()
  })

  it('L58: a reader of a copy without a writer loses and skips nothing', () => {
    const { directory, copy, writer } = liveQueue()
    appendNumbered(writer, 0, 70)
    copyNow(directory, copy, SEGMENTS)
    appendNumbered(writer, 70, 75)
    copyNow(directory, copy, CONTROL)
    using reader = openReader(copy, 'r')
    expect(drainSequences(reader)).toEqual(range(0, 70))
    expect(reader.next()).toBeUndefined()
    reader.commit()
    using next = openWriter(copy)
    appendNumbered(next, next.nextSequence, 120)
    expect(drainSequences(reader)).toEqual(range(70, 120))
    writer.close()
  })

  it('L58: an observer that opened the copy where its control block says misses no message of its first writer', () => {
    const { directory, copy, writer } = liveQueue()
    appendNumbered(writer, 0, 70)
    copyNow(directory, copy, SEGMENTS)
    const { position } = writer
    while (writer.position.segmentId === position.segmentId && writer.position.offset < 2500) writer.append(1, Buffer.alloc(100))
    expect(writer.position.segmentId).toBe(position.segmentId)
    copyNow(directory, copy, CONTROL)
    writer.close()
    using observer = openObserver(copy, { start: 'latest', onCorrupt: 'skip' })
    expect(observer.next()).toBeUndefined()
    expect(observer.position.offset).toBeGreaterThan(position.offset)
    using next = openWriter(copy)
    expect(next.nextSequence).toBe(70)
    appendNumbered(next, 70, 150)
    expect(drainSequences(observer)).toEqual(range(70, 150))
  })

  it('L58: an observer that skipped to what was copied after the gap misses no message of its first writer', () => {
    const { directory, copy, writer } = liveQueue()
    appendNumbered(writer, 0, 10)
    copyNow(directory, copy, /^000000000\.q$/)
    appendNumbered(writer, 10, 60)
    copyNow(directory, copy, /^(?!000000000)\d+\.q$/)
    copyNow(directory, copy, CONTROL)
    writer.close()
    using observer = openObserver(copy, { onCorrupt: 'skip' })
    expect(drainSequences(observer).at(-1)).toBe(59)
    using next = openWriter(copy)
    expect(next.nextSequence).toBe(10)
    appendNumbered(next, 10, 100)
    expect(drainSequences(observer)).toEqual(range(10, 100))
    expect(observer.metrics().corruptSkipped).toBeGreaterThan(0)
  })

  it('L58: a reader at the end of a segment that was copied too early does not skip what is missing, read or not since the open', () => {
    const { directory, copy, writer } = liveQueue()
    appendNumbered(writer, 0, 10)
    copyNow(directory, copy, /^000000000\.q$/)
    openReader(directory, 'new').close()
    using reader = openReader(directory, 'r')
    for (const _ of range(0, 10)) reader.next()
    reader.commit()
    appendNumbered(writer, 10, 100)
    copyNow(directory, copy, /^(?!000000000)\d+\.q$/)
    copyNow(directory, copy, CONTROL)
    copyNow(directory, copy, READERS)
    writer.close()
    const gap = expect.objectContaining({ code: 'ERR_SEQUENCE_GAP', expected: 10 })
    using resumed = openReader(copy, 'r')
    expect(() => resumed.next()).toThrowError(gap)
    using reading = openReader(copy, 'new')
    expect(() => drainSequences(reading)).toThrowError(gap)
    resumed.close()
    using skipping = openReader(copy, 'r', { onCorrupt: 'skip' })
    const sequences = drainSequences(skipping)
    expect(sequences.at(-1)).toBe(99)
    expect(skipping.metrics().corruptSkipped).toBe((sequences[0] ?? 0) - 10)
  })

  it('keeps the id of its queue, promises no durability that it has not got, and is not a copy any more', () => {
    const { directory, copy, writer } = liveQueue()
    appendNumbered(writer, 0, 70)
    writer.flushSync()
    copyNow(directory, copy, /./)
    writer.close()
    using first = openWriter(copy)
    expect(first.durableSequence).toBe(0)
    first.append(1, Buffer.from('x'))
    first.flushSync()
    expect(first.durableSequence).toBe(first.nextSequence)
    expect(readControlFile(copy).queueId).toEqual(readControlFile(directory).queueId)
    first.close()
    using second = openWriter(copy)
    expect(second.recovery).toEqual([])
  })
})

describe('a copy of a live queue without identity, as the base format writes it', () => {
  it.each([
    ['control block first', [CONTROL, SEGMENTS]],
    ['control block last', [SEGMENTS, CONTROL]],
  ] as const)('L58: goes on above everything that was copied, with the %s', (_, order) => {
    const { directory, copy, writer } = liveQueue({ extensions: false })
    appendNumbered(writer, 0, 70)
    copyNow(directory, copy, order[0])
    appendNumbered(writer, 70, 200)
    copyNow(directory, copy, order[1])
    using next = openWriter(copy)
    expect(next.nextSequence).toBeGreaterThanOrEqual(order[0] === CONTROL ? 200 : 70)
    const first = next.nextSequence
    appendNumbered(next, first, first + 5)
    using observer = openObserver(copy, { onCorrupt: 'skip', onLost: 'snap' })
    expect(drainSequences(observer).slice(-5)).toEqual(range(first, first + 5))
    writer.close()
  })

  it('L58: a segment that was copied too early is a gap at which strict readers stop, also those that had committed at its end', () => {
    const { directory, copy, writer } = liveQueue({ extensions: false })
    appendNumbered(writer, 0, 10)
    copyNow(directory, copy, /^000000000\.q$/)
    using reader = openReader(directory, 'r')
    drainSequences(reader)
    reader.commit()
    const { position } = reader
    appendNumbered(writer, 10, 100)
    copyNow(directory, copy, /^(?!000000000)\d+\.q$/)
    copyNow(directory, copy, CONTROL)
    copyNow(directory, copy, READERS)
    writer.close()
    openWriter(copy).close()
    const gap = expect.objectContaining({ code: 'ERR_SEQUENCE_GAP', expected: 10 })
    using resumed = openReader(copy, 'r')
    expect(() => resumed.next()).toThrowError(gap)
    using observer = openObserver(copy)
    expect(() => drainSequences(observer)).toThrowError(gap)
    using placed = openObserver(copy, { start: position })
    expect(() => placed.next()).toThrowError(gap)
    placed.seek(position)
    expect(() => placed.next()).toThrowError(gap)
  })
})

describe('a queue that is not a copy', () => {
  it('stays itself when its directory is renamed', () => {
    const { directory, writer } = liveQueue()
    appendNumbered(writer, 0, 70)
    writer.close()
    renameSync(directory, `${directory}-moved`)
    using next = openWriter(`${directory}-moved`)
    expect(next.recovery).toEqual([])
  })

  it('gets an id and a recorded file when a writer of this library opens a queue of the base format', () => {
    const { directory, writer } = liveQueue()
    writer.close()
    rmSync(directory, { recursive: true })
    openWriter(directory, { segmentSize: SEGMENT_SIZE, extensions: false }).close()
    expect(readControlFile(directory).queueId).toEqual(new Uint8Array(16))
    openWriter(directory).close()
    const { queueId } = readControlFile(directory)
    expect(queueId.some((byte) => byte !== 0)).toBe(true)
    openWriter(directory).close()
    expect(readControlFile(directory).queueId).toEqual(queueId)
    cpSync(directory, `${directory}-copy`, { recursive: true })
    using copy = openWriter(`${directory}-copy`)
    expect(copy.recovery.map((action) => action.case)).toEqual(['copied-queue'])
    expect(readdirSync(`${directory}-copy`)).toContain(CONTROL_FILE)
  })
})
