import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildQueue, textPayloads } from '../../test/support/build-queue.js'
import { range } from '../../test/support/messages.js'
import { segmentsOf } from '../../test/support/new-queue.js'
import { overwriteControl, segmentFile, u64 } from '../../test/support/raw-queue.js'
import { memoryDirectory, temporaryDirectory } from '../../test/support/temporary.js'
import { CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET } from '../format/index.js'
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

  it('L63: a head thousands of millions of ids above the other segments costs no step for each id', async () => {
    const directory = join(temporaryDirectory(), 'queue')
    const headId = 4_000_000_000
    buildQueue(directory, { payloads: textPayloads(3), firstSegment: headId, firstSequence: 3 })
    for (const id of [0, 1]) {
      const low = join(temporaryDirectory(), 'queue')
      buildQueue(low, { payloads: textPayloads(1), firstSegment: id, firstSequence: id })
      cpSync(segmentFile(low, id), segmentFile(directory, id))
    }
    overwriteControl(directory, CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET, u64(0))
    openReader(directory, 'r', { start: 'latest' }).close()
    const keeping = openWriter(directory, { retention: { maxAgeMs: Number.MAX_SAFE_INTEGER } })
    expect(keeping.explainRetention().map(({ segmentId }) => segmentId)).toEqual([0, 1, headId])
    keeping.close()
    using writer = openWriter(directory, { retention: { consumed: true }, maxSegments: 4 })
    await writer.applyRetention()
    expect(segmentsOf(directory)[0]).toBe(headId)
    expect(writer.tryAppend(1, Buffer.from('x')).status).toBe('appended')
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
      segmentIds: range(0, 20_001),
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
