import { cpSync, rmSync, truncateSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { BadSegmentError, CorruptRecordError, openObserver, openWriter, SequenceGapError } from '@chronicle-ts/core'
import {
  CONTROL_CURRENT_SEGMENT_OFFSET,
  CONTROL_NEXT_SEQUENCE_OFFSET,
  CONTROL_SEGMENT_GENERATION_OFFSET,
  CONTROL_WRITE_OFFSET_OFFSET,
  decodeSegmentHeader,
  encodeRecord,
  RECORD_ALIGNMENT,
  recordLength,
  roomBetween,
  SEGMENT_FIRST_RECORD_OFFSET,
  SEGMENT_FLAGS_OFFSET,
  SEGMENT_HEADER_LENGTH,
  SEGMENT_MAGIC,
  SEGMENT_VERSION,
  viewOf,
} from '@chronicle-ts/core/internal'
import { describe, expect, it } from 'vitest'
import { amount, SEED } from '../../../../tools/evidence/effort/effort.mjs'
import { buildQueue } from '../../../core/test/support/build-queue.js'
import {
  overwrite,
  overwriteControl,
  pretendSameFile,
  readBytes,
  readControlFile,
  segmentFile,
  u32,
  u64,
} from '../../../core/test/support/raw-queue.js'
import { asBaseRecord, rewriteRecords, sequenceAt, setSequence } from '../../../core/test/support/rewrite-records.js'
import { memoryDirectory } from '../../../core/test/support/temporary.js'
import { type ColdItem, type ColdRecord, inspectQueue, openColdReader, type QueueProblem, verifyQueue } from '../../src/index.js'
import { type RandomNumbers, randomNumbers } from '../garbage/random-numbers.js'

const QUEUES = amount({ short: 15, long: 150, full: 3000 })
const SEGMENT_SIZE = 4096
const TIMEOUT_MS = 60_000 + 1000 * QUEUES

/** The problems that say of a place that a record, or the next one, is not what it should be. */
const OF_RECORDS = /^(RECORD_|RECORDS_LOST|SEQUENCE_GAP)/

/** Queues by name, each made once. */
const TEMPLATES: Readonly<Record<string, (directory: string) => void>> = {
  'of this library': (directory) => writeQueue(directory),
  'of the base format': (directory) => buildQueue(directory, { payloads: payloads(60), legacy: true }),
  'that begins with segments of the base format': (directory) => {
    writeQueue(directory)
    for (const id of [0, 1]) rewriteRecords(directory, id, asBaseRecord)
    // As by a second writer of the base format, whose sequences begin again.
    rewriteRecords(directory, 1, (segment, at, index) => setSequence(segment, at, index))
  },
  'of the base format that this library goes on with': (directory) => {
    buildQueue(directory, { payloads: payloads(25), legacy: true })
    writeQueue(directory)
  },
  'whose segments have no seal': (directory) => {
    writeQueue(directory)
    for (let id = 0; id < readControlFile(directory).currentSegment; id++)
      overwrite(segmentFile(directory, id), SEGMENT_FLAGS_OFFSET, u32(0))
  },
}

/** Makes the queue of a name. */
function templateOf(name: string): string {
  const template = join(memoryDirectory(), 'template')
  TEMPLATES[name]?.(template)
  return template
}

interface Copy {
  readonly queue: string
  readonly seed: number
  readonly random: RandomNumbers
}

/** A copy for each seed, one after the other at one path, which stands for the queue itself. */
function* copiesOf(template: string): Generator<Copy> {
  const queue = join(dirname(template), 'queue')
  for (let seed = SEED; seed < SEED + QUEUES; seed++) {
    cpSync(template, queue, { recursive: true })
    pretendSameFile(queue)
    yield { queue, seed, random: randomNumbers(seed) }
    rmSync(queue, { recursive: true })
  }
}

describe('on random damage of records', () => {
  it.each(Object.keys(TEMPLATES))(
    'a reader that skips delivers what the offline reader does, and all tools name the same first place, in a queue %s',
    (name) => {
      for (const { queue, seed, random } of copiesOf(templateOf(name))) {
        const damage = Array.from({ length: 1 + random(3) }, () => damageRecords(queue, random))
        const context = `seed ${seed}: ${damage.join('; ')}`
        const items = offlineItems(queue)
        expect(skippingReader(queue), context).toEqual(recordsOf(items).map(describeRecord))
        const places = items.flatMap((item) =>
          item.kind === 'problem' && OF_RECORDS.test(item.problem.code) ? [placeOf(item)] : [],
        )
        expect(strictReader(queue), context).toEqual(places[0])
        const { problems, end } = verified(queue)
        // A hole in a head whose control block does not say that records were committed: readers wait there, and only a tool that looks further sees that records follow.
        expect(
          problems.filter((place) => place !== end || places.includes(end)),
          context,
        ).toEqual(places)
        // An inspection sees the headers of the head only: no place of its own, but no false alarm either.
        if (recordProblems(inspectQueue(queue).problems).length > 0) expect(problems, context).not.toEqual([])
      }
    },
    TIMEOUT_MS,
  )
})

describe('on random damage of segment headers and lengths', () => {
  it.each(Object.keys(TEMPLATES))(
    'a reader that skips delivers what the offline reader does, and a strict one stops where verification names a segment, in a queue %s',
    (name) => {
      const template = templateOf(name)
      const restarts = segmentsThatDoNotFollow(recordsOf(offlineItems(template)))
      for (const { queue, seed, random } of copiesOf(template)) {
        const damage = [damageSegment(queue, random)]
        if (random(2) === 0) damage.push(damageRecords(queue, random))
        if (random(3) === 0) damage.push(damageSegment(queue, random))
        const context = `seed ${seed}: ${damage.join('; ')}`
        const read = skippingReader(queue)
        const offline = recordsOf(offlineItems(queue))
        const skipped = [...restarts, ...segmentsThatDoNotFollow(offline)]
          .sort()
          .find((id) => !isNamed(queue, id) && !read.some((it) => it.startsWith(`${id}:`)))
        const before = offline.filter(({ segmentId }) => skipped === undefined || segmentId < skipped)
        // After a segment that may be foreign the reader knows less than the offline reader: which sequence comes next.
        expect(skipped === undefined ? read : read.slice(0, before.length), context).toEqual(before.map(describeRecord))
        const stopped = strictReader(queue)
        const { problems, segments } = verified(queue)
        if (stopped !== undefined) expect([...problems, ...segments], context).toContain(stopped)
      }
    },
    TIMEOUT_MS,
  )
})

describe('on random damage of the control block', () => {
  it.each(Object.keys(TEMPLATES))(
    'a reader that skips delivers what the offline reader does, once a writer has opened the queue at the latest, in a queue %s',
    (name) => {
      for (const { queue, seed, random } of copiesOf(templateOf(name))) {
        const context = `seed ${seed}: ${damageControl(queue, random)}`
        const offline = recordsOf(offlineItems(queue)).map(describeRecord)
        const read = skippingReader(queue)
        // A segment without a seal that the control block names is where a reader waits: that is what a live head looks like.
        const isHead = name === 'whose segments have no seal'
        expect(read, context).toEqual(isHead ? offline.slice(0, read.length) : offline)
        openWriter(queue).close()
        expect(skippingReader(queue), context).toEqual(offline)
        expect(recordsOf(offlineItems(queue)).map(describeRecord), context).toEqual(offline)
      }
    },
    TIMEOUT_MS,
  )
})

/** Fields that readers rely on, with values that they can have, and that no writer would have stored. */
function damageControl(queue: string, random: RandomNumbers): string {
  const { currentSegment } = readControlFile(queue)
  const kind = random(4)
  if (kind === 0) {
    const segmentId = random(currentSegment + 3)
    overwriteControl(queue, CONTROL_CURRENT_SEGMENT_OFFSET, u32(segmentId))
    return `currentSegment ${segmentId}`
  }
  if (kind === 1) {
    const offset = random(2) === 0 ? RECORD_ALIGNMENT * random(SEGMENT_SIZE / RECORD_ALIGNMENT) : random(2 ** 31)
    overwriteControl(queue, CONTROL_WRITE_OFFSET_OFFSET, u64(offset))
    return `writeOffset ${offset}`
  }
  if (kind === 2) {
    const sequence = random(100)
    overwriteControl(queue, CONTROL_NEXT_SEQUENCE_OFFSET, u64(sequence))
    return `nextSequence ${sequence}`
  }
  const generation = random(20)
  overwriteControl(queue, CONTROL_SEGMENT_GENERATION_OFFSET, u32(generation))
  return `segmentGeneration ${generation}`
}

/** Whether the header says which segment it is. */
function isNamed(queue: string, segmentId: number): boolean {
  const bytes = readBytes(segmentFile(queue, segmentId), 0, SEGMENT_HEADER_LENGTH)
  const header = decodeSegmentHeader(viewOf(bytes))
  return header.segmentId === segmentId && (header.magic === SEGMENT_MAGIC || header.version === SEGMENT_VERSION)
}

/**
 * The segments whose first sequence cannot follow the last one before: a writer of the base format began again, one of this library took over, or it is damaged. Without a header nothing says that
 * such a file is not of another queue: a reader skips it, and the offline reader shows it.
 */
function segmentsThatDoNotFollow(records: readonly ColdRecord[]): number[] {
  let next = { segmentId: 0, offset: SEGMENT_FIRST_RECORD_OFFSET, sequence: 0 }
  return records.flatMap((record) => {
    const missing = record.sequence - next.sequence
    const isWithin = record.segmentId === next.segmentId && record.offset > SEGMENT_FIRST_RECORD_OFFSET
    const follows = isWithin || (missing >= 0 && missing <= roomBetween(next, record, SEGMENT_SIZE))
    const { segmentId, sequence, payload } = record
    next = { segmentId, offset: record.offset + recordLength(payload.length), sequence: sequence + 1 }
    return follows ? [] : [segmentId]
  })
}

/** A bit, a part or all of a header, or the length of the file. */
function damageSegment(queue: string, random: RandomNumbers): string {
  const segmentId = random(readControlFile(queue).currentSegment + 1)
  const path = segmentFile(queue, segmentId)
  const kind = random(5)
  if (kind === 0) {
    const at = random(SEGMENT_HEADER_LENGTH)
    overwrite(path, at, Buffer.from([(readBytes(path, at, 1)[0] as number) ^ (1 << random(8))]))
    return `a bit at ${segmentId}:${at}`
  }
  if (kind === 1) {
    const length = random(2) === 0 ? random(SEGMENT_SIZE) : RECORD_ALIGNMENT * random(SEGMENT_SIZE / RECORD_ALIGNMENT)
    truncateSync(path, length)
    return `${segmentId} cut to ${length} bytes`
  }
  if (kind === 2) {
    const length = SEGMENT_SIZE + 1 + random(SEGMENT_SIZE)
    truncateSync(path, length)
    return `${segmentId} grown to ${length} bytes`
  }
  const at = random(2) === 0 ? 0 : random(SEGMENT_HEADER_LENGTH)
  const length = SEGMENT_HEADER_LENGTH - at
  overwrite(path, at, kind === 3 ? Buffer.alloc(length) : Buffer.from(Array.from({ length }, () => random(256))))
  return `${kind === 3 ? 'zeros' : 'noise'} in the header of ${segmentId} from ${at} on`
}

function writeQueue(directory: string): void {
  using writer = openWriter(directory, { segmentSize: SEGMENT_SIZE })
  for (const payload of payloads(60)) writer.append(1, payload)
}

/** Some empty, some long, and some that hold the image of a record, as the messages of a queue that carries segments do. */
function payloads(count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    if (index % 7 !== 3) return Buffer.alloc((index * 37) % 300, index)
    const image = Buffer.alloc(128)
    encodeRecord(
      image,
      0,
      { sequence: index + 2, timestampNs: 5n, typeId: 9, payload: Buffer.from('image'), writerEpoch: 1 },
      crc32,
    )
    return image
  })
}

