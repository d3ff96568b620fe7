import { cpSync, linkSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openObserver, openWriter } from '@chronicle-ts/core'
import {
  CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET,
  CONTROL_NEXT_SEQUENCE_OFFSET,
  CONTROL_WRITE_OFFSET_OFFSET,
  CONTROL_WRITER_HEARTBEAT_NS_OFFSET,
  encodePosition,
  encodeSegmentHeader,
} from '@chronicle-ts/core/internal'
import { binding } from '@chronicle-ts/native'
import { beforeEach, describe, expect, it } from 'vitest'
import { readQueue } from '../../../../tools/evidence/witness/read-queue.mjs'
import { type BuiltQueue, type BuiltRecord, buildQueue, textPayloads } from '../../../core/test/support/build-queue.js'
import { overwriteControl, segmentFile, u64 } from '../../../core/test/support/raw-queue.js'
import { temporaryDirectory } from '../../../core/test/support/temporary.js'
import { inspectQueue } from './inspect-queue.js'
import { verifyQueue } from './queue-verification.js'

const GOLDEN = fileURLToPath(new URL('../../../core/test/golden/rust-v3/', import.meta.url))
const SEGMENT_SIZE = 4096
const IN_A_YEAR_NS = BigInt(Date.now()) * 1_000_000n + 365n * 86_400_000_000_000n

let queue: string
let built: BuiltQueue

beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
  built = buildQueue(queue, { payloads: textPayloads(100), readers: { audit: { segmentId: 1, offset: 64 } } })
})

/** What each of those that look at a queue finds. */
function found(): { inspected: string[]; verified: string[]; witnessed: string[] } {
  using verification = verifyQueue(queue)
  while (verification.step());
  const codes = (problems: readonly { code: string }[]) => [...new Set(problems.map(({ code }) => code))].sort()
  return {
    inspected: codes(inspectQueue(queue).problems),
    verified: codes(verification.problems),
    witnessed: codes(readQueue(queue).problems),
  }
}

function registerAt(name: string, place: { segmentId: number; offset: number }, heartbeatNs = 1n): void {
  const bytes = encodePosition({ ...place, heartbeatNs }, (part) => binding.crc32(part))
  writeFileSync(join(queue, 'readers', `${name}.meta`), bytes)
}

