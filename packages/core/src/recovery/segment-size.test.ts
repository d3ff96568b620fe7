import { copyFileSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { pretendAnotherBoot, segmentFile } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { CONTROL_FILE, INDEX_FILE } from '../format/index.js'
import { openObserver, openReader, openWriter } from '../index.js'

let directory: string

beforeEach(() => {
  directory = join(temporaryDirectory(), 'queue')
})

/** Writes a queue whose control block and index are lost, with a reader that has read so many messages. */
function writeQueue({ count = 60, segmentSize = 4096, read = 0 }): void {
  using writer = openWriter(directory, { segmentSize })
  appendNumbered(writer, 0, count)
  if (read > 0) {
    using reader = openReader(directory, 'r', { start: 'earliest' })
    for (const _ of range(0, read)) reader.next()
    reader.commit()
  }
  writer.close()
  for (const name of [CONTROL_FILE, INDEX_FILE]) rmSync(join(directory, name), { force: true })
}

/** Puts a segment of another queue, with a header of its own, in a place of this one. */
function addForeignSegment(segmentId: number, segmentSize: number): void {
  const other = join(temporaryDirectory(), 'other')
  using writer = openWriter(other, { segmentSize })
  while (writer.position.segmentId <= segmentId) writer.append(1, Buffer.alloc(segmentSize / 2))
  copyFileSync(segmentFile(other, segmentId), segmentFile(directory, segmentId))
}

function readable(): number[] {
  using observer = openObserver(directory, { start: 'earliest', onCorrupt: 'skip', onLost: 'snap' })
  return drainSequences(observer)
}

describe('the segment size of a queue without a control block', () => {
  it('L56: is not what is left of one segment when the records of another do not fit into it', () => {
    writeQueue({ count: 25 })
    truncateSync(segmentFile(directory, 0), 2051)
    truncateSync(segmentFile(directory, 1), 448)
    using writer = openWriter(directory)
    expect(writer.segmentSize).toBe(4096)
    expect(readable()).toEqual([...range(0, 8), 16])
  })

  it('L56: has room for every place of a reader, independent of what length is left of the only segment', () => {
    for (const length of [448, 2051, 2048]) {
      rmSync(directory, { recursive: true, force: true })
      writeQueue({ count: 20, read: 20 })
      truncateSync(segmentFile(directory, 0), length)
      using writer = openWriter(directory)
      expect(writer.segmentSize).toBe(4096)
      expect(writer.nextSequence).toBeGreaterThanOrEqual(20)
      using reader = openReader(directory, 'r')
      writer.append(1, Buffer.from('next'))
      expect(reader.next()?.sequence).toBe(writer.nextSequence - 1)
    }
  })

  it('L56: is not that of a foreign segment when a reader stands above it', () => {
    writeQueue({ count: 100, segmentSize: 16_384, read: 100 })
    truncateSync(segmentFile(directory, 0), 3000)
    addForeignSegment(1, 4096)
    using writer = openWriter(directory)
    expect(writer.segmentSize).toBeGreaterThanOrEqual(8192)
    expect(writer.nextSequence).toBeGreaterThanOrEqual(100)
    openReader(directory, 'r', { onLost: 'snap' }).close()
  })

  it.each([16_384, 2 ** 20])('L56: is that of most segments, beside a foreign one of %i bytes', (foreign) => {
    writeQueue({ count: 130, read: 3 })
    addForeignSegment(9, foreign)
    using writer = openWriter(directory)
    expect(writer.segmentSize).toBe(4096)
    expect(readable().slice(0, 130)).toEqual(range(0, 130))
  })

  it('L56: is that of the only segment when one reader file is of another queue', () => {
    writeQueue({ count: 10, read: 3 })
    const other = join(temporaryDirectory(), 'other')
    using big = openWriter(other, { segmentSize: 65_536 })
    using reader = openReader(other, 'r')
    appendNumbered(big, 0, 200)
    drainSequences(reader)
    reader.commit()
    copyFileSync(join(other, 'readers/r.meta'), join(directory, 'readers/r.meta'))
    using writer = openWriter(directory)
    expect(writer.segmentSize).toBe(4096)
    expect(readable()).toEqual(range(0, 10))
  })

  it('L57: a head that was cut below its durable mark, after a stop of the machine, is sealed and left', () => {
    const first = openWriter(directory, { segmentSize: 16_384 })
    appendNumbered(first, 0, 40)
    first.flushSync()
    first.close()
    truncateSync(segmentFile(directory, 0), 684)
    pretendAnotherBoot(directory)
    using writer = openWriter(directory)
    expect(writer.nextSequence).toBeGreaterThanOrEqual(40)
    expect(readable()).toEqual([0, 1, 2])
  })

  it('L57: keeps the messages of segments that were all cut, and goes on above them', () => {
    writeQueue({})
    for (const id of range(0, 4)) truncateSync(segmentFile(directory, id), 4001 - id)
    using writer = openWriter(directory)
    expect(writer.segmentSize).toBe(4096)
    expect(readable().length).toBeGreaterThan(50)
    expect(writer.nextSequence).toBeGreaterThanOrEqual(60)
  })
})
