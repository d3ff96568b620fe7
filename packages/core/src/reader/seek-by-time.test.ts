import { describe, expect, it } from 'vitest'
import { code } from '../../test/support/expectations.js'
import { range } from '../../test/support/messages.js'
import { newQueue } from '../../test/support/new-queue.js'
import { openObserver } from '../index.js'

/** A queue of messages with these timestamps, a few to a segment unless one segment has room for all. */
function queueOfTimes(
  times: readonly number[],
  segmentSize = 4096,
): { directory: string; find: (timestampNs: number) => number | undefined } {
  const { directory, writer } = newQueue({ segmentSize })
  for (const time of times) writer.append(1, Buffer.alloc(500), { timestampNs: BigInt(time) })
  writer.close()
  const find = (timestampNs: number): number | undefined => {
    using observer = openObserver(directory, { start: { timestampNs: BigInt(timestampNs) } })
    return observer.next()?.sequence
  }
  return { directory, find }
}

/** What a search from the beginning finds. */
const firstFrom = (times: readonly number[], timestampNs: number): number | undefined => {
  const index = times.findIndex((time) => time >= timestampNs)
  return index < 0 ? undefined : index
}

const CLOCKS: Readonly<Record<string, readonly number[]>> = {
  'that only goes forward': range(0, 200).map((index) => 100 + index * 10),
  'that went back': range(0, 200).map((index) => 100 + (index < 120 ? index : index - 60) * 10),
  'that went back to the beginning': range(0, 200).map((index) => 100 + (index % 100) * 10),
  'that went back twice': range(0, 200).map((index) => 100 + (index < 50 ? index : index < 130 ? index - 30 : index - 90) * 10),
  'with one time from the future at the end of a segment': range(0, 200).map((index) => (index === 34 ? 1e9 : 100 + index * 10)),
  'with one time from long ago at the beginning of a segment': range(0, 200).map((index) =>
    index === 70 ? 1 : 100 + index * 10,
  ),
}

describe('seeking by time', () => {
  for (const [clock, times] of Object.entries(CLOCKS))
    it.each([4096, 1 << 20])(`L62: finds the first match of a clock ${clock}, in segments of %i bytes`, (segmentSize) => {
      const { find } = queueOfTimes(times, segmentSize)
      for (const time of [0, 1, 100, 105, 590, 595, 700, 1090, 1295, 1500, 2090, 2091, 1e9])
        expect(find(time), `first message from ${time} on`).toBe(firstFrom(times, time))
    })

  it('L62: finds what stands before a step back that neither an end nor an index shows, also without one', () => {
    // One message from the future in the middle of each segment, between two entries of an index; the ends ascend.
    const times = range(0, 3000).map((index) => (index % 150 === 75 ? 50_000 + index : 1000 + index * 10))
    const { find } = queueOfTimes(times, 1 << 16)
    for (const time of [0, 1750, 20_000, 32_000, 50_500, 60_000])
      expect(find(time), `from ${time} on`).toBe(firstFrom(times, time))
  })

  it('takes a Date, milliseconds and nanoseconds, in start and in seek, and refuses anything else', () => {
    const at = Date.UTC(2026, 0, 1)
    const { directory, writer } = newQueue({})
    for (const ms of [at, at + 1, at + 2]) writer.append(1, Buffer.from('x'), { timestampNs: BigInt(ms) * 1_000_000n })
    writer.append(1, Buffer.from('x'), { timestampNs: BigInt(at + 2) * 1_000_000n + 500_000n })
    for (const [time, sequence] of [
      [new Date(at + 1), 1],
      [at + 1, 1],
      [at + 2.5, 3],
      [BigInt(at + 1) * 1_000_000n + 1n, 2],
    ] as const) {
      using observer = openObserver(directory, { start: { time } })
      expect(observer.next()?.sequence).toBe(sequence)
      observer.seek('earliest')
      observer.seek({ time })
      expect(observer.next()?.sequence).toBe(sequence)
    }
    for (const time of [Number.NaN, -1, new Date('no'), -1n, 2n ** 64n, '2026'])
      expect(() => openObserver(directory, { start: { time: time as number } })).toThrowError(code('ERR_INVALID_ARGUMENT'))
    writer.close()
  })

  it('L62: finds what stands before a step back that no end of a segment shows', () => {
    // The step is inside of the first segment, and its last message is later than its first one.
    const times = [...range(0, 1500).map((index) => 1000 + index * 10), ...range(0, 6000).map((index) => 10_000 + index * 10)]
    const { find } = queueOfTimes(times, 1 << 20)
    for (const time of [9_000, 10_005, 12_000, 15_990]) expect(find(time)).toBe(firstFrom(times, time))
  })
})
