import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { openReader, openWriter } from '@chronicle-ts/core'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { bytesReadBy } from '../../../core/test/support/bytes-read.js'
import { overwrite, segmentFile } from '../../../core/test/support/raw-queue.js'
import { temporaryDirectory } from '../../../core/test/support/temporary.js'
import { acknowledgeProblems } from './acknowledged.js'
import { FileMemory } from './file-memory.js'
import { findQueues } from './find-queues.js'
import { inspectQueue } from './inspect-queue.js'
import { readLockTable } from './lock-table.js'
import type { QueueInspection } from './queue-inspection.js'

let root: string
let queue: string
let memory: FileMemory

beforeEach(() => {
  root = temporaryDirectory()
  queue = join(root, 'queue')
  memory = new FileMemory()
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Sets the clock that decides whether a file has settled. */
function setAge(path: string, ageMs: number): void {
  vi.setSystemTime(statSync(path).ctimeMs + ageMs)
}

/** Waits until a change has another time than the ones before: system clocks of files have steps. */
function nextFileTime(): void {
  const path = join(root, 'clock')
  const touch = () => {
    writeFileSync(path, '')
    return statSync(path).ctimeMs
  }
  const before = touch()
  while (touch() === before);
}

function readsOf(path: string): number {
  let reads = 0
  for (let look = 0; look < 3; look += 1) {
    memory.begin()
    memory.recall(path, () => {
      reads += 1
    })
  }
  return reads
}

it('reads a file once while it does not change, and every time while its last change is younger than a step of file times', () => {
  const path = join(root, 'file')
  writeFileSync(path, 'one')
  setAge(path, 1000)
  expect(readsOf(path)).toBe(3)
  setAge(path, -1000)
  expect(readsOf(path)).toBe(3)
  setAge(path, 10_000)
  expect(readsOf(path)).toBe(1)
})

it('reads again what changed, is another file, or was not asked for in the look before', () => {
  const path = join(root, 'file')
  writeFileSync(path, 'one')
  setAge(path, 60_000)
  const read = () => {
    memory.begin()
    return memory.recall(path, () => readFileSync(path, 'utf8'))
  }
  read()
  nextFileTime()
  writeFileSync(path, 'two')
  expect(read()).toBe('two')
  rmSync(path)
  writeFileSync(path, 'six')
  expect(read()).toBe('six')
  memory.begin()
  memory.begin()
  expect(memory.recall(path, () => 'again')).toBe('again')
})

it('remembers nothing that is not final, and no failure', () => {
  const path = join(root, 'file')
  writeFileSync(path, '')
  setAge(path, 60_000)
  for (const value of [1, 2]) {
    memory.begin()
    expect(
      memory.recall(
        path,
        () => value,
        () => false,
      ),
    ).toBe(value)
  }
  const fail = () => memory.recall(path, () => expect.fail('cannot be read'))
  expect(fail).toThrow('cannot be read')
  expect(fail).toThrow('cannot be read')
})

it('finds what a search without a memory finds, also after directories came and went', () => {
  const search = () => findQueues(root, { memory })
  const add = (name: string) => {
    nextFileTime()
    mkdirSync(join(root, name), { recursive: true })
    writeFileSync(join(root, name, 'control.meta'), '')
  }
  for (const step of [() => add('a/b'), () => add('a/c'), () => rmSync(join(root, 'a/b'), { recursive: true })]) {
    step()
    setAge(root, 60_000)
    expect(search()).toEqual(findQueues(root))
    expect(search()).toEqual(findQueues(root))
  }
})

it('sees of a queue what a look without a memory sees, after every kind of change', () => {
  const options = { segmentSize: 4096, retention: { maxSegments: 3 } }
  let writer = openWriter(queue, options)
  const reader = openReader(queue, 'audit', { start: 'earliest' })
  const append = () => {
    for (let index = 0; index < 40; index += 1) writer.append(1, Buffer.alloc(300))
  }
  const read = () => {
    for (let index = 0; index < 30; index += 1) reader.next()
    reader.commit()
  }
  const restart = () => {
    writer.close()
    writer = openWriter(queue, options)
  }
  const steps: Record<string, () => void> = {
    append,
    read,
    'append again': append,
    'another reader': () => openReader(queue, 'other').close(),
    restart,
    'append after the restart': append,
    thresholds: () => writeFileSync(join(queue, 'thresholds.json'), '{"lagMessages":1}'),
    'bad thresholds': () => writeFileSync(join(queue, 'thresholds.json'), '{'),
    'a foreign file': () => writeFileSync(join(queue, 'foreign'), ''),
    acknowledged: () => acknowledgeProblems(queue, inspectQueue(queue).problems),
    'the reader leaves': () => reader.close(),
    'the writer leaves': () => writer.close(),
    'its registration goes': () => unlinkSync(join(queue, 'readers/other.meta')),
    'a bad lock record': () => writeFileSync(join(queue, 'writer.lock'), 'nonsense'),
    'a header is damaged': () => overwrite(segmentFile(queue, inspectQueue(queue).segments.firstId ?? 0), 0, Buffer.alloc(4)),
    'a segment is cut': () => truncateSync(segmentFile(queue, (inspectQueue(queue).segments.firstId ?? 0) + 1), 100),
    'a segment goes': () => unlinkSync(segmentFile(queue, (inspectQueue(queue).segments.firstId ?? 0) + 1)),
  }
  for (const [name, step] of Object.entries(steps)) {
    nextFileTime()
    step()
    setAge(join(root, 'clock'), 60_000)
    for (const quick of [true, true, false]) expectSameLook(name, quick)
  }
})

/**
 * A writer's background work may change a queue between two looks. Then they are made again, without what was remembered in the same step of file times: outside of this test such a look is not
 * remembered.
 */
function expectSameLook(name: string, quick: boolean): void {
  const look = (memory?: FileMemory) => withoutWriteBack(inspectQueue(queue, { quick, ...(memory && { memory }) }))
  for (;;) {
    const before = look()
    const remembered = look(memory)
    nextFileTime()
    if (isDeepStrictEqual(before, look())) {
      expect(remembered, name).toEqual(before)
      return
    }
    memory = new FileMemory()
  }
}

/** `writeBack` alone can go to and fro: a sync of the background is under way in the looks before and after, and none in the look between them. */
function withoutWriteBack(look: QueueInspection) {
  return { ...look, control: { ...look.control, writeBack: undefined } }
}

it('opens no segment that has not changed', () => {
  const writer = openWriter(queue, { segmentSize: 4096 })
  for (let index = 0; index < 200; index += 1) writer.append(1, Buffer.alloc(300))
  // Its background work changes the times of segments.
  writer.close()
  setAge(join(queue, 'writer.lock'), 60_000)
  // Read once: its length grows with the locks of the whole machine.
  const locks = readLockTable()
  const look = () => inspectQueue(queue, { quick: true, memory, locks })
  const firstBytes = bytesReadBy(look)
  const laterBytes = bytesReadBy(look)
  expect(look().segments.count).toBeGreaterThanOrEqual(20)
  expect(laterBytes).toBeLessThan(firstBytes / 3)
})
