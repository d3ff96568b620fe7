import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { openWriter } from '@chronicle-ts/core'
import { SequenceRule } from '@chronicle-ts/core/internal'
import { beforeEach, describe, expect, it } from 'vitest'
import { buildQueue, textPayloads } from '../../../core/test/support/build-queue.js'
import { segmentFile } from '../../../core/test/support/raw-queue.js'
import { asBaseRecord, rewriteRecords, sequenceAt, setSequence } from '../../../core/test/support/rewrite-records.js'
import { temporaryDirectory } from '../../../core/test/support/temporary.js'
import { BulkCheck, type GoodRun } from './bulk-check.js'
import { ColdSegment } from './cold-segment.js'
import { openColdReader } from './open-cold-reader.js'
import { verifyQueue } from './queue-verification.js'
import { TimeOrder } from './time-order.js'

let queue: string

beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
  buildQueue(queue, { payloads: textPayloads(100) })
  rewriteRecords(queue, 0, asBaseRecord)
})

/** Checks the rest of a segment in bulk. */
function run(bulk: BulkCheck, rule: SequenceRule, segmentId: number, offset = 64) {
  const segment = ColdSegment.open(queue, segmentId) as ColdSegment
  try {
    return bulk.run(segment, offset, rule, 1 << 20)
  } finally {
    segment.close()
  }
}

describe('BulkCheck', () => {
  it('goes on from what the caller knows of the last record, and not from its own last run', () => {
    const bulk = new BulkCheck(new TimeOrder(0n))
    const rule = new SequenceRule()
    expect(run(bulk, rule, 0)).toMatchObject({ lastIsBase: true })
    const skipped = rule.expected + 5
    rewriteRecords(queue, 1, (segment, at) => setSequence(segment, at, sequenceAt(segment, at) + 5))
    // A writer of this library may go on higher than the base format's last record, but not higher than its own.
    expect(run(bulk, rule, 1)).toMatchObject({ lastSequence: rule.expected - 1, lastIsBase: false })
    expect(rule.expected).toBeGreaterThan(skipped)
    const own = new SequenceRule()
    own.expectAfter(skipped - 6, true)
    expect(run(bulk, own, 1)).toBeUndefined()
    const base = new SequenceRule()
    base.expectAfter(skipped - 6, false)
    expect(run(bulk, base, 1)).toMatchObject({ lastSequence: rule.expected - 1 })
    bulk.close()
  })

  it('stops where the file is cut under it, and goes on with the next segment', () => {
    const bulk = new BulkCheck(new TimeOrder(0n))
    const segment = ColdSegment.open(queue, 0) as ColdSegment
    const rule = new SequenceRule()
    const first = bulk.run(segment, 64, rule, 1) as GoodRun
    expect(first.count).toBe(1)
    truncateSync(segmentFile(queue, 0), 0)
    expect(bulk.run(segment, first.end, rule, 1 << 20)).toBeUndefined()
    segment.close()
    expect(run(bulk, new SequenceRule(), 1)).toMatchObject({ lastIsBase: false })
    bulk.close()
  })

  it('leaves every record to the careful path where the file cannot be mapped', () => {
    const bulk = new BulkCheck(new TimeOrder(0n))
    const segment = ColdSegment.open(queue, 0) as ColdSegment
    segment.close()
    expect(bulk.run(segment, 64, new SequenceRule(), 1 << 20)).toBeUndefined()
    bulk.close()
  })

  it('counts times as looking at each record does, also from one run to the next', () => {
    const times = [5n, 7n, 7n, 6n, 9n, 3n, 2n, 12n, 11n, 1n << 40n, (1n << 40n) - 1n, 8n]
    const timed = join(temporaryDirectory(), 'timed')
    using writer = openWriter(timed)
    for (const timestampNs of times) writer.append(1, Buffer.from('x'), { timestampNs })
    const limits = [0n, 9n, 1n << 40n, 1n << 50n]
    for (const limitNs of limits) {
      const [inBulk, one] = [new TimeOrder(limitNs), new TimeOrder(limitNs)]
      const bulk = new BulkCheck(inBulk)
      const segment = ColdSegment.open(timed, 0) as ColdSegment
      const rule = new SequenceRule()
      for (let at: number | undefined = 64; at !== undefined; ) at = bulk.run(segment, at, rule, 3 * 128)?.end
      for (const item of openColdReader(timed, { from: 'earliest' })) if (item.kind === 'record') one.see(item)
      expect(inBulk).toEqual(one)
      expect(one.backwards).toBe(6)
      segment.close()
      bulk.close()
    }
  })
})

describe('verifyQueue', () => {
  it('reports a gap after the first record of this library that follows those of the base format', () => {
    rewriteRecords(queue, 1, (segment, at, index) => {
      if (index > 0) setSequence(segment, at, sequenceAt(segment, at) + 5)
    })
    using verification = verifyQueue(queue)
    while (verification.step());
    expect(verification.problems).toContainEqual(
      expect.objectContaining({ code: 'SEQUENCE_GAP', segmentId: 1, offset: 64 + 128, count: 5 }),
    )
  })

  it('reports a record in which its file ends, though its payload is zeros, as the memory after what was read is', () => {
    const zeros = join(temporaryDirectory(), 'zeros')
    using writer = openWriter(zeros, { segmentSize: 64 * 1024 })
    for (let index = 0; index < 100; index++) writer.append(1, Buffer.alloc(300))
    // Each record has 384 bytes.
    const offset = 64 + 50 * 384
    truncateSync(segmentFile(zeros, 0), offset + 200)
    using verification = verifyQueue(zeros)
    while (verification.step());
    expect(verification.problems).toContainEqual(expect.objectContaining({ code: 'RECORD_BAD_LENGTH', segmentId: 0, offset }))
  })
})
