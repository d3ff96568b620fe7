import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { range } from '../../test/support/messages.js'
import { segmentsOf } from '../../test/support/new-queue.js'
import { memoryDirectory } from '../../test/support/temporary.js'
import { openReader, openWriter } from '../index.js'
import { RetentionPlan, type RetentionState } from './retention-plan.js'

/** Calls of `read` by this process so far: each look at a reader's file is one. */
function readCalls(): number {
  return Number(/^syscr: (\d+)$/m.exec(readFileSync('/proc/self/io', 'latin1'))?.[1])
}

/** A queue of so many segments below the head, which so many readers have read. */
function consumedQueue(segments: number, readers: number): string {
  const directory = memoryDirectory()
  using writer = openWriter(directory, { segmentSize: 4096, prefault: false })
  for (const _ of range(0, segments)) {
    writer.append(1, Buffer.alloc(100))
    writer.roll()
  }
  for (const number of range(0, readers)) openReader(directory, `reader-${number}`, { start: 'latest' }).close()
  return directory
}

async function readCallsOfRetention(directory: string): Promise<number> {
  const before = readCalls()
  const writer = openWriter(directory, { prefault: false, retention: { consumed: true } })
  await writer.applyRetention()
  const after = readCalls()
  expect(segmentsOf(directory)[0]).toBe(writer.position.segmentId)
  writer.close()
  return after - before
}

describe('what retention costs', () => {
  it('L63: ten times as many segments are let go without another look at the readers', async () => {
    // More than the wake-ups of the event loop, which are calls of `read` as well: one for each deletion at most.
    const readers = 400
    const few = await readCallsOfRetention(consumedQueue(20, readers))
    const many = await readCallsOfRetention(consumedQueue(200, readers))
    expect(many - few).toBeLessThan(readers)
  })

  it('L63: judging many segments looks at each reader a few times, not once for each segment', () => {
    let looks = 0
    const readers = range(0, 500).map((number) => ({
      name: `r${number}`,
      get segmentId() {
        looks++
        return 10_000 + number
      },
      offset: 64,
      heartbeatNs: 0n,
      running: false,
      state: 'valid' as const,
    }))
    const state: RetentionState = {
      firstSegmentId: 0,
      headSegmentId: 20_000,
      headOffset: 64,
      segmentSize: 4096,
      readers,
      nowNs: 0n,
      ageMsOf: () => 0,
    }
    const plan = new RetentionPlan(state, { consumed: true })
    expect(plan.firstKept()).toBe(10_000)
    const verdicts = range(0, 20_000).map((id) => plan.judge(id))
    expect(verdicts[10_001]?.pinnedBy).toEqual(['r0', 'r1'])
    expect(verdicts[19_999]?.pinnedBy).toHaveLength(500)
    // Sorting, and at most two looks for each segment that is judged.
    expect(looks).toBeLessThan(20 * readers.length + 3 * 30_000)
  })
})
