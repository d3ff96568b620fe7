import { existsSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { IoError, openObserver, openReader, openWriter, removeReader } from '@chronicle-ts/core'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { bridgeStatus, Puller, promote, ReplicaSink, ReplicaSource, readIdentity, rejoin } from '../../src/index.js'
import { consumerOf } from '../../src/nats/sink-note.js'
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
    const loseTail = await ends.keepStore(server)
    ends.append(100)
    await until(() => sink.nextSequence === 200)
    // The consumer of the sink is written, and the messages that it knows are lost.
    await loseTail()
    await until(async () => ((await ends.stream.end().catch(() => undefined))?.next ?? 0) === 200)
    ends.append(50)
    await until(() => sink.nextSequence === 250)
    await end()
    ends.expectEqual()
  })

  it('ends status, promote and rejoin with a code when the server does not answer', async () => {
    const server = await startServer()
    const ends = await Ends.on(server, { messages: 10 })
    await ends.push()
    await ends.pull()
    server.pause(true)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const asked = [
      bridgeStatus(ends.source, ends.connection),
      promote(ends.replica, ends.connection, { name: 'b' }),
      rejoin(ends.source, ends.connection),
    ]
    let left = asked.length
    const refused = asked.map((one) =>
      expect(one.finally(() => left--)).rejects.toThrow(code('ERR_SERVER_UNREACHABLE', { category: 'retry' })),
    )
    while (left > 0) await vi.advanceTimersByTimeAsync(1000)
    vi.useRealTimers()
    await Promise.all(refused)
    server.pause(false)
    expect(await promote(ends.replica, ends.connection, { name: 'b' })).toMatchObject({ first: 10 })
    expect(await rejoin(ends.source, ends.connection)).toMatchObject({ first: 10, records: 0 })
  })

  it('reports no failure when the stream has everything after it', async () => {
    const ends = await Ends.on(shared(), { messages: 1 })
    const { client } = ends.stream
    const publish = client.publish.bind(client)
    client.publish = async (...message) => {
      await publish(...message)
      throw new Error('the answer did not come')
    }
    const { progress } = await ends.push()
    expect(progress).toMatchObject({ failures: 1, lastError: undefined, nextSequence: 1 })
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
