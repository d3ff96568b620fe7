import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openObserver, openReader, openWriter, type QueueWriter, type WriterOptions } from '@chronicle-ts/core'
import { describe, expect, it } from 'vitest'
import { recordedQueue, temporaryDirectory } from '../test/support/queues.js'
import { openProcessor, type Processor, type ProcessorOptions } from './index.js'

const code = (name: string, facts: object = {}): unknown => expect.objectContaining({ code: name, ...facts })

function openOutput(directory = join(temporaryDirectory(), 'output')): QueueWriter {
  return openWriter(directory, { segmentSize: 4096, heartbeatIntervalMs: 0 })
}

/** Outputs in short: id of their source, sequence of their input, and their text. */
function readAll(directory: string): string[] {
  using observer = openObserver(directory)
  const found: string[] = []
  for (let message = observer.next(); message !== undefined; message = observer.next())
    found.push(`${message.source?.sourceId}.${message.source?.sourceSequence} ${message.payload}`)
  return found
}

/** How many outputs a queue takes whose reader reads nothing. */
function capacityOf(options: WriterOptions): number {
  const directory = join(temporaryDirectory(), 'full')
  using writer = openWriter(directory, options)
  using _reader = openReader(directory, 'slow')
  while (writer.tryAppend(1, Buffer.from('q0')).status === 'appended');
  return writer.nextSequence
}

/** Gives each message one output, until `count` messages are processed. */
async function processSome(processor: Processor, count: number): Promise<void> {
  const done = new AbortController()
  let messages = 0
  for await (const { key, message } of processor.messages({ signal: done.signal })) {
    processor.emit(1, Buffer.from(`${key}${message.sequence}`))
    if (++messages === count) done.abort()
  }
}

async function openAndProcess(options: ProcessorOptions, count: number): Promise<void> {
  using processor = openProcessor(options)
  await processSome(processor, count)
}

describe('each output exactly once', () => {
  it('because a writer has one processor at a time', async () => {
    const q = recordedQueue([0, 1, 2])
    using output = openOutput()
    {
      using processor = openProcessor({ inputs: { q }, output })
      expect(() => openProcessor({ inputs: { q }, output })).toThrow(code('ERR_BUSY'))
      await processSome(processor, 1)
    }
    expect(() => openProcessor({ inputs: { q: `${q}-missing` }, output })).toThrow(code('ERR_NOT_FOUND'))
    await openAndProcess({ inputs: { q }, output }, 2)
    expect(readAll(output.directory)).toEqual(['1.0 q0', '1.1 q1', '1.2 q2'])
  })

  it('when the loop closes its processor and opens the next one in the middle of a message', async () => {
    const q = recordedQueue([0, 1, 2])
    using output = openOutput()
    using first = openProcessor({ inputs: { q }, output })
    let second: Processor | undefined
    for await (const { message } of first.messages()) {
      first.emit(1, Buffer.from(`q${message.sequence}`))
      if (message.sequence < 1) continue
      first.close()
      second = openProcessor({ inputs: { q }, output })
    }
    await processSome(second as Processor, 2)
    second?.close()
    expect(readAll(output.directory)).toEqual(['1.0 q0', '1.1 q1', '1.2 q2'])
  })

  it('when it is closed while it waits for the readers of a full output', async () => {
    const q = recordedQueue(Array.from({ length: 200 }, (_, index) => index))
    const bounded = { segmentSize: 4096, maxSegments: 2, backpressureTimeoutMs: 60_000 }
    const directory = join(temporaryDirectory(), 'output')
    using output = openWriter(directory, bounded)
    using slow = openReader(directory, 'slow')
    const processor = openProcessor({ inputs: { q }, output })
    const processing = processSome(processor, 200)
    const end = capacityOf(bounded)
    while (output.nextSequence < end) await new Promise((resolve) => setImmediate(resolve))
    processor.close()
    // It may have been between two messages.
    expect([undefined, 'ERR_CLOSED']).toContain(await processing.catch((error: { code: string }) => error.code))
    expect(output.nextSequence).toBe(end)
    const seen: (number | undefined)[] = []
    const reading = (async () => {
      for await (const message of slow.messages()) {
        seen.push(message.source?.sourceSequence)
        slow.commit()
        if (seen.length === 200) break
      }
    })()
    await openAndProcess({ inputs: { q }, output }, 200 - end)
    await reading
    expect(seen).toEqual(Array.from({ length: 200 }, (_, index) => index))
  })
})

