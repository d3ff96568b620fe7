import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, rmSync, symlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Child } from '../../test/support/child.js'
import { code } from '../../test/support/expectations.js'
import { appendNumbered, drainSequences, numberedPayload, range } from '../../test/support/messages.js'
import { overwrite, overwriteControl, readControlFile, segmentFile, u32 } from '../../test/support/raw-queue.js'
import { deleteOpenQueue, temporaryDirectory } from '../../test/support/temporary.js'
import {
  CONTROL_SEGMENT_GENERATION_OFFSET,
  encodePaddingHeader,
  encodeSegmentHeader,
  SEGMENT_FLAG_SEALED,
  SEGMENT_HEADER_LENGTH,
} from '../format/index.js'
import { listReaders, openObserver, openReader, openWriter, type QueueWriter, type Start } from '../index.js'

const COUNT = 150

/** Some ten segments; timestamps are ten times the sequence. `firsts` are the sequences with which they begin. */
function queue(): { directory: string; writer: QueueWriter; firsts: number[] } {
  const directory = join(temporaryDirectory(), 'queue')
  const writer = openWriter(directory, { segmentSize: 4096 })
  const firsts: number[] = []
  for (const number of range(0, COUNT)) {
    writer.append(1, numberedPayload(number), { timestampNs: BigInt(number) * 10n })
    firsts[writer.position.segmentId] ??= number
  }
  return { directory, writer, firsts }
}

const at = (sequence: number) => [{ sequence }, { timestampNs: BigInt(sequence) * 10n - (sequence > 0 ? 5n : 0n) }] as const

/** Both ways of seeking, by an observer and a reader of its own, find these sequences. */
function expectFound(directory: string, sequences: readonly number[]): void {
  using observer = openObserver(directory)
  using reader = openReader(directory, 'seeker')
  for (const sequence of sequences)
    for (const start of at(sequence))
      for (const source of [observer, reader]) {
        source.seek(start)
        expect(source.peek()?.sequence).toBe(sequence)
        expect(source.nextSequence).toBe(sequence)
      }
  reader.close()
  rmSync(join(directory, 'readers', 'seeker.meta'))
}

/** A segment that only leads on, as recovery leaves it after a power cut. */
function makeLeadingOn(directory: string, segmentId: number): void {
  const fd = openSync(segmentFile(directory, segmentId), 'w')
  ftruncateSync(fd, 4096)
  writeSync(fd, encodeSegmentHeader({ segmentId, flags: SEGMENT_FLAG_SEALED }), 0, SEGMENT_HEADER_LENGTH, 0)
  const padding = encodePaddingHeader(SEGMENT_HEADER_LENGTH, 4096)
  writeSync(fd, padding, 0, padding.length, SEGMENT_HEADER_LENGTH)
  closeSync(fd)
}

/**
 * What follows a segment that cannot be read, but for its first message. A time between that and the one before may be one of the unreadable segment, which is an error.
 */
function behind(firsts: readonly number[], segmentId: number): number[] {
  return range((firsts[segmentId + 1] ?? 0) + 1, COUNT)
}

describe('seeking', () => {
  it('finds every message, also after a roll that nothing follows yet', () => {
    const { directory, writer } = queue()
    expectFound(directory, range(0, COUNT))
    writer.roll()
    expectFound(directory, range(0, COUNT))
    using observer = openObserver(directory, { start: { sequence: COUNT } })
    expect(observer.next()).toBeUndefined()
    writer.append(1, Buffer.from('new'))
    expect(observer.next()?.sequence).toBe(COUNT)
    writer.close()
  })

  it('in a queue whose middle is missing finds what is left, and says exactly what is not', () => {
    const { directory, writer, firsts } = queue()
    const middle = firsts.length >> 1
    rmSync(segmentFile(directory, middle))
    expectFound(directory, behind(firsts, middle))
    expectFound(directory, range(0, firsts[middle] ?? 0))
    const [from, to] = [firsts[middle] ?? 0, firsts[middle + 1] ?? 0]
    using observer = openObserver(directory, { start: { sequence: from + 1 } })
    expect(() => observer.next()).toThrowError(code('ERR_DATA_LOST', { from, to }))
    using snapping = openObserver(directory, { start: { sequence: from + 1 }, onLost: 'snap' })
    expect(snapping.next()?.sequence).toBe(to)
    writer.close()
  })

  it.each([
    ['is of another kind', 0, u32(0x12345678)],
    ['is of a later version', 4, u32(99)],
    ['says that it is another one', 8, u32(4711)],
  ])('skips a segment that %s', (_, offset, bytes) => {
    const { directory, writer, firsts } = queue()
    const middle = firsts.length >> 1
    overwrite(segmentFile(directory, middle), offset, bytes)
    expectFound(directory, behind(firsts, middle))
    expectFound(directory, range(0, firsts[middle - 1] ?? 0))
    writer.close()
  })

  it.each(['a directory', 'cut short'])('skips a segment that is %s', (what) => {
    const { directory, writer, firsts } = queue()
    const middle = firsts.length >> 1
    rmSync(segmentFile(directory, middle))
    if (what === 'a directory') mkdirSync(segmentFile(directory, middle))
    else closeSync(openSync(segmentFile(directory, middle), 'w'))
    expectFound(directory, behind(firsts, middle))
    writer.close()
  })

  it('skips segments that only lead on', () => {
    const { directory, writer, firsts } = queue()
    const middle = firsts.length >> 1
    for (const id of [middle, middle + 1]) makeLeadingOn(directory, id)
    expectFound(directory, range(firsts[middle + 2] ?? 0, COUNT))
    expectFound(directory, range(0, firsts[middle] ?? 0))
    writer.close()
  })

  it('has the system’s reason when a segment cannot be looked at', () => {
    const { directory, writer, firsts } = queue()
    const middle = firsts.length >> 1
    for (const target of [segmentFile(directory, middle), '/proc/self/mem', 'nowhere']) {
      rmSync(segmentFile(directory, middle))
      symlinkSync(target, segmentFile(directory, middle))
      using observer = openObserver(directory)
      expect(() => observer.seek({ sequence: COUNT - 1 })).toThrowError(
        code('ERR_LINK', { path: segmentFile(directory, middle) }),
      )
      const read = () => drainSequences(observer)
      expect(read).toThrowError(code('ERR_LINK', { path: segmentFile(directory, middle) }))
      expect(observer.position.segmentId).toBe(middle - 1)
    }
    writer.close()
  })

  it('refuses what is not a start, and stays where it was', () => {
    const { directory, writer } = queue()
    using observer = openObserver(directory, { start: { sequence: 7 } })
    for (const start of ['resume', 'first', 5, null, undefined, {}, { sequence: -1 }, { sequence: '3' }, { timestampNs: 5 }]) {
      const refusal = code('ERR_INVALID_ARGUMENT', { argument: expect.stringMatching(/^start\b/) })
      expect(() => observer.seek(start as Exclude<Start, 'resume'>)).toThrowError(refusal)
      if (start !== 'resume' && start != null)
        expect(() => openReader(directory, 'r', { start: start as Start })).toThrowError(refusal)
    }
    expect(observer.next()?.sequence).toBe(7)
    writer.close()
  })

  it.each([
    [{ sequence: '3' }, 'start.sequence', '"3"'],
    [{ last: -1 }, 'start.last', '-1'],
    [{ time: new Date(Number.NaN) }, 'start.time', 'an object of class Date'],
    [{ timestampNs: 5 }, 'start.timestampNs', '5'],
    [{ sequence: 3, last: 2 }, 'start', 'an object of class Object'],
  ])('names the part of %o that is wrong', (start, argument, value) => {
    const { directory, writer } = queue()
    const refusal = code('ERR_INVALID_ARGUMENT', { argument, value })
    expect(() => openObserver(directory, { start: start as Start })).toThrowError(refusal)
    writer.close()
  })
})

