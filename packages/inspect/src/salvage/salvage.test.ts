import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openObserver, openReader, openWriter } from '@chronicle-ts/core'
import { CONTROL_REPLICA_TERM_OFFSET, CONTROL_SOURCE_QUEUE_ID_OFFSET, segmentFileName } from '@chronicle-ts/core/internal'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inspectQueue } from '../cold/inspect-queue.js'
import { verifyQueue } from '../cold/queue-verification.js'
import { QueueDifference } from './compare-queues.js'
import { QueueSalvage, salvageQueue } from './queue-salvage.js'
import { QueueStatistics } from './queue-statistics.js'

let root: string
let queue: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chronicle-salvage-'))
  queue = join(root, 'queue')
  using writer = openWriter(queue, { segmentSize: 4096 })
  for (let index = 0; index < 200; index += 1)
    writer.append(index % 3, Buffer.alloc(index % 150, index), { timestampNs: BigInt(index) })
  using reader = openReader(queue, 'audit', { start: 'earliest' })
  for (let index = 0; index < 60; index += 1) reader.next()
  reader.commit()
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function problemsOf(directory: string): string[] {
  using verification = verifyQueue(directory)
  while (verification.step());
  return verification.problems.map(({ code }) => code).filter((code) => code !== 'CLOCK_AHEAD')
}

function compare(left: string, right: string) {
  using difference = new QueueDifference(left, right)
  while (difference.step());
  return difference.result
}

describe('salvaging a queue', () => {
  it('reports the segments that retention deletes meanwhile, and saves the rest', () => {
    const work = new QueueSalvage(queue, join(root, 'new'))
    for (const id of [0, 1]) rmSync(join(queue, segmentFileName(id)))
    while (work.step());
    const { records, problems, firstSequence } = work.commit()
    expect(problems.map(({ code }) => code)).toContain('SEGMENT_RETIRED')
    expect(records).toBe(200 - (firstSequence ?? 0))
    expect(problemsOf(join(root, 'new'))).toEqual([])
  })

  const head = () => inspectQueue(queue).head.segmentId ?? 0
  const control = () => join(queue, 'control.meta')

  it.each<[string, () => void]>([
    ['its last segment', () => rmSync(join(queue, segmentFileName(head())))],
    ['half of its last segment', () => truncateSync(join(queue, segmentFileName(head())), 300)],
    [
      'its last segment and its control block',
      () => {
        rmSync(join(queue, segmentFileName(head())))
        rmSync(control())
      },
    ],
    [
      'half of its last segment and its control block',
      () => {
        truncateSync(join(queue, segmentFileName(head())), 300)
        rmSync(control())
      },
    ],
  ])('L57: reports the messages at the end that are lost, and gives out none of their sequences: %s', (_, lose) => {
    lose()
    const { records, missing, nextSequence, gaps } = salvageQueue(queue, join(root, 'new'))
    expect(records).toBeLessThan(200)
    expect(missing).toBeGreaterThanOrEqual(200 - records)
    expect(gaps).toEqual([{ from: records, to: nextSequence }])
    using writer = openWriter(join(root, 'new'))
    expect(writer.append(1, Buffer.from('next'))).toBe(nextSequence)
    expect(nextSequence).toBeGreaterThanOrEqual(200)
  })

  it('makes an equal queue of one that is whole, also without its control block', () => {
    writeFileSync(join(queue, 'control.meta'), Buffer.alloc(512))
    const report = salvageQueue(queue, join(root, 'new'))
    expect(report).toMatchObject({ records: 200, firstSequence: 0, nextSequence: 200, gaps: [], missing: 0, readers: ['audit'] })
    expect(problemsOf(join(root, 'new'))).toEqual([])
    expect(compare(queue, join(root, 'new'))).toMatchObject({ equal: 200, different: 0, onlyLeft: 0, onlyRight: 0 })
    using reader = openReader(join(root, 'new'), 'audit')
    expect(reader.next()?.sequence).toBe(60)
    using writer = openWriter(join(root, 'new'))
    expect(writer.recovery).toEqual([])
    expect(writer.append(1, Buffer.from('next'))).toBe(200)
  })

  it('keeps what tools and programs need to read the records, and nothing that names places', () => {
    mkdirSync(join(queue, 'schemas'))
    mkdirSync(join(queue, 'sources'))
    for (const name of ['schemas/1.1.json', 'sources.json', 'thresholds.json', 'sources/0.meta', 'acknowledged.json'])
      writeFileSync(join(queue, name), name)
    salvageQueue(queue, join(root, 'new'))
    const isThere = (name: string) =>
      existsSync(join(root, 'new', name)) && readFileSync(join(root, 'new', name), 'utf8') === name
    expect(['schemas/1.1.json', 'sources.json', 'thresholds.json'].filter(isThere)).toHaveLength(3)
    expect(['sources', 'acknowledged.json'].filter((name) => existsSync(join(root, 'new', name)))).toEqual([])
  })

  it.each([
    ['whole', true],
    ['with a gap', false],
  ])('keeps the term, and whose replica it is, of a queue that is %s', (_, isWhole) => {
    const control = openSync(join(queue, 'control.meta'), 'r+')
    writeSync(control, Buffer.from([3]), 0, 1, CONTROL_REPLICA_TERM_OFFSET)
    writeSync(control, Buffer.alloc(16, 7), 0, 16, CONTROL_SOURCE_QUEUE_ID_OFFSET)
    closeSync(control)
    if (!isWhole) rmSync(join(queue, segmentFileName(1)))
    salvageQueue(queue, join(root, 'new'))
    const { replicaTerm, sourceQueueId } = inspectQueue(join(root, 'new')).control ?? {}
    expect([replicaTerm, Buffer.from(sourceQueueId ?? [])]).toEqual([3, Buffer.alloc(16, isWhole ? 7 : 0)])
  })

  it('keeps the sequences of what is left, and reports the gaps', () => {
    const [first, second, third] = inspectQueue(queue).segments.inspected
    rmSync(join(queue, segmentFileName(1)))
    const damaged = openSync(join(queue, segmentFileName(2)), 'r+')
    writeSync(damaged, Buffer.from('damage'), 0, 6, 64 + 64)
    closeSync(damaged)
    truncateSync(join(queue, segmentFileName(0)), 2048)
    const report = salvageQueue(queue, join(root, 'new'))
    expect(report.missing).toBe(200 - report.records)
    expect(report.gaps[0]?.to).toBe((third?.firstSequence ?? 0) + 1)
    expect((second?.firstSequence ?? 0) > (first?.firstSequence ?? 0)).toBe(true)
    const { onlyLeft, onlyRight, different } = compare(queue, join(root, 'new'))
    expect({ onlyLeft, onlyRight, different }).toEqual({ onlyLeft: 0, onlyRight: 0, different: 0 })
    expect(new Set(problemsOf(join(root, 'new')))).toEqual(new Set(['SEQUENCE_GAP']))
    using observer = openObserver(join(root, 'new'), { start: { sequence: 199 } })
    expect(observer.next()?.sequence).toBe(199)
  })

  it('lets a search by time find what a timestamp that goes back would hide', () => {
    const backwards = join(root, 'backwards')
    const writer = openWriter(backwards, { segmentSize: 4096 })
    // Three to a segment.
    for (const timestampNs of [10n, 50n, 20n, 30n, 60n, 70n, 80n]) writer.append(1, Buffer.alloc(1000), { timestampNs })
    writer.close()
    salvageQueue(backwards, join(root, 'new'))
    for (const directory of [backwards, join(root, 'new')]) {
      using observer = openObserver(directory, { start: { timestampNs: 40n } })
      expect(observer.next()?.sequence).toBe(1)
    }
  })

  it('makes nothing of what is not a queue, and overwrites nothing', () => {
    mkdirSync(join(root, 'empty'))
    expect(() => salvageQueue(join(root, 'empty'), join(root, 'new'))).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_A_QUEUE' }),
    )
    expect(() => salvageQueue(queue, queue)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }))
  })
})

