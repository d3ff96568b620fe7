import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { openObserver } from '@chronicle-ts/core'
import { readSources, SCHEMAS_DIRECTORY, writeSources } from '@chronicle-ts/core/internal'
import { encodeSchema, readSchemas, SCHEMA_FOLDER, saveSchema } from '@chronicle-ts/schema'
import { describe, expect, it } from 'vitest'
import { appendSome, openSource, temporaryDirectory, told } from '../../test/support/queues.js'
import { addCompanions, Quote, QuoteOtherwise, QuoteWithVenue, typesOf } from '../../test/support/types.js'
import { pullFromStream, pushToStream, ReplicaSink, ReplicaSource } from '../index.js'
import { cutQueue } from '../replica/cut-queue.js'
import { CompanionWatch } from './companion-watch.js'

const WRITER = { segmentSize: 8192, prefault: false, heartbeatIntervalMs: 0 }

function newQueues(): { source: string; replica: string } {
  const folder = temporaryDirectory()
  const source = join(folder, 'source')
  {
    using writer = openSource(source)
    addCompanions(source)
    appendSome(writer, 20)
  }
  return { source, replica: join(folder, 'replica') }
}

async function carry(source: string, replica: string, problems?: Error[]): Promise<void> {
  using reader = openObserver(source)
  const stream = new PassThrough()
  const pushing = pushToStream(new ReplicaSource(reader), stream).then(() => stream.end())
  using sink = new ReplicaSink(replica, { writer: WRITER, onProblem: (error) => problems?.push(error) })
  expect((await pullFromStream(sink, stream)).broken).toBeUndefined()
  await pushing
}

