import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openObserver, openReader, openWriter } from '../../src/index.js'
import { Child } from '../support/child.js'
import { appendNumbered, drainSequences, range } from '../support/messages.js'
import { temporaryDirectory } from '../support/temporary.js'

/**
 * Longer than every timeout of the defaults but two: retention without inotify looks every 5 seconds, and preparing a segment may take a minute. `CHRONICLE_STOP_MS=65000`
 * is longer than those, too.
 */
const STOP_MS = Number(process.env['CHRONICLE_STOP_MS'] ?? 1500)
const TIMEOUT_MS = 60_000 + STOP_MS

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe('stopped processes', () => {
  it(
    'L18: a stopped writer counts as alive, keeps its lock, and goes on where it was',
    async () => {
      const directory = join(temporaryDirectory(), 'queue')
      const writer = new Child('steady-writer', [directory])
      await writer.line()
      const observer = openObserver(directory)
      expect(await observer.waitAsync({ timeoutMs: 10_000 })).toBe('message')
      writer.process.kill('SIGSTOP')
      await pause(STOP_MS)
      const seen = drainSequences(observer)
      expect(observer.writerStatus()).toMatchObject({ alive: true, pid: writer.process.pid })
      expect(() => openWriter(directory)).toThrowError(expect.objectContaining({ code: 'ERR_WRITER_ACTIVE' }))
      expect(await observer.waitAsync({ timeoutMs: 50 })).toBe('timeout')
      writer.process.kill('SIGCONT')
      expect(await observer.waitAsync({ timeoutMs: 10_000 })).toBe('message')
      writer.process.stdin?.write('end\n')
      const count = Number(await writer.line())
      expect([...seen, ...drainSequences(observer)]).toEqual(range(0, count))
      observer.close()
    },
    TIMEOUT_MS,
  )

  it(
    'a stopped reader holds up no process, keeps its name, and misses nothing',
    async () => {
      const directory = join(temporaryDirectory(), 'queue')
      const writer = openWriter(directory, { segmentSize: 4096, retention: { consumed: true, readerTtlMs: 1 } })
      const reader = new Child('parked-reader', [directory, 'r', 600])
      await reader.line()
      appendNumbered(writer, 0, 300)
      reader.process.kill('SIGSTOP')
      appendNumbered(writer, 300, 400)
      await pause(STOP_MS)
      expect(() => openReader(directory, 'r')).toThrowError(expect.objectContaining({ code: 'ERR_READER_ACTIVE' }))
      appendNumbered(writer, 400, 600)
      reader.process.kill('SIGCONT')
      expect(await reader.line()).toBe('600')
      writer.close()
    },
    TIMEOUT_MS,
  )

  it('a blocked event loop costs no message and no lock', async () => {
    const directory = join(temporaryDirectory(), 'queue')
    using writer = openWriter(directory, { segmentSize: 4096, heartbeatIntervalMs: 10 })
    using reader = openReader(directory, 'r')
    const waiting = reader.waitAsync({ timeoutMs: 200 })
    appendNumbered(writer, 0, 100)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
    expect(await waiting).toBe('message')
    expect(reader.writerStatus().alive).toBe(true)
    expect(drainSequences(reader)).toEqual(range(0, 100))
  })

  it('L26: an idle writer with retention sleeps', async () => {
    const idle = new Child('idle-writer', [join(temporaryDirectory(), 'queue')])
    // A poll would wake it a thousand times and more in its second; a heartbeat and the runtime do a few times.
    expect(Number(await idle.line())).toBeLessThan(300)
  })
})
