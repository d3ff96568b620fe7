import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type MessageCopy, type MessageSource, openObserver, openReader, openWriter, type QueueWriter } from '@chronicle-ts/core'
import { segmentFileName } from '@chronicle-ts/core/internal'
import { describe, expect, it } from 'vitest'
import { recordedQueue, temporaryDirectory } from '../test/support/queues.js'
import { openProcessor, type Processor, type ProcessorOptions } from './index.js'

const code = (name: string, facts: object = {}): unknown => expect.objectContaining({ code: name, ...facts })

/** An output queue's directory. */
const newOutput = (): string => join(temporaryDirectory(), 'output')

function openOutput(directory: string): QueueWriter {
  return openWriter(directory, { segmentSize: 4096, heartbeatIntervalMs: 0 })
}

function readAll(directory: string): MessageCopy[] {
  using observer: MessageSource = openObserver(directory)
  const messages: MessageCopy[] = []
  for (let message = observer.next(); message !== undefined; message = observer.next()) messages.push(message.copy())
  return messages
}

/** An output in short: sequence of its input, index, `!` at the last one, and its text. */
const short = ({ source, payload }: MessageCopy): string =>
  `${source?.sourceSequence}.${source?.outputIndex}${source?.isLastOutput ? '!' : ''} ${payload}`

/** Gives each message `count` outputs that differ. */
async function processAll(
  options: ProcessorOptions,
  emit: (processor: Processor, sequence: number, key: string) => void,
  messages: number,
): Promise<string[]> {
  using processor = openProcessor(options)
  const done = new AbortController()
  const seen: string[] = []
  if (messages === 0) done.abort()
  for await (const { key, message } of processor.messages({ signal: done.signal })) {
    seen.push(`${key}${message.sequence}`)
    emit(processor, message.sequence, key)
    if (seen.length === messages) done.abort()
  }
  return seen
}

/** Message n leads to n % 3 outputs. */
const emitSome = (processor: Processor, sequence: number): void => {
  for (let index = 0; index < sequence % 3; index++) processor.emit(index, Buffer.from(`out ${sequence}`))
}