function damageRecords(queue: string, random: RandomNumbers): string {
  const segmentId = random(readControlFile(queue).currentSegment + 1)
  const path = segmentFile(queue, segmentId)
  const block = SEGMENT_FIRST_RECORD_OFFSET + random(SEGMENT_SIZE / RECORD_ALIGNMENT - 1) * RECORD_ALIGNMENT
  const kind = random(5)
  if (kind === 4) return raiseSequence(queue, segmentId, random)
  if (kind === 0) {
    const at = block + random(RECORD_ALIGNMENT)
    overwrite(path, at, Buffer.from([(readBytes(path, at, 1)[0] as number) ^ (1 << random(8))]))
    return `a bit at ${segmentId}:${at}`
  }
  const length = Math.min(SEGMENT_SIZE - block, RECORD_ALIGNMENT * (1 + random(8)))
  if (kind === 1) overwrite(path, block, Buffer.alloc(length))
  else if (kind === 2) overwrite(path, block, Buffer.from(Array.from({ length }, () => random(256))))
  else overwrite(path, block, readBytes(path, SEGMENT_FIRST_RECORD_OFFSET + random(20) * RECORD_ALIGNMENT, length))
  return `${['', 'zeros', 'noise', 'a copy'][kind]} at ${segmentId}:${block}, ${length} bytes`
}

