import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openReader, openWriter } from '@chronicle-ts/core'
import {
  CONTROL_FILE,
  CONTROL_MAGIC_OFFSET,
  CONTROL_SEGMENT_SIZE_OFFSET,
  CONTROL_VERSION_OFFSET,
  CONTROL_WRITE_OFFSET_OFFSET,
  LOCK_FILE,
  QueueDirectory,
  RECORD_FLAGS_OFFSET,
  RECORD_HEADER_LENGTH,
  RECORD_SEQUENCE_OFFSET,
  SEGMENT_FLAGS_OFFSET,
  SEGMENT_VERSION_OFFSET,
} from '@chronicle-ts/core/internal'
import { beforeEach, describe, expect, it } from 'vitest'
import { type BuiltQueue, buildQueue, textPayloads } from '../../../core/test/support/build-queue.js'
import { contentsOf } from '../../../core/test/support/contents.js'
import { makeUnopenable } from '../../../core/test/support/faulty-files.js'
import { overwrite, overwriteControl, readControlFile, segmentFile, u32, u64 } from '../../../core/test/support/raw-queue.js'
import { temporaryDirectory } from '../../../core/test/support/temporary.js'
import { inspectQueue } from '../cold/inspect-queue.js'
import { openColdReader } from '../cold/open-cold-reader.js'
import type { ProblemCode } from '../cold/queue-problem.js'
import { verifyQueue } from '../cold/queue-verification.js'
import { moveReader } from './move-reader.js'
import { repairQueue } from './repair-queue.js'
import type { RepairReport } from './repair-step.js'

let queue: string
let built: BuiltQueue

beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
  built = buildQueue(queue, { payloads: textPayloads(100), readers: { audit: { segmentId: 1, offset: 64 } } })
})

