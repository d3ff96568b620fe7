import { describe, expect, it, onTestFinished } from 'vitest'
import { code, until } from '../../test/support/expectations.js'
import { drainSequences, range } from '../../test/support/messages.js'
import { newQueue } from '../../test/support/new-queue.js'
import { readControlFile } from '../../test/support/raw-queue.js'
import { openReader, type QueueReader, type QueueWriter, type WriterOptions } from '../index.js'

const payload = Buffer.alloc(1000, 7)

interface FullQueue {
  readonly directory: string
  readonly writer: QueueWriter
  readonly reader: QueueReader
}

/** A bounded queue that is full because of the reader `slow`, which has read nothing. */
function fullQueue(options: WriterOptions = {}): FullQueue {
  const { directory, writer } = newQueue({ maxSegments: 2, ...options })
  const reader = openReader(directory, 'slow')
  while (writer.tryAppend(1, payload).status === 'appended');
  onTestFinished(() => {
    reader.close()
    writer.close()
  })
  return { directory, writer, reader }
}

function makeRoom({ reader }: FullQueue): void {
  drainSequences(reader)
  reader.commit()
}

describe('appendAsync', () => {
  it('appends at once while there is room', async () => {
    const { writer } = newQueue()
    expect(await writer.appendAsync(1, payload, { timestampNs: 5n })).toBe(0)
    const [first, second] = [writer.appendAsync(2, payload), writer.appendAsync(3, payload)]
    expect(writer.nextSequence).toBe(3)
    expect(await Promise.all([first, second])).toEqual([1, 2])
    writer.close()
  })

  it('L61: waits without blocking the event loop until a reader makes room, in the order of the calls', async () => {
    const queue = fullQueue()
    const { writer } = queue
    const { nextSequence } = writer
    const order: number[] = []
    const waiting = range(0, 10).map(async (number) => {
      const sequence = await writer.appendAsync(100 + number, payload)
      order.push(number)
      return sequence
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(order).toEqual([])
    expect(readControlFile(queue.directory).writerBlocked).not.toBe(0)
    while (order.length < 10) {
      makeRoom(queue)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await Promise.all(waiting)).toEqual(range(nextSequence, nextSequence + 10))
    expect(order).toEqual(range(0, 10))
    expect(readControlFile(queue.directory).writerBlocked).toBe(0)
  })

  it('appends the bytes that the payload had at the call', async () => {
    const queue = fullQueue()
    const reused = Buffer.from('as it was')
    const waiting = queue.writer.appendAsync(9, reused)
    reused.fill(0)
    makeRoom(queue)
    const sequence = await waiting
    queue.reader.seek({ sequence })
    expect(queue.reader.next()?.payload.toString()).toBe('as it was')
  })

  it('ends with the time: ERR_QUEUE_FULL names the readers that are waited for', async () => {
    const { writer } = fullQueue()
    const { nextSequence } = writer
    await expect(writer.appendAsync(1, payload, { timeoutMs: 20 })).rejects.toThrowError(
      code('ERR_QUEUE_FULL', { readers: ['slow'], reason: 'readers have not committed past it' }),
    )
    await expect(writer.appendAsync(1, payload, { timeoutMs: 0 })).rejects.toThrowError(code('ERR_QUEUE_FULL'))
    expect(writer.nextSequence).toBe(nextSequence)
  })

  it('without a time of its own it waits as long as a blocked append', async () => {
    const { writer } = fullQueue({ backpressureTimeoutMs: 10 })
    await expect(writer.appendAsync(1, payload)).rejects.toThrowError(code('ERR_QUEUE_FULL'))
  })

  it('a shorter time of a later call ends that call only', async () => {
    const queue = fullQueue()
    const first = queue.writer.appendAsync(1, payload)
    await expect(queue.writer.appendAsync(2, payload, { timeoutMs: 10 })).rejects.toThrowError(code('ERR_QUEUE_FULL'))
    const { nextSequence } = queue.writer
    makeRoom(queue)
    expect(await first).toBe(nextSequence)
  })

  it('L61: is aborted by its signal, which serves hundreds of calls without a warning', async () => {
    const queue = fullQueue()
    const warnings: unknown[] = []
    const note = (warning: unknown) => warnings.push(warning)
    process.on('warning', note)
    onTestFinished(() => void process.off('warning', note))
    const controller = new AbortController()
    const { signal } = controller
    const waiting = range(0, 300).map(() => queue.writer.appendAsync(1, payload, { signal }))
    const other = queue.writer.appendAsync(2, payload)
    const { nextSequence } = queue.writer
    controller.abort(new Error('enough'))
    const outcomes = await Promise.allSettled(waiting)
    expect(outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason.message === 'enough')).toBe(true)
    await expect(queue.writer.appendAsync(1, payload, { signal })).rejects.toThrow('enough')
    makeRoom(queue)
    expect(await other).toBe(nextSequence)
    await new Promise((resolve) => setImmediate(resolve))
    expect(warnings).toEqual([])
  })

  it('ends with ERR_CLOSED when the writer is closed', async () => {
    const { writer } = fullQueue()
    const waiting = range(0, 3).map(() => writer.appendAsync(1, payload))
    writer.close()
    for (const promise of waiting) await expect(promise).rejects.toThrowError(code('ERR_CLOSED'))
    await expect(writer.appendAsync(1, payload)).rejects.toThrowError(code('ERR_CLOSED'))
  })

  it('goes on when the reader that is waited for leaves for good', async () => {
    const queue = fullQueue({ retention: { consumed: true, readerTtlMs: 0 } })
    const waiting = queue.writer.appendAsync(1, payload)
    queue.reader.close()
    expect(await waiting).toBeGreaterThan(0)
    expect(queue.writer.metrics()).toMatchObject({ readersReleased: 1, blockedRolls: 1 })
  })

  it.each<[string, object]>([
    ['timeoutMs', { timeoutMs: Number.NaN }],
    ['timeoutMs', { timeoutMs: -1 }],
    ['timeoutMs', { timeoutMs: '5' }],
    ['signal', { signal: {} }],
    ['timestampNs', { timestampNs: 5 }],
  ])('refuses a wrong %s, and what is not a message, by rejecting', async (argument, options) => {
    const { writer } = newQueue()
    await expect(writer.appendAsync(1, payload, options)).rejects.toThrowError(code('ERR_INVALID_ARGUMENT', { argument }))
    await expect(writer.appendAsync(70_000, payload)).rejects.toThrowError(code('ERR_INVALID_ARGUMENT', { argument: 'typeId' }))
    await expect(writer.appendAsync(1, 'text' as never)).rejects.toThrowError(
      code('ERR_INVALID_ARGUMENT', { argument: 'payload' }),
    )
    expect(writer.nextSequence).toBe(0)
    writer.close()
  })

  it('a callback that appends asynchronously comes after those that wait already', async () => {
    const appended: Promise<number>[] = []
    const { directory, writer } = newQueue({
      maxSegments: 4,
      onHighWatermark: () => {
        appended.push(writer.appendAsync(9, payload))
      },
    })
    using _ = openReader(directory, 'slow')
    const sequences: number[] = []
    while (appended.length === 0) sequences.push(await writer.appendAsync(1, payload))
    expect(await Promise.all(appended)).toEqual([sequences.length])
    expect(sequences).toEqual(range(0, sequences.length))
    writer.close()
  })
})

describe('a blocked append', () => {
  it('L61: ends by itself: its default is finite, and it says that no reader is registered', async () => {
    const { writer } = newQueue({ maxSegments: 2, backpressure: 'block', backpressureTimeoutMs: 10 })
    const fill = (): void => {
      for (;;) writer.append(1, payload)
    }
    expect(fill).toThrowError(code('ERR_QUEUE_FULL', { readers: [], reason: 'no reader is registered, and no rule lets it go' }))
    expect(writer.explainRetention()[0]).toMatchObject({
      deletable: false,
      reason: 'no reader is registered, and no rule lets it go',
    })
    writer.close()
  })

  it('keeps the announcement of those that wait on the event loop', async () => {
    const queue = fullQueue({ backpressure: 'block', backpressureTimeoutMs: 10 })
    const waiting = queue.writer.appendAsync(1, payload, { timeoutMs: 60_000 })
    expect(() => queue.writer.append(1, payload)).toThrowError(code('ERR_QUEUE_FULL'))
    expect(readControlFile(queue.directory).writerBlocked).not.toBe(0)
    makeRoom(queue)
    await waiting
    await until(() => readControlFile(queue.directory).writerBlocked === 0)
  })
})
