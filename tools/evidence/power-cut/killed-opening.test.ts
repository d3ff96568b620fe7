import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openObserver, openReader, openWriter } from '@chronicle-ts/core'
import { afterEach, describe, expect, it } from 'vitest'
import { changeBootId } from './check-state.js'
import { buildKilledState, recordOpening } from './killed-opening.js'

const SEGMENT_SIZE = 4096
const MESSAGES = 200

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A closed queue; the reader `all` has read all of it. Returns its head segment. */
function fill(queue: string, { count = MESSAGES, extensions = true } = {}): number {
  const writer = openWriter(queue, { segmentSize: SEGMENT_SIZE, extensions })
  for (let sequence = 0; sequence < count; sequence++) writer.append(1, Buffer.from(`message ${sequence}`))
  const { segmentId } = writer.position
  const reader = openReader(queue, 'all', { start: 'earliest' })
  reader.poll(Number.POSITIVE_INFINITY, () => undefined)
  reader.commit()
  reader.close()
  writer.close()
  return segmentId
}

function segment(queue: string, id: number): string {
  return join(queue, `${String(id).padStart(9, '0')}.q`)
}

function zero(path: string, from: number, to: number): void {
  const fd = openSync(path, 'r+')
  writeSync(fd, Buffer.alloc(to - from), 0, to - from, from)
  closeSync(fd)
}

/** Gives every file another inode, as a copy has. */
function copyInPlace(queue: string): void {
  cpSync(queue, `${queue}-original`, { recursive: true })
  rmSync(queue, { recursive: true })
  cpSync(`${queue}-original`, queue, { recursive: true })
  rmSync(`${queue}-original`, { recursive: true })
}

const control = (queue: string) => join(queue, 'control.meta')
const head = (queue: string) => segment(queue, fill(queue))

/** What happens to a queue before the open that is killed. */
const DAMAGES: Record<string, (queue: string) => void> = {
  'the last segment and the control block are lost': (queue) => {
    rmSync(head(queue))
    rmSync(control(queue))
  },
  'nothing but the readers is left': (queue) => {
    for (let id = fill(queue) + 1; id >= 0; id--) rmSync(segment(queue, id), { force: true })
    rmSync(control(queue))
  },
  'the records of the last segment and the control block are lost': (queue) => {
    zero(head(queue), 64, SEGMENT_SIZE)
    rmSync(control(queue))
  },
  'the last segment was cut, and the control block is lost': (queue) => {
    truncateSync(head(queue), 300)
    rmSync(control(queue))
  },
  'the last segment of a queue without readers was cut, and the control block is lost': (queue) => {
    truncateSync(head(queue), 300)
    rmSync(control(queue))
    rmSync(join(queue, 'readers'), { recursive: true })
  },
  'the last segment of a queue without readers was cut within its header, and the control block is zeroed': (queue) => {
    truncateSync(head(queue), 50)
    zero(control(queue), 0, 512)
    rmSync(join(queue, 'readers'), { recursive: true })
  },
  'the last segment of a base-format queue was cut': (queue) => {
    truncateSync(segment(queue, fill(queue, { extensions: false })), 300)
    rmSync(join(queue, 'readers'), { recursive: true })
  },
  'the last segment is lost, and the control block counts nothing': (queue) => {
    rmSync(head(queue))
    zero(control(queue), 48, 52)
  },
  'the last segment is lost to a queue without readers, and the control block is a short file': (queue) => {
    rmSync(head(queue))
    truncateSync(control(queue), 300)
    rmSync(join(queue, 'readers'), { recursive: true })
  },
}

/** Every state that the open of a queue can leave when it is killed. */
function* killedOpenings(prepare: (queue: string) => void): Generator<{ step: number; queue: string }> {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'killed-opening-'))
  folders.push(folder)
  mkdirSync(join(folder, 'disk'))
  prepare(join(folder, 'disk', 'queue'))
  const recording = recordOpening(join(folder, 'disk'), SEGMENT_SIZE)
  for (let step = recording.firstStep; step < recording.steps; step++) {
    buildKilledState(recording, step, join(folder, 'state'))
    yield { step, queue: join(folder, 'state', 'queue') }
  }
}