describe('repairing a queue', () => {
  it('does nothing to a healthy one, and writes no report', () => {
    const before = readdirSync(queue)
    expect(repairQueue(queue)).toMatchObject({ outcomes: [], recovery: [], file: undefined })
    expect(readdirSync(queue)).toEqual(before)
  })

  it('refuses a path that is not a directory', () => {
    const directory = join(queue, 'readers')
    rmSync(join(directory, 'audit.meta'))
    expect(() => repairQueue(directory)).toThrow(expect.objectContaining({ code: 'ERR_NOT_A_QUEUE', directory }))
  })

  it('changes nothing while a writer is active', () => {
    using writer = openWriter(queue)
    overwrite(segmentFile(queue, 0), SEGMENT_FLAGS_OFFSET, u32(0))
    expect(() => repairQueue(queue)).toThrow(expect.objectContaining({ code: 'ERR_WRITER_ACTIVE' }))
    expect(writer.append(1, Buffer.from('on'))).toBe(100)
  })

  it.each(['000000001.q', CONTROL_FILE])('changes nothing when %s cannot be opened', (name) => {
    overwrite(segmentFile(queue, 0), SEGMENT_FLAGS_OFFSET, u32(0))
    makeUnopenable(join(queue, name))
    expect(repairQueue(queue).outcomes).toEqual([])
  })

  it('sets a file aside that has the name of a segment far above the head and is not one', () => {
    writeFileSync(segmentFile(queue, 99), 'not a segment')
    expect(stepsOf(repairQueue(queue)).map(([kind, state]) => [kind, state])).toContainEqual(['set-aside', 'done'])
    expect(readdirSync(join(queue, 'quarantine')).filter((name) => name.includes('000000099.q'))).toHaveLength(1)
    expect(inspectQueue(queue).problems.filter(({ severity }) => severity === 'critical')).toEqual([])
    using writer = openWriter(queue)
    expect(writer.nextSequence).toBe(100)
  })

  it.each([
    ['magic', CONTROL_MAGIC_OFFSET, u32(0x12345678)],
    ['version', CONTROL_VERSION_OFFSET, u32(4)],
    ['segment size', CONTROL_SEGMENT_SIZE_OFFSET, u64(100)],
  ])('L56: rebuilds a control block whose %s alone is damaged', (_, offset, bytes) => {
    overwrite(join(queue, CONTROL_FILE), offset, bytes)
    expect(repairQueue(queue).outcomes.map(({ state }) => state)).toEqual(['done'])
    expect(problemsLeft()).toEqual(['QUARANTINED'])
    expect(readable()).toBe(100)
    using writer = openWriter(queue)
    expect(writer.nextSequence).toBe(100)
  })

  it('L56: leaves a queue of a later version alone', () => {
    overwrite(join(queue, CONTROL_FILE), CONTROL_VERSION_OFFSET, u32(4))
    for (let id = 0; id <= built.headSegment; id += 1) overwrite(segmentFile(queue, id), SEGMENT_VERSION_OFFSET, u32(2))
    const before = contentsOf(queue)
    expect(repairQueue(queue).outcomes).toEqual([])
    expect(contentsOf(queue)).toEqual(before)
  })

  it('L44: changes nothing more in a segment whose damage cannot be kept, and lets no writer recover it', () => {
    overwrite(segmentFile(queue, built.headSegment), RECORD_HEADER_LENGTH + 64, Buffer.alloc(8, 9))
    writeFileSync(join(queue, 'quarantine'), 'in the way')
    const before = contentsOf(queue)
    const outcomes = repairQueue(queue).outcomes.map(({ step, state }) => [step.kind, state])
    expect(outcomes).toEqual([
      ['keep-damage', 'failed'],
      ['seal-segment', 'skipped'],
      ['recover', 'skipped'],
    ])
    expect(contentsOf(queue)).toEqual(before)
  })

  it('writes what it did into the quarantine folder', () => {
    overwrite(segmentFile(queue, 1), SEGMENT_FLAGS_OFFSET, u32(0))
    const report = repairQueue(queue)
    expect(stepsOf(report)).toEqual([['seal-segment', 'done', 'sealed']])
    const written = JSON.parse(readFileSync(report.file ?? '', 'utf8')) as RepairReport
    expect(written).toMatchObject({ directory: queue, outcomes: report.outcomes, startedNs: report.startedNs.toString() })
    expect(problemsLeft()).toEqual(['QUARANTINED'])
  })

  it('begins a queue again that has a broken control block and no segment', () => {
    for (let id = 0; id <= built.headSegment; id += 1) rmSync(segmentFile(queue, id))
    truncateSync(join(queue, CONTROL_FILE), 100)
    rmSync(join(queue, 'readers'), { recursive: true })
    expect(stepsOf(repairQueue(queue)).map(([kind, state]) => [kind, state])).toEqual([
      ['set-aside', 'done'],
      ['recover', 'done'],
    ])
    using writer = openWriter(queue)
    expect(writer.append(1, Buffer.from('first'))).toBe(0)
  })

  it('takes away what recovery would have to clear: an invalid next segment', () => {
    writeFileSync(segmentFile(queue, built.headSegment + 1), 'noise')
    expect(repairQueue(queue).recovery.map((action) => action.case)).toEqual(['invalid-successor'])
    expect(problemsLeft()).toEqual(['QUARANTINED'])
    expect(readable()).toBe(100)
  })

  it.each([
    { length: 0, next: 0 },
    // A header shows the segment size: then nothing is given out again that had room in the segments.
    { length: 64, next: 252 },
    { length: 100, next: 252 },
  ])('makes a usable, empty queue from segments of which $length bytes of zeros are left', ({ length, next }) => {
    rmSync(join(queue, CONTROL_FILE))
    rmSync(join(queue, 'readers'), { recursive: true })
    for (let id = 0; id <= built.headSegment; id += 1) writeFileSync(segmentFile(queue, id), Buffer.alloc(length))
    const { outcomes } = repairQueue(queue)
    expect(outcomes.filter(({ state }) => state !== 'done')).toEqual([])
    expect(problemsLeft()).toEqual(['QUARANTINED'])
    using writer = openWriter(queue)
    expect(writer.append(1, Buffer.from('first'))).toBe(next)
  })

  it('gives out nothing again that a reader has seen when a foreign file is all that is left', () => {
    rmSync(join(queue, CONTROL_FILE))
    for (let id = 0; id <= built.headSegment; id += 1) rmSync(segmentFile(queue, id))
    writeFileSync(segmentFile(queue, built.headSegment + 60), Buffer.alloc(862, 1))
    repairQueue(queue)
    using writer = openWriter(queue)
    // The reader is at the second segment of 31 messages each.
    expect(writer.append(1, Buffer.from('next'))).toBeGreaterThanOrEqual(31)
  })
})