async function transferOf(source: string): Promise<Buffer> {
  using reader = openObserver(source)
  const stream = new PassThrough()
  const parts: Buffer[] = []
  stream.on('data', (part: Buffer) => parts.push(part))
  await pushToStream(new ReplicaSource(reader), stream)
  return Buffer.concat(parts)
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

async function* bytesOf(file: string): AsyncGenerator<Buffer> {
  yield readFileSync(file)
}

/** Names of the files that were set aside. */
function setAside(directory: string): string[] {
  try {
    return readdirSync(join(directory, 'quarantine')).map((name) => name.replace(/^.*?-\d+-\d+-/, ''))
  } catch {
    return []
  }
}

describe('what a queue has beside its records', () => {
  it('is in the folder that core lists among those of a queue: schema imports no package, so its name stands in both', () => {
    expect(SCHEMA_FOLDER).toBe(SCHEMAS_DIRECTORY)
  })

  it('arrives byte for byte, and again when the source has another version of a type', async () => {
    const { source, replica } = newQueues()
    await carry(source, replica)
    expect(told(replica)).toEqual(told(source))
    expect(readSources(replica)).toEqual(readSources(source))
    const files = (queue: string) =>
      readdirSync(join(queue, 'schemas')).map((name) => [name, readFileSync(join(queue, 'schemas', name), 'utf8')])
    expect(files(replica)).toEqual(files(source))
    saveSchema(source, QuoteWithVenue)
    await carry(source, replica)
    expect(files(replica)).toEqual(files(source))
    expect(setAside(replica)).toEqual([])
  })

  it('stands in the replica before the first record that needs it, also while a transfer goes on', async () => {
    const { source, replica } = newQueues()
    using writer = openSource(source)
    using reader = openObserver(source)
    const stream = new PassThrough()
    const ending = new AbortController()
    const pushing = pushToStream(new ReplicaSource(reader), stream, { follow: true, signal: ending.signal })
    using sink = new ReplicaSink(replica, { writer: WRITER })
    const before: string[][] = []
    const take = sink.take.bind(sink)
    sink.take = (frame) => {
      if (frame.count > 0) before.push(typesOf(replica))
      return take(frame)
    }
    const pulling = pullFromStream(sink, stream)
    const reached = async (sequence: number): Promise<void> => {
      while ((sink.nextSequence ?? 0) < sequence) await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await reached(20)
    saveSchema(source, QuoteWithVenue)
    writer.append(1, Buffer.from('x'), { schemaVersion: 2 })
    await reached(21)
    ending.abort()
    await pushing
    stream.end()
    await pulling
    expect(before).toEqual([
      ['Quote 1', 'Log 1'],
      ['Quote 1', 'Quote 2', 'Log 1'],
    ])
  })

  it('replaces what a replica has otherwise, and keeps that', async () => {
    const { source, replica } = newQueues()
    await carry(source, replica)
    saveSchema(source, QuoteWithVenue)
    saveSchema(replica, QuoteOtherwise)
    writeSources(replica, [{ id: 1, name: 'trades' }])
    await carry(source, replica)
    expect(readSchemas(replica)).toEqual(readSchemas(source))
    expect(readSources(replica)).toEqual(readSources(source))
    expect(setAside(replica).sort()).toEqual(['1.2.json', 'sources.json'])
  })

  it('keeps what is whole in the replica and damaged in the source, and replaces what is damaged in the replica', async () => {
    const { source, replica } = newQueues()
    await carry(source, replica)
    writeFileSync(join(source, 'schemas/1.1.json'), '{"half')
    writeFileSync(join(source, 'sources.json'), '')
    writeFileSync(join(replica, 'schemas/7.1.json'), '')
    await carry(source, replica)
    expect(typesOf(replica)).toEqual(['Quote 1', 'Log 1'])
    expect(readSources(replica)).toMatchObject([{ name: 'quotes' }])
  })

  it('stays as it was while the registry of the source cannot be listed', () => {
    const { source } = newQueues()
    const watch = new CompanionWatch(source, { countsNone: false })
    const before = watch.present
    expect(before?.length).toBeGreaterThan(0)
    const folder = join(source, 'schemas')
    rmSync(folder, { recursive: true })
    symlinkSync(folder, folder)
    expect(watch.present).toEqual(before)
    rmSync(folder)
    expect(watch.present?.length).toBeLessThan(before?.length ?? 0)
  })

  it('holds up no record when it cannot be written, follows no link, and is reported', async () => {
    const { source, replica } = newQueues()
    const outside = temporaryDirectory()
    writeFileSync(join(outside, '1.1.json'), 'of another queue')
    openSource(replica).close()
    symlinkSync(outside, join(replica, 'schemas'))
    const problems: Error[] = []
    await carry(source, replica, problems)
    expect(told(replica)).toEqual(told(source))
    expect(problems).toMatchObject([{ code: 'ERR_LINK' }])
    expect(readFileSync(join(outside, '1.1.json'), 'utf8')).toBe('of another queue')
    rmSync(join(replica, 'schemas'))
    await carry(source, replica, problems)
    expect([problems.length, typesOf(replica)]).toEqual([1, ['Quote 1', 'Log 1']])
  })

  it('comes whole or not at all when a pipe breaks anywhere, and with the next transfer', async () => {
    const { source, replica } = newQueues()
    const bytes = await transferOf(source)
    for (let length = 0; length < bytes.length; length += 61) {
      {
        using sink = new ReplicaSink(replica, { writer: WRITER })
        const { broken } = await pullFromStream(sink, chunksOf(bytes.subarray(0, length)))
        expect(broken?.reason).toBe('cut')
        const types = typesOf(replica)
        expect(types.length === 0 || types.length === 2).toBe(true)
        if ((sink.nextSequence ?? 0) > 0) expect(types).toEqual(['Quote 1', 'Log 1'])
      }
    }
    await carry(source, replica)
    expect([told(replica), typesOf(replica)]).toEqual([told(source), ['Quote 1', 'Log 1']])
  })

  it('takes nothing from the other end that is not a file of a registry', async () => {
    const { source, replica } = newQueues()
    {
      using reader = openObserver(source)
      const [frame] = new ReplicaSource(reader).next()?.companions ?? []
      if (frame === undefined) throw new Error('there are no companions')
      const { framesOf } = await import('../frames/frame.js')
      const good = encodeSchema(Quote.description)
      const wrong = { '../1.1.json': good, '2.1.json': good, '1.1.json': good.slice(1), 'x/1.1.json': good, '1.9.json': 5 }
      const body = Buffer.from(JSON.stringify({ schemas: wrong, sources: '{"sources":[]}' }))
      using sink = new ReplicaSink(replica, { writer: WRITER })
      const [other] = framesOf({ bytes: body, firstSequence: 0, count: 0 }, { ...frame, maxBody: 65_536 })
      expect(sink.take(other ?? frame)).toBe('known')
      const [bad] = framesOf({ bytes: Buffer.from('[1]'), firstSequence: 0, count: 0 }, { ...frame, maxBody: 65_536 })
      expect(() => sink.take(bad ?? frame)).toThrow(expect.objectContaining({ code: 'ERR_BAD_BLOCK' }))
    }
    expect(typesOf(replica)).toEqual([])
    expect(readdirSync(join(replica, '..')).sort()).toEqual(['replica', 'source'])
  })

  it('stands in front of the records that a source did not replicate', async () => {
    const { source, replica } = newQueues()
    mkdirSync(join(source, 'quarantine'), { recursive: true })
    const { file = '' } = cutQueue(source, 5, { queueId: 'ab'.repeat(16), term: 0 })
    using sink = new ReplicaSink(replica, { writer: WRITER })
    expect(await pullFromStream(sink, bytesOf(file))).toMatchObject({ records: 15, broken: undefined })
    expect(typesOf(replica)).toEqual(['Quote 1', 'Log 1'])
  })
})
