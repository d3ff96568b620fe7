import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { code } from '../../test/support/expectations.js'
import { appendNumbered, range } from '../../test/support/messages.js'
import { newQueue, queueOf } from '../../test/support/new-queue.js'
import { overwrite, segmentFile } from '../../test/support/raw-queue.js'
import { RECORD_PAYLOAD_OFFSET } from '../format/index.js'
import { type Message, openObserver, openReader, waitForAnyAsync } from '../index.js'

const DONE = { value: undefined, done: true }

/** Long enough for a wait to be parked; nothing depends on it. */
const PARKED_MS = 20

describe('L61: an iterator', () => {
  it.each(['messages', 'batches'] as const)(
    'of %s ends at return() at once while it waits, and leaves what comes to the source',
    async (kind) => {
      const { directory, writer } = newQueue()
      using reader = openReader(directory, 'r')
      const iterator = reader[kind]()
      const waiting = [iterator.next(), iterator.next()]
      await sleep(PARKED_MS)
      expect(await iterator.return(undefined)).toEqual(DONE)
      expect(await Promise.all(waiting)).toEqual([DONE, DONE])
      expect(await iterator.next()).toEqual(DONE)
      appendNumbered(writer, 0, 1)
      expect(reader.next()?.sequence).toBe(0)
      writer.close()
    },
  )

  it('rejects with what throw() is given, and ends', async () => {
    const { directory, writer } = queueOf(3)
    using reader = openReader(directory, 'r')
    const iterator = reader.messages()
    expect((await iterator.next()).value?.sequence).toBe(0)
    await expect(iterator.throw(new Error('enough'))).rejects.toThrow('enough')
    expect(await iterator.next()).toEqual(DONE)
    expect(reader.next()?.sequence).toBe(1)
    writer.close()
  })

  it('is ended by a using declaration', async () => {
    const { directory, writer } = newQueue()
    using reader = openReader(directory, 'r')
    const iterator = reader.messages()
    const waiting = iterator.next()
    await iterator[Symbol.asyncDispose]()
    expect(await waiting).toEqual(DONE)
    writer.close()
  })

  it('gives concurrent calls one message after the other', async () => {
    const { directory, writer } = newQueue()
    using observer = openObserver(directory)
    const iterator = observer.batches({ max: 1 })
    const waiting = range(0, 5).map(() => iterator.next())
    appendNumbered(writer, 0, 5)
    const steps = await Promise.all(waiting)
    expect(steps.map((step) => step.value?.[0]?.sequence)).toEqual(range(0, 5))
    writer.close()
  })

  it('lets the event loop turn in a backlog', async () => {
    const { directory, writer } = queueOf(2000, 1 << 20)
    using reader = openReader(directory, 'r')
    let turns = 0
    const count = (): void => {
      turns++
      if (!reader.closed) setImmediate(count)
    }
    setImmediate(count)
    for await (const message of reader.messages()) if (message.sequence === 1999) break
    expect(turns).toBeGreaterThanOrEqual(5)
    writer.close()
  })

  it('throws what reading throws, and ends', async () => {
    const { directory, writer } = queueOf(2)
    overwrite(segmentFile(directory, 0), 64 + RECORD_PAYLOAD_OFFSET, Buffer.from([0xee]))
    using observer = openObserver(directory)
    const iterator = observer.messages()
    await expect(iterator.next()).rejects.toThrowError(code('ERR_CORRUPT_RECORD'))
    expect(await iterator.next()).toEqual(DONE)
    writer.close()
  })

  it('gives messages that stay readable until the next turn, although the reader goes on and is closed', async () => {
    const { directory, writer } = queueOf(100)
    const reader = openReader(directory, 'r')
    const iterator = reader.messages()
    const message = (await iterator.next()).value as Message
    while (reader.next() !== undefined);
    expect(message.sequence).toBe(0)
    reader.close()
    expect([message.sequence, message.payload.readDoubleLE(0), message.payloadView.readDoubleLE(0)]).toEqual([0, 0, 0])
    expect(await iterator.next()).toEqual(DONE)
    expect(() => message.sequence).toThrowError(code('ERR_CLOSED'))
    writer.close()
  })

  it('leaves its last message readable after a break, until the reader is closed', async () => {
    const { directory, writer } = queueOf(10)
    const reader = openReader(directory, 'r')
    let last: Message | undefined
    for await (const message of reader.messages()) {
      last = message
      break
    }
    expect(last?.sequence).toBe(0)
    reader.close()
    expect(() => last?.sequence).toThrowError(code('ERR_CLOSED'))
    writer.close()
  })
})

