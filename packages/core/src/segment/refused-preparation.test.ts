import { existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { segmentFile } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { segmentTemporaryFileName } from '../format/index.js'
import { openObserver, openWriter, type QueueWriter, type WriterOptions } from '../index.js'

interface Refused {
  readonly directory: string
  readonly writer: QueueWriter
  /** What stands where the next but one segment is to be built. */
  readonly obstacle: string
}

/** A writer that finds segment 2 in the way of being prepared, while segment 1 is ready. */
function refusedWriter(options: WriterOptions = {}): Refused {
  const directory = join(temporaryDirectory(), 'queue')
  mkdirSync(directory)
  const obstacle = join(directory, segmentTemporaryFileName(2))
  mkdirSync(obstacle)
  const writer = openWriter(directory, { segmentSize: 4096, ...options })
  writer.append(1, Buffer.alloc(100))
  writer.roll()
  writer.append(1, Buffer.alloc(100))
  return { directory, writer, obstacle }
}

const refusal = expect.objectContaining({ code: 'ERR_IO', errno: -21, errnoName: 'EISDIR' })

describe('a next segment that cannot be prepared', () => {
  it.each<WriterOptions>([{}, { mlock: true }, { prefault: false }])(
    'is the error of the append that needs it, takes no sequence, and is tried again: %o',
    (options) => {
      const { directory, writer, obstacle } = refusedWriter(options)
      const large = Buffer.alloc(3900)
      const attempts = [
        () => writer.append(1, large),
        () => writer.tryAppend(1, large),
        () => writer.appendBatch([{ typeId: 1, payload: large }]),
        () => writer.claim(1, large.length),
        () => writer.roll(),
      ]
      for (const attempt of attempts) expect(attempt).toThrowError(refusal)
      expect(writer.append(1, Buffer.alloc(100))).toBe(2)
      rmdirSync(obstacle)
      expect(writer.append(1, large)).toBe(3)
      expect(writer.position.segmentId).toBe(2)
      using observer = openObserver(directory)
      expect(drainSequences(observer)).toEqual(range(0, 4))
      writer.close()
    },
  )

  it('keeps a roll by age from happening until it can be prepared', async () => {
    const { writer, obstacle } = refusedWriter({ rollAfterMs: 1 })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(writer.position.segmentId).toBe(1)
    expect(writer.append(1, Buffer.alloc(10))).toBe(2)
    rmdirSync(obstacle)
    while (writer.position.segmentId === 1) await new Promise((resolve) => setTimeout(resolve, 1))
    writer.close()
  })

  it('does not keep the writer from closing, nor the next from opening', () => {
    const { directory, writer, obstacle } = refusedWriter()
    writer.close()
    expect(existsSync(obstacle)).toBe(true)
    using next = openWriter(directory)
    expect(next.append(1, Buffer.alloc(10))).toBe(2)
    expect(readdirSync(directory)).not.toContain('000000002.q')
  })

  it('is the error of the open that makes a queue, and the queue can be made afterwards', () => {
    const directory = join(temporaryDirectory(), 'queue')
    const obstacle = join(directory, segmentTemporaryFileName(0))
    mkdirSync(obstacle, { recursive: true })
    expect(() => openWriter(directory, { segmentSize: 4096 })).toThrowError(refusal)
    expect(existsSync(segmentFile(directory, 0))).toBe(false)
    rmdirSync(obstacle)
    using writer = openWriter(directory, { segmentSize: 4096 })
    appendNumbered(writer, 0, 30)
    expect(writer.epoch).toBe(1)
  })
})
