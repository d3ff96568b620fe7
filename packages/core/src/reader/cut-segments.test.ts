import { existsSync, readFileSync, rmSync, symlinkSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { code } from '../../test/support/expectations.js'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { queueOf } from '../../test/support/new-queue.js'
import { overwrite, segmentFile } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { RECORD_PAYLOAD_OFFSET, SEGMENT_FLAG_SEALED, SEGMENT_FLAGS_OFFSET } from '../format/index.js'
import { openObserver, openReader, openWriter } from '../index.js'

const truncated = expect.objectContaining({ code: 'ERR_SEGMENT_TRUNCATED', segmentId: 0 })

describe('a segment that is cut short while it is mapped', () => {
  it('is an error for a reader that has caught up, in every way of waiting', async () => {
    const { directory, writer } = queueOf(100, 1 << 20)
    using reader = openReader(directory, 'r')
    expect(drainSequences(reader)).toEqual(range(0, 100))
    truncateSync(segmentFile(directory, 0), 4096)
    expect(() => reader.next()).toThrowError(truncated)
    expect(() => reader.peek()).toThrowError(truncated)
    expect(() => reader.wait({ timeoutMs: 50 })).toThrowError(truncated)
    await expect(reader.waitAsync({ timeoutMs: 50 })).rejects.toThrowError(truncated)
    reader.close()
    writer.close()
  })

  it('ends an iteration that waits for more with the error', async () => {
    const { directory, writer } = queueOf(100, 1 << 20)
    using observer = openObserver(directory)
    const iterate = async () => {
      for await (const message of observer.messages())
        if (message.sequence === 99) setImmediate(() => truncateSync(segmentFile(directory, 0), 4096))
    }
    await expect(iterate()).rejects.toThrowError(truncated)
    writer.close()
  })

  it('is an error for a message whose end is gone', () => {
    const directory = join(temporaryDirectory(), 'queue')
    const writer = openWriter(directory, { segmentSize: 1 << 20 })
    writer.append(1, Buffer.alloc(100_000, 1))
    using observer = openObserver(directory)
    truncateSync(segmentFile(directory, 0), 4096)
    expect(() => observer.next()).toThrowError(truncated)
    writer.close()
  })

  it('cannot be opened', async () => {
    const { directory, writer } = queueOf(100, 1 << 20)
    writer.close()
    truncateSync(segmentFile(directory, 0), 4096)
    const bad = expect.objectContaining({ code: 'ERR_BAD_SEGMENT', segmentId: 0 })
    expect(() => openObserver(directory)).toThrowError(bad)
    // Nothing of it stays mapped: not for long by the thread that populates, and not at all by the open that failed.
    while (readFileSync('/proc/self/maps', 'latin1').includes(directory)) await new Promise((resolve) => setTimeout(resolve, 1))
  })
})

describe('damage at the end of the head', () => {
  it('is waited behind by a reader that skips, until something follows', () => {
    const { directory, writer } = queueOf(20, 1 << 20)
    const { offset } = writer.position
    writer.append(1, Buffer.alloc(50, 1))
    overwrite(segmentFile(directory, 0), offset + RECORD_PAYLOAD_OFFSET, Buffer.from([9]))
    using observer = openObserver(directory, { onCorrupt: 'skip' })
    expect(drainSequences(observer)).toEqual(range(0, 20))
    expect(observer.wait({ timeoutMs: 3 })).toBe('timeout')
    writer.append(1, Buffer.alloc(50, 1))
    expect(drainSequences(observer)).toEqual([21])
    expect(observer.metrics().corruptSkipped).toBe(1)
    writer.close()
  })

  it('is left by a reader that skips when the writer has gone on, also without a seal', () => {
    const { directory, writer } = queueOf(20, 1 << 20)
    const { offset } = writer.position
    writer.append(1, Buffer.alloc(50, 1))
    overwrite(segmentFile(directory, 0), offset + RECORD_PAYLOAD_OFFSET, Buffer.from([9]))
    writer.roll()
    overwrite(segmentFile(directory, 0), SEGMENT_FLAGS_OFFSET, Buffer.from([0]))
    appendNumbered(writer, 21, 30)
    using observer = openObserver(directory, { onCorrupt: 'skip' })
    expect(drainSequences(observer)).toEqual([...range(0, 20), ...range(21, 30)])
    expect(observer.metrics().corruptSkipped).toBe(1)
    writer.close()
  })
})

describe('a sealed head', () => {
  it('is the end as long as its successor does not exist', () => {
    const { directory, writer } = queueOf(20, 1 << 20)
    writer.close()
    overwrite(segmentFile(directory, 0), SEGMENT_FLAGS_OFFSET, Buffer.from([SEGMENT_FLAG_SEALED]))
    using observer = openObserver(directory)
    expect(drainSequences(observer)).toEqual(range(0, 20))
    expect(observer.wait({ timeoutMs: 3 })).toBe('timeout')
    rmSync(segmentFile(directory, 1), { force: true })
    using next = openWriter(directory)
    appendNumbered(next, 20, 30)
    expect(drainSequences(observer)).toEqual(range(20, 30))
  })

  it('L55: is an error for a reader whose later segments are links, with or without a target', () => {
    const { directory, writer } = queueOf(40, 4096)
    writer.close()
    const head = 2
    expect(existsSync(segmentFile(directory, head))).toBe(true)
    using observer = openObserver(directory)
    observer.next()
    for (const id of range(1, head + 1)) {
      rmSync(segmentFile(directory, id))
      symlinkSync('nowhere', segmentFile(directory, id))
    }
    const error = code('ERR_LINK', { path: segmentFile(directory, 1) })
    expect(() => drainSequences(observer)).toThrowError(error)
    expect(() => observer.next()).toThrowError(error)
    expect(observer.position.segmentId).toBe(0)
  })
})