describe('L61: one rule for abort and close', () => {
  it.each(['busySpin', 'park', 'adaptive'] as const)(
    '%s: abort rejects waits with its reason and ends iterators',
    async (wait) => {
      const { directory, writer } = newQueue()
      using reader = openReader(directory, 'r', { wait })
      using observer = openObserver(directory, { wait })
      const controller = new AbortController()
      const { signal } = controller
      const waits = [
        reader.waitAsync({ signal }),
        observer.waitAsync({ signal }),
        waitForAnyAsync([reader, observer], { signal, strategy: wait }),
      ]
      const outcomes = Promise.allSettled(waits)
      const iterators = [reader.messages({ signal }), observer.messages({ signal }), reader.batches({ signal })]
      const steps = iterators.map((iterator) => iterator.next())
      await sleep(PARKED_MS)
      const reason = new Error('enough')
      controller.abort(reason)
      expect(await outcomes).toEqual(waits.map(() => ({ status: 'rejected', reason })))
      expect(await Promise.all(steps)).toEqual(steps.map(() => DONE))
      writer.close()
    },
  )

  it('close rejects waits with ERR_CLOSED and ends iterators, without the time of a park', async () => {
    const { directory, writer } = newQueue()
    const reader = openReader(directory, 'r')
    const observer = openObserver(directory)
    const waits = Promise.allSettled([reader.waitAsync(), observer.waitAsync(), waitForAnyAsync([reader, observer])])
    const steps = [reader.messages().next(), observer.messages().next(), observer.batches().next()]
    await sleep(PARKED_MS)
    reader.close()
    observer.close()
    const rejected = { status: 'rejected', reason: code('ERR_CLOSED') }
    expect(await waits).toEqual([rejected, rejected, rejected])
    expect(await Promise.all(steps)).toEqual(steps.map(() => DONE))
    writer.close()
  })

  it('one signal serves hundreds of waits with one listener, and is left without any', async () => {
    const { directory, writer } = newQueue()
    const controller = new AbortController()
    const { signal } = controller
    const warnings: Error[] = []
    const warn = (warning: Error): number => warnings.push(warning)
    process.on('warning', warn)
    using reader = openReader(directory, 'r')
    const waits = range(0, 300).map(() => reader.waitAsync({ signal }))
    const loops = range(0, 300).map(() => reader.messages({ signal }).next())
    const settled = Promise.allSettled(waits)
    await sleep(PARKED_MS)
    expect(getEventListeners(signal, 'abort').length).toBe(1)
    controller.abort()
    await Promise.all([settled, ...loops])
    expect(getEventListeners(signal, 'abort')).toEqual([])
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', warn)
    expect(warnings).toEqual([])
    writer.close()
  })

  it('a blocking wait that is given no time ends by itself, so that a handler of a signal can run', () => {
    const { directory, writer } = newQueue()
    using reader = openReader(directory, 'r')
    expect(reader.wait()).toBe('timeout')
    writer.close()
  })
})

describe('a handler of poll', () => {
  it('that returns a promise is a type error, and an error when it is called', () => {
    const { directory, writer } = queueOf(3)
    using reader = openReader(directory, 'r')
    const refusal = code('ERR_INVALID_ARGUMENT', { argument: 'handler' })
    // @ts-expect-error poll waits for no promise
    expect(() => reader.poll(10, async () => undefined)).toThrowError(refusal)
    // @ts-expect-error nor for one that is sometimes returned
    expect(() => reader.poll(10, (message) => (message.sequence === 1 ? Promise.resolve() : undefined))).toThrowError(refusal)
    const seen: number[] = []
    expect(reader.poll(10, (message) => seen.push(message.sequence))).toBe(1)
    expect(seen).toEqual([2])
    writer.close()
  })
})

describe('batches', () => {
  it('give what is there as copies, up to max, and wait for more', async () => {
    const { directory, writer } = queueOf(25)
    using reader = openReader(directory, 'r')
    const iterator = reader.batches({ max: 10 })
    const batches = [await iterator.next(), await iterator.next(), await iterator.next()]
    expect(batches.map(({ value }) => value?.length)).toEqual([10, 10, 5])
    const waiting = iterator.next()
    appendNumbered(writer, 25, 27)
    const late = (await waiting).value ?? []
    expect(late[0]?.sequence).toBe(25)
    reader.close()
    const messages = batches.flatMap(({ value }) => value ?? [])
    expect(messages.map(({ sequence }) => sequence)).toEqual(range(0, 25))
    expect(messages.map(({ payload }) => payload.readDoubleLE(0))).toEqual(range(0, 25))
    writer.close()
  })

  it.each([0, -1, 1.5, Number.NaN, '3'])('refuse a max of %s', (max) => {
    const { directory, writer } = queueOf(1)
    using reader = openReader(directory, 'r')
    expect(() => reader.batches({ max: max as number })).toThrowError(code('ERR_INVALID_ARGUMENT', { argument: 'max' }))
    writer.close()
  })

  it('are committed up to any message, and never back', async () => {
    const { directory, writer } = queueOf(40)
    const resume = (): number | undefined => {
      using again = openReader(directory, 'r')
      expect(again.opening.kind).toBe('resumed')
      return again.peek()?.sequence
    }
    const reader = openReader(directory, 'r')
    const batch = (await reader.batches({ max: 40 }).next()).value ?? []
    const [early, late] = [batch[7], batch[30]]
    if (early === undefined || late === undefined) throw new Error('the batch is too short')
    reader.commitThrough(late)
    reader.commitThrough(early, { durable: true })
    reader.close()
    expect(resume()).toBe(31)
    using again = openReader(directory, 'r')
    again.commitThrough(early)
    for (const bad of [
      { ...late, segmentId: late.segmentId + 1 },
      { ...late, offset: 1e9 },
      { ...late, length: Number.NaN },
    ]) {
      expect(() => again.commitThrough(bad)).toThrowError(code('ERR_INVALID_ARGUMENT', { argument: 'message' }))
    }
    again.close()
    expect(() => again.commitThrough(late)).toThrowError(code('ERR_CLOSED'))
    expect(resume()).toBe(31)
    writer.close()
  })

  it('give what came before damage, and then the damage', async () => {
    const { directory, writer } = queueOf(3, 1 << 20)
    const { offset } = writer.position
    writer.append(1, Buffer.alloc(50, 1))
    overwrite(segmentFile(directory, 0), offset + RECORD_PAYLOAD_OFFSET, Buffer.from([9]))
    using observer = openObserver(directory)
    const iterator = observer.batches()
    expect((await iterator.next()).value?.length).toBe(3)
    await expect(iterator.next()).rejects.toThrowError(code('ERR_CORRUPT_RECORD'))
    writer.close()
  })
})