/** A record of which everything is right but its place in the sequence. */
function raiseSequence(queue: string, segmentId: number, random: RandomNumbers): string {
  const [chosen, by] = [random(8), 1 + random(5)]
  rewriteRecords(queue, segmentId, (segment, at, index) => {
    if (index === chosen) setSequence(segment, at, sequenceAt(segment, at) + by)
  })
  return `record ${chosen} of ${segmentId} raised by ${by}`
}

function describeRecord(record: {
  readonly segmentId: number
  readonly offset: number
  readonly sequence: number
  readonly payload: Buffer
}): string {
  const { segmentId, offset, sequence, payload } = record
  return `${segmentId}:${offset} ${sequence} ${payload.length} ${crc32(payload)}`
}

function skippingReader(queue: string): string[] {
  using observer = openObserver(queue, { onCorrupt: 'skip' })
  const records: string[] = []
  try {
    for (let message = observer.next(); message !== undefined; message = observer.next()) records.push(describeRecord(message))
  } catch (error) {
    if (!(error instanceof BadSegmentError)) throw error
  }
  return records
}

/** Where a strict reader stops: at a record, or before a segment. */
function strictReader(queue: string): string | undefined {
  try {
    using observer = openObserver(queue)
    while (observer.next() !== undefined);
    return undefined
  } catch (error) {
    if (error instanceof CorruptRecordError || error instanceof SequenceGapError) return placeOf(error)
    if (error instanceof BadSegmentError) return `${error.segmentId}`
    throw error
  }
}

