import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { openReader, openWriter } from '@chronicle-ts/core'
import {
  CONTROL_FILE,
  CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET,
  CONTROL_MAGIC_OFFSET,
  CONTROL_NEXT_SEQUENCE_OFFSET,
  CONTROL_SEGMENT_GENERATION_OFFSET,
  CONTROL_SEGMENT_SIZE_OFFSET,
  CONTROL_WRITE_OFFSET_OFFSET,
  INDEX_FILE,
  RECORD_COMMIT_LENGTH_OFFSET,
  RECORD_HEADER_LENGTH,
  SEGMENT_END_OFFSET_OFFSET,
  SEGMENT_FIRST_SEQUENCE_PLUS_ONE_OFFSET,
  SEGMENT_FLAGS_OFFSET,
  SEGMENT_HEADER_LENGTH,
  SEGMENT_LAST_TIMESTAMP_NS_OFFSET,
  SEGMENT_RECORD_COUNT_OFFSET,
  SEGMENT_WRITER_EPOCH_OFFSET,
} from '@chronicle-ts/core/internal'
import { beforeEach, describe, expect, it } from 'vitest'
import { sample } from '../../../../tools/evidence/effort/effort.mjs'
import { readQueue } from '../../../../tools/evidence/witness/read-queue.mjs'
import { type BuiltQueue, buildQueue, textPayloads } from '../../../core/test/support/build-queue.js'
import { overwrite, overwriteControl, readBytes, segmentFile, u32, u64 } from '../../../core/test/support/raw-queue.js'
import { temporaryDirectory } from '../../../core/test/support/temporary.js'
import { verifyQueue } from '../cold/queue-verification.js'
import { repairQueue } from './repair-queue.js'

const COUNT = 100
/** From the writer's epoch to the end of a header: no field of it is a number that can be. */
const ABSURD = Buffer.alloc(SEGMENT_HEADER_LENGTH - SEGMENT_WRITER_EPOCH_OFFSET, 0xfe)

let queue: string
let built: BuiltQueue

beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
  built = buildQueue(queue, { payloads: textPayloads(COUNT), readers: { audit: { segmentId: 1, offset: 64 } } })
})

function verified(): string[] {
  using verification = verifyQueue(queue)
  while (verification.step());
  return verification.problems.map(({ code }) => code).filter((code) => code !== 'QUARANTINED')
}

function witnessed(): string[] {
  return readQueue(queue).problems.map(({ code, file, detail }) => `${code} ${file} ${detail}`)
}

const summaries: readonly (readonly [string, number, bigint])[] = [
  ['first sequence', SEGMENT_FIRST_SEQUENCE_PLUS_ONE_OFFSET, 7n],
  ['end', SEGMENT_END_OFFSET_OFFSET, 128n],
  ['record count', SEGMENT_RECORD_COUNT_OFFSET, 7n],
  ['last timestamp', SEGMENT_LAST_TIMESTAMP_NS_OFFSET, 7n],
]

