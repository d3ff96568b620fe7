import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { code, until } from '../../test/support/expectations.js'
import { appendNumbered, drainSequences, numberedPayload, range } from '../../test/support/messages.js'
import { segmentFile } from '../../test/support/raw-queue.js'
import { deleteOpenQueue, temporaryDirectory } from '../../test/support/temporary.js'
import { LOCK_FILE } from '../format/index.js'
import { openObserver, openWriter, type QueueWriter } from '../index.js'

let queue: string

beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
})

function replaceByCopy(): void {
  copyFileSync(join(queue, LOCK_FILE), join(queue, 'copy'))
  renameSync(join(queue, 'copy'), join(queue, LOCK_FILE))
}

const losses: [string, () => void][] = [
  ['deleted', () => rmSync(join(queue, LOCK_FILE))],
  ['replaced by a copy', replaceByCopy],
]

const calls: [string, (writer: QueueWriter) => unknown][] = [
  ['append', (writer) => writer.append(1, numberedPayload(0))],
  ['tryAppend', (writer) => writer.tryAppend(1, numberedPayload(0))],
  ['appendBatch', (writer) => writer.appendBatch([{ typeId: 1, payload: numberedPayload(0) }])],
  ['appendPacked', (writer) => writer.appendPacked(1, numberedPayload(0), Uint32Array.of(0, 8))],
  ['claim', (writer) => writer.claim(1, 8)],
  ['flushSync', (writer) => writer.flushSync()],
  ['roll', (writer) => writer.roll()],
  ['heartbeat', (writer) => writer.heartbeat()],
  ['explainRetention', (writer) => writer.explainRetention()],
  ['durableSequence', (writer) => writer.durableSequence],
]

describe.each(losses)('a writer whose lock file is %s', (_, lose) => {
  it.each(['roll', 'flushSync', 'heartbeat'])('L50: finds out at %s, and every later call says so', async (first) => {
    const writer = openWriter(queue, { segmentSize: 4096, heartbeatIntervalMs: 0 })
    appendNumbered(writer, 0, 10)
    const claim = writer.claim(1, 8)
    claim.abort()
    lose()
    const call = calls.find(([name]) => name === first)?.[1] as (writer: QueueWriter) => unknown
    expect(() => call(writer)).toThrowError(code('ERR_LOCK_LOST', { directory: queue }))
    for (const [name, later] of calls) expect(() => later(writer), name).toThrowError(code('ERR_LOCK_LOST'))
    await expect(writer.flush()).rejects.toThrowError(code('ERR_LOCK_LOST'))
    expect(writer.metrics().appended).toBe(10)
    writer.close()
    expect(() => writer.append(1, numberedPayload(0))).toThrowError(code('ERR_CLOSED'))
  })

  it('L50: does not claim that retention was applied', async () => {
    const retention = { maxSegments: 2 }
    using writer = openWriter(queue, { segmentSize: 4096, heartbeatIntervalMs: 0, retention })
    appendNumbered(writer, 0, 10)
    writer.roll()
    await writer.applyRetention()
    lose()
    await expect(writer.applyRetention()).rejects.toThrowError(code('ERR_LOCK_LOST', { directory: queue }))
  })

  it('L50: leaves everything to its successor', async () => {
    const retention = { maxSegments: 2 }
    const old = openWriter(queue, { segmentSize: 4096, heartbeatIntervalMs: 0, retention })
    appendNumbered(old, 0, 10)
    lose()
    const successor = openWriter(queue, { segmentSize: 4096 })
    appendNumbered(successor, 10, 200)
    successor.flushSync()
    await until(() => existsSync(segmentFile(queue, successor.position.segmentId + 1)))
    const names = readdirSync(queue).sort()
    expect(() => old.roll()).toThrowError(code('ERR_LOCK_LOST'))
    old.close()
    expect(readdirSync(queue).sort()).toEqual(names)
    expect(successor.durableSequence).toBe(200)
    successor.close()
    using observer = openObserver(queue)
    expect(drainSequences(observer)).toEqual(range(0, 200))
  })

  it('an idle writer finds out by itself', async () => {
    const writer = openWriter(queue, { segmentSize: 4096, heartbeatIntervalMs: 1 })
    lose()
    for (let lost = false; !lost; ) {
      await new Promise((resolve) => setTimeout(resolve, 2))
      try {
        void writer.durableSequence
      } catch (error) {
        expect(error).toEqual(code('ERR_LOCK_LOST'))
        lost = true
      }
    }
    writer.close()
  })
})

describe('a writer whose directory', () => {
  it('L50: was renamed and replaced goes on in its own', () => {
    const old = openWriter(queue, { segmentSize: 4096, retention: { maxSegments: 2 } })
    appendNumbered(old, 0, 10)
    renameSync(queue, `${queue}-moved`)
    const other = openWriter(queue, { segmentSize: 4096 })
    appendNumbered(other, 0, 100)
    other.close()
    const names = readdirSync(queue).sort()
    appendNumbered(old, 10, 200)
    old.flushSync()
    old.close()
    expect(readdirSync(queue).sort()).toEqual(names)
    using observer = openObserver(queue)
    expect(drainSequences(observer)).toEqual(range(0, 100))
    using moved = openObserver(`${queue}-moved`, { start: 'latest' })
    expect(moved.durableSequence).toBe(200)
  })

  it('L50: was reached by a link that was moved goes on where that led', () => {
    mkdirSync(`${queue}-one`)
    mkdirSync(`${queue}-two`)
    symlinkSync(`${queue}-one`, queue)
    const writer = openWriter(queue, { segmentSize: 4096 })
    rmSync(queue)
    symlinkSync(`${queue}-two`, queue)
    appendNumbered(writer, 0, 100)
    writer.close()
    expect(readdirSync(`${queue}-two`)).toEqual([])
  })

  it('L50: was deleted has lost its lock, and closes', () => {
    const writer = openWriter(queue, { segmentSize: 4096, heartbeatIntervalMs: 0 })
    appendNumbered(writer, 0, 10)
    deleteOpenQueue(queue)
    expect(() => appendNumbered(writer, 10, 200)).toThrowError(code('ERR_LOCK_LOST'))
    writer.close()
    expect(existsSync(queue)).toBe(false)
  })
})

it('L50: a waiting flush policy that finds the lock lost says that the message is appended', () => {
  const writer = openWriter(queue, { segmentSize: 4096, preset: 'durable', heartbeatIntervalMs: 0 })
  writer.append(1, numberedPayload(0))
  rmSync(join(queue, LOCK_FILE))
  const lost = code('ERR_NOT_DURABLE', { sequence: 1, cause: code('ERR_LOCK_LOST') })
  expect(() => writer.append(1, numberedPayload(1))).toThrowError(lost)
  expect(() => writer.append(1, numberedPayload(2))).toThrowError(code('ERR_LOCK_LOST'))
  writer.close()
})
