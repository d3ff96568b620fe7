import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { code } from '../../test/support/expectations.js'
import { appendNumbered } from '../../test/support/messages.js'
import { queueOf } from '../../test/support/new-queue.js'
import { openReader, type QueueReader, toReadable, toReadableStream } from '../index.js'

interface Loop {
  /** Takes a message and keeps it in work. Rejects when the loop is refused. */
  begin(): Promise<unknown>
  end(): Promise<unknown>
}

function ofIterator(make: () => AsyncGenerator<unknown, unknown, void>): Loop {
  let iterator: AsyncGenerator<unknown, unknown, void> | undefined
  return {
    begin: async () => {
      iterator = make()
      return iterator.next()
    },
    end: async () => iterator?.return(undefined),
  }
}

function ofRun(reader: QueueReader, concurrency: number): Loop {
  const inWork: ((error: Error) => void)[] = []
  let run: Promise<void> | undefined
  return {
    begin: () =>
      new Promise<void>((begun, refused) => {
        const handler = (): Promise<void> => {
          begun()
          return new Promise((_, fail) => inWork.push(fail))
        }
        run = reader.run(handler, { concurrency, commitEvery: 1 })
        run.catch(refused)
      }),
    end: async () => {
      for (const fail of inWork) fail(new Error('ended'))
      await run?.catch(() => undefined)
    },
  }
}

function ofStream(reader: QueueReader): Loop {
  const stream = toReadable(reader, { highWaterMark: 1 })
  return {
    begin: () => stream[Symbol.asyncIterator]().next(),
    end: async () => {
      stream.destroy()
      if (!stream.closed) await once(stream, 'close')
    },
  }
}

function ofWebStream(reader: QueueReader): Loop {
  const stream = toReadableStream(reader, { highWaterMark: 0 }).getReader()
  return { begin: () => stream.read(), end: () => stream.cancel().catch(() => undefined) }
}

const COMMITTING: Record<string, (reader: QueueReader) => Loop> = {
  'messages with commitEvery': (reader) => ofIterator(() => reader.messages({ commitEvery: 1 })),
  run: (reader) => ofRun(reader, 1),
  'run with concurrency': (reader) => ofRun(reader, 1000),
}

const LEAVING: Record<string, (reader: QueueReader) => Loop> = {
  messages: (reader) => ofIterator(() => reader.messages()),
  batches: (reader) => ofIterator(() => reader.batches({ max: 2 })),
  follow: (reader) => ofIterator(() => reader.follow()),
  'a stream': ofStream,
  'a web stream': ofWebStream,
}

function pairs(): [string, string][] {
  const all = [...Object.keys(COMMITTING), ...Object.keys(LEAVING)]
  const isRefused = (first: string, second: string) => first in COMMITTING || second in COMMITTING
  return all.flatMap((first) =>
    all.filter((second) => isRefused(first, second)).map((second): [string, string] => [first, second]),
  )
}

const LOOPS = { ...COMMITTING, ...LEAVING }
const make = (name: string, reader: QueueReader): Loop => (LOOPS[name] as (reader: QueueReader) => Loop)(reader)

describe('a loop that commits by itself', () => {
  it.each(pairs())(
    '%s, then %s: the second is refused and changes nothing, and begins when the first has ended',
    async (one, two) => {
      const { directory, writer } = queueOf(20)
      using reader = openReader(directory, 'r')
      const first = make(one, reader)
      await first.begin()
      // With concurrency, a run goes on taking messages.
      await new Promise((resolve) => setImmediate(resolve))
      const before = { position: reader.position, metrics: reader.metrics() }
      const second = make(two, reader)
      await expect(second.begin()).rejects.toThrowError(code('ERR_BUSY'))
      expect({ position: reader.position, metrics: reader.metrics() }).toEqual(before)
      await second.end().catch(() => undefined)
      await first.end()
      reader.seek('earliest')
      const third = make(two, reader)
      await third.begin()
      await third.end()
      writer.close()
    },
  )

  it('is not refused beside an iterator that never had a turn, or that a turn was refused to', async () => {
    const { directory, writer } = queueOf(20)
    using reader = openReader(directory, 'r')
    reader.messages()
    const committing = reader.messages({ commitEvery: 1 })
    await committing.next()
    await expect(reader.batches().next()).rejects.toThrowError(code('ERR_BUSY', { method: 'batches', during: 'messages' }))
    expect(() => reader.follow({ from: 'earliest' })).toThrowError(code('ERR_BUSY', { method: 'follow' }))
    await committing.return(undefined)
    await reader.messages({ commitEvery: 1 }).next()
    writer.close()
  })
})

describe('loops that leave commits to the caller', () => {
  it('stand side by side, and each message goes to one of them', async () => {
    const { directory, writer } = queueOf(0)
    appendNumbered(writer, 0, 6)
    using reader = openReader(directory, 'r')
    const [one, two] = [reader.messages(), reader.batches({ max: 2 })]
    const sequences: number[] = []
    for (let turn = 0; turn < 2; turn++) {
      sequences.push((await one.next()).value?.sequence as number)
      sequences.push(...((await two.next()).value ?? []).map(({ sequence }) => sequence))
    }
    expect(sequences).toEqual([0, 1, 2, 3, 4, 5])
    writer.close()
  })
})
