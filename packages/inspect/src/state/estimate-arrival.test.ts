import { join } from 'node:path'
import { openReader, openWriter } from '@chronicle-ts/core'
import { SEGMENT_CREATED_NS_OFFSET } from '@chronicle-ts/core/internal'
import { beforeEach, describe, expect, it } from 'vitest'
import { overwrite, segmentFile } from '../../../core/test/support/raw-queue.js'
import { temporaryDirectory } from '../../../core/test/support/temporary.js'
import { inspectQueue } from '../cold/inspect-queue.js'
import type { QueueInspection } from '../cold/queue-inspection.js'
import { type Arrival, estimateArrival } from './estimate-arrival.js'
import { StateHistory } from './state-history.js'
import { inspectState } from './state-of-queue.js'

const NS = 1_000_000_000n

let queue: string
/** Of messages, and of the looks at them, however long after them a look comes. */
let nowNs: bigint

beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
  nowNs = BigInt(Date.now()) * 1_000_000n
})

/** One message for each time, appended now, and a reader that committed now, before the first. */
function write(
  timesNs: readonly (bigint | undefined)[],
  options: { readonly extensions?: boolean; readonly length?: number } = {},
): void {
  const { extensions = true, length = 1 } = options
  using writer = openWriter(queue, { segmentSize: 4096, extensions })
  for (const timestampNs of timesNs) writer.append(1, Buffer.alloc(length), { timestampNs })
  using reader = openReader(queue, 'slow', { start: 'earliest' })
  reader.commit()
}

function now(): bigint {
  return nowNs
}

/** What a look says that sees the queue as if its segments had been prepared and appended to so long ago. */
function estimate(seconds: { readonly prepared?: number; readonly appended?: number; readonly committed?: number }): Arrival {
  const inspection = { ...inspectQueue(queue), inspectedNs: now() }
  const ago = (age: number) => now() - BigInt(age) * NS
  const { prepared = 3600, appended = 0, committed = 0 } = seconds
  const inspected = inspection.segments.inspected.map((segment) => ({ ...segment, createdNs: ago(prepared - segment.segmentId) }))
  const aged: QueueInspection = {
    ...inspection,
    segments: { ...inspection.segments, inspected },
    writer: { ...inspection.writer, lastAppendNs: ago(appended) },
  }
  const reader = aged.readers[0] ?? expect.fail('no reader')
  return estimateArrival({ ...reader, lastCommitNs: ago(committed) }, aged)
}

const seconds = ({ arrivalNs }: Arrival) => (arrivalNs === null ? null : Math.floor(Number(arrivalNs) / 1e9))

describe('how long the next message of a reader has been there, in a single look', () => {
  it('is the age of that message, also for a reader that has just committed', () => {
    write([now() - 60n * NS, now() - 30n * NS, now()])
    expect(estimate({})).toMatchObject({ arrivalKnownBy: 'timestamp' })
    expect(seconds(estimate({}))).toBe(60)
  })

  it('is nothing for a message that has just come to a reader that committed long ago', () => {
    write([now()])
    expect(seconds(estimate({ committed: 3000 }))).toBe(0)
  })

  it('is never more than the age of its segment, also when the message has an older time', () => {
    write([1n, now()])
    expect(seconds(estimate({ prepared: 20 }))).toBe(20)
  })

  it.each([
    ['recorded long ago', 1n],
    ['of an hour that comes', BigInt(Date.now() + 3_600_000) * 1_000_000n],
  ])('is the time since the last commit where messages are %s', (_, timestampNs) => {
    write([timestampNs, timestampNs])
    expect(estimate({ committed: 30 })).toMatchObject({ arrivalNs: 30n * NS, arrivalKnownBy: 'commit' })
  })

  it('is the time since the last commit at a message of the future, which has no age', () => {
    write([now() + 3600n * NS, now()])
    expect(estimate({ committed: 30 })).toMatchObject({ arrivalNs: 30n * NS, arrivalKnownBy: 'commit' })
  })

  it('is at least the time since the last append, by which all messages were there', () => {
    write([1n, 1n])
    expect(estimate({ appended: 40, committed: 2 })).toMatchObject({ arrivalNs: 40n * NS, arrivalKnownBy: 'bound' })
  })

  it('is at least the age of the third segment after its own, so that a feed of recorded times lags, too', () => {
    write(
      Array.from({ length: 4 }, () => 1n),
      { length: 3000 },
    )
    // Segment 3 is prepared three seconds after segment 0.
    expect(estimate({ prepared: 3600 })).toMatchObject({ arrivalNs: 3597n * NS, arrivalKnownBy: 'bound' })
  })

  it('is what messages say in a queue of the base format, too', () => {
    write([now() - 60n * NS, now()], { extensions: false })
    expect(seconds(estimate({}))).toBe(60)
  })
})

describe('a reader that commits often and is too slow', () => {
  it('is lagging at the first look, however that is made', () => {
    using writer = openWriter(queue, { segmentSize: 4096 })
    for (const age of [62n, 61n, 60n, 1n, 0n]) writer.append(1, Buffer.alloc(1), { timestampNs: now() - age * NS })
    // As if the segment had been there before the messages of a minute ago.
    overwrite(segmentFile(queue, 0), SEGMENT_CREATED_NS_OFFSET, Buffer.alloc(8))
    using reader = openReader(queue, 'slow', { start: 'earliest' })
    const words = () => [
      inspectState(queue).state.readers[0]?.word,
      inspectState(queue, { quick: true }).state.readers[0]?.word,
      new StateHistory().look(queue).state.readers[0]?.word,
    ]
    for (let read = 0; read < 2; read += 1) {
      reader.next()
      reader.commit()
      expect(words()).toEqual(['lagging', 'lagging', 'lagging'])
    }
    for (let read = 0; read < 3; read += 1) reader.next()
    reader.commit()
    expect(words()).toEqual(['waiting', 'waiting', 'waiting'])
  })
})
