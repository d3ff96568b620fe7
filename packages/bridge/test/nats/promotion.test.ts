import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bridgeStatus, connectNats, promote, readFrames, readIdentity, rejoin } from '../../src/index.js'
import { cutQueue } from '../../src/replica/cut-queue.js'
import { code, Ends, NEVER, until } from '../support/ends.js'
import { killEnd, startEnd } from '../support/killed.js'
import { NO_SERVER, serverOfGroup, startServer } from '../support/nats-server.js'
import { appendSome, openSource, told } from '../support/queues.js'

describe.skipIf(NO_SERVER !== undefined)(`a replica that becomes the source ${NO_SERVER ?? ''}`, () => {
  const shared = serverOfGroup()

  it('promotes one replica, fences the old source, and lets it rejoin without its unreplicated tail', async () => {
    const ends = await Ends.on(shared(), { messages: 100 })
    await ends.push()
    await expect(promote(ends.source, ends.connection, { name: 'b' })).rejects.toThrow(code('ERR_INVALID_ARGUMENT'))
    await ends.pull()
    // The source's host is cut off, and appends records that no replica receives.
    ends.append(30)
    const promoted = await promote(ends.replica, ends.connection, { name: 'b' })
    const { queueId, term } = promoted
    expect([promoted.first, term > 0]).toEqual([100, true])
    expect(readIdentity(ends.replica)).toEqual({ queueId, isReplica: false, term })
    await expect(ends.push()).rejects.toThrow(code('ERR_FENCED', { term: 0, newTerm: term }))
    expect(await bridgeStatus(ends.source, ends.connection)).toMatchObject({ fenced: true, stream: { term } })
    {
      using writer = openSource(ends.replica)
      appendSome(writer, 50)
    }
    const left = told(ends.source).slice(100)
    const joined = await rejoin(ends.source, ends.connection)
    expect(joined).toMatchObject({ term, first: 100, records: 30 })
    const kept: number[] = []
    for await (const item of readFrames(one(readFileSync(joined.file ?? ''))))
      if ('first' in item) kept.push(item.first, item.count)
    expect(kept).toEqual([100, left.length])
    expect(readdirSync(join(ends.source, 'quarantine')).length).toBeGreaterThan(0)
    await ends.push({ queue: ends.replica })
    await ends.pull({ into: ends.source, name: 'a' })
    ends.expectEqual()
    expect(told(ends.source)).toHaveLength(150)
    await expect(rejoin(ends.source, ends.connection)).rejects.toThrow(code('ERR_INVALID_ARGUMENT'))
  })

  it('fences an old source that has nothing to publish, too', async () => {
    const ends = await Ends.on(shared(), { messages: 10 })
    const pushing = ends.pusher().run(NEVER)
    const fenced = expect(pushing).rejects.toThrow(code('ERR_FENCED', { term: 0 }))
    await until(async () => (await ends.stream.end()).next === 10)
    await ends.pull()
    await promote(ends.replica, ends.connection, { name: 'b' })
    await fenced
  })

  it('accepts nothing of an old source after the marker of a term, also not what is on its way', async () => {
    const ends = await Ends.on(shared(), { messages: 100 })
    await ends.push()
    await ends.pull()
    ends.append(200)
    ends.overtake(async () => {
      const other = await connectNats({ servers: shared().url })
      await promote(ends.replica, other, { name: 'b' })
      await other.close()
    })
    await expect(ends.push()).rejects.toThrow(code('ERR_FENCED', { term: 0 }))
    const { term } = readIdentity(ends.replica) ?? {}
    expect(await ends.stream.end()).toMatchObject({ term, next: 100 })
    expect(await rejoin(ends.source, ends.connection)).toMatchObject({ term, first: 100, records: 200 })
  })

  it('lets one of two promotions win', async () => {
    const ends = await Ends.on(shared(), { messages: 20 })
    await ends.push()
    const other = `${ends.replica}-2`
    await ends.pull()
    await ends.pull({ into: other, name: 'c' })
    const [one, two] = await Promise.all([
      promote(ends.replica, ends.connection, { name: 'b' }),
      promote(other, ends.connection, { name: 'c' }),
    ])
    const [loser, term, newTerm] = one.term < two.term ? [ends.replica, one.term, two.term] : [other, two.term, one.term]
    expect(newTerm).toBeGreaterThan(term)
    await expect(ends.push({ queue: loser })).rejects.toThrow(code('ERR_FENCED', { term, newTerm }))
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
    const { term } = await promote(ends.replica, ends.connection, { name: 'b' })
    ends.append(10, 20, ends.replica)
    await ends.push({ queue: ends.replica })
    expect(await rejoin(ends.source, ends.connection)).toMatchObject({ first: 60, records: 60, term })
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
    const { term } = await promote(ends.replica, ends.connection, { name: 'b' })
    ends.append(2, 5)
    expect(await rejoin(ends.source, ends.connection)).toMatchObject({ first: 21, records: 2, term })
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
    const { term } = await promote(ends.replica, ends.connection, { name: 'b' })
    await ends.stream.manager.streams.delete(ends.stream.name)
    await ends.push()
    expect(await ends.stream.end()).toMatchObject({ term: 0, next: 100 })
    ends.append(10, 20, ends.replica)
    await ends.push({ queue: ends.replica })
    expect(await ends.stream.end()).toMatchObject({ term, next: 110 })
    ends.append(1, 5)
    await expect(ends.push()).rejects.toThrow(code('ERR_FENCED', { term: 0, newTerm: term }))
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
})

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
