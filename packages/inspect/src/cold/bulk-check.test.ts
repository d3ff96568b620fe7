import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { openWriter } from '@chronicle-ts/core'
import { recordLength, SequenceRule } from '@chronicle-ts/core/internal'
import { beforeEach, describe, expect, it } from 'vitest'
import { buildQueue, textPayloads } from '../../../core/test/support/build-queue.js'
import { segmentFile } from '../../../core/test/support/raw-queue.js'
import { asBaseRecord, rewriteRecords, sequenceAt, setSequence } from '../../../core/test/support/rewrite-records.js'
import { temporaryDirectory } from '../../../core/test/support/temporary.js'
import { BulkCheck, lengthOf } from './bulk-check.js'
import { ColdSegment } from './cold-segment.js'
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
  it('takes the lengths of records that core takes', () => {
    for (let length = 0; length < 1000; length++) expect(lengthOf(length + 1)).toBe(recordLength(length))
  })

  it('goes on from what the caller knows of the last record, and not from its own last run', () => {
    const bulk = BulkCheck.create(new TimeOrder(0n)) as BulkCheck
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