function offlineItems(queue: string): ColdItem[] {
  using reader = openColdReader(queue)
  const items: ColdItem[] = []
  // A payload is valid until the next item.
  for (const item of reader) items.push(item.kind === 'record' ? { ...item, payload: Buffer.from(item.payload) } : item)
  return items
}

function recordsOf(items: readonly ColdItem[]): ColdRecord[] {
  return items.filter((item) => item.kind === 'record')
}

/** The places of records, and the segments, that verification finds damaged; where it ended. */
function verified(queue: string): { problems: string[]; segments: string[]; end: string } {
  using verification = verifyQueue(queue)
  while (verification.step());
  const segments = verification.problems.filter(({ code }) => code.startsWith('SEGMENT_'))
  return {
    problems: recordProblems(verification.problems).map(placeOf),
    segments: segments.map(({ segmentId }) => `${segmentId}`),
    end: placeOf(verification.progress.position),
  }
}

function recordProblems(problems: readonly QueueProblem[]): QueueProblem[] {
  return problems.filter(({ code, offset }) => OF_RECORDS.test(code) && offset !== undefined)
}

function placeOf({
  segmentId,
  offset,
}: {
  readonly segmentId?: number | undefined
  readonly offset?: number | undefined
}): string {
  return `${segmentId}:${offset}`
}
