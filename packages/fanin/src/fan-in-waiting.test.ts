import { renameSync } from 'node:fs'
import { openWriter, WAIT_STRATEGIES } from '@chronicle-ts/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { drain, LONG_MS, Queues } from '../test/queues/queues.js'

let queues: Queues

beforeEach(() => {
  queues = new Queues()
})

afterEach(() => queues.end())

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('L51: sets a source aside whose directory was replaced, and does not wait for it in circles', async () => {
  queues.writer('a').append(1, Buffer.from('1'))
  const told: unknown[] = []
  const fanIn = queues.fanIn({ onSourceError: ({ key, error }) => told.push([key, (error as { code?: unknown }).code]) })
  const reader = queues.reader('a')
  fanIn.add('a', reader)
  expect(drain(fanIn)).toEqual(['a:1'])
  renameSync(reader.directory, `${reader.directory}.old`)
  openWriter(reader.directory, { segmentSize: 4096 }).close()
  // The event loop turns while it waits, however often the reader says that there is something.
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const deadline = performance.now() + LONG_MS
  while (told.length === 0 && performance.now() < deadline) await fanIn.waitAsync({ timeoutMs: 20 })
  clearInterval(timer)
  expect([told, turns > 0]).toEqual([[['a', 'ERR_QUEUE_REPLACED']], true])
})