describe('inspecting, verifying and the independent witness agree', () => {
  it('about a queue that nothing is wrong with', () => {
    expect(found()).toEqual({ inspected: [], verified: [], witnessed: [] })
  })

  it.each([
    [1, 'CONTROL_SEQUENCE_AHEAD'],
    [-1, 'CONTROL_BAD_SEQUENCE'],
    [1_000_000, 'CONTROL_SEQUENCE_AHEAD'],
  ])('about a next sequence that is wrong by %i', (difference, code) => {
    overwriteControl(queue, CONTROL_NEXT_SEQUENCE_OFFSET, u64(built.records.length + difference))
    expect(found()).toEqual({ inspected: [code], verified: [code], witnessed: ['bad-next-sequence'] })
  })

  it.each([
    ['with its commit word, as a writer that was killed leaves it', 1, 0],
    ['with its commit word and the next sequence', 1, 1],
    ['after some, as a power loss leaves it', 4, 0],
  ])('about a control block that is older than the last record: one ended %s', (_, count, further) => {
    const at = built.records.length - count
    const { offset, segmentId } = built.records[at] as BuiltRecord
    expect(segmentId).toBe(built.headSegment)
    overwriteControl(queue, CONTROL_NEXT_SEQUENCE_OFFSET, u64(at + further))
    overwriteControl(queue, CONTROL_WRITE_OFFSET_OFFSET, u64(offset))
    expect(found()).toEqual({ inspected: ['CONTROL_BEHIND'], verified: ['CONTROL_BEHIND'], witnessed: [] })
    expect(inspectQueue(queue).problems).toMatchObject([{ severity: 'info' }])
    using writer = openWriter(queue)
    expect([writer.recovery, writer.nextSequence]).toEqual([[], built.records.length])
  })

  it('about a segment that was prepared, above one that is still to be made', () => {
    const segmentId = built.headSegment + 2
    const prepared = Buffer.alloc(SEGMENT_SIZE)
    prepared.set(encodeSegmentHeader({ segmentId }))
    writeFileSync(segmentFile(queue, segmentId), prepared)
    expect(found()).toEqual({ inspected: [], verified: [], witnessed: [] })
    using writer = openWriter(queue)
    expect(writer.recovery).toEqual([])
    while (writer.position.segmentId < segmentId) writer.append(1, Buffer.alloc(1000))
    writer.append(1, Buffer.alloc(1000))
    using observer = openObserver(queue)
    for (let sequence = 0; sequence < writer.nextSequence; sequence++) expect(observer.next()?.sequence).toBe(sequence)
  })

  it('about a segment that was the head, above one that is missing', () => {
    const segmentId = built.headSegment + 2
    const entered = Buffer.alloc(SEGMENT_SIZE)
    entered.set(encodeSegmentHeader({ segmentId, firstSequence: built.records.length }))
    writeFileSync(segmentFile(queue, segmentId), entered)
    const { inspected, verified, witnessed } = found()
    expect(inspected).toContain('SEGMENT_MISSING')
    expect(verified).toContain('SEGMENT_MISSING')
    expect(witnessed).toEqual(['not-empty'])
  })

  it.each([
    ['empty', Buffer.alloc(0)],
    ['of zeros', Buffer.alloc(80)],
  ])('about a reader file that is %s: an open made it, and the name registers nothing', (_, bytes) => {
    writeFileSync(join(queue, 'readers', 'new.meta'), bytes)
    expect(found()).toEqual({ inspected: ['LEFTOVER'], verified: ['LEFTOVER'], witnessed: [] })
    expect(inspectQueue(queue).readers.map(({ name }) => name)).toEqual(['audit'])
  })

  it.each([1, 7])('about a first segment that is not the lowest: %i', (first) => {
    overwriteControl(queue, CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET, u64(first + 1))
    const code = 'CONTROL_BAD_FIRST_SEGMENT'
    expect(found()).toEqual({ inspected: [code], verified: [code], witnessed: ['bad-first-segment'] })
  })

  it('about a deletion that was announced and not done, which is normal after a death', () => {
    overwriteControl(queue, CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET, u64(2))
    expect(inspectQueue(queue).problems.map(({ severity }) => severity)).toEqual(['info'])
    overwriteControl(queue, CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET, u64(8))
    expect(inspectQueue(queue).problems.map(({ severity }) => severity)).toEqual(['warning'])
  })

  it.each([
    ['the middle of a record', () => ({ segmentId: 1, offset: 128 })],
    ['no offset of any record', () => ({ segmentId: 1, offset: 100 })],
    ['the header of its segment', () => ({ segmentId: 1, offset: 0 })],
    ['the middle of the last record', () => ({ segmentId: built.headSegment, offset: built.writeOffset - 64 })],
  ])('about a reader at %s', (_, place) => {
    registerAt('audit', place())
    const code = 'READER_MISPLACED'
    expect(found()).toEqual({ inspected: [code], verified: [code], witnessed: ['bad-place'] })
  })

  it('about a reader beyond the end', () => {
    registerAt('audit', { segmentId: built.headSegment, offset: built.writeOffset + 64 })
    expect(found()).toEqual({ inspected: ['READER_AHEAD'], verified: ['READER_AHEAD'], witnessed: ['bad-place'] })
  })

  it.each(['audit.meta.bak', '.hidden.meta', 'two words.meta'])('about a foreign file among the readers: %s', (name) => {
    writeFileSync(join(queue, 'readers', name), '')
    expect(found()).toEqual({ inspected: ['READER_NAME'], verified: ['READER_NAME'], witnessed: ['foreign-reader'] })
  })

  it('about the optional files of a queue', () => {
    for (const folder of ['schemas', 'sources', 'bridge', 'producers', 'archive', 'quarantine', 'index'])
      mkdirSync(join(queue, folder))
    writeFileSync(join(queue, 'sources.json'), '')
    const [inspected, witnessed] = [found().inspected, found().witnessed]
    expect({ inspected: inspected.filter((code) => code === 'FOREIGN_FILE'), witnessed }).toEqual({
      inspected: [],
      witnessed: [],
    })
  })

  it('about a reader file in the directory of the queue', () => {
    renameSync(join(queue, 'readers/audit.meta'), join(queue, 'audit.meta'))
    expect(found()).toEqual({ inspected: ['FOREIGN_FILE'], verified: ['FOREIGN_FILE'], witnessed: ['foreign-file'] })
  })

  it('about times that have not come yet', () => {
    registerAt('audit', { segmentId: 1, offset: 64 }, IN_A_YEAR_NS)
    expect(found()).toEqual({ inspected: ['CLOCK_AHEAD'], verified: ['CLOCK_AHEAD'], witnessed: ['clock-ahead'] })
    registerAt('audit', { segmentId: 1, offset: 64 })
    overwriteControl(queue, CONTROL_WRITER_HEARTBEAT_NS_OFFSET, u64(Number(IN_A_YEAR_NS)))
    expect(found()).toEqual({ inspected: ['CLOCK_AHEAD'], verified: ['CLOCK_AHEAD'], witnessed: ['clock-ahead'] })
    rmSync(queue, { recursive: true })
    buildQueue(queue, { payloads: textPayloads(100), firstTimestampNs: IN_A_YEAR_NS })
    expect(found()).toEqual({ inspected: ['CLOCK_AHEAD'], verified: ['CLOCK_AHEAD'], witnessed: ['clock-ahead'] })
  })
})