const DAMAGE: readonly (readonly [string, () => void])[] = [
  ['a missing control block', () => unlinkSync(join(queue, CONTROL_FILE))],
  ['a short control block', () => truncateSync(join(queue, CONTROL_FILE), 100)],
  ['a zeroed control block', () => writeFileSync(join(queue, CONTROL_FILE), Buffer.alloc(512))],
  ['a foreign control block', () => overwriteControl(queue, CONTROL_MAGIC_OFFSET, u32(1))],
  ['an impossible segment size', () => overwriteControl(queue, CONTROL_SEGMENT_SIZE_OFFSET, u64(5))],
  ['an odd generation', () => overwriteControl(queue, CONTROL_SEGMENT_GENERATION_OFFSET, u32(7))],
  ['a next sequence that was used', () => overwriteControl(queue, CONTROL_NEXT_SEQUENCE_OFFSET, u64(COUNT - 1))],
  ['a next sequence that is one too high', () => overwriteControl(queue, CONTROL_NEXT_SEQUENCE_OFFSET, u64(COUNT + 1))],
  ['a next sequence that is far too high', () => overwriteControl(queue, CONTROL_NEXT_SEQUENCE_OFFSET, u64(1_000_000))],
  ['a next sequence that no number holds', () => overwriteControl(queue, CONTROL_NEXT_SEQUENCE_OFFSET, Buffer.alloc(8, 0xaa))],
  ['a first segment that is not there', () => overwriteControl(queue, CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET, u64(8))],
  [
    'an offset before the end of the records',
    () => overwriteControl(queue, CONTROL_WRITE_OFFSET_OFFSET, u64(built.writeOffset - 128)),
  ],
  ['a segment that lost its seal', () => overwrite(segmentFile(queue, 1), SEGMENT_FLAGS_OFFSET, u32(0))],
  ['a segment that grew', () => truncateSync(segmentFile(queue, 1), 8192)],
  ['a segment of zeros in its header', () => overwrite(segmentFile(queue, 1), 0, Buffer.alloc(SEGMENT_HEADER_LENGTH))],
  ...summaries.map(
    ([name, offset, value]) =>
      [`a header with a wrong ${name}`, () => overwrite(segmentFile(queue, 1), offset, u64(Number(value)))] as const,
  ),
  [
    'a head with a wrong first sequence',
    () => overwrite(segmentFile(queue, built.headSegment), SEGMENT_FIRST_SEQUENCE_PLUS_ONE_OFFSET, u64(7)),
  ],
  ['a header whose numbers no field can hold', () => overwrite(segmentFile(queue, 1), SEGMENT_WRITER_EPOCH_OFFSET, ABSURD)],
  [
    'a header whose first sequence no field can hold',
    () => overwrite(segmentFile(queue, 1), SEGMENT_FIRST_SEQUENCE_PLUS_ONE_OFFSET, ABSURD.subarray(0, 8)),
  ],
  [
    'a head with a summary, and without a seal',
    () => overwrite(segmentFile(queue, built.headSegment), SEGMENT_RECORD_COUNT_OFFSET, u64(3)),
  ],
  ['a damaged reader file', () => writeFileSync(join(queue, 'readers/audit.meta'), Buffer.alloc(80, 7))],
  ['a reader file without a position', () => writeFileSync(join(queue, 'readers/new.meta'), '')],
  ['a leftover', () => writeFileSync(join(queue, '000000009.q.tmp'), '')],
  ['an index after the end', () => writeFileSync(join(queue, INDEX_FILE), Buffer.concat([u64(built.headSegment), u64(4032)]))],
  ['a damaged index', () => writeFileSync(join(queue, INDEX_FILE), 'abc')],
]

describe('a repaired queue', () => {
  it.each(DAMAGE)('is clean for a second look, for the witness and for a second repair: %s', (_, damage) => {
    expect([verified(), witnessed()]).toEqual([[], []])
    damage()
    expect(verified()).not.toEqual([])
    expect(repairQueue(queue).outcomes).not.toEqual([])
    expect([verified(), witnessed()]).toEqual([[], []])
    const kept = readdirSync(queue, { recursive: true }).length
    expect(repairQueue(queue).outcomes).toEqual([])
    expect(readdirSync(queue, { recursive: true }).length).toBe(kept)
    const writer = openWriter(queue)
    expect(writer.append(1, Buffer.from('next'))).toBe(COUNT)
    writer.close()
    expect([verified(), witnessed()]).toEqual([[], []])
  })

  it.each(summaries)('keeps the header that had a wrong %s', (_, offset, value) => {
    const right = readBytes(segmentFile(queue, 1), 0, SEGMENT_HEADER_LENGTH)
    overwrite(segmentFile(queue, 1), offset, u64(Number(value)))
    const wrong = readBytes(segmentFile(queue, 1), 0, SEGMENT_HEADER_LENGTH)
    repairQueue(queue)
    // A last time may be left out, and is not made up.
    const length = SEGMENT_LAST_TIMESTAMP_NS_OFFSET
    expect(readBytes(segmentFile(queue, 1), 0, length)).toEqual(right.subarray(0, length))
    const kept = readdirSync(join(queue, 'quarantine')).find((name) => name.endsWith('segment-1-header.bin')) ?? ''
    expect(readFileSync(join(queue, 'quarantine', kept))).toEqual(wrong)
  })

  it('has a report that says what its next sequence was', () => {
    overwriteControl(queue, CONTROL_NEXT_SEQUENCE_OFFSET, u64(1_000_000))
    const { outcomes, file = '' } = repairQueue(queue)
    expect(outcomes).toMatchObject([{ step: { kind: 'recover' }, state: 'done' }])
    expect(readFileSync(file, 'utf8')).toContain('the next sequence is 100 instead of 1000000')
  })

  it('says once that sequences are left out because messages are lost, and has no step for it', () => {
    unlinkSync(segmentFile(queue, built.headSegment))
    repairQueue(queue)
    expect(verified()).toEqual(['SEQUENCES_SKIPPED'])
    expect(witnessed()).toEqual([expect.stringMatching(/^bad-next-sequence/)])
    expect(repairQueue(queue).outcomes).toEqual([])
    expect(verified()).toEqual(['SEQUENCES_SKIPPED'])
  })
})

