import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openReader, openWriter } from '@chronicle-ts/core'
import { segmentFileName } from '@chronicle-ts/core/internal'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readQueue } from '../../../../tools/evidence/witness/read-queue.mjs'
import { inspectQueue } from '../cold/inspect-queue.js'
import { pruneQueue } from '../repair/prune-queue.js'
import { QueueSalvage, salvageQueue } from '../salvage/queue-salvage.js'
import { BACKUP_FILE, readBackupManifest } from './backup-manifest.js'
import { backupQueue, restoreQueue } from './backup-queue.js'
import { QueueBackup } from './queue-backup.js'

let root: string
let queue: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chronicle-backup-'))
  queue = join(root, 'queue')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** Sequences and texts of all messages that a reader of this name has not read. */
function rest(directory: string, name: string): string[] {
  using reader = openReader(directory, name, { start: 'earliest' })
  const texts: string[] = []
  for (let message = reader.next(); message !== undefined; message = reader.next())
    texts.push(`${message.sequence} ${Buffer.from(message.payload).toString()}`)
  return texts
}

describe('backing up and restoring a queue', () => {
  it('begins again when retention has deleted the head whose end it looked up', async () => {
    openWriter(queue, { segmentSize: 4096 }).close()
    const work = new QueueBackup(queue, join(root, 'copy'))
    {
      using writer = openWriter(queue)
      for (let index = 0; index < 200; index += 1) writer.append(1, Buffer.from(`${index}`))
    }
    const deleted = await pruneQueue(queue, { maxSegments: 2 })
    expect(deleted).toContain(0)
    while (work.step());
    const report = work.commit()
    expect(report).toMatchObject({ segments: 2, retired: 1, nextSequence: 200, problems: [] })
    openWriter(join(root, 'copy')).close()
    expect(rest(join(root, 'copy'), 'audit').at(-1)).toBe('199 199')
  })

  it('makes no copy in the queue itself, also when a link leads there', () => {
    openWriter(queue, { segmentSize: 4096 }).close()
    symlinkSync(queue, join(root, 'link'))
    const before = readdirSync(queue)
    for (const copy of [backupQueue, salvageQueue])
      expect(() => copy(queue, join(root, 'link/copy'))).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }))
    expect(readdirSync(queue)).toEqual(before)
  })

  it.each([
    ['a backup', (target: string) => new QueueBackup(queue, target)],
    ['a salvage', (target: string) => new QueueSalvage(queue, target)],
  ])('deletes what %s left that was killed, and nothing that another process works on', (_, begin) => {
    openWriter(queue, { segmentSize: 4096 }).close()
    const target = join(root, 'copy')
    const leftover = join(root, '.copy.0123456789ab.tmp')
    mkdirSync(join(leftover, 'readers'), { recursive: true })
    writeFileSync(join(leftover, '000000000.q'), 'half of it')
    const other = begin(target)
    const work = begin(target)
    expect(readdirSync(root).filter((name) => name.endsWith('.tmp'))).toHaveLength(2)
    expect(existsSync(leftover)).toBe(false)
    while (work.step());
    work.commit()
    other.abandon()
    expect(readdirSync(root).sort()).toEqual(['copy', 'queue'])
    expect(inspectQueue(target).problems).toEqual([])
    openWriter(target).close()
  })

  it('keeps every message and every position, and leaves the queue as it was', () => {
    const writer = openWriter(queue, { segmentSize: 4096 })
    for (let index = 0; index < 100; index += 1) writer.append(1, Buffer.from(`message ${index}`))
    const reader = openReader(queue, 'audit', { start: 'earliest' })
    for (let index = 0; index < 30; index += 1) reader.next()
    reader.commit()
    reader.close()
    writeFileSync(join(queue, 'thresholds.json'), '{"lagMessages":5}')
    const report = backupQueue(queue, join(root, 'backup'))
    writer.append(1, Buffer.from('later'))
    writer.close()
    expect(report).toMatchObject({ records: 100, firstSequence: 0, nextSequence: 100, readers: ['audit'], problems: [] })
    expect(readBackupManifest(join(root, 'backup'))).toMatchObject({ records: 100, source: queue })
    expect(inspectQueue(join(root, 'backup')).problems).toEqual([])
    const restored = restoreQueue(join(root, 'backup'), join(root, 'restored'))
    expect(restored.recovery.map((action) => action.case)).toEqual(['copied-queue'])
    expect(existsSync(join(root, 'restored/thresholds.json'))).toBe(true)
    expect(existsSync(join(root, 'restored/backup.json'))).toBe(false)
    const read = rest(join(root, 'restored'), 'audit')
    expect([read.length, read[0], read.at(-1)]).toEqual([70, '30 message 30', '99 message 99'])
    using again = openWriter(join(root, 'restored'))
    expect(again.append(1, Buffer.from('new'))).toBe(100)
    expect(rest(queue, 'audit')).toHaveLength(71)
  })

  it('is consistent while the queue is written, read and pruned by other processes', async () => {
    openWriter(queue, { segmentSize: 4096 }).close()
    const program = `import { openWriter, openReader } from '@chronicle-ts/core'
      const writer = openWriter(process.argv[1], { retention: { consumed: true, minSegments: 6 } })
      const reader = openReader(process.argv[1], 'audit', { start: 'earliest' })
      process.stdout.write('open')
      const turn = () => new Promise((resolve) => setImmediate(resolve))
      for (let index = 0; ; ) {
        for (let count = 0; count < 50; count++, index++) writer.append(1, Buffer.from('m' + index))
        for (let count = 0; count < 50 && reader.next(); count++);
        reader.commit()
        await turn()
      }`
    const cwd = fileURLToPath(new URL('../..', import.meta.url))
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, queue], { cwd })
    await once(child.stdout, 'data')
    try {
      for (let round = 0; round < 3; round += 1) {
        const backup = join(root, `backup-${round}`)
        const report = backupQueue(queue, backup)
        expect(report.problems).toEqual([])
        expect(report.records).toBe((report.nextSequence ?? 0) - (report.firstSequence ?? 0))
        const restored = join(root, `restored-${round}`)
        restoreQueue(backup, restored)
        const read = rest(restored, 'audit')
        const sequences = read.map((text) => Number(text.split(' ')[0]))
        expect(sequences).toEqual(sequences.map((_, index) => (sequences[0] ?? 0) + index))
        if (sequences.length > 0) expect(sequences.at(-1)).toBe((report.nextSequence ?? 0) - 1)
        expect(read.every((text) => text.split(' ')[1] === `m${text.split(' ')[0]}`)).toBe(true)
        await turn()
      }
    } finally {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    }
  })

  it('begins a reader with the first segment that was copied when retention deleted meanwhile what the reader had left', () => {
    const writer = openWriter(queue, { segmentSize: 4096 })
    for (let index = 0; index < 200; index += 1) writer.append(1, Buffer.from(`${index}`))
    const reader = openReader(queue, 'audit', { start: 'earliest' })
    reader.next()
    reader.commit()
    const work = new QueueBackup(queue, join(root, 'backup'))
    for (let count = 0; count < 150; count += 1) reader.next()
    reader.commit()
    const { segmentId } = reader.position
    for (let id = 0; id < segmentId; id += 1) rmSync(join(queue, segmentFileName(id)))
    writer.close()
    reader.close()
    while (work.step());
    const report = work.commit()
    expect(report.problems).toEqual([])
    expect(report.firstSequence).toBeGreaterThan(1)
    restoreQueue(join(root, 'backup'), join(root, 'restored'))
    using again = openReader(join(root, 'restored'), 'audit')
    expect(again.next()?.sequence).toBe(report.firstSequence)
  })

  it('ends where the end was looked up, although the writer has rolled since', () => {
    const writer = openWriter(queue, { segmentSize: 4096 })
    for (let index = 0; index < 5; index += 1) writer.append(1, Buffer.from(`message ${index}`))
    const work = new QueueBackup(queue, join(root, 'backup'))
    for (let index = 5; index < 100; index += 1) writer.append(1, Buffer.from(`message ${index}`))
    while (work.step());
    expect(work.commit()).toMatchObject({ records: 5, nextSequence: 5, problems: [] })
    expect(readQueue(join(root, 'backup')).problems.filter(({ file }) => file !== BACKUP_FILE)).toEqual([])
    restoreQueue(join(root, 'backup'), join(root, 'restored'))
    const restored = openWriter(join(root, 'restored'))
    expect(restored.append(1, Buffer.from('next'))).toBe(5)
    restored.close()
    writer.close()
  })

  it('leaves nothing when it is abandoned, and refuses what it would overwrite', () => {
    const writer = openWriter(queue, { segmentSize: 4096 })
    for (let index = 0; index < 100; index += 1) writer.append(1, Buffer.from(`message ${index}`))
    writer.close()
    const backup = new QueueBackup(queue, join(root, 'backup'))
    backup.step()
    expect(backup.progress).toMatchObject({ phase: 'copy', bytes: 4096 })
    backup.abandon()
    expect(readdirSync(root)).toEqual(['queue'])
    expect(() => backupQueue(queue, queue)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }))
    expect(() => backupQueue(queue, join(queue, 'inside'))).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }))
    mkdirSync(join(root, 'empty'))
    expect(() => backupQueue(join(root, 'empty'), join(root, 'backup'))).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_A_QUEUE' }),
    )
    expect(readdirSync(root).sort()).toEqual(['empty', 'queue'])
  })

  it('reports the damage of the queue that it copied', () => {
    const writer = openWriter(queue, { segmentSize: 4096 })
    for (let index = 0; index < 100; index += 1) writer.append(1, Buffer.from(`message ${index}`))
    writer.close()
    rmSync(join(queue, '000000001.q'))
    const report = backupQueue(queue, join(root, 'backup'))
    expect(report.problems.map(({ code }) => code)).toContain('SEGMENT_MISSING')
  })
})