describe('a queue without segments', () => {
  it.each<Start>(['earliest', 'latest', { sequence: 3 }, { timestampNs: 3n }])(
    'cannot be read from %o, and registers no reader',
    (start) => {
      const { directory, writer } = queue()
      using observer = openObserver(directory)
      observer.next()
      writer.close()
      for (const name of readdirSync(directory)) if (name.endsWith('.q')) rmSync(join(directory, name))
      expect(() => openObserver(directory, { start })).toThrowError(code('ERR_BAD_SEGMENT'))
      expect(() => openReader(directory, 'r', { start })).toThrowError(code('ERR_BAD_SEGMENT'))
      expect(listReaders(directory)).toEqual([])
      expect(() => observer.seek(start as 'earliest')).toThrowError(code('ERR_BAD_SEGMENT'))
      // What is mapped can still be read.
      expect(observer.next()?.sequence).toBe(1)
    },
  )

  it('L51: and whose directory is deleted has no place to seek', () => {
    const { directory, writer } = queue()
    using observer = openObserver(directory)
    writer.close()
    deleteOpenQueue(directory)
    expect(() => observer.seek({ sequence: 3 })).toThrowError(code('ERR_BAD_SEGMENT', { path: directory }))
  })
})

describe('start', () => {
  it('of an observer that is to resume is the earliest, because it saves no position', () => {
    const { directory, writer } = queue()
    using observer = openObserver(directory, { start: 'resume' })
    expect(observer.next()?.sequence).toBe(0)
    writer.close()
  })
})

describe('start at the latest', () => {
  it('is after the last message although the writer died in the middle of a roll', () => {
    const { directory, writer } = queue()
    const { segmentGeneration } = readControlFile(directory)
    overwriteControl(directory, CONTROL_SEGMENT_GENERATION_OFFSET, u32(segmentGeneration + 1))
    using observer = openObserver(directory, { start: 'latest' })
    expect(observer.position).toEqual(writer.position)
    expect(observer.lag()).toEqual({ messages: 0, bytes: 0, ns: 0n })
    overwriteControl(directory, CONTROL_SEGMENT_GENERATION_OFFSET, u32(segmentGeneration))
    appendNumbered(writer, COUNT, COUNT + 1)
    expect(drainSequences(observer)).toEqual([COUNT])
    writer.close()
  })
})

describe('a writer that deletes as fast as it rolls', () => {
  it('leaves every open and every seek something to begin at', async () => {
    const directory = join(temporaryDirectory(), 'queue')
    const child = new Child('rolling-writer', [directory])
    expect(await child.line()).toBe('ready')
    for (const _ of range(0, 300)) {
      using observer = openObserver(directory)
      expect(await observer.waitAsync({ timeoutMs: 20_000 })).toBe('message')
      const before = observer.peek()?.sequence ?? Number.NaN
      observer.seek('earliest')
      expect(await observer.waitAsync({ timeoutMs: 20_000 })).toBe('message')
      expect(observer.peek()?.sequence).toBeGreaterThanOrEqual(before)
    }
    child.process.stdin?.end()
    expect(await child.ended()).toBe(0)
  })
})