describe('comparing and counting', () => {
  it.each([
    [{ schemaVersion: 1 }, { schemaVersion: 2 }],
    [{ trace: { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) } }, {}],
    [
      { trace: { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) } },
      { trace: { traceId: 'ab'.repeat(16), spanId: 'ce'.repeat(8) } },
    ],
  ])('sees what messages carry beside their payload: %j', (left, right) => {
    for (const [name, details] of [
      ['one', left],
      ['other', right],
    ] as const) {
      using writer = openWriter(join(root, name), { segmentSize: 4096 })
      writer.append(1, Buffer.from('x'), { timestampNs: 1n, ...details })
    }
    expect(compare(join(root, 'one'), join(root, 'one'))).toMatchObject({ equal: 1, different: 0 })
    expect(compare(join(root, 'one'), join(root, 'other'))).toMatchObject({
      equal: 0,
      ranges: [{ kind: 'details', from: 0, to: 1 }],
    })
  })

  it('finds what is only in one queue, and what differs', () => {
    salvageQueue(queue, join(root, 'new'))
    using writer = openWriter(join(root, 'new'))
    writer.append(1, Buffer.from('right'), { timestampNs: 200n })
    {
      using left = openWriter(queue)
      left.append(2, Buffer.from('right'), { timestampNs: 200n })
      left.append(1, Buffer.from('more'))
    }
    expect(compare(queue, join(root, 'new'))).toMatchObject({
      equal: 200,
      different: 1,
      onlyLeft: 1,
      ranges: [
        { kind: 'type', from: 200, to: 201 },
        { kind: 'left', from: 201, to: 202 },
      ],
    })
  })

  it('distinguishes damage from segments that retention deleted in the meantime', () => {
    salvageQueue(queue, join(root, 'new'))
    const retire = () => {
      for (const id of [0, 1]) rmSync(join(queue, segmentFileName(id)))
    }
    using statistics = new QueueStatistics(queue)
    using difference = new QueueDifference(join(root, 'new'), queue)
    retire()
    while (statistics.step());
    while (difference.step());
    expect(statistics).toMatchObject({ problems: 0, retiredSegments: 2 })
    // The difference has opened its first segment already.
    expect(difference.result).toMatchObject({ problems: 0, retiredSegments: 1, different: 0 })
  })

  it('counts messages by type and size', () => {
    using statistics = new QueueStatistics(queue)
    while (statistics.step());
    const { types, problems } = statistics
    expect(problems).toBe(0)
    expect(types.map(({ typeId, count }) => [typeId, count])).toEqual([
      [0, 67],
      [1, 67],
      [2, 66],
    ])
    expect(types[0]).toMatchObject({ smallest: 0, largest: 147, median: 64, p99: 147, firstSequence: 0, lastSequence: 198 })
    expect(types.reduce((sum, { payloadBytes }) => sum + payloadBytes, 0)).toBe(
      Array.from({ length: 200 }, (_, index) => index % 150).reduce((sum, length) => sum + length, 0),
    )
  })
})
