import { copyFileSync, existsSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openColdReader, repairQueue } from '@chronicle-ts/inspect'
import { beforeEach, describe, expect, it } from 'vitest'
import { type BuiltQueue, buildQueue, type QueuePlan, textPayloads } from '../../test/support/build-queue.js'
import { contentsOf } from '../../test/support/contents.js'
import { range } from '../../test/support/messages.js'
import { overwrite, overwriteControl, readBytes, readControlFile, segmentFile, u32, u64 } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import {
  CONTROL_CURRENT_SEGMENT_OFFSET,
  CONTROL_EXTENSION_EPOCH_OFFSET,
  CONTROL_NEXT_SEQUENCE_OFFSET,
  CONTROL_WRITE_OFFSET_OFFSET,
  encodePaddingHeader,
  RECORD_PAYLOAD_CRC_OFFSET,
  SEGMENT_FLAG_SEALED,
  SEGMENT_FLAGS_OFFSET,
  SEGMENT_HEADER_LENGTH,
} from '../format/index.js'
import { openWriter, type RecoveryCase } from '../index.js'

const SEGMENT_SIZE = 4096

let queue: string

beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
})

describe('a control block that says that a head with records is empty', () => {
  const zeroed: [string, number, number][] = [
    ['its first half', 0, SEGMENT_SIZE / 2],
    ['the first half but its header', SEGMENT_HEADER_LENGTH, SEGMENT_SIZE / 2],
    ['its first record', SEGMENT_HEADER_LENGTH, 2 * SEGMENT_HEADER_LENGTH],
    ['all of its records', SEGMENT_HEADER_LENGTH, SEGMENT_SIZE],
  ]

  it.each(zeroed.flatMap((row) => [false, true].map((isUncounted) => [...row, isUncounted] as const)))(
    'L57, bad-write-offset: with %s zeroed, keeps the records that are left: %i to %i, uncounted %s',
    (_, from, to, isUncounted) => {
      const writer = openWriter(queue, { segmentSize: SEGMENT_SIZE })
      const offsets = textPayloads(20).map((payload) => {
        const { offset } = writer.position
        writer.append(1, payload)
        return offset
      })
      writer.close()
      overwrite(segmentFile(queue, 0), from, Buffer.alloc(to - from))
      overwriteControl(queue, CONTROL_WRITE_OFFSET_OFFSET, u64(SEGMENT_HEADER_LENGTH))
      if (isUncounted) overwriteControl(queue, CONTROL_NEXT_SEQUENCE_OFFSET, u64(0))
      const left = range(0, 20).filter((sequence) => (offsets[sequence] ?? 0) >= to)
      // Where nothing is left and nothing counts, nothing shows that messages were there.
      const isNothingLeft = left.length === 0 && isUncounted
      const { cases, sequence } = recover()
      expect(sequence).toBe(isNothingLeft ? 0 : 20)
      expect(cases.includes('torn-tail')).toBe(false)
      expect(readable()).toEqual([...left, sequence])
    },
  )
})

