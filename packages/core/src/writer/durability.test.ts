import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { code, until } from '../../test/support/expectations.js'
import { appendNumbered, numberedPayload } from '../../test/support/messages.js'
import { overwrite, overwriteControl, segmentFile, u32 } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import {
  CONTROL_DURABLE_SLOT_0_OFFSET,
  CONTROL_WRITE_BACK_OFFSET,
  INDEX_FILE,
  SEGMENT_FLAGS_OFFSET,
  SEGMENT_HEADER_LENGTH,
  WRITE_BACK_FAILED,
} from '../format/index.js'
import { openWriter, type WriterOptions } from '../index.js'

function newWriter(options: WriterOptions = {}) {
  const directory = join(temporaryDirectory(), 'queue')
  return { directory, writer: openWriter(directory, { segmentSize: 4096, ...options }) }
}

describe('the hint of the base format', () => {
  it('L69: is written by a roll and by close, and not by a flush', async () => {
    const { directory, writer } = newWriter()
    const path = join(directory, INDEX_FILE)
    writer.append(1, numberedPayload(0))
    writer.flushSync()
    await writer.flush()
    expect(existsSync(path)).toBe(false)
    writer.roll()
    await until(() => existsSync(path))
    expect(readFileSync(path).readUInt32LE(0)).toBe(1)
    rmSync(path)
    writer.append(1, numberedPayload(1))
    const { offset } = writer.position
    writer.close()
    expect([0, 8].map((at) => readFileSync(path).readUInt32LE(at))).toEqual([1, offset])
  })
})

describe('a sync', () => {
  it('L69: is asked for once by a flush, and not at all when everything is durable', () => {
    const { writer } = newWriter()
    appendNumbered(writer, 0, 5)
    writer.flushSync()
    writer.flushSync()
    expect(writer.metrics().syncs).toBe(1)
    writer.close()
  })

  it('covers what an earlier writer left', () => {
    const { directory, writer } = newWriter()
    appendNumbered(writer, 0, 100)
    writer.close()
    const next = openWriter(directory)
    next.append(1, numberedPayload(100))
    next.flushSync()
    expect(next.durableSequence).toBe(101)
    next.close()
  })

  it('of a writer without extensions leaves no trace', () => {
    const { directory, writer } = newWriter({ extensions: false })
    appendNumbered(writer, 0, 100)
    writer.flushSync()
    expect(writer.durableSequence).toBe(0)
    writer.close()
    const control = readFileSync(join(directory, 'control.meta'))
    expect(control.subarray(136, 256).every((byte) => byte === 0)).toBe(true)
  })

  it.each([
    ['its last record and its seal', 64 + 9 * 128, 64 + 10 * 128],
    ['every record and its seal', 64, 64 + 10 * 128],
  ])('L48: after one that failed, finds %s missing below a head that is empty', (_, from, to) => {
    for (const loses of [false, true]) {
      const { directory, writer } = newWriter()
      for (let number = 0; number < 10; number++) writer.append(1, Buffer.alloc(64, number))
      writer.roll()
      writer.close()
      overwriteControl(directory, CONTROL_DURABLE_SLOT_0_OFFSET, Buffer.alloc(64))
      const next = openWriter(directory)
      overwriteControl(directory, CONTROL_WRITE_BACK_OFFSET, u32(WRITE_BACK_FAILED))
      // The kernel dropped pages that it could not write, and read back what is on the disk: the segment as it was prepared.
      if (loses) {
        overwrite(segmentFile(directory, 0), SEGMENT_FLAGS_OFFSET, Buffer.alloc(SEGMENT_HEADER_LENGTH - SEGMENT_FLAGS_OFFSET))
        overwrite(segmentFile(directory, 0), from, Buffer.alloc(to - from))
      }
      if (loses) expect(() => next.flushSync()).toThrowError(code('ERR_IO'))
      else next.flushSync()
      expect(next.durableSequence).toBe(loses ? 0 : 10)
      next.close()
    }
  })
})
