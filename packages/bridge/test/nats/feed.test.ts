import { openObserver } from '@chronicle-ts/core'
import type { ConsumerInfo } from '@nats-io/jetstream'
import { connect, headers, type Msg } from '@nats-io/transport-node'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Puller, ReplicaSink, ReplicaSource } from '../../src/index.js'
import { AHEAD_MESSAGES, MessageFeed } from '../../src/nats/message-feed.js'
import { UNDURABLE_BYTES_MAX } from '../../src/nats/sink-flusher.js'
import { consumerOf } from '../../src/nats/sink-note.js'
import { Ends, NEVER, until, WRITER } from '../support/ends.js'
import { NO_SERVER, serverOfGroup } from '../support/nats-server.js'

/** A request for messages, as it was sent. */
interface Request {
  readonly asked: { readonly batch: number }
  readonly message: Msg
}

/** Sees the requests for messages of a consumer. */
async function watchRequests(url: string, subject: string): Promise<readonly Request[]> {
  const connection = await connect({ servers: url })
  onTestFinished(() => connection.close())
  const requests: Request[] = []
  connection.subscribe(subject, {
    callback: (_, message) => {
      requests.push({ asked: message.json(), message })
    },
  })
  await connection.flush()
  return requests
}

/** A feed whose consumer is the test itself: the server only passes on what both say. */
async function playConsumer(url: string): Promise<{ readonly feed: MessageFeed; readonly requests: readonly Request[] }> {
  const requests = await watchRequests(url, 'PLAYED.CONSUMER.MSG.NEXT.stream.consumer')
  const connection = await connect({ servers: url })
  const feed = new MessageFeed({ connection, client: { apiPrefix: 'PLAYED' }, name: 'stream' }, 'consumer')
  onTestFinished(() => {
    feed.close()
    return connection.close()
  })
  await until(() => requests.length === 1)
  return { feed, requests }
}

function answer(request: Request | undefined, code: number, left = 0): void {
  const fields = headers(code, 'as the test says')
  fields.set('Nats-Pending-Messages', String(left))
  request?.message.respond('', { headers: fields })
}

