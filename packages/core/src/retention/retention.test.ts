import { readFileSync, rmSync, symlinkSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Child } from '../../test/support/child.js'
import { until } from '../../test/support/expectations.js'
import { appendNumbered, drainSequences, numberedPayload, range } from '../../test/support/messages.js'
import { newQueue, segmentsOf } from '../../test/support/new-queue.js'
import { overwrite, overwriteControl, u64 } from '../../test/support/raw-queue.js'
import {
  CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET,
  decodePosition,
  encodePositionSlot,
  POSITION_SLOT_COUNT,
  POSITION_SLOT_LENGTH,
  type SavedPosition,
} from '../format/index.js'
import { openObserver, openReader, openWriter, type QueueReader } from '../index.js'

/** As a writer does that is about to delete what is below. */
function announceFirstSegment(directory: string, segmentId: number): void {
  overwriteControl(directory, CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET, u64(segmentId + 1))
}

function savedPosition(path: string): SavedPosition {
  const saved = decodePosition(readFileSync(path), crc32)
  if (saved === 'bad') throw new Error(`${path} holds no position`)
  return saved
}

const heartbeatOf = (path: string) => savedPosition(path).heartbeatNs

/** As if the last commit had been so long ago. */
function ageCommit(path: string, milliseconds: number): void {
  const saved = savedPosition(path)
  const heartbeatNs = saved.heartbeatNs - BigInt(milliseconds) * 1_000_000n
  const offset = (saved.generation % POSITION_SLOT_COUNT) * POSITION_SLOT_LENGTH
  overwrite(path, offset, encodePositionSlot({ ...saved, heartbeatNs }, crc32))
  expect(heartbeatOf(path)).toBe(heartbeatNs)
}

function readAll(reader: QueueReader): void {
  drainSequences(reader)
  reader.commit()
}

