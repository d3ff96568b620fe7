import { mkdtempSync, openSync, rmSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { openWriter } from '@chronicle-ts/core'
import {
  encodePaddingHeader,
  encodeRecord,
  recordLength,
  SEGMENT_RECORD_COUNT_OFFSET,
  segmentFileName,
} from '@chronicle-ts/core/internal'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BuiltQueue, buildQueue, textPayloads } from '../../../core/test/support/build-queue.js'
import { type QueueVerification, type VerifyOptions, verifyQueue } from './queue-verification.js'

const GOLDEN = fileURLToPath(new URL('../../../core/test/golden/rust-v3/', import.meta.url))

let root: string
let queue: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chronicle-verify-'))
  queue = join(root, 'queue')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe('verifying a queue', () => {
  it.each([
    ['rolled', 60, 0],
    ['restarted', 12, 0],
    ['killed', 25, 0],
    ['repaired', 6, 1],
  ])('finds every record of %s good', (name, records, paddings) => {
    const { progress, problems } = verify(join(GOLDEN, name))
    expect(progress).toMatchObject({ records, paddings })
    expect(problems.filter(({ severity }) => severity !== 'info')).toEqual([])
  })

  it('finds nothing wrong with what our writer wrote, records of all lengths included', () => {
    using writer = openWriter(queue, { segmentSize: 64 * 1024 })
    for (let index = 0; index < 2000; index += 1) writer.append(index % 9, Buffer.alloc((index * 37) % 5000, index))
    const { progress, problems } = verify(queue)
    expect(progress.records).toBe(2000)
    expect(problems).toEqual([])
  })

  it('finds exactly the records that were damaged, in the midst of many', () => {
    const built = buildQueue(queue, { payloads: textPayloads(5000, 100), segmentSize: 1024 * 1024 })
    for (const sequence of [0, 17, 2500, 4998]) overwrite(built, sequence, 64 + 9, Buffer.from('#'))
    const { progress, problems } = verify(queue)
    expect(progress.records).toBe(4996)
    expect(problems.map(({ code, offset }) => [code, offset])).toEqual(
      [0, 17, 2500, 4998].map((sequence) => ['RECORD_BAD_PAYLOAD_CRC', built.records[sequence]?.offset]),
    )
  })

  it('finds nothing wrong with a queue whose retention deletes segments in the meantime', () => {
    buildQueue(queue, { payloads: textPayloads(100) })
    using verification = verifyQueue(queue)
    for (const id of [0, 1]) unlinkSync(join(queue, segmentFileName(id)))
    while (verification.step());
    expect(verification.problems.map(({ code, severity }) => [code, severity])).toEqual([['SEGMENT_RETIRED', 'info']])
  })

  it('finds a jump of the sequence', () => {
    const built = buildQueue(queue, { payloads: textPayloads(20) })
    const record = new Uint8Array(recordLength(32))
    encodeRecord(
      record,
      0,
      { sequence: 12, timestampNs: 1_700_000_000_000_010_000n, typeId: 1, payload: Buffer.alloc(32), writerEpoch: 1 },
      crc32,
    )
    overwrite(built, 10, 0, record)
    expect(verify(queue).problems.map(({ code }) => code)).toEqual(['SEQUENCE_GAP', 'SEQUENCE_GAP'])
  })

  it('counts records that are older than the one before', () => {
    using writer = openWriter(queue)
    for (const timestampNs of [10n, 30n, 20n, 40n, 5n]) writer.append(1, Buffer.from('x'), { timestampNs })
    expect(verify(queue).problems).toEqual([
      expect.objectContaining({ code: 'TIME_BACKWARDS', severity: 'info', count: 2, offset: 64 + 2 * 128 }),
    ])
  })

  it('finds a sealed segment whose counts are wrong', () => {
    buildQueue(queue, { payloads: textPayloads(100) })
    writeSync(openSync(join(queue, segmentFileName(1)), 'r+'), Buffer.from([99]), 0, 1, SEGMENT_RECORD_COUNT_OFFSET)
    expect(verify(queue).problems).toEqual([expect.objectContaining({ code: 'SEGMENT_BAD_SUMMARY', segmentId: 1 })])
  })

  it('notices a record that is older than the last one of the segment before', () => {
    using writer = openWriter(queue, { segmentSize: 4096 })
    writer.append(1, Buffer.from('x'), { timestampNs: 2n ** 33n })
    writer.roll()
    writer.append(1, Buffer.from('x'), { timestampNs: 2n ** 33n - 1n })
    writer.roll()
    writer.append(1, Buffer.from('x'), { timestampNs: 2n ** 33n - 2n })
    expect(verify(queue).problems).toEqual([
      expect.objectContaining({ code: 'TIME_BACKWARDS', count: 2, segmentId: 1, offset: 64 }),
    ])
  })

  it('keeps as many problems as asked for, and counts them all', () => {
    const built = buildQueue(queue, { payloads: textPayloads(100) })
    for (const sequence of [3, 5, 7, 50]) overwrite(built, sequence, 64, Buffer.from('#'))
    const { progress, problems } = verify(queue, { problemLimit: 2 })
    expect(problems.map(({ offset }) => offset)).toEqual([3, 5].map((sequence) => built.records[sequence]?.offset))
    expect(progress).toMatchObject({ records: 96, problemCount: 4 })
  })

  it('checks payloads of many megabytes, whole and damaged', () => {
    const length = 6 * 1024 * 1024 + 1
    const payloads = [Buffer.alloc(length, 1), Buffer.alloc(length, 2), Buffer.alloc(10, 3)]
    const built = buildQueue(queue, { payloads, segmentSize: 16 * 1024 * 1024 })
    expect(verify(queue)).toMatchObject({ progress: { records: 3 }, problems: [] })
    overwrite(built, 1, 64 + length - 1, Buffer.from('#'))
    expect(verify(queue)).toMatchObject({
      progress: { records: 2 },
      problems: [{ code: 'RECORD_BAD_PAYLOAD_CRC', offset: built.records[1]?.offset }],
    })
  })

  it('finds a padding record that does not end where its segment does', () => {
    const built = buildQueue(queue, { payloads: textPayloads(100) })
    const padding = Buffer.from(encodePaddingHeader(built.records[40]?.offset ?? 0, 4096 - 64))
    overwrite(built, 40, 0, padding)
    const { progress, problems } = verify(queue)
    expect(problems).toEqual([expect.objectContaining({ code: 'RECORD_BAD_PADDING', offset: built.records[40]?.offset })])
    expect(progress).toMatchObject({ records: 99, paddings: 0 })
  })

  it('ends at the head when asked to go further', () => {
    buildQueue(queue, { payloads: textPayloads(100) })
    expect(verify(queue, { toSegment: 99 })).toMatchObject({ progress: { records: 100 }, problems: [] })
  })

  it('goes on where an earlier run stopped, and stops at a segment', () => {
    const built = buildQueue(queue, { payloads: textPayloads(100) })
    const middle = built.records[50]
    expect(verify(queue, { from: { segmentId: middle?.segmentId ?? 0, offset: middle?.offset ?? 0 } }).progress.records).toBe(50)
    expect(verify(queue, { toSegment: 0 }).progress.records).toBe(built.records.filter(({ segmentId }) => segmentId === 0).length)
  })

  it('reads a queue that is being written to its present end', () => {
    const writer = openWriter(queue, { segmentSize: 4096 })
    for (let index = 0; index < 500; index += 1) writer.append(1, Buffer.alloc(200))
    const { progress, problems } = verify(queue)
    expect({ records: progress.records, problems }).toEqual({ records: 500, problems: [] })
    writer.close()
  })
})

function verify(directory: string, options?: VerifyOptions): Pick<QueueVerification, 'progress' | 'problems'> {
  using verification = verifyQueue(directory, options)
  while (verification.step());
  return { progress: verification.progress, problems: [...verification.problems] }
}

function overwrite(built: BuiltQueue, sequence: number, offset: number, bytes: Uint8Array): void {
  const record = built.records[sequence]
  const fd = openSync(join(built.directory, segmentFileName(record?.segmentId ?? 0)), 'r+')
  writeSync(fd, bytes, 0, bytes.length, (record?.offset ?? 0) + offset)
}