describe('a file with a name outside of the queue', () => {
  it('is a problem where a writer refuses it', () => {
    linkSync(segmentFile(queue, built.headSegment), `${queue}-head`)
    linkSync(segmentFile(queue, 0), `${queue}-sealed`)
    expect(found()).toEqual({ inspected: ['FILE_LINKED'], verified: ['FILE_LINKED'], witnessed: [] })
    expect(() => openWriter(queue)).toThrowError(expect.objectContaining({ code: 'ERR_LINK', isHard: true }))
  })
})

describe('a link in the place of a segment', () => {
  it.each(['nowhere', '000000000.q'])('is a problem, whether it leads anywhere or not: %s', (target) => {
    rmSync(segmentFile(queue, 1))
    symlinkSync(target, segmentFile(queue, 1))
    const problem = expect.objectContaining({
      code: 'FILE_UNREADABLE',
      severity: 'critical',
      segmentId: 1,
      message: expect.stringContaining('it is a link'),
    })
    expect(inspectQueue(queue).problems).toContainEqual(problem)
    using verification = verifyQueue(queue)
    while (verification.step());
    expect(verification.problems).toContainEqual(problem)
    expect(() => openObserver(queue).close()).not.toThrow()
  })
})

describe('a segment that two implementations wrote', () => {
  it.each(['killed', 'rolled', 'restarted'])('has no count that is not true: %s', (name) => {
    rmSync(queue, { recursive: true })
    mkdirSync(queue)
    cpSync(join(GOLDEN, name), queue, { recursive: true })
    const writer = openWriter(queue)
    for (let index = 0; index < 100; index += 1) writer.append(1, Buffer.alloc(100))
    writer.close()
    using verification = verifyQueue(queue)
    while (verification.step());
    expect(verification.problems.map(({ code }) => code)).not.toContain('SEGMENT_BAD_SUMMARY')
  })
})