describe('what a processor keeps beside its output', () => {
  it('refuses an output whose list of sources is lost, because no record says which input was which', async () => {
    const inputs = { a: recordedQueue([0, 2, 4]), b: recordedQueue([1, 3, 5]) }
    using output = openOutput()
    await openAndProcess({ inputs, output }, 2)
    const list = join(output.directory, 'sources.json')
    renameSync(list, `${list}.kept`)
    const swapped = { b: inputs.b, a: inputs.a }
    for (let attempt = 0; attempt < 2; attempt++)
      expect(() => openProcessor({ inputs: swapped, output })).toThrow(code('ERR_INVALID_ARGUMENT', { argument: list }))
    renameSync(`${list}.kept`, list)
    await openAndProcess({ inputs: swapped, output }, 4)
    expect(readAll(output.directory)).toEqual(['1.0 a0', '2.0 b0', '1.1 a1', '2.1 b1', '1.2 a2', '2.2 b2'])
  })

  it('refuses a list with a damaged letter, by which an input would be a new one and be processed again', async () => {
    const inputs = { quotes: recordedQueue([0, 2, 4]) }
    using output = openOutput()
    await openAndProcess({ inputs, output }, 2)
    const list = join(output.directory, 'sources.json')
    const text = readFileSync(list, 'utf8')
    writeFileSync(list, text.replace('quotes', 'quotet'))
    expect(() => openProcessor({ inputs, output })).toThrow(code('ERR_INVALID_ARGUMENT', { argument: list }))
    writeFileSync(list, text)
    await openAndProcess({ inputs, output }, 1)
    expect(readAll(output.directory)).toEqual(['1.0 quotes0', '1.1 quotes1', '1.2 quotes2'])
  })

  it('makes the list of its only input again', async () => {
    const inputs = { a: recordedQueue([0, 2, 4]) }
    using output = openOutput()
    await openAndProcess({ inputs, output }, 2)
    rmSync(join(output.directory, 'sources.json'))
    await openAndProcess({ inputs, output }, 1)
    expect(readAll(output.directory)).toEqual(['1.0 a0', '1.1 a1', '1.2 a2'])
  })

  it('L55: is written through no link', async () => {
    const q = recordedQueue([0, 1])
    using output = openOutput()
    const outside = join(temporaryDirectory(), 'outside')
    writeFileSync(outside, 'precious')
    mkdirSync(join(output.directory, 'sources'))
    for (const name of ['sources/0.meta', 'sources/1.meta', 'sources.json.tmp'])
      symlinkSync(outside, join(output.directory, name))
    await openAndProcess({ inputs: { q }, output }, 1)
    await openAndProcess({ inputs: { q }, output }, 1)
    expect(readFileSync(outside, 'utf8')).toBe('precious')
    expect(readAll(output.directory)).toEqual(['1.0 q0', '1.1 q1'])
  })

  it('L55: goes into no folder that is a link', () => {
    const q = recordedQueue([0])
    using output = openOutput()
    symlinkSync(temporaryDirectory(), join(output.directory, 'sources'))
    expect(() => openProcessor({ inputs: { q }, output })).toThrow(code('ERR_LINK'))
  })
})

describe('the inputs of a processor', () => {
  it('end it with an error when the position of a reader cannot be saved', async () => {
    const q = recordedQueue(Array.from({ length: 2000 }, (_, index) => index))
    using output = openOutput()
    using reader = openReader(q, 'processor')
    using processor = openProcessor({ inputs: { q: reader }, output })
    rmSync(join(q, 'readers'), { recursive: true })
    const processing = (async () => {
      for await (const { message } of processor.messages()) {
        processor.emit(1, message.payload)
        // As long as the processor's own flush takes.
        if (message.sequence >= 16) await output.flush()
      }
    })()
    await expect(processing).rejects.toThrow(code('ERR_QUEUE_REPLACED'))
  })

  it('are refused when everything was deleted that was to be processed', () => {
    const q = join(temporaryDirectory(), 'q')
    openWriter(q, { segmentSize: 4096, firstSequence: 100 }).close()
    using output = openOutput()
    openProcessor({ inputs: { q }, output }).close()
    const source = { sourceSequence: 2, sourceId: 1, sourceEpoch: 1, outputIndex: 0, isLastOutput: true }
    output.append(1, Buffer.from('made from message 2'), { source })
    expect(() => openProcessor({ inputs: { q }, output })).toThrow(code('ERR_DATA_LOST', { from: 3, to: 100 }))
  })
})

it('an output that no record can hold is refused where it is emitted, and those before it stay', async () => {
  const q = recordedQueue([0])
  using output = openOutput()
  using processor = openProcessor({ inputs: { q }, output })
  const emit = processor.emit.bind(processor) as (...args: unknown[]) => void
  const bytes = Buffer.from('good')
  const wrong: readonly (readonly unknown[])[] = [
    ...[['text'], [undefined], [null], [5], [[1, 2]]].map(([payload]) => [1, payload]),
    ...[-1, 65_535, 1.5, Number.NaN, '1', undefined].map((typeId) => [typeId, bytes]),
    ...[5, -1n, 1n << 64n, null].map((timestampNs) => [1, bytes, { timestampNs }]),
    ...[-1, 256, 1.5, '1', null].map((schemaVersion) => [1, bytes, { schemaVersion }]),
    ...[null, 5, { time: 5n }].map((options) => [1, bytes, options]),
  ]
  const done = new AbortController()
  for await (const _ of processor.messages({ signal: done.signal })) {
    emit(1, bytes)
    for (const args of wrong) expect(() => emit(...args), String(args)).toThrow(code('ERR_INVALID_ARGUMENT'))
    done.abort()
  }
  expect(readAll(output.directory)).toEqual(['1.0 good'])
})
