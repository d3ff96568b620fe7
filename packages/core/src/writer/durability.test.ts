import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { until } from '../../test/support/expectations.js'
import { appendNumbered, numberedPayload } from '../../test/support/messages.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { INDEX_FILE } from '../format/index.js'
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
})