describe('repairing the position of a reader', () => {
  it('lets the queue go on above one that is ahead of it, moves it there, and keeps the old file', () => {
    registerAt('ahead', { segmentId: built.headSegment + 5, offset: 64 })
    const report = repairQueue(queue)
    expect(stepsOf(report).map(([kind, state]) => [kind, state])).toEqual([['recover', 'done']])
    expect(positionOf('ahead')).toEqual({ segmentId: built.headSegment + 6, offset: 64 })
    expect(readdirSync(join(queue, 'quarantine')).some((name) => name.endsWith('ahead.meta'))).toBe(true)
  })

  it('does not touch one that is running', () => {
    const reader = openReader(queue, 'ahead')
    registerAt('ahead', { segmentId: built.headSegment + 5, offset: 64 })
    expect(stepsOf(repairQueue(queue)).map(([kind, state]) => [kind, state])).toEqual([['recover', 'done']])
    expect(positionOf('ahead')).toEqual({ segmentId: built.headSegment + 5, offset: 64 })
    reader.close()
  })

  it('L44: leaves the damaged file of a running reader alone, which goes on saving in it', () => {
    const reader = openReader(queue, 'audit')
    for (let count = 0; count < 5; count += 1) reader.next()
    reader.commit()
    for (const slot of [0, 1]) overwrite(join(queue, 'readers/audit.meta'), 40 * slot + 8, Buffer.from([0x55]))
    expect(stepsOf(repairQueue(queue))).toEqual([['set-aside', 'skipped', 'the reader is running']])
    reader.commit()
    reader.close()
    using next = openReader(queue, 'audit')
    expect(next.next()?.sequence).toBe(36)
  })

  it('L44: takes the damaged file of a reader out that is not running, and a reader that waits for its lock makes a new one', () => {
    writeFileSync(join(queue, 'readers/audit.meta'), Buffer.alloc(80, 1))
    expect(stepsOf(repairQueue(queue)).map(([kind, state]) => [kind, state])).toEqual([['set-aside', 'done']])
    expect(readdirSync(join(queue, 'readers'))).toEqual([])
    const kept = readdirSync(join(queue, 'quarantine')).find((name) => name.endsWith('audit.meta')) ?? ''
    expect(readFileSync(join(queue, 'quarantine', kept))).toEqual(Buffer.alloc(80, 1))
  })

  it('puts one in the middle of a record at its beginning', () => {
    const record = built.records.find(({ segmentId }) => segmentId === 1)
    registerAt('audit', { segmentId: 1, offset: (record?.offset ?? 0) + 64 })
    repairQueue(queue)
    expect(positionOf('audit')).toEqual({ segmentId: 1, offset: record?.offset })
    expect(problemsLeft()).toEqual(['QUARANTINED'])
  })

  it('leaves the files of another queue alone, whose folder of readers a link names', () => {
    const other = join(temporaryDirectory(), 'readers')
    mkdirSync(other)
    writeFileSync(join(other, 'audit.meta'), Buffer.alloc(80, 1))
    writeFileSync(join(other, 'audit.meta.tmp'), 'unfinished')
    rmSync(join(queue, 'readers'), { recursive: true })
    symlinkSync(other, join(queue, 'readers'))
    expect(inspectQueue(queue).problems).toMatchObject([{ code: 'FILE_UNREADABLE', file: 'readers' }])
    expect(repairQueue(queue).outcomes).toEqual([])
    expect(readdirSync(other)).toEqual(['audit.meta', 'audit.meta.tmp'])
  })

  it('leaves one alone that has moved since the step was planned', () => {
    using directory = QueueDirectory.open(queue)
    registerAt('audit', { segmentId: 1, offset: 64 })
    const step = { file: 'readers/audit.meta', from: { segmentId: 0, offset: 64 }, to: { segmentId: 2, offset: 64 } }
    expect(() => moveReader(directory, step)).toThrow('position has changed')
    expect(positionOf('audit')).toEqual({ segmentId: 1, offset: 64 })
  })

  it('leaves readers in front of damage, and moves them past it only on request', () => {
    const damaged = built.records[40]
    const next = built.records[41]
    const place = { segmentId: damaged?.segmentId ?? 0, offset: damaged?.offset ?? 0 }
    overwrite(segmentFile(queue, place.segmentId), place.offset + RECORD_HEADER_LENGTH, Buffer.from('#'))
    registerAt('stuck', place)
    registerAt('elsewhere', { segmentId: 0, offset: 64 })
    expect(stepsOf(repairQueue(queue)).map(([kind]) => kind)).toEqual(['keep-damage'])
    expect(positionOf('stuck')).toEqual(place)
    repairQueue(queue, { skipDamage: true })
    expect(positionOf('stuck')).toEqual({ segmentId: next?.segmentId, offset: next?.offset })
    expect(positionOf('elsewhere')).toEqual({ segmentId: 0, offset: 64 })
  })

  function registerAt(name: string, place: { segmentId: number; offset: number }): void {
    const bytes = Buffer.alloc(16)
    bytes.writeBigUInt64LE(BigInt(place.segmentId), 0)
    bytes.writeBigUInt64LE(BigInt(place.offset), 8)
    writeFileSync(join(queue, 'readers', `${name}.meta`), bytes)
  }

  function positionOf(name: string): unknown {
    return inspectQueue(queue).readers.find((reader) => reader.name === name)?.position
  }
})

