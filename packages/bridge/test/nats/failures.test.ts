import { cpSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import zlib, { crc32 } from 'node:zlib'
import { IoError, openObserver, openReader, openWriter, removeReader } from '@chronicle-ts/core'
import { RetentionPolicy } from '@nats-io/jetstream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bridgeStatus, FrameStream, Puller, promote, ReplicaSink, ReplicaSource, readIdentity, rejoin } from '../../src/index.js'
import { consumerOf } from '../../src/nats/sink-note.js'
import { cutQueue } from '../../src/replica/cut-queue.js'
import { code, Ends, NEVER, until, WRITER } from '../support/ends.js'
import { type EndTask, killEnd, startEnd } from '../support/killed.js'
import { NO_SERVER, serverOfGroup, startServer } from '../support/nats-server.js'
import { Network, NO_NETWORK } from '../support/network.js'
import { appendSome, openSource, told } from '../support/queues.js'

const FAKE_CLOCK = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1'

/** Both ends run until the test ends. */
function follow(ends: Ends): { readonly sink: ReplicaSink; readonly end: () => Promise<void> } {
  const ending = new AbortController()
  const sink = new ReplicaSink(ends.replica, { writer: WRITER })
  const running = Promise.all([
    ends.pusher().run(ending.signal),
    ends.stream.ensure().then(() => new Puller(sink, ends.stream, { name: 'b' }).run(ending.signal)),
  ])
  const end = async (): Promise<void> => {
    ending.abort()
    await running
    sink.close()
  }
  onTestFinished(end)
  return { sink, end }
}

describe.skipIf(NO_SERVER !== undefined)(`failures between two hosts ${NO_SERVER ?? ''}`, () => {
  const shared = serverOfGroup()

  it('continues when the network is back', async () => {
    const network = NO_NETWORK === undefined ? Network.make() : undefined
    const server = await startServer('', network === undefined ? {} : { host: network.host, prefix: network.prefix })
    const ends = await Ends.on(server)
    const { sink, end } = follow(ends)
    await until(() => sink.nextSequence === 100)
    for (const total of [150, 200]) {
      if (network === undefined) server.pause(true)
      else network.cut()
      ends.append(50)
      if (network === undefined) server.pause(false)
      else network.restore()
      await until(() => sink.nextSequence === total)
    }
    await end()
    ends.expectEqual()
  })

  it('fills what a server lost that it had acknowledged', async () => {
    const server = await startServer()
    const ends = await Ends.on(server)
    const { sink, end } = follow(ends)
    await until(() => sink.nextSequence === 100)
    const messages = join(server.store, 'jetstream', '$G', 'streams', ends.stream.name, 'msgs')
    await server.stop()
    cpSync(messages, `${messages}-before`, { recursive: true })
    await server.start()
    ends.append(100)
    await until(() => sink.nextSequence === 200)
    // The consumer of the sink is written, and the messages that it knows are lost.
    await server.stop()
    rmSync(messages, { recursive: true })
    cpSync(`${messages}-before`, messages, { recursive: true })
    rmSync(`${messages}-before`, { recursive: true })
    await server.start()
    await until(async () => ((await ends.stream.end().catch(() => undefined))?.next ?? 0) === 200)
    ends.append(50)
    await until(() => sink.nextSequence === 250)
    await end()
    ends.expectEqual()
  })

  it('continues after either end was killed', async () => {
    const ends = await Ends.on(shared())
    const { url } = shared()
    const queueId = readIdentity(ends.source)?.queueId ?? ''
    const push: EndTask = { action: 'push', url, queue: ends.source, name: 'bridge', sinks: ['b'], frameBytes: 512 }
    const pull: EndTask = { action: 'pull', url, queue: ends.replica, queueId, name: 'b', segmentSize: 65_536 }
    for (const total of [200, 300]) {
      const [pushing, pulling] = await Promise.all([startEnd(push), startEnd(pull)])
      ends.append(100)
      await until(async () => ((await ends.stream.end()).next ?? 0) > total - 100)
      await Promise.all([killEnd(pushing), killEnd(pulling)])
    }
    await ends.push()
    await ends.pull()
    ends.expectEqual()
    let next = 0
    const { first = 1, last = 0 } = (await ends.stream.range()) ?? {}
    for (let sequence = first; sequence <= last; sequence++) {
      const frame = await ends.stream.frameAt(sequence)
      expect(frame?.first).toBe(next)
      next += frame?.count ?? 0
    }
    expect(next).toBe(300)
  })

  it('gives each sink a name of its own', async () => {
    const ends = await Ends.on(shared())
    await ends.push()
    const { sink, end } = follow(ends)
    await until(() => sink.nextSequence === 100)
    const other = `${ends.replica}-2`
    await expect(ends.pull({ into: other, name: 'b' })).rejects.toThrow(code('ERR_INVALID_ARGUMENT', { argument: 'name' }))
    await ends.pull({ into: other, name: 'c' })
    const durable = async (): Promise<unknown[]> => {
      const { sinks } = await bridgeStatus(ends.source, ends.connection)
      return sinks.map(({ name, durableSequence }) => `${name} ${durableSequence}`).sort()
    }
    // The one that runs reports what it has, although nothing else comes.
    await until(async () => (await durable()).includes('b 100'))
    expect(await durable()).toEqual(['b 100', 'c 100'])
    await end()
  })

  it('stops where the source no longer has what the stream needs', async () => {
    const ends = await Ends.on(shared())
    await ends.push()
    removeReader(ends.source, 'bridge')
    {
      using writer = openWriter(ends.source, { ...WRITER, retention: { maxSegments: 1 } })
      appendSome(writer, 400, 1000)
      await writer.applyRetention()
    }
    expect(told(ends.source).length).toBeLessThan(400)
    await expect(ends.push()).rejects.toThrow(code('ERR_DATA_LOST', { from: 100 }))
    expect((await ends.stream.end()).next).toBe(100)
  })

  it('stops at a record that differs', async () => {
    const ends = await Ends.on(shared())
    await ends.push()
    await ends.pull()
    {
      using writer = openSource(ends.replica)
      writer.append(9, Buffer.from('of its own'))
    }
    ends.append(1)
    await ends.push()
    await expect(ends.pull()).rejects.toThrow(code('ERR_BAD_BLOCK', { expected: 100 }))
    expect(told(ends.replica)).toHaveLength(101)
  })

  it('appends nothing of a frame whose head does not fit', async () => {
    const ends = await Ends.on(shared())
    using reader = openReader(ends.source, 'bridge')
    const [frame] = new ReplicaSource(reader).next()?.frames ?? []
    if (frame === undefined) throw new Error('there is no frame')
    using sink = new ReplicaSink(ends.replica, { writer: WRITER })
    const cut = frame.body.subarray(0, -64)
    const wrong = [
      { count: frame.count - 1 },
      { count: frame.count + 1 },
      { count: 0 },
      { body: cut },
      { body: cut, crc: crc32(cut) },
      { first: 1 },
      { part: 2, parts: 2, first: 7 },
    ]
    for (const change of wrong) {
      const take = (): unknown => sink.take({ ...frame, ...change })
      if (change.part === 2) expect(take()).toBe('known')
      else expect(take).toThrow(code('ERR_BAD_BLOCK'))
      expect(sink.nextSequence ?? 0).toBe(0)
    }
    sink.take(frame)
    expect(sink.nextSequence).toBe(frame.count)
  })

  it('acknowledges nothing that could not be made durable', async () => {
    const ends = await Ends.on(shared())
    await ends.push()
    {
      using sink = new ReplicaSink(ends.replica, { writer: WRITER })
      let flushes = 0
      const flush = sink.flush.bind(sink)
      sink.flush = async () => {
        if (flushes++ > 0) throw new IoError({ path: ends.replica, syscall: 'fdatasync', errnoName: 'EIO' })
        await flush()
      }
      await expect(new Puller(sink, ends.stream, { name: 'b' }).run(NEVER)).rejects.toThrow(code('ERR_IO'))
    }
    const { ack_floor } = await ends.stream.manager.consumers.info(ends.stream.name, consumerOf('b'))
    const { sinks } = await bridgeStatus(ends.source, ends.connection)
    expect([ack_floor.stream_seq, sinks[0]?.durableSequence]).toEqual([0, 0])
    await ends.pull()
    ends.expectEqual()
  })

  it('stops when a sync fails, although no other message comes', async () => {
    const ends = await Ends.on(shared(), { messages: 1 })
    await ends.push()
    using sink = new ReplicaSink(ends.replica, { writer: WRITER })
    sink.flush = async () => {
      if (sink.nextSequence === 1) throw new IoError({ path: ends.replica, syscall: 'fdatasync', errnoName: 'EIO' })
    }
    await expect(new Puller(sink, ends.stream, { name: 'b' }).run(NEVER)).rejects.toThrow(code('ERR_IO'))
  })

  it('lets a source that lost its tail rejoin the replica that has it', async () => {
    const ends = await Ends.on(shared())
    await ends.push()
    await ends.pull()
    const queueId = readIdentity(ends.source)?.queueId ?? ''
    cutQueue(ends.source, 60, { queueId, term: 0 })
    ends.append(20, 5)
    await expect(ends.push()).rejects.toThrow(code('ERR_DATA_LOST', { from: 100, to: 80 }))
    ends.append(40, 5)
    await expect(ends.push()).rejects.toThrow(code('ERR_BAD_BLOCK'))
    await promote(ends.replica, ends.connection, { name: 'b' })
    ends.append(10, 20, ends.replica)
    await ends.push({ queue: ends.replica })
    expect(await rejoin(ends.source, ends.connection)).toMatchObject({ first: 60, records: 60, term: 1 })
    await ends.pull({ into: ends.source, name: 'a' })
    ends.expectEqual()
    expect(told(ends.source)).toHaveLength(110)
  })

  it('lets a source rejoin by a stream of which the last parts of a large record are left, and the marker after them', async () => {
    const server = await startServer('max_payload: 4096')
    const ends = await Ends.on(server, { messages: 20 })
    ends.append(1, 20_000)
    await ends.push()
    await ends.pull()
    const { last } = (await ends.stream.range()) ?? { last: 0 }
    await ends.stream.manager.streams.purge(ends.stream.name, { seq: last })
    expect((await ends.stream.frameAt(last))?.part).toBeGreaterThan(1)
    await promote(ends.replica, ends.connection, { name: 'b' })
    ends.append(2, 5)
    expect(await rejoin(ends.source, ends.connection)).toMatchObject({ first: 21, records: 2, term: 1 })
    ends.append(10, 20, ends.replica)
    await ends.push({ queue: ends.replica })
    await ends.pull({ into: ends.source, name: 'a' })
    ends.expectEqual()
  })

  it('completes a promotion and a rejoining that were killed', async () => {
    const ends = await Ends.on(shared())
    await ends.push()
    await ends.pull()
    let [source, replica] = [ends.source, ends.replica]
    for (const afterMs of [1, 8, 20]) {
      const term = (readIdentity(source)?.term ?? 0) + 1
      ends.append(20, 20, source)
      await killEnd(await startEnd({ action: 'promote', url: shared().url, queue: replica, name: 'b' }), afterMs)
      if (readIdentity(replica)?.isReplica === true) await promote(replica, ends.connection, { name: 'b' })
      expect(readIdentity(replica)?.term).toBeGreaterThanOrEqual(term)
      ends.append(10, 20, replica)
      await killEnd(await startEnd({ action: 'rejoin', url: shared().url, queue: source }), afterMs)
      if (readIdentity(source)?.isReplica !== true) await rejoin(source, ends.connection)
      await ends.push({ queue: replica })
      await ends.pull({ into: source })
      ends.expectEqual()
      const swapped = [replica, source] as const
      source = swapped[0]
      replica = swapped[1]
    }
    expect(told(source)).toHaveLength(130)
  })

  it('fences an old source that filled a lost stream again', async () => {
    const ends = await Ends.on(shared())
    await ends.push()
    await ends.pull()
    await promote(ends.replica, ends.connection, { name: 'b' })
    await ends.stream.manager.streams.delete(ends.stream.name)
    await ends.push()
    expect(await ends.stream.end()).toMatchObject({ term: 0, next: 100 })
    ends.append(10, 20, ends.replica)
    await ends.push({ queue: ends.replica })
    expect(await ends.stream.end()).toMatchObject({ term: 1, next: 110 })
    ends.append(1, 5)
    await expect(ends.push()).rejects.toThrow(code('ERR_FENCED', { term: 0, newTerm: 1 }))
    expect(await rejoin(ends.source, ends.connection)).toMatchObject({ first: 100, records: 1 })
    await ends.pull({ into: ends.source, name: 'a' })
    ends.expectEqual()
    // An old source that has filled it with what the other one does not have: nothing mixes.
    await ends.stream.manager.streams.delete(ends.stream.name)
    await ends.push({ queue: ends.replica })
    await promote(ends.source, ends.connection, { name: 'a' })
    await ends.stream.manager.streams.delete(ends.stream.name)
    ends.append(5, 20, ends.replica)
    await ends.push({ queue: ends.replica })
    await expect(ends.push()).rejects.toThrow(code('ERR_DATA_LOST', { from: 115, to: 110 }))
  })

  it('begins a term that no source has, when the store was lost with the marker of the last promotion', async () => {
    const server = await startServer()
    const ends = await Ends.on(server)
    const second = `${ends.replica}-2`
    await ends.push()
    await ends.pull()
    await ends.pull({ into: second, name: 'c' })
    const { term } = await promote(ends.replica, ends.connection, { name: 'b' })
    await ends.stream.manager.streams.delete(ends.stream.name)
    ends.append(5, 20, ends.replica)
    const promoted = await promote(second, ends.connection, { name: 'c' })
    expect(promoted.term).toBeGreaterThan(term)
    await expect(ends.push({ queue: ends.replica })).rejects.toThrow(code('ERR_FENCED', { term, newTerm: promoted.term }))
    expect(await rejoin(ends.replica, ends.connection)).toMatchObject({ first: 100, records: 5, term: promoted.term })
    ends.append(3, 20, second)
    await ends.push({ queue: second })
    await ends.pull()
    expect(told(ends.replica)).toEqual(told(second))
  })

  it.skipIf(!existsSync(FAKE_CLOCK))('carries queues between hosts whose clocks are apart', async () => {
    const ends = await Ends.on(shared())
    const { url } = shared()
    const queueId = readIdentity(ends.source)?.queueId ?? ''
    const clock = (shift: string): NodeJS.ProcessEnv => ({
      LD_PRELOAD: FAKE_CLOCK,
      FAKETIME: shift,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    })
    const running = await Promise.all([
      startEnd({ action: 'push', url, queue: ends.source, name: 'bridge' }, clock('+5h')),
      startEnd({ action: 'pull', url, queue: ends.replica, queueId, name: 'b', segmentSize: 65_536 }, clock('-30d')),
    ])
    const next = (): number => {
      if (readIdentity(ends.replica) === undefined) return 0
      using observer = openObserver(ends.replica, { start: 'latest' })
      return observer.nextSequence
    }
    await until(() => next() === 100)
    ends.append(50)
    await until(() => next() === 150)
    for (const child of running) await killEnd(child)
    ends.expectEqual()
  })
})

describe.skipIf(NO_SERVER !== undefined)(`a stream ${NO_SERVER ?? ''}`, () => {
  const shared = serverOfGroup()

  it('has the name and the subject that were asked for', async () => {
    const names = { stream: 'trades-of-a', subject: 'prod.trades.a' }
    const ends = await Ends.on(shared(), { names })
    await ends.push()
    await ends.pull()
    ends.expectEqual()
    const { config } = await ends.stream.manager.streams.info('trades-of-a')
    expect(config.subjects).toEqual(['prod.trades.a'])
    expect(await bridgeStatus(ends.source, ends.connection, names)).toMatchObject({
      stream: { name: 'trades-of-a', nextSequence: 100 },
    })
  })

  it('is refused when it cannot carry a queue', async () => {
    const ends = await Ends.on(shared())
    const { manager } = ends.stream
    await manager.streams.add({ name: 'others', subjects: ['others.*.data'] })
    await manager.streams.add({ name: 'work', subjects: ['work.>'], retention: RetentionPolicy.Workqueue })
    const queueId = readIdentity(ends.source)?.queueId ?? ''
    const pushTo = async (stream: string, subject: string): Promise<unknown> =>
      ends.push({ stream: await FrameStream.of(ends.connection, queueId, { stream, subject }) })
    await expect(pushTo('others', 'others.a.b.data')).rejects.toThrow(code('ERR_INVALID_ARGUMENT', { argument: 'stream' }))
    await expect(pushTo('work', 'work.a')).rejects.toThrow(code('ERR_INVALID_ARGUMENT', { argument: 'stream' }))
    await pushTo('others', 'others.a.data')
    const other = await Ends.on(shared())
    const joint = await FrameStream.of(ends.connection, readIdentity(other.source)?.queueId ?? '', {
      stream: 'others',
      subject: 'others.a.data',
    })
    await expect(other.push({ stream: joint })).rejects.toThrow(code('ERR_INVALID_ARGUMENT', { argument: 'stream' }))
  })

  it('waits for sinks that were named, and forgets a sink that was promoted', async () => {
    const ends = await Ends.on(shared(), { messages: 200 })
    const committed = (queue: string): number => {
      using reader = openReader(queue, 'bridge')
      return reader.peek()?.sequence ?? told(queue).length
    }
    await ends.push({ holdUntil: 'sink', sinks: ['b', 'c'] })
    await ends.pull()
    await ends.push({ holdUntil: 'sink', sinks: ['b', 'c'] })
    expect(committed(ends.source)).toBe(0)
    await ends.pull({ into: `${ends.replica}-2`, name: 'c' })
    // Everything is there and nothing more is pushed: the push that begins knows where the stream ends.
    await ends.push({ holdUntil: 'sink', sinks: ['b', 'c'] })
    expect(committed(ends.source)).toBe(200)
    // Messages that are purged are acknowledged by nothing.
    ends.append(100)
    await ends.push({ holdUntil: 'sink' })
    await ends.stream.manager.streams.purge(ends.stream.name)
    await ends.push({ holdUntil: 'sink' })
    expect(committed(ends.source)).toBe(200)
    await ends.stream.manager.streams.delete(ends.stream.name)
    await ends.push()
    await ends.pull({ into: `${ends.replica}-2`, name: 'c' })
    await promote(`${ends.replica}-2`, ends.connection, { name: 'c' })
    const { sinks } = await bridgeStatus(`${ends.replica}-2`, ends.connection)
    expect(sinks).toEqual([])
  })
})

const HAS_ZSTD = 'zstdCompressSync' in zlib

describe.skipIf(NO_SERVER !== undefined)(`compressed frames ${NO_SERVER ?? ''}`, () => {
  const shared = serverOfGroup()

  it.skipIf(!HAS_ZSTD)('are smaller, and arrive', async () => {
    const server = await startServer('max_payload: 8192')
    const ends = await Ends.on(server, { messages: 200 })
    await ends.push({ compression: 'zstd' })
    const { bytes = 0 } = (await ends.stream.range()) ?? {}
    expect(bytes).toBeLessThan(200 * 64)
    await ends.pull()
    ends.append(3, 40_000)
    // A part of a record is there, compressed; the next push sends the rest otherwise.
    await ends.push({ compression: 'zstd' })
    await ends.push()
    await ends.pull()
    ends.expectEqual()
  })

  it.skipIf(HAS_ZSTD)('are refused where Node.js has no zstd', async () => {
    const ends = await Ends.on(shared())
    await expect(ends.push({ compression: 'zstd' })).rejects.toThrow(code('ERR_INVALID_ARGUMENT', { argument: 'compression' }))
  })
})