describe('recovery that is killed at any of its steps', () => {
  it.each(Object.entries(DAMAGES))('L57: gives no sequence out again when %s', (_, damage) => {
    const broken: string[] = []
    for (const { step, queue } of killedOpenings(damage)) {
      using writer = openWriter(queue, { segmentSize: SEGMENT_SIZE })
      if (writer.nextSequence < MESSAGES) broken.push(`step ${step}: goes on with ${writer.nextSequence}`)
    }
    expect(broken).toEqual([])
  })

  it('L57: nor when the control block says less than what is left, and the last record that is left is cut through', () => {
    const broken: string[] = []
    const damage = (queue: string) => {
      fill(queue, { count: 20 })
      zero(segment(queue, 0), 1024, SEGMENT_SIZE)
      zero(control(queue), 137, 512)
    }
    for (const { step, queue } of killedOpenings(damage)) {
      using writer = openWriter(queue, { segmentSize: SEGMENT_SIZE })
      if (writer.nextSequence < 20) broken.push(`step ${step}: goes on with ${writer.nextSequence}`)
    }
    expect(broken).toEqual([])
  })

  it('L57: goes on with the same sequence after a power cut that emptied the first segment', () => {
    const broken: string[] = []
    const damage = (queue: string) => {
      const writer = openWriter(queue, { segmentSize: SEGMENT_SIZE })
      for (let sequence = 0; sequence < 40; sequence++) writer.append(1, Buffer.from(`message ${sequence}`))
      // Without the mark of what close made durable.
      const open = readFileSync(control(queue))
      writer.close()
      writeFileSync(control(queue), open)
      writeFileSync(segment(queue, 0), '')
      changeBootId(queue)
    }
    for (const { step, queue } of killedOpenings(damage)) {
      using writer = openWriter(queue, { segmentSize: SEGMENT_SIZE })
      if (writer.nextSequence !== 40) broken.push(`step ${step}: goes on with ${writer.nextSequence}`)
    }
    expect(broken).toEqual([])
  })

  it.each([
    ['a power cut', changeBootId],
    ['a copy', (queue: string) => copyInPlace(queue)],
  ])('loses no message that is left of a queue whose last segment is missing, after %s', (_, happens) => {
    const broken: string[] = []
    let left = 0
    const damage = (queue: string) => {
      rmSync(head(queue))
      rmSync(join(queue, 'readers'), { recursive: true })
      happens(queue)
    }
    for (const { step, queue } of killedOpenings(damage)) {
      if (happens !== changeBootId) copyInPlace(queue)
      openWriter(queue, { segmentSize: SEGMENT_SIZE }).close()
      using observer = openObserver(queue, { onCorrupt: 'skip' })
      let count = 0
      while (observer.next() !== undefined) count++
      // The first state is that before the open.
      left ||= count
      if (count < left) broken.push(`step ${step}: ${count} messages are left`)
    }
    expect(broken).toEqual([])
    expect(left).toBeGreaterThan(MESSAGES / 2)
  })

  it('gives a reader at the beginning no loss of messages that were never durable, after a power cut that left nothing else', () => {
    const broken: string[] = []
    const cutPower = (queue: string) => {
      const writer = openWriter(queue, { segmentSize: SEGMENT_SIZE })
      openReader(queue, 'first').close()
      writer.append(1, Buffer.from('never durable'))
      writer.close()
      writeFileSync(segment(queue, 0), '')
      changeBootId(queue)
    }
    for (const { step, queue } of killedOpenings(cutPower)) {
      const writer = openWriter(queue)
      const sequence = writer.append(1, Buffer.from('next'))
      writer.close()
      try {
        using reader = openReader(queue, 'first')
        if (reader.next()?.sequence !== sequence) broken.push(`step ${step}: another message than ${sequence}`)
      } catch (error) {
        broken.push(`step ${step}: ${String(error)}`)
      }
    }
    expect(broken).toEqual([])
  })
})
