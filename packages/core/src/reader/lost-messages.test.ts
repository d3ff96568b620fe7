import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildQueue } from '../../test/support/build-queue.js'
import { until } from '../../test/support/expectations.js'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { newQueue, segmentsOf } from '../../test/support/new-queue.js'
import { overwrite, segmentFile, u32 } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { encodePaddingHeader } from '../format/index.js'
import { openObserver, openReader, openWriter, type QueueWriter, type WriterOptions } from '../index.js'

/** Whether retention has deleted all that it may. */
function isSettled(directory: string, writer: QueueWriter): boolean {
  const verdicts = writer.explainRetention()
  return verdicts.every((verdict) => !verdict.deletable) && segmentsOf(directory)[0] === verdicts[0]?.segmentId
}

function registerAt(directory: string, name: string, count: number): void {
  const reader = openReader(directory, name)
  for (const _ of range(0, count)) reader.next()
  reader.commit()
  reader.close()
}

const lost = (facts: object) => expect.objectContaining({ code: 'ERR_DATA_LOST', ...facts })

/** A reader that has read `read` messages of `count` is let go, and everything below the head is deleted; the head is empty. */
async function overtaken(read: number, count: number, between?: (directory: string) => void, options: WriterOptions = {}) {
  const { directory, writer } = newQueue({ retention: { maxSegments: 1, readerTtlMs: 0 }, ...options })
  appendNumbered(writer, 0, read)
  registerAt(directory, 'late', read)
  between?.(directory)
  appendNumbered(writer, read, count)
  writer.roll()
  await until(() => segmentsOf(directory)[0] === writer.position.segmentId)
  return { directory, writer }
}

describe('a reader that was let go', () => {
  it('learns exactly what it lost although nothing is there yet to read', async () => {
    const { directory, writer } = await overtaken(3, 80)
    expect(() => openReader(directory, 'late')).toThrowError(lost({ from: 3, to: 80, count: 77, reader: 'late' }))
    const snapped = openReader(directory, 'late', { onLost: 'snap' })
    expect(snapped.metrics().lost).toBe(77)
    appendNumbered(writer, 80, 82)
    expect(drainSequences(snapped)).toEqual([80, 81])
    snapped.commit()
    snapped.close()
    using resumed = openReader(directory, 'late')
    expect(resumed.metrics().lost).toBe(0)
    writer.close()
  })

  it('learns that messages are lost, but not which, when the note of its position is gone, foreign, or of another position', async () => {
    const damages = [
      (path: string) => rmSync(path),
      (path: string) => writeFileSync(path, 'no JSON'),
      (path: string) => writeFileSync(path, '{"segmentId":0,"offset":64,"sequence":1}'),
      (path: string) => writeFileSync(path, '{"segmentId":0,"offset":128,"sequence":"7"}'),
    ]
    for (const damage of damages) {
      const { directory, writer } = await overtaken(1, 40)
      damage(join(directory, 'readers', 'late.lost'))
      expect(() => openReader(directory, 'late')).toThrowError(lost({ from: undefined, to: 40, count: undefined }))
      using snapped = openReader(directory, 'late', { onLost: 'snap' })
      expect(snapped.metrics().lost).toBe(0)
      writer.close()
    }
  })

  it('learns from where although its position was after the last message of its segment', async () => {
    const { directory, writer } = newQueue({ retention: { maxSegments: 1, readerTtlMs: 0 } })
    appendNumbered(writer, 0, 3)
    registerAt(directory, 'late', 3)
    const end = writer.position.offset
    // What a writer of the base format leaves at the end of a segment.
    overwrite(segmentFile(directory, 0), end, encodePaddingHeader(end, 4096))
    writer.roll()
    appendNumbered(writer, 3, 40)
    writer.roll()
    await until(() => segmentsOf(directory)[0] === writer.position.segmentId)
    expect(() => openReader(directory, 'late')).toThrowError(lost({ from: 3, to: 40 }))
    writer.close()
  })

  it('gets no number when its segment was removed by another hand, or nothing in it can be read', async () => {
    const remove = (directory: string) => rmSync(segmentFile(directory, 0))
    const blank = (directory: string) => overwrite(segmentFile(directory, 0), 64, u32(0))
    const cases = [await overtaken(1, 40, remove), await overtaken(1, 40, blank, { extensions: false })]
    for (const { directory, writer } of cases) {
      expect(() => openReader(directory, 'late')).toThrowError(lost({ from: undefined }))
      writer.close()
    }
  })
})

