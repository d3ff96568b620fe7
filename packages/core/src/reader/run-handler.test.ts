import { EventEmitter, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { binding } from '@chronicle-ts/native'
import { describe, expect, it } from 'vitest'
import { code } from '../../test/support/expectations.js'
import { appendNumbered, range } from '../../test/support/messages.js'
import { type NewQueue, newQueue, queueOf } from '../../test/support/new-queue.js'
import { decodePosition, type SavedPosition } from '../format/index.js'
import { type MessageCopy, openReader, type QueueReader } from '../index.js'

/** The sequence at which a reader of this name begins, with a message to begin at. */
function savedSequence({ directory, writer }: NewQueue, name: string): number | undefined {
  appendNumbered(writer, writer.nextSequence, writer.nextSequence + 1)
  using reader = openReader(directory, name)
  return reader.peek()?.sequence
}

/** What the reader named r has saved. */
function savedPosition(directory: string): SavedPosition {
  const bytes = readFileSync(join(directory, 'readers', 'r.meta'))
  const position = decodePosition(bytes, (covered) => binding.crc32(covered))
  if (position === 'bad') throw new Error('no slot is valid')
  return position
}

/** Runs until the reader has delivered so many messages. */
async function runUntil(
  reader: QueueReader,
  count: number,
  options: { concurrency?: number; commitEvery?: number },
): Promise<number[]> {
  const controller = new AbortController()
  const seen: number[] = []
  const handler = ({ sequence }: MessageCopy): void => {
    seen.push(sequence)
    if (seen.length === count) controller.abort()
  }
  await reader.run(handler, { ...options, signal: controller.signal })
  return seen
}

describe('a handler that is a generator function', () => {
  const generators = {
    function: function* () {},
    'async function': async function* () {},
  }

  it.each(Object.entries(generators))('%s* is refused: nothing of its work was done', async (_kind, generator) => {
    const { directory, writer } = queueOf(3)
    const refusal = code('ERR_INVALID_ARGUMENT', { argument: 'handler', value: '"a generator function"' })
    for (const concurrency of [1, 2]) {
      using reader = openReader(directory, `r${concurrency}`)
      await expect(reader.run(generator, { concurrency })).rejects.toThrowError(refusal)
      reader.close()
      expect(savedSequence({ directory, writer }, `r${concurrency}`)).toBe(0)
    }
    using polled = openReader(directory, 'polled')
    expect(() => polled.poll(3, generator as () => unknown)).toThrowError(refusal)
    writer.close()
  })
})

describe('an iterator with commitEvery', () => {
  it.each([1, 7, Number.POSITIVE_INFINITY])('of %d saves what is done, and not the message in work', async (commitEvery) => {
    const { directory, writer } = queueOf(20)
    for (const [name, end] of [
      ['broken', 'break'],
      ['failed', 'throw'],
    ] as const) {
      using reader = openReader(directory, name)
      const loop = async (): Promise<void> => {
        for await (const message of reader.messages({ commitEvery })) {
          if (message.sequence < 10) continue
          if (end === 'break') break
          throw new Error('enough')
        }
      }
      if (end === 'throw') await expect(loop()).rejects.toThrow('enough')
      else await loop()
      reader.close()
      expect(savedSequence({ directory, writer }, name)).toBe(10)
    }
    writer.close()
  })

  it('saves at every count in between, for a process that is killed', async () => {
    const { directory, writer } = queueOf(20)
    using reader = openReader(directory, 'r')
    const iterator = reader.messages({ commitEvery: 3 })
    for (let count = 0; count < 8; count++) await iterator.next()
    // Seven are done, six of them saved.
    expect(reader.metrics().messages).toBe(8)
    await expect(iterator.throw(new Error('enough'))).rejects.toThrow('enough')
    reader.close()
    expect(savedSequence({ directory, writer }, 'r')).toBe(7)
    writer.close()
  })

  it('saves all when it has caught up', async () => {
    const { directory, writer } = queueOf(5)
    const reader = openReader(directory, 'r')
    const iterator = reader.messages({ commitEvery: 100 })
    for (let count = 0; count < 5; count++) await iterator.next()
    const waiting = iterator.next()
    reader.close()
    expect(await waiting).toEqual({ value: undefined, done: true })
    expect(savedSequence({ directory, writer }, 'r')).toBe(5)
    writer.close()
  })

  it('does not take back what the loop has committed', async () => {
    const { directory, writer } = queueOf(5)
    const reader = openReader(directory, 'r')
    for await (const message of reader.messages({ commitEvery: 100 })) {
      if (message.sequence < 3) continue
      reader.commit()
      break
    }
    reader.close()
    expect(savedSequence({ directory, writer }, 'r')).toBe(4)
    writer.close()
  })

  it.each([0, -1, 1.5, Number.NaN, '3'])('refuses %s', (commitEvery) => {
    const { directory, writer } = newQueue()
    using reader = openReader(directory, 'r')
    const refusal = code('ERR_INVALID_ARGUMENT', { argument: 'commitEvery' })
    expect(() => reader.messages({ commitEvery: commitEvery as number })).toThrowError(refusal)
    writer.close()
  })
})

describe('run', () => {
  it.each([{}, { commitEvery: 1 }, { concurrency: 4 }, { concurrency: 4, commitEvery: 3 }])(
    'handles every message, commits all and resolves when the signal aborts: %o',
    async (options) => {
      const { directory, writer } = queueOf(1000, 1 << 20)
      const reader = openReader(directory, 'r')
      expect(await runUntil(reader, 1000, options)).toEqual(range(0, 1000))
      reader.close()
      expect(savedSequence({ directory, writer }, 'r')).toBe(1000)
      writer.close()
    },
  )

  it.each([1, 4])('waits for messages and goes on, and ends when the reader is closed, %d at a time', async (concurrency) => {
    const { directory, writer } = newQueue()
    const reader = openReader(directory, 'r')
    const seen: number[] = []
    const running = reader.run((message: MessageCopy) => void seen.push(message.sequence), { concurrency })
    for (let count = 0; count < 3; count++) {
      appendNumbered(writer, count, count + 1)
      while (seen.length <= count) await sleep(1)
    }
    reader.close()
    await running
    expect(seen).toEqual([0, 1, 2])
    expect(savedSequence({ directory, writer }, 'r')).toBe(3)
    writer.close()
  })

  it.each([1, 4])(
    'rejects with the error of a handler, and commits what was done before it, %d at a time',
    async (concurrency) => {
      const { directory, writer } = queueOf(20)
      const reader = openReader(directory, 'r')
      const handler = async ({ sequence }: MessageCopy): Promise<void> => {
        // The later ones are done first.
        await sleep(sequence === 6 ? 5 : 0)
        if (sequence === 6) throw new Error('enough')
      }
      await expect(reader.run(handler, { concurrency })).rejects.toThrow('enough')
      reader.close()
      expect(savedSequence({ directory, writer }, 'r')).toBe(6)
      writer.close()
    },
  )

  it.each([
    ['a handler that returns nothing', 10, () => undefined],
    ['an async handler', 10, async () => undefined],
    ['an async handler', Number.POSITIVE_INFINITY, async () => undefined],
  ])('commits as often as it says while there are messages: %s, commitEvery %d', async (_, commitEvery, work) => {
    const { directory, writer } = queueOf(100)
    const reader = openReader(directory, 'r')
    const { generation } = savedPosition(directory)
    const controller = new AbortController()
    const handler = ({ sequence }: MessageCopy): unknown => {
      if (sequence === 99) controller.abort()
      return work()
    }
    await reader.run(handler, { concurrency: 4, commitEvery, signal: controller.signal })
    expect(savedPosition(directory).generation - generation).toBe(commitEvery === 10 ? 10 : 1)
    reader.close()
    writer.close()
  })

  it('commits when it has caught up, also where the last message is done only then', async () => {
    const { directory, writer } = queueOf(6)
    const reader = openReader(directory, 'r')
    const gate = new EventEmitter()
    const handler = async ({ sequence }: MessageCopy): Promise<void> => {
      if (sequence === 5) await once(gate, 'open')
    }
    const running = reader.run(handler, { concurrency: 4, commitEvery: Number.POSITIVE_INFINITY })
    while (gate.listenerCount('open') === 0) await sleep(1)
    gate.emit('open')
    const { segmentId, offset } = reader.position
    for (let saved = savedPosition(directory); saved.segmentId !== segmentId || saved.offset !== offset; ) {
      await sleep(1)
      saved = savedPosition(directory)
    }
    reader.close()
    await running
    writer.close()
  })

  it('has no more in work than its option permits', async () => {
    const { directory, writer } = queueOf(50)
    using reader = openReader(directory, 'r')
    const controller = new AbortController()
    let [inWork, most, done] = [0, 0, 0]
    const handler = async (): Promise<void> => {
      most = Math.max(most, ++inWork)
      await sleep(0)
      inWork--
      if (++done === 50) controller.abort()
    }
    await reader.run(handler, { concurrency: 5, signal: controller.signal })
    expect(most).toBe(5)
    writer.close()
  })

  it('refuses what is not a handler and no number', async () => {
    const { directory, writer } = newQueue()
    const reader = openReader(directory, 'r')
    await expect(reader.run('x' as never)).rejects.toThrowError(code('ERR_INVALID_ARGUMENT', { argument: 'handler' }))
    for (const concurrency of [0, 1.5, Number.POSITIVE_INFINITY])
      await expect(reader.run(() => {}, { concurrency } as object)).rejects.toThrowError(
        code('ERR_INVALID_ARGUMENT', { argument: 'concurrency' }),
      )
    reader.close()
    await expect(reader.run(() => {})).rejects.toThrowError(code('ERR_CLOSED'))
    writer.close()
  })
})
