import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { openObserver, openReader } from '@chronicle-ts/core'
import { describe, expect, it } from 'vitest'
import { appendSome, openSource, temporaryDirectory, told } from '../../test/support/queues.js'
import { pullFromStream, pushToStream, ReplicaSink, ReplicaSource, type ReplicaSourceOptions, readIdentity } from '../index.js'

const code = (name: string, facts: object = {}): unknown => expect.objectContaining({ code: name, ...facts })

const WRITER = { segmentSize: 8192, prefault: false, heartbeatIntervalMs: 0 }

async function* chunked(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
}

async function framesOf(queue: string, options: ReplicaSourceOptions & { from?: number } = {}): Promise<Buffer> {
  using reader = openObserver(queue)
  const stream = new PassThrough()
  const parts: Buffer[] = []
  stream.on('data', (part: Buffer) => parts.push(Buffer.from(part)))
  const { from, ...own } = options
  await pushToStream(new ReplicaSource(reader, own), stream, from === undefined ? {} : { from })
  stream.end()
  await new Promise((resolve) => stream.once('end', resolve))
  return Buffer.concat(parts)
}

async function pull(replica: string, bytes: Buffer, length = 65536): ReturnType<typeof pullFromStream> {
  using sink = new ReplicaSink(replica, { writer: WRITER })
  return await pullFromStream(sink, chunked(bytes, length))
}

function newQueues(): { source: string; replica: string } {
  const folder = temporaryDirectory()
  return { source: join(folder, 'source'), replica: join(folder, 'replica') }
}

