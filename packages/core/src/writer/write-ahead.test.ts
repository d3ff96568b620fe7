import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { segmentFile } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { openObserver, openWriter } from '../index.js'

const MIB = 1024 * 1024
const payload = Buffer.alloc(1024, 7)

/** Bytes of the disk that a file takes. */
function blocksOf(path: string): number {
  return statSync(path).blocks * 512
}

describe('a writer', () => {
  it('of an empty queue takes a little of the disk, independent of the size of its segments', () => {
    const queues = Array.from({ length: 20 }, () => join(temporaryDirectory(), 'queue'))
    const writers = queues.map((directory) => openWriter(directory))
    for (const writer of writers) writer.append(1, payload)
    const bytes = queues.map((directory) => blocksOf(segmentFile(directory, 0)))
    for (const writer of writers) writer.close()
    for (const length of bytes) expect(length).toBeLessThanOrEqual(3 * MIB)
    expect(statSync(segmentFile(queues[0] as string, 0)).size).toBe(128 * MIB)
  })

  it('is reserved ahead of everything that it has appended, whole segments when asked, and reads back all of it', () => {
    for (const prefault of [true, false, 'segment'] as const) {
      const directory = join(temporaryDirectory(), 'queue')
      using writer = openWriter(directory, { segmentSize: 16 * MIB, prefault })
      for (let count = 0; count < 20_000; count++) {
        writer.append(1, payload)
        const { segmentId, offset } = writer.position
        if (count % 1000 === 0) expect(blocksOf(segmentFile(directory, segmentId))).toBeGreaterThanOrEqual(offset)
      }
      expect(writer.position.segmentId).toBe(1)
      using observer = openObserver(directory)
      expect(observer.poll(30_000, () => undefined)).toBe(20_000)
    }
  })

  it('goes on in a head of which nothing beyond its records is reserved', () => {
    const directory = join(temporaryDirectory(), 'queue')
    openWriter(directory, { segmentSize: 16 * MIB }).close()
    for (let round = 0; round < 3; round++) {
      using writer = openWriter(directory)
      const claim = writer.claim(1, 5 * MIB)
      claim.payload.fill(round)
      claim.commit({ length: 2 * MIB })
      writer.appendBatch(Array.from({ length: 300 }, () => ({ typeId: 2, payload })))
    }
    using observer = openObserver(directory)
    expect(observer.poll(1000, () => undefined)).toBe(903)
  })
})
