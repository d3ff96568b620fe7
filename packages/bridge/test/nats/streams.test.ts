import zlib from 'node:zlib'
import { openReader } from '@chronicle-ts/core'
import { RetentionPolicy } from '@nats-io/jetstream'
import { describe, expect, it } from 'vitest'
import { bridgeStatus, FrameStream, promote, readIdentity } from '../../src/index.js'
import { code, Ends } from '../support/ends.js'
import { NO_SERVER, serverOfGroup, startServer } from '../support/nats-server.js'
import { told } from '../support/queues.js'

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