describe('a running reader that is overtaken', () => {
  it.each(['strict', 'snap'] as const)('before it has read anything counts from its position (%s)', async (onLost) => {
    const { directory, writer } = newQueue({ retention: { consumed: true, maxReaderLagBytes: 8192 } })
    appendNumbered(writer, 0, 2)
    registerAt(directory, 'slow', 2)
    using slow = openReader(directory, 'slow', { onLost })
    expect(slow.nextSequence).toBe(2)
    writer.roll()
    appendNumbered(writer, 2, 200)
    await until(() => isSettled(directory, writer))
    const first = firstSequence(directory)
    if (onLost === 'strict') expect(() => slow.next()).toThrowError(lost({ from: 2, to: first, count: first - 2 }))
    else {
      expect(drainSequences(slow)).toEqual(range(first, 200))
      expect(slow.metrics().lost).toBe(first - 2)
    }
    writer.close()
  })

  it.each(['strict', 'snap'] as const)(
    'by recovery, which went on in empty segments, counts up to the first message that is left (%s)',
    (onLost) => {
      const { directory, writer } = newQueue()
      appendNumbered(writer, 0, 100)
      using reader = openReader(directory, 'r', { onLost })
      const read = reader.poll(3, () => {})
      writer.close()
      for (const id of segmentsOf(directory)) rmSync(segmentFile(directory, id))
      using successor = openWriter(directory)
      appendNumbered(successor, 100, 102)
      if (onLost === 'snap') {
        const left = drainSequences(reader)
        expect(left.slice(-2)).toEqual([100, 101])
        expect(read + left.length + reader.metrics().lost).toBe(102)
        return
      }
      for (const _ of range(0, 2)) expect(() => drainSequences(reader)).toThrowError(lost({ to: 100 }))
      expect(() => reader.next()).toThrowError(lost({ from: reader.nextSequence, count: 100 - reader.nextSequence }))
    },
  )

  it('in a queue of the base format gets the sequence of the first record that is left', () => {
    const { directory, writer } = newQueue({ extensions: false })
    appendNumbered(writer, 0, 100)
    const [from, to] = [firstSequenceIn(directory, 1), firstSequenceIn(directory, 3)]
    for (const id of [1, 2]) rmSync(segmentFile(directory, id))
    using observer = openObserver(directory)
    expect(() => drainSequences(observer)).toThrowError(lost({ from, to, count: to - from }))
    expect(() => observer.next()).toThrowError(lost({ from, to }))
    writer.close()
  })

  it('in a queue of the base format whose head is empty learns that nothing more is known to be lost', () => {
    const { directory, writer } = newQueue({ extensions: false })
    appendNumbered(writer, 0, 3)
    using observer = openObserver(directory, { onLost: 'snap' })
    expect(drainSequences(observer)).toEqual([0, 1, 2])
    writer.roll()
    writer.append(1, Buffer.alloc(10))
    writer.roll()
    rmSync(segmentFile(directory, 1))
    expect(observer.next()).toBeUndefined()
    expect(observer.position.segmentId).toBe(2)
    expect(observer.metrics().lost).toBe(0)
    appendNumbered(writer, 4, 5)
    expect(observer.next()?.sequence).toBe(4)
    writer.close()
  })
})

function firstSequence(directory: string): number {
  using observer = openObserver(directory)
  return observer.peek()?.sequence ?? -1
}

function firstSequenceIn(directory: string, segmentId: number): number {
  using observer = openObserver(directory)
  for (let message = observer.next(); message !== undefined; message = observer.next()) {
    if (message.segmentId === segmentId) return message.sequence
  }
  throw new Error(`no segment ${segmentId}`)
}

describe('a reader whose segment is gone although nothing was lost', () => {
  const payloads = [Buffer.from('first'), Buffer.from('second')]
  const plan = { payloads, firstSegment: 3, readers: { r: { segmentId: 0, offset: 64 } } }

  it('begins at sequence 0, where recovery went on above it', () => {
    const directory = join(temporaryDirectory(), 'queue')
    buildQueue(directory, plan)
    using reader = openReader(directory, 'r')
    expect(drainSequences(reader)).toEqual([0, 1])
    expect(reader.metrics().lost).toBe(0)
  })

  it('waits for sequence 0, where nothing has been appended since', () => {
    const directory = join(temporaryDirectory(), 'queue')
    buildQueue(directory, { ...plan, payloads: [] })
    using reader = openReader(directory, 'r')
    expect(reader.next()).toBeUndefined()
    using writer = openWriter(directory)
    writer.append(1, Buffer.alloc(1))
    expect(drainSequences(reader)).toEqual([0])
  })

  it('learns of a loss where writers of the base format begin again at 0, which says nothing', () => {
    const directory = join(temporaryDirectory(), 'queue')
    buildQueue(directory, { ...plan, legacy: true })
    expect(() => openReader(directory, 'r')).toThrowError(lost({ reader: 'r' }))
  })
})
