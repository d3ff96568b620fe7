import { closeSync, ftruncateSync, openSync, readdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { amount } from '../../../../tools/evidence/effort/effort.mjs'
import { encodeSegmentHeader, SEGMENT_FLAG_SEALED } from '../../src/format/index.js'
import { openObserver, openReader, openWriter } from '../../src/index.js'
import { Child } from '../support/child.js'
import { appendNumbered, drainSequences, range } from '../support/messages.js'
import { overwrite, overwriteControl, readBytes, segmentFile, u32, u64 } from '../support/raw-queue.js'
import { memoryDirectory, temporaryDirectory } from '../support/temporary.js'

describe('hot paths', () => {
  it('allocate nothing: the heap does not grow over millions of appends and reads', async () => {
    const child = new Child('heap-growth', [join(temporaryDirectory(), 'queue'), amount({ short: 400_000, long: 1_000_000 })])
    const growth = await child.json<{ appendBytesPerMessage: number; readBytesPerMessage: number }>()
    // One object per message would be 16 bytes at least; what is left is the engine compiling and a few objects per roll.
    expect(growth.appendBytesPerMessage).toBeLessThan(8)
    expect(growth.readBytesPerMessage).toBeLessThan(8)
  })
})

describe('rolling', () => {
  it('leaves nothing in a writer that never flushes', async () => {
    // So many that what the engine compiles now and then weighs little beside one object for each.
    const rolls = amount({ short: 3000, long: 5000 })
    const child = new Child('roll-growth', [join(memoryDirectory(), 'queue'), rolls])
    const growth = await child.json<{ rolls: number; bytesPerRoll: number }>()
    expect(growth.rolls).toBeGreaterThan(rolls * 2.9)
    // One object that is kept for each roll is 40 bytes and more; what is left is the engine compiling.
    expect(growth.bytesPerRoll).toBeLessThan(32)
  })
})

describe('sizes', () => {
  it('a segment above 2 GiB is mapped, written and read at its very end', () => {
    const directory = join(temporaryDirectory(), 'queue')
    const segmentSize = 2 ** 31 + 2 ** 28
    openWriter(directory, { segmentSize, prefault: false }).close()
    // As if one message of two gibibytes stood before it: writing its zeros would need as much memory.
    const offset = segmentSize - 1024
    overwrite(segmentFile(directory, 0), 64, u32(offset - 128 + 1))
    overwriteControl(directory, 256, u64(offset))
    using observer = openObserver(directory, { start: 'latest' })
    using writer = openWriter(directory, { prefault: false })
    expect(writer.position).toEqual({ segmentId: 0, offset })
    appendNumbered(writer, 1, 31)
    expect(observer.peek()?.offset).toBe(offset)
    expect(drainSequences(observer)).toEqual(range(1, 31))
    expect(observer.position.segmentId).toBe(1)
  })

  it('ids beyond nine digits are named and read in full', () => {
    const directory = join(temporaryDirectory(), 'queue')
    const first = openWriter(directory, { segmentSize: 4096 })
    appendNumbered(first, 0, 5)
    first.close()
    const far = 999_999_999
    const fd = openSync(segmentFile(directory, far), 'w')
    ftruncateSync(fd, 4096)
    writeSync(fd, encodeSegmentHeader({ segmentId: far }))
    closeSync(fd)
    overwriteControl(directory, 132, u32(far))
    overwriteControl(directory, 256, u64(64))
    using writer = openWriter(directory)
    appendNumbered(writer, writer.nextSequence, writer.nextSequence + 100)
    expect(readdirSync(directory)).toContain('1000000000.q')
    using observer = openObserver(directory, { start: { sequence: 50 } })
    expect(observer.next()?.segmentId).toBeGreaterThanOrEqual(1_000_000_000)
  })

  it('a queue of very many segments opens, resumes and seeks by looking at a few of them', () => {
    const directory = join(temporaryDirectory(), 'queue')
    const count = amount({ short: 5000, long: 20_000 })
    manySegments(directory, count)
    using writer = openWriter(directory)
    expect(writer.position.segmentId).toBe(count - 1)
    expect(writer.append(1, Buffer.from('on'))).toBe(count - 1)
    using reader = openReader(directory, 'a', { start: { sequence: count - 2 } })
    expect(drainSequences(reader)).toEqual([count - 2, count - 1])
    reader.commit()
    reader.close()
    using resumed = openReader(directory, 'a')
    expect(resumed.next()).toBeUndefined()
  })
})

/** A queue whose segments hold one message each, written as files: rolling that often takes much longer. */
function manySegments(directory: string, count: number): void {
  const writer = openWriter(directory, { segmentSize: 4096 })
  writer.append(1, Buffer.from('0'))
  const bytes = readBytes(segmentFile(directory, 0), 0, 4096)
  for (let id = 1; id < count; id++) {
    const isHead = id === count - 1
    bytes.set(encodeSegmentHeader({ segmentId: id, flags: isHead ? 0 : SEGMENT_FLAG_SEALED, firstSequence: id }))
    bytes.writeUInt32LE(isHead ? 0 : 2, 64)
    bytes.writeBigUInt64LE(BigInt(id), 72)
    // The base format's record: no checksum of the header.
    bytes.writeUInt16LE(0, 90)
    const fd = openSync(segmentFile(directory, id), 'w')
    writeSync(fd, isHead ? bytes.subarray(0, 64) : bytes.subarray(0, 192))
    ftruncateSync(fd, 4096)
    closeSync(fd)
  }
  writer.close()
  overwriteControl(directory, 132, u32(count - 1))
  overwriteControl(directory, 256, u64(64))
  overwriteControl(directory, 272, u64(count - 1))
}

describe('worker threads', () => {
  it('write, read and wait beside each other, and end without harm at any time', async () => {
    const directory = join(temporaryDirectory(), 'queue')
    const program = new URL('../programs/worker-reader.mjs', import.meta.url)
    using writer = openWriter(directory, { segmentSize: 65_536 })
    const workers = range(0, 3).map(
      (number) => new Worker(program, { workerData: { directory, name: `w${number}`, count: 5000 } }),
    )
    const results = workers.map(
      (worker) => new Promise<number>((resolve, reject) => worker.once('message', resolve).once('error', reject)),
    )
    appendNumbered(writer, 0, 5000)
    expect(await Promise.all(results)).toEqual([5000, 5000, 5000])
    for (const _ of range(0, 5)) {
      const parked = new Worker(program, { workerData: { directory, name: 'parked', count: Number.MAX_SAFE_INTEGER } })
      await new Promise((resolve) => parked.once('online', resolve))
      await parked.terminate()
    }
    writer.append(1, Buffer.from('still here'))
  })
})