describe.skipIf(NO_SERVER !== undefined)(`what a pull asks for ${NO_SERVER ?? ''}`, () => {
  const shared = serverOfGroup('max_payload: 1048576')

  it('is asked for again when the time of a request is over', async () => {
    const { requests } = await playConsumer(shared().url)
    const whole = { batch: AHEAD_MESSAGES, expires: expect.any(Number), idle_heartbeat: expect.any(Number) }
    expect(requests[0]?.asked).toEqual(whole)
    answer(requests[0], 408, AHEAD_MESSAGES)
    await until(() => requests.length === 2)
    expect(requests[1]?.asked).toEqual(whole)
    // It had brought some of them, and too few are missing for another request.
    answer(requests[1], 408, 1)
    answer(requests[1], 408, AHEAD_MESSAGES - 1)
    await until(() => requests.length === 3)
    expect(requests[2]?.asked).toEqual(whole)
  })

  it('fails when the server says that the consumer is gone', async () => {
    const { feed, requests } = await playConsumer(shared().url)
    const next = feed.next()
    answer(requests[0], 409)
    await expect(next).rejects.toThrow('the consumer ended: 409')
  })

  it('fails when the server says nothing, and not while it says that it has no messages', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const { feed, requests } = await playConsumer(shared().url)
    const next = feed.next()
    let failure: unknown
    next.catch((error) => {
      failure = error
    })
    for (let round = 0; round < 3; round++) {
      vi.advanceTimersByTime(4000)
      answer(requests[0], 100)
      // An answer that comes after it shows that the heartbeat came.
      answer(requests.at(-1), 408, AHEAD_MESSAGES)
      await until(() => requests.length === round + 2)
      expect(failure).toBe(undefined)
    }
    vi.advanceTimersByTime(6000)
    await expect(next).rejects.toThrow('the consumer is silent')
  })

  it('is a number of messages, and no more than it has room for', async () => {
    const ends = await Ends.on(shared(), { messages: 200 })
    await ends.push({ frameBytes: 256 })
    const requests = await watchRequests(shared().url, `$JS.API.CONSUMER.MSG.NEXT.${ends.stream.name}.>`)
    const { progress } = await ends.pull()
    const asked = requests.map(({ asked }) => asked)
    expect(asked.every((one) => one.batch <= AHEAD_MESSAGES && !('max_bytes' in one))).toBe(true)
    const sum = asked.reduce((total, { batch }) => total + batch, 0)
    expect(progress.frames).toBeGreaterThan(2 * AHEAD_MESSAGES)
    expect(sum).toBeLessThanOrEqual(progress.frames + AHEAD_MESSAGES)
    ends.expectEqual()
  })

  it('stays in the server while the sink has too much that is not durable', async () => {
    const length = 500_000
    const segmentSize = 2 ** 22
    const messages = Math.ceil((UNDURABLE_BYTES_MAX * 1.1) / length) + AHEAD_MESSAGES
    const ends = await Ends.on(shared(), { messages, length, segmentSize })
    await ends.push({ frameBytes: length })
    using sink = new ReplicaSink(ends.replica, { writer: { ...WRITER, segmentSize } })
    let finishSyncs: () => void = () => undefined
    const synced = new Promise<void>((resolve) => {
      finishSyncs = resolve
    })
    const flush = sink.flush.bind(sink)
    sink.flush = async () => {
      if (sink.nextSequence !== undefined) await synced
      await flush()
    }
    const puller = new Puller(sink, ends.stream, { name: 'b', once: true })
    const pulling = puller.run(NEVER)
    // The answer comes after every message that was delivered before it: what is not taken then waits for the disk.
    const untaken = async (): Promise<number> => {
      const info = await ends.stream.manager.consumers.info(ends.stream.name, consumerOf('b')).catch(() => undefined)
      return (info?.delivered.stream_seq ?? 0) - puller.progress.frames
    }
    // On a busy machine the server may be ahead of a pull that still takes: both stand when two looks agree.
    let waiting = 0
    await until(async () => {
      const before = waiting
      waiting = await untaken()
      return (waiting === before && waiting >= AHEAD_MESSAGES / 2) || sink.nextSequence === messages
    })
    expect(waiting).toBeLessThanOrEqual(AHEAD_MESSAGES)
    expect(puller.progress.bytes).toBeLessThan(UNDURABLE_BYTES_MAX + length)
    finishSyncs()
    await pulling
    ends.expectEqual()
  })

  it('is passed when it comes a second time, also between the parts of a record', async () => {
    const ends = await Ends.on(shared(), { messages: 1, length: 30_000 })
    using reader = openObserver(ends.source)
    const parts = new ReplicaSource(reader).next(10_000)?.frames ?? []
    expect(parts).toHaveLength(4)
    await ends.stream.ensure()
    const publish = async (from: number, to: number): Promise<void> => {
      for (let index = from; index < to; index++)
        expect(await ends.stream.publish(parts[index] as (typeof parts)[0], index)).toBe(true)
    }
    await publish(0, 2)
    const ending = new AbortController()
    using sink = new ReplicaSink(ends.replica, { writer: WRITER })
    const puller = new Puller(sink, ends.stream, { name: 'b' })
    const pulling = puller.run(ending.signal)
    await until(() => puller.progress.frames === 2)
    const { manager, name } = ends.stream
    const info = (): Promise<ConsumerInfo> => manager.consumers.info(name, consumerOf('b'))
    // It says to the server that the first part did not arrive.
    ends.connection.publish(`$JS.ACK.${name}.${consumerOf('b')}.1.1.1.0.0`, '-NAK')
    await until(async () => (await info()).num_redelivered > 0)
    await publish(2, 4)
    await Promise.race([pulling, until(() => sink.nextSequence === 1)])
    // Any number of parts may wait for the last one.
    expect((await info()).config.max_ack_pending).toBe(-1)
    ending.abort()
    await pulling
    ends.expectEqual()
  })
})