describe('a repair that another process cuts short', () => {
  it('reports what was done when a later round cannot have the lock', () => {
    truncateSync(segmentFile(queue, built.headSegment), 1500)
    writeFileSync(join(queue, CONTROL_FILE), Buffer.alloc(512))
    // Where the lock of another writer would be, stands what no writer can lock.
    const takeLock = () => {
      rmSync(join(queue, LOCK_FILE), { force: true })
      symlinkSync('elsewhere', join(queue, LOCK_FILE))
    }
    subscribe('chronicle:recovery', takeLock)
    try {
      const report = repairQueue(queue)
      expect(stepsOf(report)[0]).toEqual(expect.arrayContaining(['recover', 'done']))
      expect(report.outcomes.at(-1)).toMatchObject({ step: { kind: 'recover' }, state: 'failed' })
      expect(JSON.parse(readFileSync(report.file ?? '', 'utf8'))).toMatchObject({ outcomes: report.outcomes })
    } finally {
      unsubscribe('chronicle:recovery', takeLock)
    }
  })
})

describe('repairing a queue without a control block', () => {
  beforeEach(() => rmSync(join(queue, CONTROL_FILE)))

  it('finds the segment size that most segments have, and gives the others that length back', () => {
    truncateSync(segmentFile(queue, 1), 2048)
    truncateSync(segmentFile(queue, 2), 100)
    repairQueue(queue)
    expect(readControlFile(queue)).toMatchObject({ segmentSize: 4096, nextSequence: 100 })
    expect(inspectQueue(queue).segments.inspected.every(({ length }) => length === 4096)).toBe(true)
  })

  it('takes the larger of two sizes that as many segments have', () => {
    for (const id of [1, 2]) truncateSync(segmentFile(queue, id), 2048)
    repairQueue(queue)
    expect(readControlFile(queue)).toMatchObject({ segmentSize: 4096, nextSequence: 100 })
    expect(readable()).toBeGreaterThan(60)
  })

  it('takes the next possible size when every segment was cut', () => {
    for (let id = 0; id <= built.headSegment; id += 1) truncateSync(segmentFile(queue, id), 4001 - id)
    repairQueue(queue)
    expect(readControlFile(queue).segmentSize).toBe(4096)
    expect(readable()).toBeGreaterThan(90)
  })

  it('keeps the records of a head that was cut after a lost segment', () => {
    rmSync(segmentFile(queue, built.headSegment - 1))
    truncateSync(segmentFile(queue, built.headSegment), 1149)
    const before = readable()
    const isInHead = built.records.filter(({ segmentId, offset }) => segmentId === built.headSegment && offset < 1000)
    expect(before).toBeGreaterThan(isInHead.length)
    repairQueue(queue)
    expect(readable()).toBe(before)
  })

  it('does not go on from a damaged sequence', () => {
    rmSync(queue, { recursive: true })
    built = buildQueue(queue, { payloads: textPayloads(100), legacy: true })
    rmSync(join(queue, CONTROL_FILE))
    const { segmentId, offset } = built.records[50] ?? { segmentId: 0, offset: 0 }
    overwrite(segmentFile(queue, segmentId), offset + RECORD_SEQUENCE_OFFSET, u64(2 ** 50))
    expect(repairQueue(queue).outcomes[0]).toMatchObject({ state: 'done', step: { kind: 'recover' } })
    expect(readControlFile(queue).nextSequence).toBe(100)
    using writer = openWriter(queue)
    expect(writer.append(1, Buffer.from('next'))).toBe(100)
  })

  it('goes on behind segments that hold no record', () => {
    for (let id = 0; id < built.headSegment; id += 1) rmSync(segmentFile(queue, id))
    overwrite(segmentFile(queue, built.headSegment), 64, Buffer.alloc(4096 - 64))
    repairQueue(queue)
    expect(readControlFile(queue)).toMatchObject({ currentSegment: built.headSegment, segmentSize: 4096 })
    using writer = openWriter(queue)
    writer.append(1, Buffer.from('on'))
    expect(readable()).toBe(1)
  })
})