describe('a processor', () => {
  it('gives outputs the position and the time of their input, together, the last one marked', async () => {
    const input = recordedQueue([10, 20, 30])
    const directory = newOutput()
    using output = openOutput(directory)
    expect(await processAll({ inputs: { q: input }, output }, emitSome, 3)).toEqual(['q0', 'q1', 'q2'])
    const messages = readAll(directory)
    expect(messages.map(short)).toEqual(['1.0! out 1', '2.0 out 2', '2.1! out 2'])
    expect(messages.map(({ timestampNs, typeId }) => [Number(timestampNs), typeId])).toEqual([
      [20, 0],
      [30, 0],
      [30, 1],
    ])
    expect(messages[0]?.source).toMatchObject({ sourceId: 1, sourceEpoch: 1 })
    expect(JSON.parse(readFileSync(join(directory, 'sources.json'), 'utf8'))).toMatchObject({
      schemaVersion: 1,
      sources: [{ id: 1, name: 'q', queueId: expect.stringMatching(/^[0-9a-f]{32}$/) }],
    })
  })

  it('continues after its last output, and runs again what led to none since', async () => {
    const input = recordedQueue([0, 1, 2, 3, 4, 5, 6, 7])
    const directory = newOutput()
    {
      using output = openOutput(directory)
      await processAll({ inputs: { q: input }, output }, emitSome, 4)
    }
    using output = openOutput(directory)
    expect(await processAll({ inputs: { q: input }, output }, emitSome, 5)).toEqual(['q3', 'q4', 'q5', 'q6', 'q7'])
    expect(readAll(directory).map(short)).toEqual([
      '1.0! out 1',
      '2.0 out 2',
      '2.1! out 2',
      '4.0! out 4',
      '5.0 out 5',
      '5.1! out 5',
      '7.0! out 7',
    ])
  })

  it.each(['kept', 'deleted', 'damaged', 'of another place'] as const)('finds its place when the hints are %s', async (state) => {
    const times = Array.from({ length: 300 }, (_, index) => index)
    const input = recordedQueue(times)
    const directory = newOutput()
    {
      using output = openOutput(directory)
      await processAll({ inputs: { q: input }, output }, emitSome, 200)
    }
    const hints = join(directory, 'sources')
    expect(existsSync(join(hints, '1.meta'))).toBe(true)
    if (state === 'deleted') rmSync(hints, { recursive: true })
    if (state === 'damaged') writeFileSync(join(hints, '0.meta'), Buffer.alloc(80, 7))
    if (state === 'of another place') writeFileSync(join(hints, '1.meta'), readFileSync(join(hints, '0.meta')))
    using output = openOutput(directory)
    expect((await processAll({ inputs: { q: input }, output }, emitSome, 100))[0]).toBe('q200')
    expect(readAll(directory)).toHaveLength(300)
  })

  it.each([
    ['missing', (path: string) => rmSync(path)],
    ['blank', (path: string) => writeFileSync(path, Buffer.alloc(80))],
    ['of an earlier time', (path: string, earlier: Buffer) => writeFileSync(path, earlier)],
  ])('makes no output again when a crash left the hint of a source %s, and the others as they were', async (_, leave) => {
    const input = recordedQueue(Array.from({ length: 300 }, (_, index) => index))
    const directory = newOutput()
    const hint = join(directory, 'sources/1.meta')
    for (const count of [100, 100]) {
      if (existsSync(hint)) writeFileSync(`${hint}.earlier`, readFileSync(hint))
      using output = openOutput(directory)
      await processAll({ inputs: { q: input }, output }, emitSome, count)
    }
    leave(hint, readFileSync(`${hint}.earlier`))
    const whole = newOutput()
    {
      using output = openOutput(whole)
      await processAll({ inputs: { q: input }, output }, emitSome, 300)
    }
    using output = openOutput(directory)
    // Messages that led to no output since the last one are run again.
    const [first = ''] = await processAll({ inputs: { q: input }, output }, emitSome, 102)
    expect(first).toBe('q198')
    expect(readAll(directory).map(short)).toEqual(readAll(whole).map(short))
  })

  it('completes an input whose outputs were cut off, without repeating those that are there', async () => {
    const input = recordedQueue([0, 1, 2, 3])
    const directory = newOutput()
    {
      using output = openOutput(directory)
      await processAll({ inputs: { q: input }, output }, emitSome, 2)
      // The writer died after the first of the two outputs of message 2.
      const source = { sourceSequence: 2, sourceId: 1, sourceEpoch: 1, outputIndex: 0, isLastOutput: false }
      output.append(0, Buffer.from('out 2'), { timestampNs: 2n, source })
    }
    using output = openOutput(directory)
    expect(await processAll({ inputs: { q: input }, output }, emitSome, 2)).toEqual(['q2', 'q3'])
    expect(readAll(directory).map(short)).toEqual(['1.0! out 1', '2.0 out 2', '2.1! out 2'])
  })

  it.each([
    ['another type', (processor: Processor) => processor.emit(9, Buffer.from('out 2'))],
    ['another length', (processor: Processor) => processor.emit(0, Buffer.from('out'))],
    ['another content', (processor: Processor) => processor.emit(0, Buffer.from('OUT 2'))],
    ['nothing', () => undefined],
    ['no more than there is', (processor: Processor) => processor.emit(0, Buffer.from('out 2'))],
  ])('refuses to go on when an input that is run again emits %s', async (_, emit) => {
    const input = recordedQueue([0, 1, 2, 3])
    const directory = newOutput()
    using output = openOutput(directory)
    await processAll({ inputs: { q: input }, output }, emitSome, 2)
    const source = { sourceSequence: 2, sourceId: 1, sourceEpoch: 1, outputIndex: 0, isLastOutput: false }
    output.append(0, Buffer.from('out 2'), { timestampNs: 2n, source })
    await expect(processAll({ inputs: { q: input }, output }, emit, 1)).rejects.toThrow(
      code('ERR_NOT_DETERMINISTIC', { source: 'q', sourceSequence: 2 }),
    )
    expect(readAll(directory)).toHaveLength(2)
  })

  it('refuses an input that ends before what was processed, and one that was written again', async () => {
    const input = recordedQueue([0, 1, 2, 3, 4])
    const shorter = recordedQueue([0, 1])
    const directory = newOutput()
    using output = openOutput(directory)
    const source = { sourceSequence: 4, sourceId: 1, sourceEpoch: 7, outputIndex: 0, isLastOutput: true }
    await processAll({ inputs: { q: input }, output }, emitSome, 1)
    output.append(1, Buffer.from('made from a message of writer 7'), { source })
    expect(() => openProcessor({ inputs: { q: input }, output })).toThrow(
      code('ERR_SOURCE_REWRITTEN', { source: 'q', sourceSequence: 4, detail: expect.stringContaining('writer 7') }),
    )
    expect(() => openProcessor({ inputs: { q: shorter }, output })).toThrow(
      code('ERR_SOURCE_REWRITTEN', { detail: expect.stringContaining('now it is queue') }),
    )
    // The same queue, whose end was lost.
    output.append(1, Buffer.from('made from a message that is gone'), {
      source: { ...source, sourceSequence: 5, sourceEpoch: 1 },
    })
    expect(() => openProcessor({ inputs: { q: input }, output })).toThrow(
      code('ERR_SOURCE_REWRITTEN', { detail: 'it ends before that message' }),
    )
  })

  it('refuses an input of which messages were deleted before they were processed', async () => {
    const input = recordedQueue(Array.from({ length: 200 }, (_, index) => index))
    const directory = newOutput()
    using output = openOutput(directory)
    await processAll({ inputs: { q: input }, output }, emitSome, 2)
    rmSync(join(input, segmentFileName(0)))
    expect(() => openProcessor({ inputs: { q: input }, output })).toThrow(code('ERR_DATA_LOST', { from: 2 }))
  })

  it('drops what was emitted for a message whose turn was not completed', async () => {
    const input = recordedQueue([0, 1, 2])
    const directory = newOutput()
    using output = openOutput(directory)
    {
      using processor = openProcessor({ inputs: { q: input }, output })
      for await (const { message } of processor.messages()) {
        processor.emit(1, Buffer.from(`out ${message.sequence}`))
        if (message.sequence === 1) break
      }
      expect(() => processor.emit(1, Buffer.alloc(0))).toThrow(code('ERR_CLOSED'))
    }
    expect(readAll(directory).map(short)).toEqual(['0.0! out 0'])
    const emit = (processor: Processor, sequence: number): void => processor.emit(1, Buffer.from(`out ${sequence}`))
    expect(await processAll({ inputs: { q: input }, output }, emit, 2)).toEqual(['q1', 'q2'])
  })

  it('merges inputs by time, and finds the place of each after a restart', async () => {
    const inputs = { a: recordedQueue([10, 30, 50, 70]), b: recordedQueue([20, 40, 60]) }
    const directory = newOutput()
    const emit = (processor: Processor, sequence: number, key: string): void =>
      processor.emit(1, Buffer.from(`${key}${sequence}`))
    const seen: string[] = []
    for (const count of [2, 3, 2]) {
      using output = openOutput(directory)
      seen.push(...(await processAll({ inputs, output }, emit, count)))
    }
    expect(seen).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2', 'a3'])
    expect(readAll(directory).map(({ payload, source }) => `${payload} ${source?.sourceId}`)).toEqual([
      'a0 1',
      'b0 2',
      'a1 1',
      'b1 2',
      'a2 1',
      'b2 2',
      'a3 1',
    ])
  })

  it('commits a reader as far as the outputs are durable, and continues there without outputs', async () => {
    const input = recordedQueue([0, 1, 2, 3, 4])
    const directory = newOutput()
    using output = openOutput(directory)
    {
      using reader = openReader(input, 'processor')
      await processAll({ inputs: { q: reader }, output }, () => undefined, 3)
    }
    using reader = openReader(input, 'processor')
    expect(reader.nextSequence).toBe(3)
    expect(await processAll({ inputs: { q: reader }, output }, emitSome, 2)).toEqual(['q3', 'q4'])
    expect(output.durableSequence).toBe(output.nextSequence)
  })

  it('waits for the readers of a full output, and loses nothing', async () => {
    const input = recordedQueue(Array.from({ length: 200 }, (_, index) => index))
    const directory = newOutput()
    using output = openWriter(directory, { segmentSize: 4096, maxSegments: 2, backpressureTimeoutMs: 60_000 })
    using slow = openReader(directory, 'slow')
    const read: number[] = []
    const reading = (async () => {
      for await (const message of slow.messages()) {
        read.push(message.source?.sourceSequence ?? -1)
        slow.commit()
        if (read.length === 400) break
      }
    })()
    const emit = (processor: Processor): void => {
      processor.emit(1, Buffer.alloc(8))
      processor.emit(2, Buffer.alloc(8))
    }
    await processAll({ inputs: { q: input }, output }, emit, 200)
    await reading
    expect(read).toEqual(Array.from({ length: 400 }, (_, index) => index >> 1))
  })

  it('refuses what it cannot use', async () => {
    const input = recordedQueue([0])
    using output = openOutput(newOutput())
    for (const options of [
      { inputs: {}, output },
      { inputs: { q: input }, output: 7 },
      { inputs: 7, output },
      { inputs: { q: null }, output },
    ]) {
      expect(() => openProcessor(options as never)).toThrow(code('ERR_INVALID_ARGUMENT'))
    }
    expect(() => openProcessor({ inputs: { q: `${input}-none` }, output })).toThrow(code('ERR_NOT_FOUND'))
    using processor = openProcessor({ inputs: { q: input }, output })
    expect(() => processor.emit(1, Buffer.alloc(0))).toThrow(code('ERR_INVALID_ARGUMENT'))
    expect(() => openOutput(output.directory)).toThrow(code('ERR_WRITER_ACTIVE'))
    const items = processor.messages()
    await items.next()
    await expect(processor.messages().next()).rejects.toThrow(code('ERR_BUSY'))
    await items.return()
    processor.close()
    processor.close()
    await expect(processor.messages().next()).rejects.toThrow(code('ERR_CLOSED'))
  })
})
