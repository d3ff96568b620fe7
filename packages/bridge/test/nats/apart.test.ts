import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { openObserver, openReader, openWriter } from '@chronicle-ts/core'
import { describe, expect, it } from 'vitest'
import { bridgeStatus, FrameStream, promote, rejoin } from '../../src/index.js'
import { code, Ends, WRITER } from '../support/ends.js'
import { NO_SERVER, serverOfGroup } from '../support/nats-server.js'
import { appendSome, told } from '../support/queues.js'

describe.skipIf(NO_SERVER !== undefined)('a replica that is not what the stream says', () => {
  const server = serverOfGroup()

  it('stops where it lost a record that was durable, instead of leaving it out', async () => {
    const ends = await Ends.on(server())
    await ends.push()
    await ends.pull()
    truncateSync(join(ends.replica, '000000000.q'), placeOfLast(ends.replica))
    await expect(ends.pull()).rejects.toEqual(code('ERR_BAD_BLOCK', { expected: 99 }))
    ends.append(10)
    await ends.push()
    await expect(ends.pull()).rejects.toEqual(code('ERR_BAD_BLOCK', { expected: 99 }))
    expect(told(ends.replica)).toEqual(told(ends.source).slice(0, 99))
  })

  it('releases nothing in the source by records that only the replica has', async () => {
    const ends = await Ends.on(server())
    await ends.push()
    await ends.pull()
    {
      using writer = openWriter(ends.replica, WRITER)
      appendSome(writer, 50, 30)
    }
    await ends.pull()
    ends.append(50)
    await ends.push({ holdUntil: 'sink', sinks: ['b'] })
    await ends.push({ holdUntil: 'sink', sinks: ['b'] })
    const { sinks } = await bridgeStatus(ends.source, ends.connection)
    expect(sinks).toMatchObject([{ durableSequence: 100, lag: { messages: 50 } }])
    using reader = openReader(ends.source, 'bridge')
    expect(reader.peek()?.sequence ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(100)
  })

  it('lets a source rejoin while the promoted queue publishes its first records', async () => {
    const ends = await Ends.on(server())
    await ends.push()
    await ends.pull()
    const { first } = await promote(ends.replica, ends.connection, { name: 'b' })
    ends.append(10, 30)
    ends.append(10, 40, ends.replica)
    const { end } = FrameStream.prototype
    let looks = 0
    FrameStream.prototype.end = async function (this: FrameStream) {
      if (++looks === 2) await ends.push({ queue: ends.replica })
      return end.call(this)
    }
    try {
      await expect(rejoin(ends.source, ends.connection)).resolves.toMatchObject({ first, records: 10 })
    } finally {
      FrameStream.prototype.end = end
    }
    await ends.pull({ into: ends.source })
    ends.expectEqual()
  })

  it('has an unknown lag when the stream was emptied', async () => {
    const ends = await Ends.on(server())
    await ends.push()
    await ends.pull()
    ends.append(10)
    await ends.push()
    await ends.stream.manager.streams.purge(ends.stream.name)
    const { lag, sinks } = await bridgeStatus(ends.replica, ends.connection)
    expect(lag.messages).toBeUndefined()
    expect(sinks[0]?.lag.messages).toBeUndefined()
  })

  it('ends at once when the stream never had a message', async () => {
    const ends = await Ends.on(server(), { messages: 0 })
    await ends.push()
    await expect(ends.pull()).resolves.toMatchObject({ progress: { records: 0 } })
  })
})

function placeOfLast(directory: string): number {
  using observer = openObserver(directory)
  let offset = 0
  for (let message = observer.next(); message !== undefined; message = observer.next()) offset = message.offset
  return offset
}
