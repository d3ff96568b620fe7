import { isQueueError, type MessageSource, openObserver } from '@chronicle-ts/core'
import { openProcessor, type Processor } from '@chronicle-ts/replay'
import { type MemoryQueue, memoryQueue } from '@chronicle-ts/testing'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { amount } from '../../../tools/evidence/effort/effort.mjs'

/*
 * A processor between two queues, with a crash or a power cut after any number of messages. In the end each output is there exactly once. Where the input lost messages that
 * have outputs already, the processor says so and appends nothing: it never skips one silently.
 */

const DISASTERS = ['nothing', 'flush', 'output crashes', 'input crashes', 'output loses power', 'both lose power'] as const

interface Step {
  /** Messages that are appended before; one at least, so that the processor has a last one to wait for. */
  readonly appended: number
  readonly isFlushed: boolean
  /** Messages after which the processor stops; it may get to the end before. */
  readonly processed: number
  readonly disaster: (typeof DISASTERS)[number]
}

const step: fc.Arbitrary<Step> = fc.record({
  appended: fc.integer({ min: 1, max: 20 }),
  isFlushed: fc.boolean(),
  processed: fc.integer({ min: 1, max: 25 }),
  disaster: fc.constantFrom(...DISASTERS),
})

/** What a message leads to: 0 to 2 outputs that follow from it. */
function outputsOf(payload: Buffer, sequence: number): string[] {
  const text = payload.toString()
  return Array.from({ length: (text.length + sequence) % 3 }, (_, index) => `${index} of ${text.trim()}`.padEnd(text.length))
}

async function processUpTo(input: MemoryQueue, isReader: boolean, output: MemoryQueue, limit: number): Promise<void> {
  const last = input.writer.nextSequence - 1
  const reader = isReader ? input.reader('processor') : undefined
  try {
    using processor: Processor = openProcessor({ inputs: { q: reader ?? input.directory }, output: output.writer })
    const done = new AbortController()
    let count = 0
    for await (const { message } of processor.messages({ signal: done.signal })) {
      for (const text of outputsOf(message.payload, message.sequence)) processor.emit(1, Buffer.from(text))
      if (++count === limit || message.sequence === last) done.abort()
    }
  } finally {
    reader?.close()
  }
}

function strike(disaster: Step['disaster'], input: MemoryQueue, output: MemoryQueue): void {
  if (disaster === 'flush') output.writer.flushSync()
  if (disaster === 'output crashes') output.crash()
  if (disaster === 'input crashes') input.crash()
  if (disaster === 'output loses power' || disaster === 'both lose power') output.cutPower()
  if (disaster === 'both lose power') input.cutPower()
}

function readAll<Told>(queue: MemoryQueue, tell: (message: NonNullable<ReturnType<MessageSource['next']>>) => Told[]): Told[] {
  using observer = openObserver(queue.directory)
  const told: Told[] = []
  for (let message = observer.next(); message !== undefined; message = observer.next()) told.push(...tell(message))
  return told
}

/** @returns whether the input could be processed to its end */
async function processedToTheEnd(steps: readonly Step[], isReader: boolean): Promise<boolean> {
  using input = memoryQueue({ segmentSize: 8192, heartbeatIntervalMs: 0 })
  using output = memoryQueue({ segmentSize: 8192, heartbeatIntervalMs: 0 })
  let hasLostInput = false
  let made = 0
  const ends: Step = { appended: 1, isFlushed: true, processed: Number.POSITIVE_INFINITY, disaster: 'nothing' }
  try {
    for (const { appended, isFlushed, processed, disaster } of [...steps, ends]) {
      for (let count = 0; count < appended; count++, made++)
        input.writer.append(1, Buffer.from(`m${made}`.padEnd((made * 53) % 300)))
      if (isFlushed) input.writer.flushSync()
      await processUpTo(input, isReader, output, processed)
      strike(disaster, input, output)
      hasLostInput ||= disaster === 'both lose power'
    }
  } catch (error) {
    if (hasLostInput && isQueueError(error, 'ERR_SOURCE_REWRITTEN')) return false
    throw error
  }
  const expected = readAll(input, ({ payload, sequence }) => outputsOf(payload, sequence).map((text) => `${sequence}: ${text}`))
  expect(readAll(output, ({ payload, source }) => [`${source?.sourceSequence}: ${payload}`])).toEqual(expected)
  return true
}

it('a processor makes each output exactly once, with a crash or a power cut between any two messages', async () => {
  let completed = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 7 }), fc.boolean(), async (steps, isReader) => {
      if (await processedToTheEnd(steps, isReader)) completed++
    }),
    { numRuns: amount({ short: 10, long: 60, full: 1000 }) },
  )
  expect(completed).toBeGreaterThan(0)
})
