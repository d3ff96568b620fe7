import { join } from 'node:path'
import { type MessageSource, openObserver, openReader, openWriter, type QueueWriter } from '@chronicle-ts/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { recordedQueue, temporaryDirectory } from '../test/support/queues.js'
import { openProcessor, openReplay, type Processor } from './index.js'

function newReader(directory: string): MessageSource {
  const reader = openReader(directory, 'caller', { start: 'earliest' })
  onTestFinished(() => reader.close())
  return reader
}

function sequencesLeft(source: MessageSource): number[] {
  const sequences: number[] = []
  for (let message = source.next(); message !== undefined; message = source.next()) sequences.push(message.sequence)
  return sequences
}

describe("a source of the caller's stands before the first message that a replay did not deliver", () => {
  it('when the replay ended, also where the writer went on meanwhile', async () => {
    const directory = recordedQueue([10, 20])
    const source = newReader(directory)
    const replay = openReplay({ sources: { source } })
    using writer = openWriter(directory, { heartbeatIntervalMs: 0 })
    for (const text of ['late', 'later']) writer.append(1, Buffer.from(text))
    expect(await replay.run(() => undefined)).toBe(2)
    replay.close()
    expect(sequencesLeft(source)).toEqual([2, 3])
  })

  it('when the replay was closed before it ran', () => {
    const source = newReader(recordedQueue([10, 20]))
    openReplay({ sources: { source } }).close()
    expect(sequencesLeft(source)).toEqual([0, 1])
  })

  it('when the replay looked at the message to compare times, and closed', async () => {
    const [a, b] = [newReader(recordedQueue([10, 20, 30, 40])), newReader(recordedQueue([15, 25, 35]))]
    const replay = openReplay({ sources: { a, b } })
    expect(await replay.until({ timestampNs: 26n }, () => undefined)).toBe(4)
    replay.close()
    expect([sequencesLeft(a), sequencesLeft(b)]).toEqual([[2, 3], [2]])
  })

  it('unless the caller has closed it', async () => {
    const source = newReader(recordedQueue([10, 20]))
    const replay = openReplay({ sources: { source } })
    await replay.until({ timestampNs: 15n }, () => undefined)
    source.close()
    expect(() => replay.close()).not.toThrow()
  })
})

/** Emits the sequence of each message, and leaves message `last` in this way. */
async function processUntil(processor: Processor, last: number, leave: () => 'break' | undefined): Promise<void> {
  for await (const { message } of processor.messages()) {
    processor.emit(1, Buffer.from(String(message.sequence)))
    if (message.sequence === last && leave() === 'break') break
  }
}

describe('the next processor gets the message in work', () => {
  const failure = new Error('of the program')
  const ways: Readonly<Record<string, (processor: Processor, output: QueueWriter) => 'break' | undefined>> = {
    'the loop was left': () => 'break',
    'the program threw': () => {
      throw failure
    },
    'the processor was closed': (processor) => {
      processor.close()
      return undefined
    },
    'it emitted what the output cannot hold': (processor) => {
      processor.emit(1, Buffer.alloc(100_000))
      return undefined
    },
    'appending its outputs failed': (_, output) => {
      output.close()
      return undefined
    },
  }
  const sources = { 'a reader': newReader, 'an observer': (directory: string) => openObserver(directory, { start: 'earliest' }) }
  const cases = Object.entries(sources).flatMap(([kind, open]) =>
    [0, 2].flatMap((last) => Object.entries(ways).map(([name, leave]) => ({ kind, open, last, name, leave }))),
  )

  it.each(cases)('of $kind that stays open when $name at message $last', async ({ open, last, leave }) => {
    const input = open(recordedQueue([0, 1, 2, 3]))
    onTestFinished(() => input.close())
    const directory = join(temporaryDirectory(), 'output')
    const openOutput = () => openWriter(directory, { segmentSize: 4096, heartbeatIntervalMs: 0 })
    {
      using output = openOutput()
      using first = openProcessor({ inputs: { input }, output })
      await processUntil(first, last, () => leave(first, output)).catch(() => undefined)
    }
    using output = openOutput()
    const second = openProcessor({ inputs: { input }, output })
    await processUntil(second, 3, () => {
      setImmediate(() => second.close())
      return undefined
    })
    using observer = openObserver(directory)
    const found: string[] = []
    for (let message = observer.next(); message !== undefined; message = observer.next()) found.push(String(message.payload))
    expect(found).toEqual(['0', '1', '2', '3'])
  })
})