describe('repairing damage in the head', () => {
  it('closes the head, so that no writer takes what follows the damage for a torn tail', () => {
    const last = built.records.at(-2)
    const place = { segmentId: last?.segmentId ?? 0, offset: last?.offset ?? 0 }
    overwrite(segmentFile(queue, place.segmentId), place.offset + RECORD_HEADER_LENGTH, Buffer.from('#'))
    repairQueue(queue)
    using writer = openWriter(queue)
    expect(writer.position.segmentId).toBe(built.headSegment + 1)
    expect(writer.append(1, Buffer.from('next'))).toBe(100)
    expect(readable()).toBe(100)
  })

  it('relies on the segments when the control block says that records go on', () => {
    overwriteControl(queue, CONTROL_WRITE_OFFSET_OFFSET, u64(built.writeOffset + 128))
    expect(problemsLeft()).toEqual(['CONTROL_AHEAD'])
    repairQueue(queue)
    expect(problemsLeft()).toEqual(['QUARANTINED'])
    expect(readable()).toBe(100)
  })

  it('keeps a copy of a record that has a wrong header, up to the next good one', () => {
    const damaged = built.records[3]
    overwrite(segmentFile(queue, 0), (damaged?.offset ?? 0) + RECORD_FLAGS_OFFSET + 2, Buffer.from([1]))
    const [step] = stepsOf(repairQueue(queue))
    expect(step?.slice(0, 2)).toEqual(['keep-damage', 'done'])
    const kept = readdirSync(join(queue, 'quarantine')).find((name) => name.endsWith('.bin')) ?? ''
    expect(readFileSync(join(queue, 'quarantine', kept))).toHaveLength(128)
  })
})

describe('repairing again', () => {
  it('L44: keeps no second copy of what was kept, and writes no second report', () => {
    const { segmentId = 0, offset = 0 } = built.records[40] ?? {}
    overwrite(segmentFile(queue, segmentId), offset + RECORD_HEADER_LENGTH, Buffer.from('#'))
    expect(stepsOf(repairQueue(queue)).map(([kind, state]) => [kind, state])).toEqual([['keep-damage', 'done']])
    const kept = readdirSync(join(queue, 'quarantine'))
    expect(repairQueue(queue)).toMatchObject({ outcomes: [], file: undefined })
    expect(readdirSync(join(queue, 'quarantine'))).toEqual(kept)
    overwrite(segmentFile(queue, segmentId), offset + RECORD_HEADER_LENGTH, Buffer.from('!'))
    repairQueue(queue)
    expect(readdirSync(join(queue, 'quarantine')).length).toBe(kept.length + 2)
  })

  it('L44: keeps no second copy of the end of a segment that was cut, which is longer after the repair', () => {
    const { segmentId = 0, offset = 0 } = built.records[40] ?? {}
    truncateSync(segmentFile(queue, segmentId), offset + RECORD_HEADER_LENGTH + 17)
    repairQueue(queue)
    const kept = readdirSync(join(queue, 'quarantine'))
    expect(kept.filter((name) => name.endsWith('.bin'))).toHaveLength(1)
    expect(repairQueue(queue)).toMatchObject({ outcomes: [], file: undefined })
    expect(readdirSync(join(queue, 'quarantine'))).toEqual(kept)
  })
})

describe('a quarantine folder that cannot be made', () => {
  it('is an error of the system, and nothing is changed that could not be kept', () => {
    writeFileSync(join(queue, 'quarantine'), '')
    truncateSync(segmentFile(queue, 1), 100)
    const before = readFileSync(segmentFile(queue, 1))
    const { outcomes, file } = repairQueue(queue)
    expect(outcomes).toContainEqual(expect.objectContaining({ state: 'failed', detail: expect.stringContaining('quarantine') }))
    expect(file).toBeUndefined()
    expect(readFileSync(segmentFile(queue, 1))).toEqual(before)
    rmSync(join(queue, 'quarantine'))
    mkdirSync(join(queue, 'quarantine'))
    repairQueue(queue)
    expect(problemsLeft()).not.toContain('SEGMENT_SHORT')
  })
})

function stepsOf(report: RepairReport): [string, string, string][] {
  return report.outcomes.map(({ step, state, detail }) => [step.kind, state, detail])
}

function problemsLeft(): ProblemCode[] {
  using verification = verifyQueue(queue)
  while (verification.step());
  return verification.problems.map(({ code }) => code)
}

/** How many records can be read. */
function readable(): number {
  using reader = openColdReader(queue)
  return [...reader].filter(({ kind }) => kind === 'record').length
}