describe('a queue over a stream of bytes', () => {
  it('arrives with sequence, time, type, payload, schema, trace and source, over several frames', async () => {
    const { source, replica } = newQueues()
    using writer = openSource(source)
    appendSome(writer, 200)
    const bytes = await framesOf(source, { frameBytes: 1024 })
    expect(await pull(replica, bytes, 100)).toMatchObject({ records: 200, broken: undefined })
    expect(told(replica)).toEqual(told(source))
    const identity = readIdentity(source)
    expect(identity).toMatchObject({ isReplica: false, term: 0 })
    expect(readIdentity(replica)).toEqual({ ...identity, isReplica: true })
    appendSome(writer, 10)
    // Everything once more: what is there is compared, and the rest appended.
    expect(await pull(replica, await framesOf(source))).toMatchObject({ records: 10 })
    expect(told(replica)).toEqual(told(source))
  })

  it('keeps a prefix of whole records when the stream breaks at any byte, and completes it afterwards', async () => {
    const { source, replica } = newQueues()
    {
      using writer = openSource(source)
      appendSome(writer, 2, 1)
      appendSome(writer, 1, 200)
    }
    const bytes = await framesOf(source, { frameBytes: 192 })
    const expected = told(source)
    let most = 0
    let sink = new ReplicaSink(replica, { writer: WRITER })
    for (let length = 0; length <= bytes.length; length++) {
      const { broken } = await pullFromStream(sink, chunked(bytes.subarray(0, length), 65_536))
      // Also where the bytes end between two frames.
      expect(broken?.reason).toBe(length < bytes.length ? 'cut' : undefined)
      const count = sink.nextSequence ?? 0
      expect(count).toBeGreaterThanOrEqual(most)
      if (count === most && length % 100 !== 0) continue
      // Where one more record arrived, the replica is read, and the next transfer is that of another process.
      most = count
      sink.close()
      if (count > 0) expect(told(replica)).toEqual(expected.slice(0, count))
      sink = new ReplicaSink(replica, { writer: WRITER })
    }
    sink.close()
    expect(most).toBe(3)
  }, 120_000)

  it('refuses every flipped byte, or takes the same records', async () => {
    const { source, replica } = newQueues()
    {
      using writer = openSource(source)
      appendSome(writer, 1, 1)
    }
    const bytes = await framesOf(source)
    const expected = told(source)
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes)
      damaged[at] = (damaged[at] ?? 0) ^ 0x55
      const result = await pull(`${replica}-${at}`, damaged).catch((error: unknown) => error)
      if (result instanceof Error) expect(result).toEqual(code('ERR_BAD_BLOCK'))
      else expect(result).toMatchObject({ broken: { reason: expect.stringMatching(/damaged|cut/) } })
    }
    expect((await pull(replica, bytes)).records).toBe(expected.length)
  }, 120_000)

  it('begins a replica at any sequence, and refuses a gap', async () => {
    const { source, replica } = newQueues()
    using writer = openSource(source)
    appendSome(writer, 30)
    await pull(replica, await framesOf(source, { from: 10 }))
    expect(told(replica)).toEqual(told(source).slice(10))
    appendSome(writer, 10)
    await expect(pull(replica, await framesOf(source, { from: 35 }))).rejects.toThrow(code('ERR_DATA_LOST', { from: 30, to: 35 }))
    expect(told(replica)).toHaveLength(20)
  })

  it('refuses another history, a history that differs, and a queue that is not a replica', async () => {
    const [one, other] = [newQueues(), newQueues()]
    for (const { source } of [one, other]) {
      using writer = openSource(source)
      appendSome(writer, 10)
    }
    await pull(one.replica, await framesOf(one.source))
    await expect(pull(one.replica, await framesOf(other.source))).rejects.toThrow(code('ERR_BAD_BLOCK'))
    await expect(pull(one.source, await framesOf(one.source))).rejects.toThrow(code('ERR_INVALID_ARGUMENT'))
    // The same id, and other records: a copy that went its own way.
    using writer = openSource(one.source)
    appendSome(writer, 1)
    const bytes = await framesOf(one.source)
    using replica = openSource(one.replica)
    replica.append(9, Buffer.from('of its own'))
    replica.close()
    await expect(pull(one.replica, bytes)).rejects.toThrow(code('ERR_BAD_BLOCK', { expected: 10 }))
    using reader = openReader(one.replica, 'bridge')
    expect(() => new ReplicaSource(reader)).toThrow(code('ERR_INVALID_ARGUMENT'))
  })

  it('ends with a code when the other end of the pipe is gone, at any byte', async () => {
    const { source } = newQueues()
    {
      using writer = openSource(source)
      appendSome(writer, 20)
    }
    const { length } = await framesOf(source, { frameBytes: 512 })
    for (let at = 0; at < length; at += 97) {
      let left = at
      const stream = new Writable({
        highWaterMark: 64,
        write: (chunk: Buffer, _encoding, done) => {
          left -= chunk.length
          done(left < 0 ? Object.assign(new Error('write EPIPE'), { code: 'EPIPE', errno: -32, syscall: 'write' }) : null)
        },
      })
      using reader = openObserver(source)
      const pushing = pushToStream(new ReplicaSource(reader, { frameBytes: 512 }), stream, { follow: true })
      await expect(pushing).rejects.toThrow(code('ERR_IO', { errnoName: 'EPIPE' }))
    }
  })

  it('is not whole when the push is interrupted', async () => {
    const { source, replica } = newQueues()
    {
      using writer = openSource(source)
      appendSome(writer, 5)
    }
    using reader = openObserver(source)
    const stream = new PassThrough()
    await pushToStream(new ReplicaSource(reader), stream, { signal: AbortSignal.abort() })
    stream.end()
    using sink = new ReplicaSink(replica, { writer: WRITER })
    expect((await pullFromStream(sink, stream)).broken?.reason).toBe('cut')
  })

  it('follows what is appended until it is ended', async () => {
    const { source, replica } = newQueues()
    using writer = openSource(source)
    using reader = openReader(source, 'bridge')
    const stream = new PassThrough()
    const ending = new AbortController()
    const pushing = pushToStream(new ReplicaSource(reader), stream, { follow: true, signal: ending.signal })
    using sink = new ReplicaSink(replica, { writer: WRITER })
    const pulling = pullFromStream(sink, stream)
    appendSome(writer, 5)
    while ((sink.nextSequence ?? 0) < 5) await new Promise((resolve) => setTimeout(resolve, 1))
    appendSome(writer, 5)
    while ((sink.nextSequence ?? 0) < 10) await new Promise((resolve) => setTimeout(resolve, 1))
    ending.abort()
    expect((await pushing).records).toBe(10)
    stream.end()
    expect((await pulling).broken).toBeUndefined()
    expect(told(replica)).toEqual(told(source))
  })
})
