import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { CorruptRecordError, openObserver, openWriter, SequenceGapError } from '@chronicle-ts/core'
import { encodeRecord, RECORD_ALIGNMENT, SEGMENT_FIRST_RECORD_OFFSET, SEGMENT_FLAGS_OFFSET } from '@chronicle-ts/core/internal'
import { describe, expect, it } from 'vitest'
import { amount, SEED } from '../../../../tools/evidence/effort/effort.mjs'
import { buildQueue } from '../../../core/test/support/build-queue.js'
import { overwrite, pretendSameFile, readBytes, readControlFile, segmentFile, u32 } from '../../../core/test/support/raw-queue.js'
import { memoryDirectory } from '../../../core/test/support/temporary.js'
import { type ColdItem, inspectQueue, openColdReader, type QueueProblem, verifyQueue } from '../../src/index.js'
import { type RandomNumbers, randomNumbers } from '../garbage/random-numbers.js'
import { asBaseRecord, rewriteRecords, sequenceAt, setSequence } from './rewrite-records.js'

const QUEUES = amount({ short: 40, long: 150, full: 3000 })
const SEGMENT_SIZE = 4096
const TIMEOUT_MS = 60_000 + 100 * QUEUES

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

describe('on random damage of records', () => {
  it.each(Object.keys(TEMPLATES))(
    'a reader that skips delivers what the offline reader does, and all tools name the same first place, in a queue %s',
    (name) => {
      const root = memoryDirectory()
      const template = join(root, 'template')
      TEMPLATES[name]?.(template)
      for (let seed = SEED; seed < SEED + QUEUES; seed++) {
        const queue = join(root, 'queue')
        cpSync(template, queue, { recursive: true })
        pretendSameFile(queue)
        const random = randomNumbers(seed)
        const damage = Array.from({ length: 1 + random(3) }, () => damageRecords(queue, random))
        const context = `seed ${seed}: ${damage.join('; ')}`
        const items = offlineItems(queue)
        expect(skippingReader(queue), context).toEqual(
          items.flatMap((item) => (item.kind === 'record' ? [describeRecord(item)] : [])),
        )
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
        rmSync(queue, { recursive: true })
      }
    },
    TIMEOUT_MS,
  )
})

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
  for (let message = observer.next(); message !== undefined; message = observer.next()) records.push(describeRecord(message))
  return records
}

/** Where a strict reader stops. */
function strictReader(queue: string): string | undefined {
  using observer = openObserver(queue)
  try {
    while (observer.next() !== undefined);
    return undefined
  } catch (error) {
    if (error instanceof CorruptRecordError || error instanceof SequenceGapError) return placeOf(error)
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

function verified(queue: string): { problems: string[]; end: string } {
  using verification = verifyQueue(queue)
  while (verification.step());
  return { problems: recordProblems(verification.problems).map(placeOf), end: placeOf(verification.progress.position) }
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