describe('a head that is not a segment', () => {
  const damages: [string, (path: string) => void][] = [
    ['lost its header', (path) => overwrite(path, 0, Buffer.alloc(SEGMENT_HEADER_LENGTH))],
    ['has grown', (path) => truncateSync(path, SEGMENT_SIZE + 640)],
    ['lost its magic', (path) => overwrite(path, 0, u32(9))],
    ['says that it is of another version', (path) => overwrite(path, 4, u32(9))],
    ['has the number of another', (path) => overwrite(path, 8, u32(77))],
  ]

  it.each(damages)('damaged-segment: that %s is put right from its records and the control block', (_, damage) => {
    const { headSegment } = build({ payloads: textPayloads(100) })
    damage(segmentFile(queue, headSegment))
    expect(recover()).toEqual({ cases: ['damaged-segment'], sequence: 100 })
    expect(readControlFile(queue).currentSegment).toBe(headSegment)
    expect(readable()).toEqual(range(0, 101))
  })

  it('damaged-segment: that was cut keeps what is left, and the queue goes on above every place that was seen', () => {
    const { headSegment, records } = build({ payloads: textPayloads(100) })
    truncateSync(segmentFile(queue, headSegment), 576)
    expect(recover()).toEqual({ cases: ['damaged-segment', 'bad-write-offset'], sequence: 100 })
    expect(readControlFile(queue).currentSegment).toBe(headSegment + 1)
    const left = records.filter(({ segmentId, offset }) => segmentId < headSegment || offset < 576)
    expect(readable()).toEqual([...left.map(({ sequence }) => sequence), 100])
  })

  it('damaged-segment: that lost its header and its first records is kept, also when the control block contradicts its last one', () => {
    const { headSegment, records } = build({ payloads: textPayloads(100) })
    overwrite(segmentFile(queue, headSegment), 0, Buffer.alloc(SEGMENT_HEADER_LENGTH + 256))
    overwriteControl(queue, CONTROL_NEXT_SEQUENCE_OFFSET, u64(110))
    expect(recover().cases).toContain('damaged-segment')
    const lost = records.filter(({ segmentId, offset }) => segmentId === headSegment && offset < SEGMENT_HEADER_LENGTH + 256)
    const sequences = records
      .map(({ sequence }) => sequence)
      .filter((sequence) => !lost.some((record) => record.sequence === sequence))
    expect(readable()).toEqual([...sequences, 100])
  })

  it('missing-head: that is another segment in a wrong place is set aside, and the queue goes on above it', () => {
    const { headSegment, records } = build({ payloads: textPayloads(100) })
    copyFileSync(segmentFile(queue, 0), segmentFile(queue, headSegment))
    expect(recover()).toEqual({ cases: ['missing-head'], sequence: 100 })
    expect(readControlFile(queue).currentSegment).toBe(headSegment + 1)
    expect(quarantined()).toEqual([`00000000${headSegment}.q`])
    const left = records.filter(({ segmentId }) => segmentId < headSegment)
    expect(readable()).toEqual([...left.map(({ sequence }) => sequence), 100])
  })

  it('missing-head: a far head above invalid segments makes the next one', () => {
    const { headSegment } = build({ payloads: textPayloads(100) })
    overwriteControl(queue, CONTROL_CURRENT_SEGMENT_OFFSET, u32(1000))
    for (let id = 0; id <= headSegment; id += 1) overwrite(segmentFile(queue, id), 0, Buffer.alloc(SEGMENT_SIZE))
    expect(recover().cases).toEqual(['missing-head'])
    expect(readControlFile(queue).currentSegment).toBe(headSegment + 1)
    for (let id = 0; id <= headSegment; id += 1) expect(existsSync(segmentFile(queue, id))).toBe(true)
  })

  it('needs nothing of the segment before it, which may be damaged', () => {
    const { headSegment } = build({ payloads: textPayloads(100) })
    overwrite(segmentFile(queue, headSegment - 1), 0, Buffer.alloc(SEGMENT_HEADER_LENGTH))
    expect(recover()).toEqual({ cases: [], sequence: 100 })
  })
})

describe('a segment that was cut in the middle of the header of an empty message', () => {
  /** Between the sequence and the checksums: with zeros after it, the header is that of an empty message of the base format. */
  const KEPT_OF_HEADER = 24

  it.each(['writer', 'repair'])('has no message there afterwards, for a %s', (by) => {
    const payloads = [...textPayloads(3), Buffer.alloc(0), ...textPayloads(100)]
    const { records } = build({ payloads })
    const { segmentId = 0, offset = 0 } = records[3] ?? {}
    truncateSync(segmentFile(queue, segmentId), offset + KEPT_OF_HEADER)
    if (by === 'writer') {
      for (let id = 1; existsSync(segmentFile(queue, id)); id += 1) rmSync(segmentFile(queue, id))
      recover()
    } else repairQueue(queue)
    expect(readable()).not.toContain(3)
    expect(quarantined()).toContain(by === 'writer' ? `${offset}.bin` : '000000000.q')
  })
})

