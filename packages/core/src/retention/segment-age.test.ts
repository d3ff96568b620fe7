import { readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { planPrune } from '@chronicle-ts/inspect'
import { describe, expect, it } from 'vitest'
import { until } from '../../test/support/expectations.js'
import { newQueue, segmentsOf } from '../../test/support/new-queue.js'
import { overwrite, segmentFile, u64 } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { SEGMENT_CREATED_NS_OFFSET } from '../format/index.js'
import { openWriter, realtimeNs } from '../index.js'

const HOUR_MS = 3_600_000
const hoursAgo = (hours: number) => realtimeNs() - BigInt(hours * HOUR_MS) * 1_000_000n

interface Aged {
  readonly hours: readonly number[]
  readonly extensions?: boolean
}

/** Segments with messages of these ages in hours, one segment for each list, and an empty head. */
function queueOfAges(segments: readonly Aged[]): string {
  const directory = join(temporaryDirectory(), 'queue')
  for (const { hours, extensions = true } of segments) {
    using writer = openWriter(directory, { segmentSize: 4096, extensions })
    for (const age of hours) writer.append(1, Buffer.alloc(100), { timestampNs: hoursAgo(age) })
    writer.roll()
  }
  return directory
}

/** As if the segments had been prepared so many hours ago: what the writer stores, and what the file says. */
function backdate(directory: string, hoursOf: Readonly<Record<number, number>>): void {
  for (const [id, hours] of Object.entries(hoursOf)) {
    const path = segmentFile(directory, Number(id))
    try {
      overwrite(path, SEGMENT_CREATED_NS_OFFSET, u64(Number(hoursAgo(hours))))
      const past = new Date(Date.now() - hours * HOUR_MS)
      utimesSync(path, past, past)
    } catch (error) {
      // A live writer with retention may have deleted it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}

/** The segments that go when messages older than two hours may. */
function deletable(directory: string): number[] {
  return planPrune(directory, { maxAgeMs: 2 * HOUR_MS })
    .filter((verdict) => verdict.deletable)
    .map((verdict) => verdict.segmentId)
}

describe('maxAgeMs', () => {
  it('lets go segments by the time of their last message, and names the rule', () => {
    const directory = queueOfAges([{ hours: [5] }, { hours: [4, 3] }, { hours: [1] }, { hours: [0] }])
    expect(deletable(directory)).toEqual([0, 1])
    const plan = planPrune(directory, { maxAgeMs: 2 * HOUR_MS })
    expect(plan[0]?.reason).toBe(`maxAgeMs=${2 * HOUR_MS}`)
    expect(plan[2]?.reason).toBe('no reader is registered, and no rule lets it go')
  })

  it('goes by the first message of the successor in a queue of the base format', () => {
    const directory = queueOfAges([5, 3, 1, 0].map((age) => ({ hours: [age], extensions: false })))
    expect(deletable(directory)).toEqual([0])
  })

  it('goes by the time of change where neither has one', () => {
    const directory = queueOfAges([{ hours: [5], extensions: false }])
    expect(deletable(directory)).toEqual([])
    const past = new Date(Date.now() - 3 * HOUR_MS)
    utimesSync(segmentFile(directory, 0), past, past)
    expect(deletable(directory)).toEqual([0])
  })

  it('L62: a last message from the future does not keep its segment, nor those after it', () => {
    const directory = queueOfAges([{ hours: [5, -10_000] }, { hours: [4, 4] }, { hours: [1] }, { hours: [0] }])
    // Each was prepared when the one two below it was left.
    backdate(directory, { 0: 6, 1: 6, 2: 4.5, 3: 4 })
    expect(deletable(directory)).toEqual([0, 1])
  })

  it('L62: a last message from long ago does not delete what stands beside it', () => {
    const directory = queueOfAges([{ hours: [1, 1, 400_000] }, { hours: [0] }, { hours: [0] }])
    backdate(directory, { 0: 1.5, 1: 1.5, 2: 1 })
    expect(deletable(directory)).toEqual([])
  })

  it('L62: a message from the future in a queue of the base format keeps its segment as long as the files say', () => {
    const directory = queueOfAges([5, -10_000, -10_000, 0].map((age) => ({ hours: [age], extensions: false })))
    expect(deletable(directory)).toEqual([])
    const past = new Date(Date.now() - 3 * HOUR_MS)
    for (const id of [0, 1, 2]) utimesSync(segmentFile(directory, id), past, past)
    expect(deletable(directory)).toEqual([0])
  })

  it('L62: goes by the time that the writer has seen when all timestamps lie in the future', async () => {
    const { directory, writer } = newQueue({ retention: { maxAgeMs: 30 } })
    for (const _ of [1, 2, 3]) {
      writer.append(1, Buffer.alloc(100), { timestampNs: hoursAgo(-10_000) })
      writer.roll()
    }
    backdate(directory, { 1: -10_000, 2: -10_000 })
    await until(() => segmentsOf(directory)[0] === 3)
    writer.close()
  })

  it('deletes by itself when the time has come, without an append', async () => {
    const directory = join(temporaryDirectory(), 'queue')
    const writer = openWriter(directory, { segmentSize: 4096, retention: { maxAgeMs: 30 } })
    writer.append(1, Buffer.alloc(100))
    writer.roll()
    expect(readdirSync(directory)).toContain('000000000.q')
    // Counted when the deletion is over: a moment after the file is gone.
    while (writer.metrics().segmentsDeleted === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(readdirSync(directory)).not.toContain('000000000.q')
    expect(writer.metrics()).toMatchObject({ segmentsDeleted: 1, rolls: 1 })
    writer.close()
  })
})
