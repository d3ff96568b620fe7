import { cpSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import {
  CONTROL_CURRENT_SEGMENT_OFFSET,
  encodeRecord,
  encodeSegmentHeader,
  RECORD_HEADER_LENGTH,
  recordLength,
  SEGMENT_FLAG_SEALED,
  SEGMENT_FLAGS_OFFSET,
} from '@chronicle-ts/core/internal'
import { beforeEach, describe, expect, it } from 'vitest'
import { type BuiltQueue, buildQueue, textPayloads } from '../../../core/test/support/build-queue.js'
import { makeUnopenable } from '../../../core/test/support/faulty-files.js'
import { overwrite, overwriteControl, segmentFile, u32 } from '../../../core/test/support/raw-queue.js'
import { deleteOpenQueue, temporaryDirectory } from '../../../core/test/support/temporary.js'
import type { ColdReader } from './cold-reader.js'
import { openColdReader } from './open-cold-reader.js'

let queue: string

beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
})

describe('a cold reader in front of a torn last record', () => {
  let built: BuiltQueue

  beforeEach(() => {
    built = buildQueue(queue, { payloads: textPayloads(3) })
    overwrite(segmentFile(queue, 0), lastOffset() + RECORD_HEADER_LENGTH, Buffer.from('torn'))
  })

  it('goes on with the record that a writer puts in its place, without another word', () => {
    using reader = openColdReader(queue)
    expect(take(reader)).toEqual([0, 1, 'RECORD_TORN'])
    overwrite(segmentFile(queue, 0), lastOffset(), Buffer.alloc(recordLength(32)))
    expect(take(reader)).toEqual([])
    appendRecord(0, lastOffset(), { sequence: 2 })
    expect(take(reader)).toEqual([2])
  })

  it('goes on after it when a good record follows after all, without another word', () => {
    using reader = openColdReader(queue)
    expect(take(reader)).toEqual([0, 1, 'RECORD_TORN'])
    appendRecord(0, built.writeOffset, { sequence: 3 })
    expect(take(reader)).toEqual([3])
  })

  it('goes on in the next segment when the writer does, without another word', () => {
    using reader = openColdReader(queue)
    expect(take(reader)).toEqual([0, 1, 'RECORD_TORN'])
    makeSegment(1)
    appendRecord(1, 64, { sequence: 2 })
    expect(take(reader)).toEqual([2])
  })

  it('says what it is when the queue had gone on after it before', () => {
    makeSegment(1)
    appendRecord(1, 64, { sequence: 3 })
    using reader = openColdReader(queue)
    expect(take(reader)).toEqual([0, 1, 'RECORD_BAD_PAYLOAD_CRC', 'SEQUENCE_GAP', 3])
  })

  function lastOffset(): number {
    return built.records[2]?.offset ?? 0
  }
})

describe('a cold reader at the end of a segment', () => {
  it('waits where the segment is full to its last byte, and goes on in the next', () => {
    const built = buildQueue(queue, { payloads: textPayloads(63, 0).map(() => Buffer.alloc(0)) })
    expect(built.writeOffset).toBe(4096)
    using reader = openColdReader(queue)
    expect(take(reader)).toHaveLength(63)
    expect(take(reader)).toEqual([])
    makeSegment(1)
    appendRecord(1, 64, { sequence: 63 })
    expect(take(reader)).toEqual([63])
  })

  it('waits while a file with the name of the next segment cannot be opened', () => {
    buildQueue(queue, { payloads: textPayloads(3) })
    makeUnopenable(segmentFile(queue, 1))
    using reader = openColdReader(queue)
    expect(take(reader)).toEqual([0, 1, 2])
    expect(take(reader)).toEqual([])
  })

  it('waits for a next segment that is not there yet, however often it is asked', () => {
    buildQueue(queue, { payloads: textPayloads(3) })
    overwrite(segmentFile(queue, 0), SEGMENT_FLAGS_OFFSET, u32(SEGMENT_FLAG_SEALED))
    using reader = openColdReader(queue)
    expect(take(reader)).toEqual([0, 1, 2])
    expect([take(reader), take(reader)]).toEqual([[], []])
    makeSegment(1)
    appendRecord(1, 64, { sequence: 3 })
    expect(take(reader)).toEqual([3])
  })

  it('goes on in a later segment when its own was deleted under it', () => {
    buildQueue(queue, { payloads: textPayloads(3) })
    using reader = openColdReader(queue)
    expect(take(reader)).toEqual([0, 1, 2])
    rmSync(segmentFile(queue, 0))
    makeSegment(1)
    expect(take(reader)).toEqual([])
    expect(reader.ended).toBe(false)
    appendRecord(1, 64, { sequence: 3 })
    expect(take(reader)).toEqual([3])
  })

  it('finds a head that lost its header, because the control block names it', () => {
    buildQueue(queue, { payloads: textPayloads(3) })
    overwrite(segmentFile(queue, 0), SEGMENT_FLAGS_OFFSET, u32(SEGMENT_FLAG_SEALED))
    overwriteControl(queue, CONTROL_CURRENT_SEGMENT_OFFSET, u32(1))
    writeFileSync(segmentFile(queue, 1), Buffer.alloc(4096))
    using reader = openColdReader(queue)
    expect(take(reader)).toEqual([0, 1, 2, 'SEGMENT_BAD_HEADER'])
  })

  it('ends early, and takes nothing for a record, when its segment is cut under it', () => {
    const { records } = buildQueue(queue, { payloads: textPayloads(600, 1000), segmentSize: 1024 * 1024 })
    using reader = openColdReader(queue)
    expect(reader.next()).toMatchObject({ sequence: 0 })
    truncateSync(segmentFile(queue, 0), records[1]?.offset ?? 0)
    const rest = take(reader)
    const delivered = rest.slice(0, -1)
    expect(rest.at(-1)).toBe('RECORD_TORN')
    expect(delivered).toEqual(records.slice(1, delivered.length + 1).map(({ sequence }) => sequence))
    expect(delivered.length).toBeLessThan(599)
    expect(take(reader)).toEqual([])
    using late = openColdReader(queue)
    expect(take(late)).toEqual(['SEGMENT_SHORT', 0])
  })
})