describe('a head that is closed by a padding record', () => {
  it.each([true, false])('goes on in the next segment, written by the base format: %s', (legacy) => {
    const { headSegment, writeOffset } = build({ payloads: textPayloads(100), legacy })
    overwrite(segmentFile(queue, headSegment), writeOffset, encodePaddingHeader(writeOffset, SEGMENT_SIZE))
    expect(recover()).toEqual({ cases: [], sequence: 100 })
    expect(readControlFile(queue).currentSegment).toBe(headSegment + 1)
    expect(readBytes(segmentFile(queue, headSegment), SEGMENT_FLAGS_OFFSET, 4)).toEqual(u32(SEGMENT_FLAG_SEALED))
    expect(readable()).toEqual(range(0, 101))
  })
})

describe('a full head with damage in it', () => {
  it('keeps the records after the damage, which reach to its end, and goes on in the next segment', () => {
    const { records } = build({ payloads: range(0, 63).map(() => Buffer.alloc(0)), legacy: true })
    overwrite(segmentFile(queue, 0), (records[30]?.offset ?? 0) + RECORD_PAYLOAD_CRC_OFFSET, u32(1))
    expect(recover()).toEqual({ cases: [], sequence: 63 })
    expect(readControlFile(queue).currentSegment).toBe(1)
    expect(readable()).toEqual([...range(0, 30), ...range(31, 64)])
  })
})

describe('the sequence', () => {
  it('L4: goes on where the head says that it begins, when nothing is left below and the control block knows less', () => {
    for (const known of [40, 2 ** 60]) {
      rmSync(queue, { recursive: true, force: true })
      build({ payloads: [], firstSegment: 7, firstSequence: 500 })
      overwriteControl(queue, CONTROL_NEXT_SEQUENCE_OFFSET, u64(known))
      expect(recover().sequence).toBe(500)
    }
  })

  it('L4: goes on where the control block says, when the head does not show it and nothing is left below', () => {
    build({ payloads: [], firstSegment: 7, legacy: true })
    overwriteControl(queue, CONTROL_EXTENSION_EPOCH_OFFSET, u32(1))
    overwriteControl(queue, CONTROL_NEXT_SEQUENCE_OFFSET, u64(500))
    expect(recover().sequence).toBe(500)
  })

  it('L4: goes on above the last record of the base format, and above what the control block says where that is possible', () => {
    for (const [known, expected] of [
      [3, 100],
      [700, 700],
      [2 ** 60, 100],
    ] as const) {
      rmSync(queue, { recursive: true, force: true })
      build({ payloads: textPayloads(100), legacy: true })
      overwriteControl(queue, CONTROL_EXTENSION_EPOCH_OFFSET, u32(1))
      overwriteControl(queue, CONTROL_NEXT_SEQUENCE_OFFSET, u64(known))
      expect(recover().sequence).toBe(expected)
    }
  })
})

describe('a quarantine that cannot be', () => {
  it('keeps a writer from opening a queue in which something must be kept, and is named', () => {
    const { headSegment } = build({ payloads: textPayloads(100) })
    writeFileSync(join(queue, 'quarantine'), '')
    overwrite(segmentFile(queue, headSegment), 8, u32(77))
    const before = contentsOf(queue)
    for (const _ of range(0, 2)) {
      expect(() => openWriter(queue)).toThrow(
        expect.objectContaining({ code: 'ERR_NOT_A_QUEUE', directory: join(queue, 'quarantine') }),
      )
      expect(contentsOf(queue)).toEqual(before)
    }
    rmSync(join(queue, 'quarantine'))
    expect(recover().sequence).toBe(100)
  })
})

function build(plan: QueuePlan): BuiltQueue {
  return buildQueue(queue, plan)
}

/** Opens for writing and appends; returns what recovery did, and the sequence that the message got. */
function recover(): { cases: RecoveryCase[]; sequence: number } {
  using writer = openWriter(queue)
  return { cases: writer.recovery.map((action) => action.case), sequence: writer.append(1, Buffer.from('next')) }
}

/** Names of the files that were set aside, without the time. */
function quarantined(): string[] {
  return readdirSync(join(queue, 'quarantine')).map((name) => name.slice(name.lastIndexOf('-') + 1))
}

function readable(): number[] {
  using reader = openColdReader(queue)
  return [...reader].flatMap((item) => (item.kind === 'record' ? [item.sequence] : []))
}
