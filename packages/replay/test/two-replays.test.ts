import { join } from 'node:path'
import { openObserver, openWriter } from '@chronicle-ts/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { amount } from '../../../tools/evidence/effort/effort.mjs'
import { openReplay } from '../src/index.js'
import { recordedQueue, temporaryDirectory } from './support/queues.js'

const MS = 1_000_000

/** Where a run pauses, and at which speeds it goes on. None of it may be seen in what it makes. */
interface Course {
  readonly speeds: readonly number[]
  readonly steps: readonly number[]
}

const EVENTS_TYPE = 1
const BARS_TYPE = 2
const LATE_TYPE = 3

/**
 * A program as users write it: it reads the clock, sets timers from messages and from timers, sleeps across messages, and does work of the event loop. All that it makes is appended at the time of
 * the replay.
 */
async function replayInto(directory: string, sources: Readonly<Record<string, string>>, course: Course): Promise<void> {
  using output = openWriter(directory, { segmentSize: 16 * 1024, heartbeatIntervalMs: 0 })
  using replay = openReplay({ sources, from: 'earliest' })
  const { clock } = replay
  const append = (typeId: number, text: string): void => {
    output.append(typeId, Buffer.from(text), { timestampNs: clock.nowNs() })
  }
  let inBar = 0
  const closeBar = (nowNs: bigint): void => {
    append(BARS_TYPE, `bar of ${inBar} at ${nowNs}`)
    inBar = 0
    clock.setTimer(3, closeBar)
  }
  clock.setTimer(3, closeBar)
  const handler = async ({ key, message }: { key: string; message: { sequence: number; payload: Buffer } }): Promise<void> => {
    const { sequence } = message
    inBar++
    append(EVENTS_TYPE, `${key} ${sequence} ${message.payload}`)
    if (sequence % 3 === 0) clock.setTimer(sequence % 5, () => append(LATE_TYPE, `timer of ${key} ${sequence}`))
    if (sequence % 4 === 1) await new Promise((resolve) => setImmediate(resolve))
    if (sequence % 7 === 2) {
      await clock.sleep(2)
      append(LATE_TYPE, `woke ${key} ${sequence}`)
    }
  }
  for (const [index, count] of course.steps.entries()) {
    replay.speed = course.speeds[index % course.speeds.length] ?? Number.POSITIVE_INFINITY
    await replay.step(count, handler)
  }
  replay.speed = Number.POSITIVE_INFINITY
  await replay.run(handler)
  await replay.until({ timestampNs: clock.nowNs() + BigInt(20 * MS) })
}

/** All records, with headers: sequences, times, types, checksums. */
function bytesOf(directory: string): Buffer {
  using queue = openObserver(directory)
  const blocks: Buffer[] = []
  for (let block = queue.nextBlock(); block !== undefined; block = queue.nextBlock()) blocks.push(Buffer.from(block.bytes))
  return Buffer.concat(blocks)
}

const timesMs = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 40 })
const course = fc.record({
  speeds: fc.array(fc.constantFrom(50, 1000, 1e6, Number.POSITIVE_INFINITY), { minLength: 1, maxLength: 3 }),
  steps: fc.array(fc.nat(15), { maxLength: 4 }),
})

it('two replays of the same queues make the same bytes, wherever they pause and however fast they go', async () => {
  await fc.assert(
    fc.asyncProperty(fc.tuple(timesMs, timesMs, timesMs), course, course, async (times, first, second) => {
      const sources = Object.fromEntries(times.map((ms, index) => [`q${index}`, recordedQueue(ms.map((at) => at * MS))]))
      const [a, b] = [join(temporaryDirectory(), 'a'), join(temporaryDirectory(), 'b')]
      await replayInto(a, sources, first)
      await replayInto(b, sources, second)
      const bytes = bytesOf(a)
      expect(bytes.length).toBeGreaterThan(0)
      expect(bytesOf(b).equals(bytes)).toBe(true)
    }),
    { numRuns: amount({ short: 8, long: 25 }) },
  )
})

it('a program that reads the clock of the machine does not', async () => {
  const sources = { q: recordedQueue([10 * MS, 20 * MS]) }
  const made = await Promise.all(
    ['a', 'b'].map(async (name) => {
      const directory = join(temporaryDirectory(), name)
      using output = openWriter(directory, { segmentSize: 4096, heartbeatIntervalMs: 0 })
      using replay = openReplay({ sources })
      await replay.run(({ message }) =>
        output.append(1, Buffer.from(`${process.hrtime.bigint()}`), { timestampNs: message.timestampNs }),
      )
      return bytesOf(directory)
    }),
  )
  expect(made[0]?.length).toBe(made[1]?.length)
  expect(made[0]?.equals(made[1] ?? Buffer.alloc(0))).toBe(false)
})
