import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Child } from '../../test/support/child.js'
import { code } from '../../test/support/expectations.js'
import { drainSequences } from '../../test/support/messages.js'
import { overwriteControl, readControlFile, u32 } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { CONTROL_WAITERS_PENDING_OFFSET } from '../format/index.js'
import {
  openObserver,
  openReader,
  openWriter,
  type QueueReader,
  type QueueWriter,
  WAIT_STRATEGIES,
  waitForAny,
  waitForAnyAsync,
} from '../index.js'

interface Pair {
  readonly directory: string
  readonly writer: QueueWriter
  readonly reader: QueueReader
}

function pair(options: { extensions?: boolean } = {}): Pair {
  const directory = join(temporaryDirectory(), 'queue')
  const writer = openWriter(directory, { segmentSize: 4096, ...options })
  return { directory, writer, reader: openReader(directory, 'r') }
}

function close(...pairs: readonly Pair[]): void {
  for (const { writer, reader } of pairs) {
    reader.close()
    writer.close()
  }
}

const message = Buffer.from('x')

describe('waiting for several sources', () => {
  it.each(WAIT_STRATEGIES)('%s distinguishes a message in any of them from the end of the time', async (strategy) => {
    const [first, second] = [pair(), pair()]
    const sources = [first.reader, second.reader]
    expect(waitForAny(sources, { timeoutMs: 3, strategy })).toBe('timeout')
    expect(await waitForAnyAsync(sources, { timeoutMs: 3, strategy })).toBe('timeout')
    const pending = waitForAnyAsync(sources, { strategy })
    setImmediate(() => second.writer.append(1, message))
    expect(await pending).toBe('message')
    expect(waitForAny(sources, { strategy })).toBe('message')
    expect(drainSequences(first.reader)).toEqual([])
    expect(drainSequences(second.reader)).toEqual([0])
    close(first, second)
  })

  it.each(WAIT_STRATEGIES)('%s is ended by another process while this thread is blocked', async (strategy) => {
    const quiet = pair()
    const directory = join(temporaryDirectory(), 'queue')
    const child = new Child('late-writer', [directory, 30])
    expect(await child.line()).toBe('ready')
    using reader = openReader(directory, 'r')
    child.process.stdin?.write('go\n')
    expect(waitForAny([quiet.reader, reader], { timeoutMs: 60_000, strategy })).toBe('message')
    expect(drainSequences(reader)).toEqual([0])
    close(quiet)
  })

  it('uses the default strategy and ends with the default time', async () => {
    const only = pair()
    expect(waitForAny([only.reader], { timeoutMs: 3 })).toBe('timeout')
    only.writer.append(1, message)
    expect(waitForAny([only.reader])).toBe('message')
    expect(await waitForAnyAsync([only.reader])).toBe('message')
    close(only)
  })

  it.each([0, -5])('of %i ms looks once', async (timeoutMs) => {
    const only = pair()
    for (const strategy of WAIT_STRATEGIES) {
      expect(waitForAny([only.reader], { timeoutMs, strategy })).toBe('timeout')
      expect(await waitForAnyAsync([only.reader], { timeoutMs, strategy })).toBe('timeout')
    }
    close(only)
  })

  it('without any source ends with the time, or with the signal', async () => {
    for (const strategy of WAIT_STRATEGIES) {
      expect(waitForAny([], { timeoutMs: 3, strategy })).toBe('timeout')
      expect(await waitForAnyAsync([], { timeoutMs: 3, strategy })).toBe('timeout')
      const controller = new AbortController()
      const pending = waitForAnyAsync([], { signal: controller.signal, strategy })
      controller.abort(new Error('enough'))
      await expect(pending).rejects.toThrow('enough')
    }
  })

  it.each([Number.NaN, '5', null])('refuses the time %s, which would never be over', async (timeoutMs) => {
    const only = pair()
    const options = { timeoutMs: timeoutMs as number }
    const refusal = code('ERR_INVALID_ARGUMENT', { argument: 'timeoutMs' })
    expect(() => waitForAny([only.reader], options)).toThrowError(refusal)
    expect(() => only.reader.wait(options)).toThrowError(refusal)
    await expect(waitForAnyAsync([only.reader], options)).rejects.toThrowError(refusal)
    await expect(only.reader.waitAsync(options)).rejects.toThrowError(refusal)
    close(only)
  })

  it.each(['sleep', 'constructor', 7])('refuses the strategy %s', async (strategy) => {
    const only = pair()
    const options = { timeoutMs: 1, strategy: strategy as 'park' }
    const refusal = code('ERR_INVALID_ARGUMENT', { argument: 'strategy' })
    expect(() => waitForAny([only.reader], options)).toThrowError(refusal)
    await expect(waitForAnyAsync([only.reader], options)).rejects.toThrowError(refusal)
    close(only)
  })
})

describe('waiting for a writer of the base format', () => {
  it('counts the parked readers while they sleep, and not afterwards', async () => {
    const old = pair({ extensions: false })
    const waiting = () => readControlFile(old.directory).waitersPending
    const pending = old.reader.waitAsync()
    // The wait is prepared before its first turn of the event loop ends.
    expect(waiting()).toBe(1)
    setImmediate(() => old.writer.append(1, message))
    expect(await pending).toBe('message')
    expect(waiting()).toBe(0)
    old.reader.next()
    expect(old.reader.wait({ timeoutMs: 3 })).toBe('timeout')
    expect(waiting()).toBe(0)
    close(old)
  })

  it('a reader that is closed while it sleeps is not counted any more', async () => {
    const old = pair({ extensions: false })
    const pending = old.reader.waitAsync()
    const other = waitForAnyAsync([old.reader], { strategy: 'park' })
    old.reader.close()
    await expect(pending).rejects.toThrowError(code('ERR_CLOSED'))
    await expect(other).rejects.toThrowError(code('ERR_CLOSED'))
    close(old)
  })

  it('an aborted wait is not counted any more, and the next one is', async () => {
    const old = pair({ extensions: false })
    const controller = new AbortController()
    const pending = old.reader.waitAsync({ signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(pending).rejects.toThrow('enough')
    expect(readControlFile(old.directory).waitersPending).toBe(0)
    const next = old.reader.waitAsync()
    expect(readControlFile(old.directory).waitersPending).toBe(1)
    old.writer.append(1, message)
    expect(await next).toBe('message')
    close(old)
  })

  it('L16: the count that a dead reader left costs no wake per append after a second, although an observer waits all the time', async () => {
    const { directory, writer, reader } = pair()
    overwriteControl(directory, CONTROL_WAITERS_PENDING_OFFSET, u32(1))
    using observer = openObserver(directory, { wait: 'park' })
    const end = performance.now() + 1500
    while (performance.now() < end) {
      const pending = observer.waitAsync()
      await new Promise((resolve) => setTimeout(resolve, 1))
      writer.append(1, message)
      expect(await pending).toBe('message')
      drainSequences(observer)
    }
    const { wakes } = writer.metrics()
    for (let count = 0; count < 100; count++) writer.append(1, message)
    expect(writer.metrics().wakes).toBe(wakes)
    expect(readControlFile(directory).waitersPending).toBe(1)
    reader.close()
    writer.close()
  })

  it('an observer announces nothing and looks by itself', async () => {
    const old = pair({ extensions: false })
    using observer = openObserver(old.directory, { wait: 'park' })
    const pending = observer.waitAsync()
    expect(readControlFile(old.directory).waitersPending).toBe(0)
    old.writer.append(1, message)
    expect(await pending).toBe('message')
    close(old)
  })
})