describe('waiting for many sources', () => {
  for (const wait of WAIT_STRATEGIES) {
    it(`${wait}: distinguishes a message from the end of the time`, async () => {
      const [a, b] = [queues.writer('a'), queues.writer('b')]
      const fanIn = queues.fanIn({ wait })
      fanIn.add('a', queues.reader('a'))
      fanIn.add('b', queues.reader('b'))
      expect(fanIn.wait({ timeoutMs: 5 })).toBe('timeout')
      expect(await fanIn.waitAsync({ timeoutMs: 5 })).toBe('timeout')
      b.append(1, Buffer.from('1'))
      expect(fanIn.wait()).toBe('message')
      expect(await fanIn.waitAsync()).toBe('message')
      expect(drain(fanIn)).toEqual(['b:1'])
      const waiting = fanIn.waitAsync()
      await turn()
      a.append(1, Buffer.from('2'))
      expect(await waiting).toBe('message')
      expect(drain(fanIn)).toEqual(['a:2'])
    })

    it(`${wait}: in ordered mode waits for the message that may be delivered, not for the one that is visible`, async () => {
      const [a, b] = [queues.writer('a'), queues.writer('b')]
      const fanIn = queues.fanIn({ wait, mode: 'ordered', holdBackMs: Number.POSITIVE_INFINITY })
      fanIn.add('a', queues.reader('a'))
      fanIn.add('b', queues.reader('b'))
      b.append(1, Buffer.from('1'))
      expect(fanIn.wait({ timeoutMs: 5 })).toBe('timeout')
      expect(await fanIn.waitAsync({ timeoutMs: 5 })).toBe('timeout')
      const waiting = fanIn.waitAsync()
      await turn()
      a.heartbeat()
      expect(await waiting).toBe('message')
      expect(drain(fanIn)).toEqual(['b:1'])
      b.append(1, Buffer.from('2'))
      a.close()
      expect(fanIn.wait()).toBe('message')
    })

    it(`${wait}: L39: survives a source that is closed under it, and reports it`, async () => {
      const a = queues.writer('a')
      queues.writer('b')
      const fanIn = queues.fanIn({ wait })
      fanIn.add('a', queues.reader('a'))
      const b = queues.reader('b')
      fanIn.add('b', b)
      const waiting = fanIn.waitAsync({ timeoutMs: LONG_MS })
      await turn()
      b.close()
      a.append(1, Buffer.from('1'))
      expect(await waiting).toBe('message')
      expect(fanIn.wait({ timeoutMs: 0 })).toBe('message')
      expect(drain(fanIn)).toEqual(['a:1'])
      expect(fanIn.wait({ timeoutMs: 5 })).toBe('timeout')
      expect(fanIn.failures).toMatchObject([{ key: 'b', error: { code: 'ERR_CLOSED' } }])
    })
  }

  it('goes on without a living silent source after the configured time', () => {
    const [, b] = [queues.writer('a'), queues.writer('b')]
    const fanIn = queues.fanIn({ mode: 'ordered', holdBackMs: 30 })
    fanIn.add('a', queues.reader('a'))
    fanIn.add('b', queues.reader('b'))
    b.append(1, Buffer.from('1'))
    expect(fanIn.next()).toBeUndefined()
    expect(fanIn.wait({ timeoutMs: LONG_MS })).toBe('message')
    expect(drain(fanIn)).toEqual(['b:1'])
    expect(fanIn.metrics()).toMatchObject({ released: 1, displaced: 0 })
  })

  it('does not wait for writers that closed', () => {
    const [a, b] = [queues.writer('a'), queues.writer('b')]
    const fanIn = queues.fanIn({ mode: 'ordered', holdBackMs: Number.POSITIVE_INFINITY })
    fanIn.add('a', queues.reader('a'))
    fanIn.add('b', queues.reader('b'))
    b.append(1, Buffer.from('1'))
    a.close()
    expect(drain(fanIn)).toEqual(['b:1'])
  })

  it('notices sources that are added while it waits', async () => {
    queues.closed('a', 1n)
    queues.closed('b', 2n)
    const fanIn = queues.fanIn()
    const waiting = fanIn.waitAsync()
    await turn()
    fanIn.add('a', queues.reader('a'))
    expect(await waiting).toBe('message')
    expect(drain(fanIn)).toEqual(['a:1'])
    const again = fanIn.waitAsync()
    await turn()
    fanIn.add('b', queues.reader('b'))
    expect(await again).toBe('message')
  })

  it('does not block without a limit when there is nothing to wait for', () => {
    const fanIn = queues.fanIn()
    expect(fanIn.wait()).toBe('timeout')
    expect(fanIn.wait({ timeoutMs: 1 })).toBe('timeout')
  })

  it.each([Number.NaN, '5', null])('refuses the time %s, which would never be over', async (timeoutMs) => {
    const fanIn = queues.fanIn()
    const options = { timeoutMs: timeoutMs as number }
    const refusal = { code: 'ERR_INVALID_ARGUMENT', argument: 'timeoutMs' }
    expect(() => fanIn.wait(options)).toThrowError(expect.objectContaining(refusal))
    await expect(fanIn.waitAsync(options)).rejects.toMatchObject(refusal)
  })

  it('looks again at a source that is retried at once, without anything else that could wake it', async () => {
    queues.closed('a', 1n)
    const reader = queues.reader('a')
    const peek = reader.peek.bind(reader)
    let failures = 0
    reader.peek = () => {
      if (failures++ < 3) throw new Error('not yet')
      return peek()
    }
    const fanIn = queues.fanIn({ onSourceError: ({ key }) => void fanIn.retry(key) })
    fanIn.add('a', reader)
    expect(await fanIn.waitAsync({ timeoutMs: LONG_MS })).toBe('message')
  })

  it('rejects with the reason of the signal, and with ERR_CLOSED when it is closed', async () => {
    queues.writer('a')
    const fanIn = queues.fanIn()
    fanIn.add('a', queues.reader('a'))
    const controller = new AbortController()
    const waiting = fanIn.waitAsync({ signal: controller.signal })
    await turn()
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await expect(fanIn.waitAsync({ signal: controller.signal })).rejects.toThrow('enough')
    const other = fanIn.waitAsync()
    await turn()
    fanIn.close()
    await expect(other).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  })

  it('iterates over what is there and what comes, and ends with the signal', async () => {
    const [a, b] = [queues.writer('a'), queues.writer('b')]
    const fanIn = queues.fanIn()
    fanIn.add('a', queues.reader('a'))
    fanIn.add('b', queues.reader('b'))
    for (let i = 0; i < 600; i++) (i % 2 === 0 ? a : b).append(1, Buffer.from(String(i)))
    const controller = new AbortController()
    const seen: string[] = []
    for await (const { message } of fanIn.messages({ signal: controller.signal })) {
      seen.push(message.payload.toString())
      if (seen.length === 600) setImmediate(() => b.append(1, Buffer.from('600')))
      if (seen.length === 601) setImmediate(() => controller.abort())
    }
    expect(seen).toEqual(Array.from({ length: 601 }, (_, i) => String(i)))
  })

  it('ends the iteration when it is closed', async () => {
    queues.closed('a', 1n)
    const fanIn = queues.fanIn()
    fanIn.add('a', queues.reader('a'))
    const seen: bigint[] = []
    for await (const { message } of fanIn.messages()) {
      seen.push(message.timestampNs)
      setImmediate(() => fanIn.close())
    }
    expect(seen).toEqual([1n])
  })
})
