import { openReader } from '@chronicle-ts/core'
import { describe, expect, it } from 'vitest'
import { termMarker } from '../../src/frames/frame.js'
import { promote, ReplicaSource, rejoin } from '../../src/index.js'
import { becomeSource } from '../../src/replica/replica-identity.js'
import { code, Ends } from '../support/ends.js'
import { NO_SERVER, serverOfGroup } from '../support/nats-server.js'
import { openSource, told } from '../support/queues.js'

const RECORDS = 40
const MAX_PAYLOAD = 8192

/** A source and two replicas of it. The server acknowledged the marker of the promotion of the first one, and lost it, or everything is as if it had. */
async function afterLostMarker(
  shared: Parameters<typeof Ends.on>[0],
  loses: 'server' | 'as if' = 'as if',
): Promise<{ readonly ends: Ends; readonly second: string; readonly term: number }> {
  const ends = await Ends.on(shared, { messages: RECORDS })
  const second = `${ends.replica}-2`
  await ends.push()
  await ends.pull()
  await ends.pull({ into: second, name: 'c' })
  const loseTail = loses === 'server' ? await ends.keepStore(shared) : undefined
  const { term } = await promote(ends.replica, ends.connection, { name: 'b' })
  if (loseTail === undefined) {
    await ends.stream.manager.streams.delete(ends.stream.name)
    await ends.push()
  } else await loseTail()
  expect(await ends.stream.end()).toMatchObject({ term: 0, next: RECORDS })
  return { ends, second, term }
}

/** Both replicas are promoted, and their terms are the same by chance. */
async function withOneTerm(shared: Parameters<typeof Ends.on>[0]): Promise<{ readonly ends: Ends; readonly second: string }> {
  const { ends, second, term } = await afterLostMarker(shared)
  const { queueId, first } = await promote(second, ends.connection, { name: 'c' })
  becomeSource(second, { queueId, term })
  await ends.stream.manager.streams.delete(ends.stream.name)
  await ends.push()
  const { lastSequence } = await ends.stream.end()
  expect(await ends.stream.publish(termMarker({ queueId, term, first }), lastSequence)).toBe(true)
  return { ends, second }
}

/** This queue cannot go on, and follows the other one after a rejoining that keeps what only it has. */
async function expectLoser(
  ends: Ends,
  queues: { readonly loser: string; readonly winner: string; readonly records: number },
): Promise<void> {
  const { loser, winner, records } = queues
  const before = await ends.stream.range()
  await expect(ends.push({ queue: loser })).rejects.toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^ERR_(BAD_BLOCK|DATA_LOST|FENCED)$/) }),
  )
  expect(await ends.stream.range()).toEqual(before)
  expect(await rejoin(loser, ends.connection)).toMatchObject({ first: RECORDS, records })
  await ends.pull({ into: loser, name: 'loser' })
  expect(told(loser)).toEqual(told(winner))
}

describe.skipIf(NO_SERVER !== undefined)(`a stream that lost the marker of a promotion ${NO_SERVER ?? ''}`, () => {
  // Large records travel in parts.
  const shared = serverOfGroup(`max_payload: ${MAX_PAYLOAD}`)

  it('gets it again from the promoted queue, and the old source is fenced', async () => {
    const { ends, term } = await afterLostMarker(shared(), 'server')
    await ends.push({ queue: ends.replica })
    expect(await ends.stream.end()).toMatchObject({ term, next: RECORDS })
    ends.append(3)
    await expect(ends.push()).rejects.toThrow(code('ERR_FENCED', { term: 0, newTerm: term }))
    await expectLoser(ends, { loser: ends.source, winner: ends.replica, records: 3 })
  })

  it('follows an old source that was first, and no record of the promoted queue comes among its own', async () => {
    const { ends, second } = await afterLostMarker(shared())
    ends.append(3, 20)
    await ends.push()
    ends.append(5, 30, ends.replica)
    await expectLoser(ends, { loser: ends.replica, winner: ends.source, records: 5 })
    await ends.pull({ into: second, name: 'c' })
    expect(told(second)).toEqual(told(ends.source))
  })

  it('is decided by the term when another replica was promoted that does not know of it', async () => {
    const { ends, second, term } = await afterLostMarker(shared())
    const { term: other } = await promote(second, ends.connection, { name: 'c' })
    expect(other).not.toBe(term)
    const [lower, higher] = other < term ? [second, ends.replica] : [ends.replica, second]
    await ends.push({ queue: higher })
    const terms = { term: Math.min(term, other), newTerm: Math.max(term, other) }
    await expect(ends.push({ queue: lower })).rejects.toThrow(code('ERR_FENCED', terms))
    ends.append(3, 20, higher)
    await ends.push({ queue: higher })
    await expectLoser(ends, { loser: lower, winner: higher, records: 0 })
  })

  it.each([
    ['several records', 5, 20],
    ['a record in parts', 1, 20_000],
    ['nothing yet', 0, 0],
  ])('lets one of two promoted queues go on that have one term, the other one with %s of its own', async (_, count, length) => {
    const { ends, second } = await withOneTerm(shared())
    ends.append(1, 20_001, second)
    await ends.push({ queue: second })
    if (count > 0) ends.append(count, length, ends.replica)
    await expectLoser(ends, { loser: ends.replica, winner: second, records: count })
  })

  it('completes no record that another source of the same term began', async () => {
    const { ends, second } = await withOneTerm(shared())
    const frames = [ends.replica, second].map((queue, index) => {
      using writer = openSource(queue)
      writer.append(1, Buffer.alloc(20_000, 7), { timestampNs: BigInt(5000 + index) })
      using reader = openReader(queue, 'bridge')
      const source = new ReplicaSource(reader)
      source.seek(RECORDS)
      return source.next(MAX_PAYLOAD - 1024)?.frames ?? []
    })
    const parts = frames[1] ?? []
    // Only the time differs, and so no checksum of a frame.
    expect(parts.map(({ crc }) => crc)).toEqual(frames[0]?.map(({ crc }) => crc))
    for (const part of parts.slice(0, 2)) {
      const { lastSequence } = await ends.stream.end()
      expect(await ends.stream.publish(part, lastSequence)).toBe(true)
    }
    await ends.push({ queue: ends.replica })
    await expectLoser(ends, { loser: second, winner: ends.replica, records: 1 })
  })

  it('lets a replica that read the lost records rejoin', async () => {
    const { ends, second, term } = await afterLostMarker(shared())
    await ends.push({ queue: ends.replica })
    await ends.pull({ into: second, name: 'c' })
    // The marker is lost once more, and the old source goes on.
    await ends.stream.manager.streams.delete(ends.stream.name)
    ends.append(3)
    await ends.push()
    await expect(ends.pull({ into: second, name: 'c' })).rejects.toThrow(code('ERR_FENCED', { term: 0, newTerm: term }))
    expect(await rejoin(second, ends.connection)).toMatchObject({ first: RECORDS, records: 0, term: 0 })
    await ends.pull({ into: second, name: 'c' })
    expect(told(second)).toEqual(told(ends.source))
    await expect(rejoin(second, ends.connection)).rejects.toThrow(code('ERR_INVALID_ARGUMENT'))
    await expect(rejoin(ends.source, ends.connection)).rejects.toThrow(code('ERR_INVALID_ARGUMENT'))
  })
})