describe('a queue that lost its beginning', () => {
  it('says so after the repair, when nothing is left of its first segment', () => {
    truncateSync(segmentFile(queue, 0), 2)
    repairQueue(queue)
    expect(verified()).toEqual(['SEQUENCE_GAP'])
    expect(repairQueue(queue).outcomes).toEqual([])
  })

  it('is whole when retention has deleted its first segment', () => {
    unlinkSync(segmentFile(queue, 0))
    unlinkSync(segmentFile(queue, 1))
    expect(verified()).not.toContain('SEQUENCE_GAP')
  })
})

describe('a queue that lost what says where it ended', () => {
  const MESSAGES = 100
  const control = (name: string) => join(name, CONTROL_FILE)
  const CONTROLS: Readonly<Record<string, () => void>> = {
    sound: () => undefined,
    missing: () => unlinkSync(control(queue)),
    short: () => truncateSync(control(queue), 100),
    zeroed: () => writeFileSync(control(queue), Buffer.alloc(512)),
    'of another format': () => overwriteControl(queue, CONTROL_MAGIC_OFFSET, u32(0x01020304)),
    'of another version': () => overwriteControl(queue, CONTROL_MAGIC_OFFSET + 4, u32(9)),
    unfinished: () => overwriteControl(queue, CONTROL_MAGIC_OFFSET + 8, u32(1)),
    'with an impossible size': () => overwriteControl(queue, CONTROL_SEGMENT_SIZE_OFFSET, u64(0x30201)),
    'with another size': () => overwriteControl(queue, CONTROL_SEGMENT_SIZE_OFFSET, u64(8192)),
  }
  const LOSSES: Readonly<Record<string, (head: number) => void>> = {
    'its last segment': (head) => unlinkSync(segmentFile(queue, head)),
    'its last two segments': (head) => {
      for (const id of [head, head - 1]) unlinkSync(segmentFile(queue, id))
    },
    'half of its head': (head) => truncateSync(segmentFile(queue, head), 1000),
    'all but the header of its head': (head) => truncateSync(segmentFile(queue, head), 64),
    'all bytes of its head': (head) => truncateSync(segmentFile(queue, head), 0),
    'half of its head and of its first segment': (head) => {
      for (const id of [0, head]) truncateSync(segmentFile(queue, id), 1000)
    },
    'the records of its head': (head) => overwrite(segmentFile(queue, head), SEGMENT_HEADER_LENGTH, Buffer.alloc(2000)),
    'nothing, and its head has grown': (head) => truncateSync(segmentFile(queue, head), 8192),
  }
  const cases = [{}, { extensions: false }].flatMap((options) =>
    [true, false].flatMap((hasReader) =>
      Object.keys(CONTROLS).flatMap((block) => Object.keys(LOSSES).map((loss) => ({ options, hasReader, block, loss }))),
    ),
  )

  it.each(sample(cases, { short: 40 }))(
    'L57: gives out no place and no sequence again: control block $block, lost $loss, reader $hasReader, $options',
    ({ options, hasReader, block, loss }) => {
      rmSync(queue, { recursive: true })
      const writer = openWriter(queue, { segmentSize: 4096, ...options })
      for (let index = 0; index < MESSAGES; index += 1) writer.append(1, Buffer.alloc(100, index))
      const end = writer.position
      writer.close()
      if (hasReader) {
        const reader = openReader(queue, 'audit', { start: 'earliest' })
        while (reader.next() !== undefined);
        reader.commit()
        reader.close()
      }
      CONTROLS[block]?.()
      LOSSES[loss]?.(end.segmentId)
      repairQueue(queue)
      expect(verified()).not.toContain('READER_AHEAD')
      using next = openWriter(queue)
      const isBefore =
        next.position.segmentId < end.segmentId ||
        (next.position.segmentId === end.segmentId && next.position.offset < end.offset)
      expect(isBefore).toBe(false)
      expect(next.append(1, Buffer.from('next'))).toBeGreaterThanOrEqual(MESSAGES)
    },
  )

  it('L57: goes on above a reader when nothing but a part of its only segment is left, and a file far above', () => {
    rmSync(queue, { recursive: true })
    const writer = openWriter(queue, { segmentSize: 4096 })
    for (let index = 0; index < 15; index += 1) writer.append(1, Buffer.alloc(100, index))
    writer.close()
    const reader = openReader(queue, 'audit', { start: 'earliest' })
    for (let index = 0; index < 11; index += 1) reader.next()
    reader.commit()
    reader.close()
    unlinkSync(control(queue))
    truncateSync(segmentFile(queue, 0), 1000)
    writeFileSync(segmentFile(queue, 60), Buffer.alloc(3000, 1))
    repairQueue(queue)
    using next = openWriter(queue)
    expect(next.append(1, Buffer.from('next'))).toBeGreaterThanOrEqual(11)
  })

  it('has a head again that a writer can append to, when its last segments and its control block are lost', () => {
    for (let id = built.headSegment; id > 1; id -= 1) unlinkSync(segmentFile(queue, id))
    unlinkSync(control(queue))
    repairQueue(queue)
    expect(verified()).toEqual(['SEQUENCES_SKIPPED'])
    expect(repairQueue(queue).outcomes).toEqual([])
  })
})

