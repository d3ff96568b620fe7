import { rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { contentsOf } from '../../test/support/contents.js'
import { copyAtRest } from '../../test/support/killed-queue.js'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { overwrite, overwriteControl, readControlFile, segmentFile, u32 } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { CONTROL_FILE, CONTROL_WRITER_EPOCH_OFFSET, SEGMENT_HEADER_LENGTH } from '../format/index.js'
import { openObserver, openReader, openWriter } from '../index.js'

const SEGMENT_SIZE = 4096

/** A closed queue of `count` flushed messages with a reader that has read five. */
function flushedQueue(count: number): string {
  const directory = join(temporaryDirectory(), 'queue')
  const writer = openWriter(directory, { segmentSize: SEGMENT_SIZE })
  appendNumbered(writer, 0, count)
  writer.flushSync()
  writer.close()
  using reader = openReader(directory, 'five')
  for (let left = 5; left > 0; left--) reader.next()
  reader.commit()
  return directory
}

/** Opens for writing and appends one message; returns what was done, and what a lenient observer reads. */
function openAndRead(directory: string): { cases: string[]; sequence: number; read: number[] } {
  using writer = openWriter(directory)
  const cases = writer.recovery.map((action) => action.case)
  const sequence = writer.append(1, Buffer.from('new'))
  expect(writer.segmentSize).toBe(SEGMENT_SIZE)
  using observer = openObserver(directory, { onCorrupt: 'skip', onLost: 'snap' })
  return { cases, sequence, read: drainSequences(observer) }
}

const headOf = (directory: string) => segmentFile(directory, readControlFile(directory).currentSegment)

describe.each([
  ['the only segment', 8],
  ['the head of several segments', 60],
])('four damaged bytes in the header of %s', (_, count) => {
  it.each(range(0, SEGMENT_HEADER_LENGTH / 4).map((word) => word * 4))('L56: lose nothing, at offset %i', (offset) => {
    const directory = flushedQueue(count)
    overwrite(headOf(directory), offset, u32(0xdead_beef))
    const { sequence, read } = openAndRead(directory)
    expect(sequence).toBe(count)
    expect(read).toEqual(range(0, count + 1))
    using reader = openReader(directory, 'five')
    expect(drainSequences(reader)).toEqual(range(5, count + 1))
  })
})

describe('four damaged bytes in a control block', () => {
  const words = range(0, 128).map((word) => word * 4)

  it('L56: lose nothing', () => {
    const source = flushedQueue(60)
    for (const offset of words) {
      const directory = join(temporaryDirectory(), 'queue')
      copyAtRest(source, directory)
      overwriteControl(directory, offset, u32(0xdead_beef))
      const { sequence, read } = openAndRead(directory)
      expect([offset, sequence, read]).toEqual([offset, 60, range(0, 61)])
    }
  }, 60_000)
})

describe('a length that a segment should not have', () => {
  const lengths = [0, 1, 64, 100, 128, 1000, 1024, 2048, SEGMENT_SIZE + 64, SEGMENT_SIZE + 4096]

  it.each(lengths.flatMap((length) => [8, 60].map((count) => [length, count] as const)))(
    'L56: of %i changes no segment size, and no position or sequence is used twice, in a queue of %i messages',
    (length, count) => {
      const directory = flushedQueue(count)
      const head = readControlFile(directory)
      truncateSync(headOf(directory), length)
      const { cases, sequence, read } = openAndRead(directory)
      expect(cases).toContain(length < 2 ? 'missing-head' : 'damaged-segment')
      expect(sequence).toBe(count)
      expect(read.at(-1)).toBe(count)
      const after = readControlFile(directory)
      const isFurther = after.currentSegment > head.currentSegment || after.writeOffset > head.writeOffset
      expect(isFurther).toBe(true)
      if (length > SEGMENT_SIZE) expect(read).toEqual(range(0, count + 1))
      expect(openAndRead(directory)).toMatchObject({ cases: [], sequence: count + 1 })
    },
  )

  it('L56: a reader in the part that was cut off learns of the loss, once, and gets every new message', () => {
    const directory = flushedQueue(8)
    truncateSync(headOf(directory), 128)
    openAndRead(directory)
    const loss = expect.objectContaining({ code: 'ERR_DATA_LOST', from: 1, to: 8 })
    expect(() => openReader(directory, 'five')).toThrow(loss)
    using lenient = openReader(directory, 'five', { onLost: 'snap' })
    expect([drainSequences(lenient), lenient.metrics().lost]).toEqual([[8], 7])
    lenient.close()
    using again = openReader(directory, 'five')
    expect(drainSequences(again)).toEqual([8])
  })
})

describe('an open that fails late', () => {
  it('L56: leaves the directory as it was, however often it is tried', () => {
    const directory = flushedQueue(60)
    truncateSync(headOf(directory), 1024)
    overwriteControl(directory, CONTROL_WRITER_EPOCH_OFFSET, Buffer.alloc(8, 0xff).fill(0x1f, 6).fill(0, 7))
    const before = contentsOf(directory)
    for (const _ of range(0, 3)) {
      expect(() => openWriter(directory)).toThrow(expect.objectContaining({ code: 'ERR_BAD_SEGMENT' }))
      expect(contentsOf(directory)).toEqual(before)
    }
  })

  it('L56: keeps a control block that cannot be used until the rebuilt one takes its place', () => {
    const directory = flushedQueue(60)
    truncateSync(join(directory, CONTROL_FILE), 300)
    overwrite(segmentFile(directory, 0), SEGMENT_HEADER_LENGTH, Buffer.alloc(0))
    const before = contentsOf(directory)
    expect(() => openWriter(directory, { maxBytes: SEGMENT_SIZE, maxSegments: 1 })).toThrow()
    expect(contentsOf(directory)).toEqual(before)
    expect(openAndRead(directory)).toMatchObject({ cases: ['lost-control'], sequence: 60 })
    rmSync(join(directory, 'quarantine'), { recursive: true })
  })
})
