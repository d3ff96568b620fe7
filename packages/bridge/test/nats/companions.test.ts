import { createReadStream } from 'node:fs'
import { readSources } from '@chronicle-ts/core/internal'
import { readSchemas, saveSchema } from '@chronicle-ts/schema'
import { describe, expect, it } from 'vitest'
import { Puller, promote, pullFromStream, ReplicaSink, rejoin } from '../../src/index.js'
import { Ends, NEVER, until, WRITER } from '../support/ends.js'
import { NO_SERVER, serverOfGroup, startServer } from '../support/nats-server.js'
import { told } from '../support/queues.js'
import { addCompanions, Quote, QuoteWithVenue, typesOf } from '../support/types.js'

const FIRST = ['Quote 1', 'Log 1']
const BOTH = ['Quote 1', 'Quote 2', 'Log 1']

describe.skipIf(NO_SERVER !== undefined)(`the types of a queue over JetStream ${NO_SERVER ?? ''}`, () => {
  const shared = serverOfGroup()

  it('come with the first records, and later versions while both ends run', async () => {
    const ends = await Ends.on(shared())
    addCompanions(ends.source)
    const ending = new AbortController()
    const pushing = ends.pusher().run(ending.signal)
    await until(async () => ((await ends.stream.end()).next ?? 0) === 100)
    using sink = new ReplicaSink(ends.replica, { writer: WRITER })
    const pulling = new Puller(sink, ends.stream, { name: 'b' }).run(ending.signal)
    await until(() => sink.nextSequence === 100)
    expect([typesOf(ends.replica), readSources(ends.replica)]).toEqual([FIRST, readSources(ends.source)])
    saveSchema(ends.source, QuoteWithVenue)
    // Without a record that needs it, too.
    await until(() => typesOf(ends.replica).length === 3)
    ends.append(10)
    await until(() => sink.nextSequence === 110)
    ending.abort()
    await Promise.all([pushing, pulling])
    expect(readSchemas(ends.replica)).toEqual(readSchemas(ends.source))
    ends.expectEqual()
  })

  it('are sent once, however often a bridge is started', async () => {
    const ends = await Ends.on(shared())
    addCompanions(ends.source)
    await ends.push()
    await ends.push()
    const { messages } = (await ends.stream.range()) ?? {}
    for (let starts = 0; starts < 3; starts++) await ends.push()
    expect((await ends.stream.range())?.messages).toBe(messages)
  })

  it('come to a source that was pushed before it had types, and to its sinks', async () => {
    const ends = await Ends.on(shared())
    await ends.push()
    await ends.pull()
    addCompanions(ends.source)
    await ends.push()
    await ends.pull()
    expect(typesOf(ends.replica)).toEqual(FIRST)
  })

  it('are in a promoted replica, which sends them to the next one, and to the old source', async () => {
    const ends = await Ends.on(shared())
    addCompanions(ends.source)
    await ends.push()
    await ends.pull()
    // Only the old source knows this one: its records are not replicated.
    saveSchema(ends.source, QuoteWithVenue)
    ends.append(5, 7)
    await promote(ends.replica, ends.connection, { name: 'b' })
    expect(typesOf(ends.replica)).toEqual(FIRST)
    const other = Quote.since(2, {})
    saveSchema(ends.replica, other)
    ends.append(10, 20, ends.replica)
    await ends.push({ queue: ends.replica })
    await rejoin(ends.source, ends.connection)
    const third = `${ends.replica}-3`
    await ends.pull({ into: third, name: 'c' })
    await ends.pull({ into: ends.source, name: 'a' })
    for (const queue of [third, ends.source]) {
      expect(readSchemas(queue)).toEqual(readSchemas(ends.replica))
      expect(told(queue)).toEqual(told(ends.replica))
    }
  })

  it.each([
    { before: 'some', first: FIRST, isLost: false },
    { before: 'none', first: [], isLost: false },
    { before: 'none in a stream that was lost', first: [], isLost: true },
  ])('leave an old source with the records that were not replicated, where there were $before before', async (setup) => {
    const { first, isLost } = setup
    const ends = await Ends.on(shared())
    if (first.length > 0) addCompanions(ends.source)
    await ends.push()
    await ends.pull()
    addCompanions(ends.source)
    saveSchema(ends.source, QuoteWithVenue)
    ends.append(5, 7)
    if (isLost) await ends.stream.manager.streams.delete(ends.stream.name)
    await promote(ends.replica, ends.connection, { name: 'b' })
    const { file = '' } = await rejoin(ends.source, ends.connection)
    await ends.push({ queue: ends.replica })
    ends.append(1, 7, ends.replica)
    await ends.push({ queue: ends.replica })
    await ends.pull({ into: ends.source, name: 'a' })
    expect([typesOf(ends.source), readSources(ends.source)]).toEqual([first, readSources(ends.replica)])
    // They are kept with those records.
    const kept = `${ends.source}-kept`
    using sink = new ReplicaSink(kept, { writer: WRITER })
    expect((await pullFromStream(sink, createReadStream(file))).records).toBe(5)
    expect(typesOf(kept)).toEqual(BOTH)
  })

  it('come again where the stream was trimmed, lost, or broken off in the middle of them', async () => {
    const ends = await Ends.on(shared())
    addCompanions(ends.source)
    const { manager, name } = ends.stream
    const ending = new AbortController()
    const pusher = ends.pusher()
    const pushing = pusher.run(ending.signal)
    await until(async () => ((await ends.stream.end()).next ?? 0) === 100)
    const { last = 0 } = (await ends.stream.range()) ?? {}
    await manager.streams.purge(name, { seq: last })
    await pusher.lookAfterCompanions()
    ends.append(10)
    await until(async () => ((await ends.stream.end()).next ?? 0) === 110)
    await ends.pull({ into: `${ends.replica}-late`, name: 'late' })
    expect(typesOf(`${ends.replica}-late`)).toEqual(FIRST)
    ending.abort()
    await pushing
    await manager.streams.delete(name)
    await ends.pusher({ once: true, reader: 'other' }).run(NEVER)
    await ends.pull()
    expect(typesOf(ends.replica)).toEqual(FIRST)
    ends.expectEqual()
  })

  it('arrive with two pushers at once', async () => {
    const ends = await Ends.on(shared(), { messages: 400 })
    addCompanions(ends.source)
    const ending = new AbortController()
    const pushing = ['one', 'two'].map((reader) => ends.pusher({ reader }).run(ending.signal))
    for (let round = 1; round <= 5; round++) {
      ends.append(20)
      if (round === 3) saveSchema(ends.source, QuoteWithVenue)
      await until(async () => ((await ends.stream.end()).next ?? 0) === 400 + round * 20)
    }
    await ends.pull()
    await until(async () => {
      await ends.pull()
      return typesOf(ends.replica).length === 3
    })
    ends.expectEqual()
    ending.abort()
    await Promise.all(pushing)
  })

  it('travel in parts, as records do, and in any order with records in parts', async () => {
    const ends = await Ends.on(await startServer('max_payload: 1200'), { messages: 3, length: 5000 })
    addCompanions(ends.source)
    await ends.push()
    const range = await ends.stream.range()
    // The first message of the stream is now the second part of the companions.
    await ends.stream.manager.streams.deleteMessage(ends.stream.name, range?.first ?? 0)
    await ends.pull()
    ends.expectEqual()
    expect(typesOf(ends.replica)).toEqual(FIRST)
    // A push that broke off in the middle of a record, and another type since.
    let { last = 0 } = range ?? {}
    const remove = async (): Promise<unknown> => ends.stream.manager.streams.deleteMessage(ends.stream.name, last--)
    while ((await ends.stream.frameAt(last))?.count === 0) await remove()
    await remove()
    const end = await ends.stream.end()
    expect(end.last?.part).toBeLessThan(end.last?.parts ?? 0)
    saveSchema(ends.source, QuoteWithVenue)
    ends.append(2, 5000)
    await ends.push()
    await ends.pull()
    ends.expectEqual()
    expect(typesOf(ends.replica)).toEqual(BOTH)
  })
})