describe('a copy of a queue that was being written', () => {
  /** A tool copies control.meta first, and then the segments that it knew of, of which the first has a gap to the second. */
  function copyInTheMiddle(): string {
    const original = join(temporaryDirectory(), 'queue')
    const copy = join(temporaryDirectory(), 'copy')
    mkdirSync(join(copy, 'readers'), { recursive: true })
    using writer = openWriter(original, { segmentSize: 4096 })
    for (let index = 0; index < 10; index += 1) writer.append(1, Buffer.alloc(100, index))
    copyFileSync(join(original, CONTROL_FILE), join(copy, CONTROL_FILE))
    copyFileSync(segmentFile(original, 0), segmentFile(copy, 0))
    while (writer.position.segmentId < 2) writer.append(1, Buffer.alloc(100, 1))
    copyFileSync(segmentFile(original, 1), segmentFile(copy, 1))
    return copy
  }

  it('is recovered as a copy, up to its first gap', () => {
    queue = copyInTheMiddle()
    expect(verified()).toContain('QUEUE_COPIED')
    const { recovery } = repairQueue(queue)
    expect(recovery.map((action) => action.case)).toContain('copied-queue')
    expect(verified()).toEqual([])
    expect(readQueue(queue).records).toHaveLength(10)
    using writer = openWriter(queue)
    expect(writer.recovery).toEqual([])
    expect(writer.append(1, Buffer.from('next'))).toBe(10)
  })

  it('is opened by a writer also when nothing is wrong with it', () => {
    const original = join(temporaryDirectory(), 'queue')
    openWriter(original, { segmentSize: 4096 }).close()
    queue = join(temporaryDirectory(), 'copy')
    cpSync(original, queue, { recursive: true })
    expect(verified()).toEqual(['QUEUE_COPIED'])
    expect(repairQueue(queue).outcomes).toMatchObject([{ step: { kind: 'recover' }, state: 'done' }])
    expect(verified()).toEqual([])
  })
})

