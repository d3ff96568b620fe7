import { describe, expect, it } from 'vitest'
import { code } from '../../test/support/expectations.js'
import { drainSequences, numberedPayload, range } from '../../test/support/messages.js'
import { newQueue } from '../../test/support/new-queue.js'
import { openObserver, openReader, QueueFullError } from '../index.js'

/** Appended by callbacks. */
const ALERT = Buffer.alloc(1000, 9)

describe('callbacks of a writer', () => {
  it('may append at the high-water mark: no message is overwritten', () => {
    let told = 0
    const { directory, writer } = newQueue({
      maxSegments: 3,
      onHighWatermark: () => {
        told++
        for (const _ of range(0, 2)) writer.append(9, ALERT)
      },
    })
    using reader = openReader(directory, 'a')
    while (writer.tryAppend(1, ALERT).status === 'appended');
    expect(told).toBe(1)
    expect(drainSequences(reader)).toEqual(range(0, writer.nextSequence))
    writer.close()
  })

  it('may append when a reader is let go, in the middle of a roll of a bounded queue', () => {
    const released: string[] = []
    const { directory, writer } = newQueue({
      maxSegments: 3,
      retention: { consumed: true, maxReaderLagBytes: 11_500 },
      onReaderReleased: ({ reader }) => {
        released.push(reader.name)
        writer.append(9, ALERT)
      },
    })
    for (const name of ['a', 'b']) openReader(directory, name).close()
    for (const number of range(0, 300)) writer.append(1, numberedPayload(number))
    expect(released.sort()).toEqual(['a', 'b'])
    using observer = openObserver(directory)
    const sequences = drainSequences(observer)
    expect(sequences).toEqual(range(sequences[0] as number, 302))
    writer.close()
  })

  it('may close the writer: the append that rolled says so', () => {
    const { directory, writer } = newQueue({ maxSegments: 3, onHighWatermark: () => writer.close() })
    using reader = openReader(directory, 'a')
    expect(() => {
      for (;;) writer.append(1, ALERT)
    }).toThrowError(code('ERR_CLOSED'))
    expect(drainSequences(reader)).toEqual(range(0, writer.nextSequence))
  })

  it('that throw keep one append from being done, and not all that follow', () => {
    const { directory, writer } = newQueue({
      maxSegments: 3,
      onHighWatermark: () => {
        throw new Error('of the user')
      },
    })
    using reader = openReader(directory, 'a')
    expect(() => {
      for (;;) writer.append(1, ALERT)
    }).toThrowError('of the user')
    const { nextSequence } = writer
    expect(writer.append(1, ALERT)).toBe(nextSequence)
    expect(drainSequences(reader)).toEqual(range(0, nextSequence + 1))
    writer.close()
  })
})

describe('batches and callbacks', () => {
  it('L53: a batch stays together, and what a callback appends follows it', () => {
    const { directory, writer } = newQueue({
      maxSegments: 3,
      onHighWatermark: () => {
        writer.appendBatch(range(0, 3).map(() => ({ typeId: 999, payload: Buffer.from('alert') })))
      },
    })
    using reader = openReader(directory, 'a')
    for (const _ of range(0, 60)) writer.append(1, Buffer.alloc(20))
    const first = writer.appendBatch(
      range(0, 10).map((number) => ({ typeId: 100 + number, payload: Buffer.from(String(number)) })),
    )
    expect(first).toBe(60)
    const types: number[] = []
    reader.poll(1000, ({ typeId }) => types.push(typeId))
    expect(types).toEqual([...range(0, 60).map(() => 1), ...range(100, 110), 999, 999, 999])
    writer.close()
  })

  it('an error says which messages of the batch are in the queue', () => {
    const { writer } = newQueue()
    const batch = [1, 2, 70_000, 4].map((typeId) => ({ typeId, payload: Buffer.from('x') }))
    writer.append(1, Buffer.from('before'))
    expect(() => writer.appendBatch(batch)).toThrowError(
      code('ERR_INVALID_ARGUMENT', { argument: 'typeId', value: '70000', batch: { first: 1, count: 2 } }),
    )
    expect(writer.nextSequence).toBe(3)
    writer.close()
  })

  it.each([
    [5],
    ['abc', 'messages'],
    [null],
    [{ length: 1 }],
    [[null], 'messages[0]'],
    [[{ typeId: 1, payload: Buffer.alloc(1) }, 7], 'messages[1]'],
  ])('a batch that cannot be read is refused before anything is appended: %o', (messages, argument = 'messages') => {
    const { writer } = newQueue()
    expect(() => writer.appendBatch(messages as never)).toThrowError(code('ERR_INVALID_ARGUMENT', { argument }))
    expect(writer.nextSequence).toBe(0)
    writer.close()
  })

  it('tryAppend does not take what a callback throws for its own refusal', () => {
    const { directory, writer } = newQueue({
      maxSegments: 3,
      onHighWatermark: () => {
        throw new QueueFullError({ directory: '', limit: 'mine', value: 1, waitedMs: 0, reason: 'mine', readers: [] })
      },
    })
    using _ = openReader(directory, 'a')
    expect(() => {
      for (;;) if (writer.tryAppend(1, ALERT).status !== 'appended') throw new Error('refused')
    }).toThrowError(code('ERR_QUEUE_FULL', { limit: 'mine' }))
    writer.close()
  })
})