describe('retention', () => {
  it('keeps everything by default', async () => {
    const { directory, writer } = newQueue({})
    const reader = openReader(directory, 'a')
    appendNumbered(writer, 0, 200)
    readAll(reader)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(segmentsOf(directory)[0]).toBe(0)
    expect(writer.explainRetention()).toEqual([])
    reader.close()
    writer.close()
  })

  it('consumed: deletes what every registered reader has committed past, when a reader moves on', async () => {
    const { directory, writer } = newQueue({ retention: { consumed: true } })
    const fast = openReader(directory, 'fast')
    const slow = openReader(directory, 'slow')
    appendNumbered(writer, 0, 200)
    readAll(fast)
    await until(() => writer.explainRetention()[0]?.pinnedBy.includes('slow') === true)
    expect(segmentsOf(directory)[0]).toBe(0)
    readAll(slow)
    await until(() => segmentsOf(directory)[0] === slow.position.segmentId)
    expect(writer.explainRetention().every((verdict) => !verdict.deletable)).toBe(true)
    fast.close()
    slow.close()
    writer.close()
  })

  it('L9: nothing is deleted below a reader that is not running, nor when no reader ever registered', async () => {
    const { directory, writer } = newQueue({ retention: { consumed: true } })
    appendNumbered(writer, 0, 100)
    using observer = openObserver(directory)
    drainSequences(observer)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(segmentsOf(directory)[0]).toBe(0)
    const reader = openReader(directory, 'dead')
    reader.next()
    reader.commit()
    reader.close()
    appendNumbered(writer, 100, 300)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(segmentsOf(directory)[0]).toBe(0)
    expect(writer.explainRetention()[0]).toMatchObject({ deletable: false, pinnedBy: ['dead'] })
    writer.close()
  })

  it('L11: a bad meta file pins everything and is named', async () => {
    const { directory, writer } = newQueue({ retention: { consumed: true } })
    const reader = openReader(directory, 'good')
    writeFileSync(join(directory, 'readers', 'broken.meta'), Buffer.alloc(80, 1))
    appendNumbered(writer, 0, 200)
    readAll(reader)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(segmentsOf(directory)[0]).toBe(0)
    expect(writer.explainRetention()[0]).toMatchObject({ deletable: false, pinnedBy: ['broken'] })
    rmSync(join(directory, 'readers', 'broken.meta'))
    await until(() => segmentsOf(directory)[0] !== 0)
    reader.close()
    writer.close()
  })

  it('readerTtlMs lets a dead reader go, says so, and the reader gets the exact loss', async () => {
    const released: string[] = []
    const { directory, writer } = newQueue({
      retention: { consumed: true, readerTtlMs: 1 },
      onReaderReleased: ({ reader, reason }) => released.push(`${reader.name} ${reason}`),
    })
    const dead = openReader(directory, 'dead')
    for (const _ of range(0, 5)) dead.next()
    dead.commit()
    dead.close()
    const alive = openReader(directory, 'alive')
    appendNumbered(writer, 0, 200)
    // Nothing was there when the dead one read: it stands at the beginning.
    readAll(alive)
    await until(() => segmentsOf(directory)[0] === alive.position.segmentId)
    expect(released).toEqual(['dead readerTtlMs'])
    expect(writer.metrics().readersReleased).toBe(1)
    const first = firstSequence(directory)
    expect(() => openReader(directory, 'dead')).toThrowError(
      expect.objectContaining({ code: 'ERR_DATA_LOST', from: 0, to: first, count: first }),
    )
    using snapped = openReader(directory, 'dead', { onLost: 'snap' })
    expect(snapped.metrics().lost).toBe(first)
    expect(snapped.next()?.sequence).toBe(first)
    alive.close()
    writer.close()
  })

  it('readerTtlMs counts from the close of a reader that had nothing to commit for longer', async () => {
    const { directory, writer } = newQueue({ retention: { consumed: true, readerTtlMs: 60_000 } })
    const restarted = openReader(directory, 'restarted')
    appendNumbered(writer, 0, 5)
    readAll(restarted)
    const path = join(directory, 'readers', 'restarted.meta')
    ageCommit(path, 100_000)
    restarted.close()
    expect(heartbeatOf(path)).toBeGreaterThan(BigInt(Date.now() - 60_000) * 1_000_000n)
    using other = openReader(directory, 'other')
    appendNumbered(writer, 5, 100)
    readAll(other)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(writer.explainRetention()[0]).toMatchObject({ segmentId: 0, pinnedBy: ['restarted'] })
    using again = openReader(directory, 'restarted')
    expect(drainSequences(again)).toEqual(range(5, 100))
    writer.close()
  })

  it('L17: a running reader is never too old, however long it commits nothing', async () => {
    const { directory, writer } = newQueue({ retention: { consumed: true, readerTtlMs: 0 } })
    const idle = openReader(directory, 'idle')
    appendNumbered(writer, 0, 200)
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(segmentsOf(directory)[0]).toBe(0)
    expect(drainSequences(idle)).toEqual(range(0, 200))
    idle.close()
    writer.close()
  })

  it('maxReaderLagBytes lets a reader go that is too far behind, although it runs', async () => {
    const { directory, writer } = newQueue({ retention: { consumed: true, maxReaderLagBytes: 10 * 4096 } })
    const slow = openReader(directory, 'slow')
    const fast = openReader(directory, 'fast')
    for (const round of range(0, 10)) {
      appendNumbered(writer, round * 50, round * 50 + 50)
      readAll(fast)
    }
    await until(() => segmentsOf(directory)[0] === fast.position.segmentId)
    const lost = firstSequence(directory)
    let error: unknown
    try {
      drainSequences(slow)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ code: 'ERR_DATA_LOST', to: lost })
    fast.close()
    slow.close()
    writer.close()
  })

  it('maxSegments, maxBytes and maxAgeMs delete what no reader needs; minSegments stays', async () => {
    for (const retention of [{ maxSegments: 3 }, { maxBytes: 3 * 4096 }, { maxAgeMs: 0, minSegments: 3 }]) {
      const { directory, writer } = newQueue({ retention })
      appendNumbered(writer, 0, 200)
      const head = writer.position.segmentId
      await until(() => segmentsOf(directory)[0] === head - 2)
      writer.close()
    }
  })

  it('the explanation names rule and readers for every segment', () => {
    const { directory, writer } = newQueue({ retention: { maxSegments: 100 } })
    const reader = openReader(directory, 'r')
    appendNumbered(writer, 0, 100)
    const verdicts = writer.explainRetention()
    expect(verdicts.at(-1)).toMatchObject({ segmentId: writer.position.segmentId, deletable: false, reason: 'it is the head' })
    expect(verdicts[0]).toMatchObject({ segmentId: 0, pinnedBy: ['r'] })
    reader.close()
    writer.close()
  })

  it('a reader that registers in the middle of deletion sees an unbroken sequence to the end', async () => {
    const { directory, writer } = newQueue({ retention: { maxSegments: 2 } })
    for (const round of range(0, 30)) {
      appendNumbered(writer, round * 50, round * 50 + 50)
      const reader = openReader(directory, `r${round}`)
      const first = reader.peek()?.sequence ?? round * 50 + 50
      expect(drainSequences(reader)).toEqual(range(first, round * 50 + 50))
      reader.close()
      rmSync(join(directory, 'readers', `r${round}.meta`))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(writer.metrics().segmentsDeleted).toBeGreaterThan(20)
    writer.close()
  })

  it('looks at the readers again before it deletes what a killed writer announced and left', () => {
    const { directory, writer } = newQueue({ retention: { consumed: true } })
    const slow = openReader(directory, 'slow')
    appendNumbered(writer, 0, 200)
    writer.close()
    announceFirstSegment(directory, 2)
    const next = openWriter(directory, { retention: { consumed: true } })
    appendNumbered(next, 200, 400)
    expect(segmentsOf(directory)[0]).toBe(0)
    const late = openReader(directory, 'late', { start: 'earliest' })
    expect(late.position.segmentId).toBe(0)
    expect(drainSequences(slow)).toEqual(range(0, 400))
    for (const opened of [late, slow, next]) opened.close()
  })

  it('L54: a writer whose open fails while it looks for the first segment leaves nothing that works on', async () => {
    const { directory, writer } = newQueue({})
    openReader(directory, 'a').close()
    appendNumbered(writer, 0, 200)
    writer.close()
    announceFirstSegment(directory, 1)
    rmSync(join(directory, '000000000.q'))
    symlinkSync('/dev/null', join(directory, '000000000.q'))
    expect(() => openWriter(directory, { retention: { consumed: true } })).toThrowError(
      expect.objectContaining({ code: 'ERR_LINK' }),
    )
    // A watcher that was left would have the closed writer look at the readers: an uncaught error, which fails this run.
    const seen = new Promise((resolve) => watch(join(directory, 'readers'), { persistent: true }, resolve).unref())
    writeFileSync(join(directory, 'readers', 'a.meta'), '')
    await seen
    for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve))
    rmSync(join(directory, '000000000.q'))
    openWriter(directory, { retention: { consumed: true } }).close()
  })

  it('an event loop that never turns does not keep segments forever', () => {
    const { directory, writer } = newQueue({ retention: { maxSegments: 4 } })
    // Looks at the readers are spaced where they take long, so how many segments a number of appends lets go depends on the machine.
    for (let next = 0; next < 100_000 && writer.metrics().segmentsDeleted < 20; next += 100)
      appendNumbered(writer, next, next + 100)
    expect(writer.metrics().segmentsDeleted).toBeGreaterThanOrEqual(20)
    const head = writer.position.segmentId
    writer.close()
    // All that were let go are deleted when the writer has closed, lowest first, and no other.
    const { segmentsDeleted } = writer.metrics()
    expect(segmentsDeleted).toBeLessThanOrEqual(head - 3)
    expect(segmentsOf(directory).filter((id) => id <= head)).toEqual(range(segmentsDeleted, head + 1))
  })
})