describe('a segment that a gap keeps from its queue', () => {
  it('is where the repaired queue goes on, when a record in it is good', () => {
    const bytes = Buffer.alloc(SEGMENT_HEADER_LENGTH * 4, 1)
    // A record of the base format, without a payload.
    bytes.fill(0, SEGMENT_HEADER_LENGTH * 3 + 1)
    writeFileSync(segmentFile(queue, 62), bytes)
    expect(verified()).toContain('CONTROL_BEHIND')
    repairQueue(queue)
    expect(verified()).not.toContain('CONTROL_BEHIND')
    expect(repairQueue(queue).outcomes).toEqual([])
    const writer = openWriter(queue)
    expect(writer.append(1, Buffer.from('next'))).toBe(COUNT)
    expect(writer.position.segmentId).toBe(63)
    writer.close()
  })
})

describe('a damaged last record', () => {
  let place: { segmentId: number; offset: number }

  beforeEach(() => {
    rmSync(queue, { recursive: true })
    const writer = openWriter(queue, { segmentSize: 4096 })
    for (let index = 0; index < COUNT; index += 1) {
      place = writer.position
      writer.append(1, Buffer.from('message'))
    }
    writer.close()
  })

  it.each([
    ['RECORD_BAD_PAYLOAD_CRC', RECORD_HEADER_LENGTH, Buffer.from('#')],
    ['RECORD_BAD_LENGTH', RECORD_COMMIT_LENGTH_OFFSET, u32(1 << 20)],
  ] as const)('that was committed is damage, not torn, and is left for the evidence: %s', (code, offset, bytes) => {
    overwrite(segmentFile(queue, place.segmentId), place.offset + offset, bytes)
    expect(verified()).toEqual([code])
    const kinds = repairQueue(queue).outcomes.map(({ step, state }) => `${step.kind} ${state}`)
    expect(kinds).toEqual(['keep-damage done', 'seal-segment done', 'recover done'])
    expect(verified()).toContain(code)
    expect(repairQueue(queue).outcomes).toEqual([])
    const writer = openWriter(queue)
    expect(writer.append(1, Buffer.from('next'))).toBe(COUNT)
    writer.close()
  })

  it('that is the only one of its head is damage too, and no reason to doubt the control block', () => {
    const writer = openWriter(queue)
    const { segmentId } = writer.position
    let sequence = 0
    while (writer.position.segmentId === segmentId) sequence = writer.append(1, Buffer.from('message'))
    writer.close()
    overwrite(segmentFile(queue, segmentId + 1), SEGMENT_HEADER_LENGTH + RECORD_HEADER_LENGTH, Buffer.from('#'))
    expect(verified()).toEqual(['RECORD_BAD_PAYLOAD_CRC'])
    const kinds = repairQueue(queue).outcomes.map(({ step, state }) => `${step.kind} ${state}`)
    expect(kinds).toEqual(['keep-damage done', 'seal-segment done', 'recover done'])
    expect(verified()).toEqual(['RECORD_BAD_PAYLOAD_CRC'])
    expect(repairQueue(queue).outcomes).toEqual([])
    const next = openWriter(queue)
    expect(next.append(1, Buffer.from('next'))).toBe(sequence + 1)
    next.close()
  })

  it('that no control block says to be committed is torn, and recovery clears it away', () => {
    overwrite(segmentFile(queue, place.segmentId), place.offset + RECORD_HEADER_LENGTH, Buffer.from('#'))
    overwriteControl(queue, CONTROL_WRITE_OFFSET_OFFSET, u64(place.offset))
    expect(verified()).toContain('RECORD_TORN')
    repairQueue(queue)
    expect(verified()).not.toContain('RECORD_TORN')
  })
})
