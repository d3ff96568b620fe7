import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { code } from '../../test/support/expectations.js'
import { appendNumbered, range } from '../../test/support/messages.js'
import { locationOf, newQueue, queueOf, segmentsOf } from '../../test/support/new-queue.js'
import { overwrite, segmentFile } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { RECORD_PAYLOAD_OFFSET } from '../format/index.js'
import { type FollowItem, type MessageSource, openObserver, openReader, openWriter, type QueueWriter } from '../index.js'

/** What an item is in short: the sequence of a message of the history, `+` in front of a live one, `|` and the sequence of `caught-up`. */
function short(item: FollowItem): string {
  if (item.kind === 'caught-up') return `|${item.sequence}`
  return `${item.live ? '+' : ''}${item.message.sequence}`
}

/** Takes so many items. */
async function take(items: AsyncGenerator<FollowItem, undefined, void>, count: number): Promise<string[]> {
  const taken: string[] = []
  while (taken.length < count) {
    const { value, done } = await items.next()
    if (done) break
    taken.push(short(value))
  }
  return taken
}

const append = (writer: QueueWriter, count: number): void =>
  appendNumbered(writer, writer.nextSequence, writer.nextSequence + count)

describe('following a queue', () => {
  it('delivers an existing recording, says once that it has caught up, and goes on live', async () => {
    const { directory, writer } = queueOf(5)
    using reader = openReader(directory, 'a')
    const items = reader.follow({ from: 'earliest' })
    expect(await take(items, 6)).toEqual(['0', '1', '2', '3', '4', '|5'])
    append(writer, 5)
    expect(await take(items, 5)).toEqual(['+5', '+6', '+7', '+8', '+9'])
    await items.return(undefined)
    writer.close()
  })

  it('has caught up at once on an empty queue, and before the first message of it', async () => {
    const { directory, writer } = newQueue({})
    using reader = openReader(directory, 'a')
    const items = reader.follow({ from: 'earliest' })
    expect(await take(items, 1)).toEqual(['|0'])
    const waiting = take(items, 1)
    append(writer, 1)
    expect(await waiting).toEqual(['+0'])
    await items.return(undefined)
    writer.close()
  })

  it('is not outrun by a writer that appends more than is read', async () => {
    const { directory, writer } = queueOf(20)
    using reader = openReader(directory, 'a')
    const taken: string[] = []
    for await (const item of reader.follow({ from: 'earliest' })) {
      taken.push(short(item))
      append(writer, 3)
      if (taken.length === 40) break
    }
    expect(taken).toEqual([...range(0, 20).map(String), '|20', ...range(20, 39).map((sequence) => `+${sequence}`)])
    writer.close()
  })

  it.each([
    ['the end', 'latest', ['|30', '+30']],
    ['a sequence', { sequence: 28 }, ['28', '29', '|30', '+30']],
    ['a sequence that does not exist yet', { sequence: 1000 }, ['|30', '+30']],
    ['a time', { timestampNs: 0n }, ['0', '1', '2']],
    ['the last messages', { last: 1 }, ['29', '|30', '+30']],
    ['the last none', { last: 0 }, ['|30', '+30']],
  ] as const)('begins at %s', async (_, from, expected) => {
    const { directory, writer } = queueOf(30)
    using observer = openObserver(directory)
    const items = observer.follow({ from })
    append(writer, 2)
    expect(await take(items, expected.length)).toEqual(expected)
    await items.return(undefined)
    writer.close()
  })

  it('begins at the position of the reader, which counts as history up to where the queue ended', async () => {
    const { directory, writer } = queueOf(10)
    const first = openReader(directory, 'a')
    expect(first.poll(7, () => undefined)).toBe(7)
    first.commit()
    first.close()
    using reader = openReader(directory, 'a')
    const items = reader.follow()
    expect(await take(items, 4)).toEqual(['7', '8', '9', '|10'])
    reader.commit()
    await items.return(undefined)
    expect(await take(reader.follow(), 1)).toEqual(['|10'])
    writer.close()
  })

  it('falls back into old messages while the reader is slow, in order and without a second caught-up', async () => {
    const { directory, writer } = queueOf(5)
    using reader = openReader(directory, 'a')
    const items = reader.follow({ from: 'earliest' })
    expect(await take(items, 6)).toContain('|5')
    // Many segments that are rolled, sealed and synced before the reader looks again.
    append(writer, 500)
    writer.flushSync()
    expect(segmentsOf(directory).length).toBeGreaterThan(20)
    expect(await take(items, 500)).toEqual(range(5, 505).map((sequence) => `+${sequence}`))
    await items.return(undefined)
    writer.close()
  })

  it('crosses segments in the history, also where the head has no record yet', async () => {
    const { directory, writer } = queueOf(100)
    writer.roll()
    using observer = openObserver(directory)
    const items = observer.follow({ from: 'earliest' })
    expect(await take(items, 101)).toEqual([...range(0, 100).map(String), '|100'])
    append(writer, 1)
    expect(await take(items, 1)).toEqual(['+100'])
    await items.return(undefined)
    writer.close()
  })

  it('reads the history of a queue without a writer, and goes on with the next writer', async () => {
    const { directory, writer } = queueOf(3)
    writer.close()
    using reader = openReader(directory, 'a')
    const items = reader.follow({ from: 'earliest' })
    expect(await take(items, 4)).toEqual(['0', '1', '2', '|3'])
    using next = openWriter(directory)
    append(next, 2)
    expect(await take(items, 2)).toEqual(['+3', '+4'])
    await items.return(undefined)
  })

  it('counts damage that it steps over as delivered', async () => {
    const { directory, writer } = queueOf(10)
    const last = locationOf(directory, 9)
    overwrite(segmentFile(directory, last.segmentId), last.offset + RECORD_PAYLOAD_OFFSET, Buffer.alloc(8, 0xee))
    using skipping = openObserver(directory, { onCorrupt: 'skip', start: { sequence: 8 } })
    const items = skipping.follow()
    expect(short((await items.next()).value as FollowItem)).toBe('8')
    expect((await items.next()).value).toMatchObject({ kind: 'caught-up' })
    append(writer, 1)
    expect(await take(items, 1)).toEqual(['+10'])
    await items.return(undefined)
    using strict = openObserver(directory, { start: { sequence: 8 } })
    const failing = strict.follow()
    await failing.next()
    await expect(failing.next()).rejects.toThrow(code('ERR_CORRUPT_RECORD'))
    writer.close()
  })

  it('refuses a start that is not a place, and a missing queue', () => {
    const { directory, writer } = queueOf(1)
    using reader = openReader(directory, 'a')
    for (const from of ['resume', { sequence: -1 }, 7]) {
      expect(() => reader.follow({ from: from as never })).toThrow(code('ERR_INVALID_ARGUMENT'))
    }
    expect(() => openReader(join(temporaryDirectory(), 'none'), 'a')).toThrow(code('ERR_NOT_FOUND'))
    writer.close()
  })

  it('ends with the signal, with the source and at return(), also while it waits', async () => {
    const { directory, writer } = newQueue({})
    const controller = new AbortController()
    const source: MessageSource = openObserver(directory)
    const aborted = source.follow({ signal: controller.signal })
    const closed = source.follow()
    const returned = source.follow()
    for (const items of [aborted, closed, returned]) expect(await take(items, 1)).toEqual(['|0'])
    const steps = [aborted, closed, returned].map((items) => items.next())
    controller.abort()
    await returned.return(undefined)
    expect([await steps[0], await steps[2]]).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ])
    source.close()
    expect(await steps[1]).toEqual({ done: true, value: undefined })
    writer.close()
  })
})