function firstSequence(directory: string): number {
  using observer = openObserver(directory)
  return observer.next()?.sequence ?? -1
}

describe('backpressure', () => {
  it('fail: an append that needs a segment too many is refused, and goes through when readers made room', () => {
    const { directory, writer } = newQueue({ maxSegments: 3 })
    const reader = openReader(directory, 'a')
    let sent = 0
    const fill = (): void => {
      for (;;) {
        writer.append(1, numberedPayload(sent))
        sent++
      }
    }
    expect(fill).toThrowError(expect.objectContaining({ code: 'ERR_QUEUE_FULL', limit: 'maxSegments', value: 3 }))
    expect(writer.tryAppend(1, Buffer.alloc(3000))).toEqual({ status: 'full' })
    expect(segmentsOf(directory).length).toBeLessThanOrEqual(4)
    readAll(reader)
    expect(writer.tryAppend(1, numberedPayload(sent))).toEqual({ status: 'appended', sequence: sent })
    expect(drainSequences(reader)).toEqual([sent])
    reader.close()
    writer.close()
  })

  it('occupies its limit, a prepared segment and one that is being deleted, and never more, however fast the writer is', () => {
    const { directory, writer } = newQueue({ maxSegments: 3, segmentSize: 1 << 20 })
    const reader = openReader(directory, 'a')
    const payload = Buffer.alloc(100_000)
    let most = 0
    for (let sequence = 0; sequence < 800; sequence++) {
      writer.append(1, payload)
      expect(reader.next()?.sequence).toBe(sequence)
      reader.commit()
      most = Math.max(most, segmentsOf(directory).length)
    }
    expect(writer.metrics().rolls).toBeGreaterThan(50)
    expect(most).toBeLessThanOrEqual(5)
    reader.close()
    writer.close()
  })

  it.each([
    [{ maxBytes: 3 * 4096 + 1 }, 'maxBytes', 3 * 4096 + 1],
    [{ maxBytes: 3 * 4096, maxSegments: 5 }, 'maxBytes', 3 * 4096],
    [{ maxBytes: 5 * 4096, maxSegments: 3 }, 'maxSegments', 3],
  ])('the narrower of the limits is the one that is named: %o', (limits, limit, value) => {
    const { directory, writer } = newQueue(limits)
    const reader = openReader(directory, 'a')
    const full = expect.objectContaining({ code: 'ERR_QUEUE_FULL', limit, value, waitedMs: 0 })
    expect(() => appendNumbered(writer, 0, 1000)).toThrowError(full)
    expect(writer.position.segmentId).toBe(2)
    reader.close()
    writer.close()
  })

  it('reports once when the limit comes near', () => {
    const told: number[] = []
    const { directory, writer } = newQueue({ maxBytes: 4 * 4096, onHighWatermark: ({ segments: count }) => told.push(count) })
    const reader = openReader(directory, 'a')
    for (let sequence = 0; writer.tryAppend(1, numberedPayload(sequence)).status === 'appended'; sequence++);
    expect(told).toEqual([4])
    reader.close()
    writer.close()
  })

  it('block with a timeout ends in ERR_QUEUE_FULL with the time waited', () => {
    const { directory, writer } = newQueue({ maxSegments: 2, backpressure: 'block', backpressureTimeoutMs: 20 })
    const reader = openReader(directory, 'a')
    expect(() => appendNumbered(writer, 0, 1000)).toThrowError(expect.objectContaining({ code: 'ERR_QUEUE_FULL' }))
    expect(writer.metrics().blockedRolls).toBe(1)
    reader.close()
    writer.close()
  })

  it.each(['commits', 'closes', 'is killed'])('block: a writer is released when its reader %s', async (what) => {
    const { directory, writer } = newQueue({
      maxSegments: 3,
      backpressure: 'block',
      backpressureTimeoutMs: 60_000,
      retention: { consumed: true, readerTtlMs: 0 },
    })
    openReader(directory, 'slow').close()
    const child = new Child('slow-reader', [directory, 'slow', what])
    expect(await child.line()).toBe('reading')
    // Blocks this thread again and again until the child lets go; nothing may be lost on the way.
    appendNumbered(writer, 0, 400)
    expect(writer.nextSequence).toBe(400)
    if (what === 'commits') expect(await child.line()).toBe('read 400')
    writer.close()
  })
})