describe('a cold reader of large payloads', () => {
  it('takes one that was cut under it for torn', () => {
    const payloads = [1, 2].map((value) => Buffer.alloc(6 * 1024 * 1024, value))
    const { records } = buildQueue(queue, { payloads, segmentSize: 16 * 1024 * 1024 })
    using reader = openColdReader(queue)
    expect(reader.next()).toMatchObject({ sequence: 0 })
    truncateSync(segmentFile(queue, 0), (records[1]?.offset ?? 0) + 5 * 1024 * 1024)
    expect(take(reader)).toEqual(['RECORD_TORN'])
  })
})

describe('a cold reader of a queue that goes away', () => {
  it('ends before it has read anything', () => {
    buildQueue(queue, { payloads: textPayloads(3) })
    using reader = openColdReader(queue)
    deleteOpenQueue(queue)
    expect(take(reader)).toEqual(['QUEUE_REMOVED'])
    expect(reader.ended).toBe(true)
    expect(reader.next()).toBeUndefined()
  })

  it('ends when the queue is created again while it waits for the next segment', () => {
    buildQueue(queue, { payloads: textPayloads(3) })
    overwrite(segmentFile(queue, 0), SEGMENT_FLAGS_OFFSET, u32(SEGMENT_FLAG_SEALED))
    using reader = openColdReader(queue)
    expect(take(reader)).toEqual([0, 1, 2])
    cpSync(join(queue, 'control.meta'), join(queue, 'control.meta.tmp'))
    renameSync(join(queue, 'control.meta.tmp'), join(queue, 'control.meta'))
    expect(take(reader)).toEqual(['QUEUE_REMOVED'])
  })

  it('is closed for good by close', () => {
    buildQueue(queue, { payloads: textPayloads(3) })
    const reader = openColdReader(queue)
    reader.next()
    reader.close()
    expect(reader.next()).toBeUndefined()
  })
})

describe('a cold reader after records of the base format', () => {
  it('accepts a writer of this library that goes on above the highest sequence', () => {
    const built = buildQueue(queue, { payloads: textPayloads(3), legacy: true })
    appendRecord(0, built.writeOffset, { sequence: 40 })
    using reader = openColdReader(queue)
    expect(take(reader)).toEqual([0, 1, 2, 40])
  })

  it('reports a writer of this library that goes back', () => {
    const built = buildQueue(queue, { payloads: textPayloads(3), legacy: true })
    appendRecord(0, built.writeOffset, { sequence: 1 })
    using reader = openColdReader(queue)
    expect(take(reader)).toEqual([0, 1, 2, 'SEQUENCE_GAP', 1])
  })
})

/** All there is: sequences of records, codes of problems. */
function take(reader: ColdReader): (number | string)[] {
  return [...reader].map((item) =>
    item.kind === 'record' ? item.sequence : item.kind === 'problem' ? item.problem.code : item.kind,
  )
}

function makeSegment(segmentId: number): void {
  const bytes = new Uint8Array(4096)
  bytes.set(encodeSegmentHeader({ segmentId }))
  writeFileSync(segmentFile(queue, segmentId), bytes)
}

function appendRecord(segmentId: number, offset: number, { sequence }: { sequence: number }): void {
  const payload = Buffer.from(`message ${sequence}`)
  const bytes = new Uint8Array(recordLength(payload.length))
  encodeRecord(bytes, 0, { sequence, timestampNs: 1n, typeId: 1, payload, writerEpoch: 1 }, crc32)
  overwrite(segmentFile(queue, segmentId), offset, bytes)
}
