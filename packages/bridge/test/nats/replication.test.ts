import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openObserver } from '@chronicle-ts/core'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { bridgeStatus, type Frame, FrameStream, Puller, ReplicaSink, ReplicaSource, readIdentity } from '../../src/index.js'
import { code, Ends, NEVER, until, WRITER } from '../support/ends.js'
import { NO_SERVER, serverOfGroup, startServer } from '../support/nats-server.js'
import { appendSome, openSource, told } from '../support/queues.js'
import { addCompanions } from '../support/types.js'

describe.skipIf(NO_SERVER !== undefined)(`a queue over JetStream ${NO_SERVER ?? ''}`, () => {
  const shared = serverOfGroup()

  it('arrives, and each end finds its place again in the stream and in its own records', async () => {
    const ends = await Ends.on(shared(), { messages: 500 })
    expect((await ends.push()).progress).toMatchObject({ records: 500, nextSequence: 500 })
    expect((await ends.pull()).progress).toMatchObject({ records: 500, pending: 0 })
    ends.expectEqual()
    ends.append(100)
    const before = await ends.stream.range()
    expect((await ends.push()).progress.records).toBe(100)
    expect((await ends.push()).progress.records).toBe(0)
    expect((await ends.stream.range())?.messages).toBeGreaterThan(before?.messages ?? 0)
    expect(await bridgeStatus(ends.replica, ends.connection)).toMatchObject({ role: 'replica', lag: { messages: 100 } })
    expect((await ends.pull()).progress.records).toBe(100)
    ends.expectEqual()
    const status = await bridgeStatus(ends.source, ends.connection)
    expect(status).toMatchObject({ role: 'source', term: 0, nextSequence: 600, lag: { messages: 0, seconds: 0 }, fenced: false })
    expect(status.sinks).toMatchObject([{ name: 'b', pendingFrames: 0, durableSequence: 600, lag: { messages: 0 } }])
  })

  it('follows live, through a server that is killed, and one whose store is deleted', async () => {
    const server = await startServer()
    const ends = await Ends.on(server, { messages: 50 })
    const ending = new AbortController()
    const pushing = ends.pusher().run(ending.signal)
    while (((await ends.stream.end()).next ?? 0) < 50) await new Promise((resolve) => setTimeout(resolve, 5))
    using sink = new ReplicaSink(ends.replica, { writer: WRITER })
    const pulling = new Puller(sink, ends.stream, { name: 'b' }).run(ending.signal)
    await until(() => sink.nextSequence === 50)
    await server.kill()
    ends.append(50)
    await server.start()
    await until(() => sink.nextSequence === 100)
    await server.kill()
    server.deleteStore()
    ends.append(50)
    await server.start()
    await until(() => sink.nextSequence === 150)
    ending.abort()
    await Promise.all([pushing, pulling])
    ends.expectEqual()
  })

  it('does not ask the writer to wake it while records come', async () => {
    const ends = await Ends.on(shared(), { messages: 1 })
    using writer = openSource(ends.source)
    const ending = new AbortController()
    const pushing = ends.pusher().run(ending.signal)
    const arrived = (count: number): Promise<void> => until(async () => (await ends.stream.end()).next === count)
    await arrived(1)
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    appendSome(writer, 1)
    await arrived(2)
    const { wakes } = writer.metrics()
    for (let count = 3; count <= 12; count++) {
      appendSome(writer, 1)
      await arrived(count)
    }
    expect(writer.metrics().wakes).toBe(wakes)
    ending.abort()
    await pushing
  })

  it('carries records that are larger than a message may be', async () => {
    const server = await startServer('max_payload: 8192')
    const ends = await Ends.on(server, { messages: 5, length: 30_000 })
    await ends.push()
    // The last part of the last record is lost, as by a server that lost what it had acknowledged. It is published again, although the server remembers its name.
    const range = await ends.stream.range()
    await ends.stream.manager.streams.deleteMessage(ends.stream.name, range?.last ?? 0)
    ends.append(1, 30_000)
    expect((await ends.push()).progress).toMatchObject({ records: 2, nextSequence: 6 })
    await ends.pull()
    ends.expectEqual()
  })

  it('keeps one order with two pushers of the same queue at once, and with two sinks', async () => {
    const ends = await Ends.on(shared(), { messages: 400 })
    await ends.stream.ensure()
    await Promise.all([
      ends.pusher({ once: true, reader: 'one' }).run(NEVER),
      ends.pusher({ once: true, reader: 'two' }).run(NEVER),
    ])
    const other = `${ends.replica}-2`
    await Promise.all([ends.pull(), ends.pull({ into: other, name: 'c' })])
    ends.expectEqual()
    expect(told(other)).toEqual(told(ends.source))
    const end = await ends.stream.end()
    expect(end.next).toBe(400)
  })

  it('keeps the order when another message takes the place of a frame that others follow already', async () => {
    const ends = await Ends.on(shared(), { messages: 300 })
    await ends.stream.ensure()
    using reader = openObserver(ends.source)
    // Shorter than the frame whose place it takes: the next one does not begin where it ends.
    const [frame] = new ReplicaSource(reader, { frameBytes: 1024 }).next()?.frames ?? []
    const other = await FrameStream.of(ends.connection, readIdentity(ends.source)?.queueId ?? '')
    ends.overtake(async () => expect(await other.publish(frame as Frame, 0)).toBe(true))
    expect((await ends.push()).progress.nextSequence).toBe(300)
    await ends.pull()
    ends.expectEqual()
  })

  it('stops where the stream was trimmed below the sink, and where a copy went its own way', async () => {
    const ends = await Ends.on(shared(), { messages: 300 })
    await ends.push()
    await ends.pull()
    ends.append(300)
    await ends.push()
    const { first = 0, last = 0 } = (await ends.stream.range()) ?? {}
    expect(last).toBeGreaterThan(first)
    await ends.stream.manager.streams.purge(ends.stream.name, { seq: last })
    await expect(ends.pull()).rejects.toThrow(code('ERR_DATA_LOST', { from: 300 }))
    expect(told(ends.replica)).toHaveLength(300)
    // A new replica begins where the stream begins.
    const late = `${ends.replica}-late`
    await ends.pull({ into: late })
    expect(told(late)).toEqual(told(ends.source).slice(-told(late).length))
  })

  it('stops at a message that is missing in the middle of the stream, after it looked for it once more', async () => {
    const ends = await Ends.on(shared(), { messages: 300 })
    await ends.push()
    const { first = 0, last = 0 } = (await ends.stream.range()) ?? {}
    expect(last).toBeGreaterThan(first + 1)
    await ends.stream.manager.streams.deleteMessage(ends.stream.name, first + 1)
    const notes: unknown[] = []
    const from = ((await ends.stream.frameAt(first))?.count ?? 0) as number
    await expect(ends.pull({ onNote: (note) => notes.push(note) })).rejects.toThrow(code('ERR_DATA_LOST', { from }))
    expect([notes.length, told(ends.replica).length]).toEqual([1, from])
  })

  it('stops at records that are missing before the types, which come last', async () => {
    const ends = await Ends.on(shared(), { messages: 300 })
    await ends.push()
    addCompanions(ends.source)
    await ends.push()
    const { first = 0, last = 0 } = (await ends.stream.range()) ?? {}
    expect((await ends.stream.frameAt(last))?.count).toBe(0)
    for (let sequence = first + 1; sequence < last; sequence++)
      await ends.stream.manager.streams.deleteMessage(ends.stream.name, sequence)
    const from = ((await ends.stream.frameAt(first))?.count ?? 0) as number
    await expect(ends.pull()).rejects.toThrow(code('ERR_DATA_LOST', { from }))
  })

  it('releases the source only as far as the sinks are durable, on request', async () => {
    const ends = await Ends.on(shared(), { messages: 200 })
    const ending = new AbortController()
    const pushing = ends.pusher({ holdUntil: 'sink' }).run(ending.signal)
    const committed = (): number => {
      using observer = openObserver(ends.source)
      const bytes = readFileSync(join(ends.source, 'readers', 'bridge.meta'))
      const slot = bytes.readBigUInt64LE(24) > bytes.readBigUInt64LE(64) ? 0 : 40
      const [segmentId, offset] = [Number(bytes.readBigUInt64LE(slot)), Number(bytes.readBigUInt64LE(slot + 8))]
      observer.seek({ segmentId, offset })
      return observer.peek()?.sequence ?? 200
    }
    while (((await ends.stream.end()).next ?? 0) < 200) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(committed()).toBe(0)
    await ends.pull()
    await until(() => committed() === 200)
    ending.abort()
    await pushing
  })
})
