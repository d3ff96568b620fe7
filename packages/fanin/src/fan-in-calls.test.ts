import { getEventListeners } from 'node:events'
import type { QueueError } from '@chronicle-ts/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LONG_MS, Queues } from '../test/queues/queues.js'
import type { FanInReader } from './fan-in-reader.js'
import type { SourceFailure } from './source-failure.js'

let queues: Queues

beforeEach(() => {
  queues = new Queues()
})

afterEach(() => queues.end())

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A fan-in with one silent source, and one that fails as soon as anybody looks. */
function withFailingSource(onSourceError: (failure: SourceFailure) => void, count = 0): FanInReader {
  const good = queues.writer('good')
  for (let i = 0; i < count; i++) good.append(1, Buffer.from(String(i)))
  queues.writer('bad')
  const fanIn = queues.fanIn({ onSourceError })
  fanIn.add('good', queues.reader('good'))
  const bad = queues.reader('bad')
  fanIn.add('bad', bad)
  bad.close()
  return fanIn
}

describe('a wait', () => {
  it('L61: ends at once when a callback aborts its signal', async () => {
    const stop = new AbortController()
    const fanIn = withFailingSource(() => stop.abort(new Error('stop')))
    await expect(fanIn.waitAsync({ signal: stop.signal, timeoutMs: LONG_MS })).rejects.toThrow('stop')
  })

  it('L61: ends at once when a callback closes the fan-in, asynchronous or not', async () => {
    const asynchronous = withFailingSource(() => asynchronous.close())
    await expect(asynchronous.waitAsync({ timeoutMs: LONG_MS })).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    await queues.end()
    queues = new Queues()
    const blocking = withFailingSource(() => blocking.close())
    expect(() => blocking.wait({ timeoutMs: LONG_MS })).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
  })

  it('L61: shares its signal with hundreds of others, which leave nothing behind', async () => {
    const warnings: string[] = []
    const hear = (warning: Error): number => warnings.push(warning.name)
    process.on('warning', hear)
    queues.writer('a')
    const stop = new AbortController()
    const fanIns = Array.from({ length: 200 }, () => queues.fanIn())
    const waits = fanIns.map((fanIn) => fanIn.waitAsync({ signal: stop.signal, timeoutMs: LONG_MS }))
    const loops = fanIns.map(async (fanIn) => {
      for await (const _ of fanIn.messages({ signal: stop.signal })) throw new Error('there is no message')
    })
    await turn()
    await turn()
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1)
    stop.abort(new Error('stop'))
    expect(new Set((await Promise.allSettled(waits)).map(({ status }) => status))).toEqual(new Set(['rejected']))
    await Promise.all(loops)
    expect([getEventListeners(stop.signal, 'abort').length, warnings]).toEqual([0, []])
    process.off('warning', hear)
  })
})

describe('an iterator', () => {
  it('L61: ends at return() while it waits, and leaves the fan-in as it is', async () => {
    const a = queues.writer('a')
    const fanIn = queues.fanIn()
    fanIn.add('a', queues.reader('a'))
    const stop = new AbortController()
    const messages = fanIn.messages({ signal: stop.signal })
    const pending = messages.next()
    await turn()
    expect(await messages.return()).toEqual({ done: true, value: undefined })
    expect(await pending).toEqual({ done: true, value: undefined })
    expect(getEventListeners(stop.signal, 'abort')).toEqual([])
    a.append(1, Buffer.from('1'))
    expect(fanIn.next()?.key).toBe('a')
  })

  it('ends at throw() while it waits, with that error, and at return() before it began', async () => {
    const fanIn = queues.fanIn()
    const messages = fanIn.messages()
    const pending = messages.next()
    await turn()
    await Promise.allSettled([messages.throw(new Error('enough'))])
    expect(await pending).toEqual({ done: true, value: undefined })
    const unused = fanIn.messages()
    await unused.return()
    expect(await unused.next()).toEqual({ done: true, value: undefined })
  })
})

/** Every method that a callback may call. */
const METHODS: Readonly<Record<string, (fanIn: FanInReader) => unknown>> = {
  next: (fanIn) => fanIn.next(),
  poll: (fanIn) => fanIn.poll(10, () => {}),
  commit: (fanIn) => fanIn.commit(),
  'commit of one': (fanIn) => fanIn.commit({ key: 'good' }),
  wait: (fanIn) => fanIn.wait({ timeoutMs: 1 }),
  waitAsync: (fanIn) => void fanIn.waitAsync({ timeoutMs: 1 }).catch(() => {}),
  messages: (fanIn) => void fanIn.messages().next(),
  metrics: (fanIn) => fanIn.metrics(),
  failures: (fanIn) => fanIn.failures,
  keys: (fanIn) => [fanIn.keys, fanIn.size, fanIn.has('good'), fanIn.closed],
  add: (fanIn) => fanIn.add(`more${fanIn.size}`, queues.reader('good', `reader${fanIn.size}`)),
  remove: (fanIn) => fanIn.remove('bad'),
  'remove the other': (fanIn) => fanIn.remove('good'),
  retry: (fanIn) => fanIn.retry('bad'),
  close: (fanIn) => fanIn.close(),
}

/** Every call in which a callback is called. */
const CALLS: Readonly<Record<string, (fanIn: FanInReader, callback: () => void, stop: AbortController) => unknown>> = {
  'onSourceError of next': (fanIn) => fanIn.next(),
  'onSourceError of poll': (fanIn) => fanIn.poll(10, () => {}),
  'onSourceError of wait': (fanIn) => fanIn.wait({ timeoutMs: 1 }),
  'onSourceError of waitAsync': (fanIn) => fanIn.waitAsync({ timeoutMs: 1 }),
  'the handler of poll': (fanIn, callback) => fanIn.poll(10, callback),
  'the loop of messages': async (fanIn, callback, stop) => {
    for await (const _ of fanIn.messages({ signal: stop.signal })) callback()
  },
}

/** More than all callbacks take together. */
const COUNT = 100

const TABLE = Object.keys(CALLS).flatMap((call) => Object.keys(METHODS).map((method) => ({ call, method })))

it.each(TABLE)('L53: $method may be called from $call', async ({ call, method }) => {
  let callsLeft = 3
  const stop = new AbortController()
  const callback = (): void => {
    if (callsLeft-- > 0) METHODS[method]?.(fanIn)
    // What the callback removed cannot end a loop any more.
    if (callsLeft === 0 || fanIn.size === 0 || !fanIn.has('good')) stop.abort()
  }
  const fanIn = withFailingSource(callback, COUNT)
  try {
    await CALLS[call]?.(fanIn, callback, stop)
  } catch (error) {
    // The callback closed what the call was about to go on with.
    expect([method, (error as QueueError).code]).toEqual(['close', 'ERR_CLOSED'])
  }
  expect(callsLeft).toBeLessThan(3)
  if (fanIn.closed) return
  // In the order of the queue, and none twice, whichever call delivered the others.
  const rest: string[] = []
  fanIn.poll(Number.POSITIVE_INFINITY, ({ key, message }) => void (key === 'good' && rest.push(message.payload.toString())))
  expect(rest).toEqual(Array.from({ length: COUNT }, (_, i) => String(i)).slice(COUNT - rest.length))
  expect(fanIn.next()).toBeUndefined()
})
