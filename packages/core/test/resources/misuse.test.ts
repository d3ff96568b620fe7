import { join } from 'node:path'
import { openColdReader, verifyQueue } from '@chronicle-ts/inspect'
import { describe, expect, it } from 'vitest'
import { openObserver, openReader, openWriter } from '../../src/index.js'
import { releaseReaders } from '../../src/retention/retention-plan.js'
import { appendNumbered, drainSequences, range } from '../support/messages.js'
import { temporaryDirectory } from '../support/temporary.js'

const code = (name: string) => expect.objectContaining({ code: name })

function newQueue(): string {
  return join(temporaryDirectory(), 'queue')
}

describe('closed handles', () => {
  it('every method of a closed writer is ERR_CLOSED or answers without touching memory', () => {
    const directory = newQueue()
    const writer = openWriter(directory, { segmentSize: 4096 })
    const claim = writer.claim(1, 8)
    writer.close()
    const refused = {
      append: () => writer.append(1, Buffer.alloc(1)),
      appendAt: () => writer.append(1, Buffer.alloc(1), { timestampNs: 1n }),
      tryAppend: () => writer.tryAppend(1, Buffer.alloc(1)),
      appendBatch: () => writer.appendBatch([{ typeId: 1, payload: Buffer.alloc(1) }]),
      appendBatchOfNone: () => writer.appendBatch([]),
      claim: () => writer.claim(1, 1),
      roll: () => writer.roll(),
      flushSync: () => writer.flushSync(),
      explainRetention: () => writer.explainRetention(),
      durableSequence: () => writer.durableSequence,
      claimView: () => claim.view,
      claimPayload: () => claim.payload,
      claimStore: () => claim.setInt32(0, 1),
      claimCommit: () => claim.commit(),
    }
    for (const [name, call] of Object.entries(refused)) expect(call, name).toThrowError(code('ERR_CLOSED'))
    expect(() => {
      writer.heartbeat()
    }).not.toThrowError(TypeError)
    claim.abort()
    expect(writer.metrics().nextSequence).toBe(0)
    writer.close()
    openWriter(directory).close()
  })

  it('flush of a closed writer rejects with ERR_CLOSED', async () => {
    const writer = openWriter(newQueue(), { segmentSize: 4096 })
    writer.close()
    await expect((async () => writer.flush())()).rejects.toThrowError(code('ERR_CLOSED'))
  })

  it('every method of a closed reader or observer is ERR_CLOSED or answers without touching memory', async () => {
    const directory = newQueue()
    using writer = openWriter(directory, { segmentSize: 4096 })
    appendNumbered(writer, 0, 40)
    const reader = openReader(directory, 'r')
    for (const source of [reader, openObserver(directory)]) {
      const message = source.next()
      source.close()
      const refused = {
        next: () => source.next(),
        peek: () => source.peek(),
        poll: () => source.poll(1, () => undefined),
        wait: () => source.wait({ timeoutMs: 1 }),
        seek: () => source.seek('earliest'),
        writerStatus: () => source.writerStatus(),
        writerEpoch: () => source.writerEpoch,
        heartbeatNs: () => source.heartbeatNs,
        durableSequence: () => source.durableSequence,
        lag: () => source.lag(),
        isReady: () => source.isReady,
      }
      for (const [name, call] of Object.entries(refused)) expect(call, name).toThrowError(code('ERR_CLOSED'))
      await expect(source.waitAsync({ timeoutMs: 1 })).rejects.toThrowError(code('ERR_CLOSED'))
      for await (const _ of source.messages()) throw new Error('a closed source delivers nothing')
      expect(source.metrics().messages).toBe(1)
      expect(() => message?.payload).toThrowError(code('ERR_CLOSED'))
      source.close()
    }
    expect(() => reader.commit()).toThrowError(code('ERR_CLOSED'))
  })

  it('a poll without a handler or a limit reads nothing, and no message but one that was returned is committed', () => {
    const directory = newQueue()
    using writer = openWriter(directory, { segmentSize: 4096 })
    appendNumbered(writer, 0, 3)
    using reader = openReader(directory, 'r')
    const poll = (...given: unknown[]): unknown => Reflect.apply(reader.poll, reader, given)
    for (const given of [[], [1], [1, 5], ['1', () => undefined], [Number.NaN, () => undefined]])
      expect(() => poll(...given)).toThrowError(code('ERR_INVALID_ARGUMENT'))
    expect(reader.next()?.sequence).toBe(0)
    const commitThrough = (message: unknown): unknown => Reflect.apply(reader.commitThrough, reader, [message])
    const places = [null, undefined, 5, {}, { segmentId: -1, offset: 64, length: 0 }, { segmentId: 0, offset: '64', length: 1n }]
    for (const place of places) expect(() => commitThrough(place)).toThrowError(code('ERR_INVALID_ARGUMENT'))
  })

  it('closed cold readers and verifications end', () => {
    const directory = newQueue()
    openWriter(directory, { segmentSize: 4096 }).close()
    const reader = openColdReader(directory)
    reader.close()
    expect(reader.next()).toBeUndefined()
    const verification = verifyQueue(directory)
    verification.close()
    verification.close()
  })
})

describe('payloads whose buffer changes', () => {
  it('a detached payload is refused and nothing is written', () => {
    using writer = openWriter(newQueue(), { segmentSize: 4096 })
    const payload = new Uint8Array(64)
    structuredClone(payload.buffer, { transfer: [payload.buffer] })
    // An empty view is what is left of it; both ways of giving it are the same.
    for (const append of [() => writer.append(1, payload), () => writer.appendBatch([{ typeId: 1, payload }])])
      expect(append).toThrowError(code('ERR_INVALID_ARGUMENT'))
    expect(writer.nextSequence).toBe(0)
  })

  it('a payload over a resizable buffer has the bytes that it has at the call', () => {
    const directory = newQueue()
    using writer = openWriter(directory, { segmentSize: 4096 })
    const Resizable = ArrayBuffer as unknown as new (
      length: number,
      options: object,
    ) => ArrayBuffer & { resize(length: number): void }
    const buffer = new Resizable(64, { maxByteLength: 128 })
    const tracking = new Uint8Array(buffer)
    const fixed = new Uint8Array(buffer, 32, 32)
    writer.append(1, tracking.fill(1))
    buffer.resize(16)
    writer.append(1, tracking)
    // Out of bounds, it has no bytes any more.
    writer.append(1, fixed)
    buffer.resize(128)
    writer.append(1, tracking)
    using observer = openObserver(directory)
    const lengths: number[] = []
    observer.poll(10, (message) => lengths.push(message.length))
    expect(lengths).toEqual([64, 16, 0, 128])
  })
})

describe('clocks that go backwards', () => {
  it('messages keep their order and can be sought by time without end', () => {
    const directory = newQueue()
    using writer = openWriter(directory, { segmentSize: 4096 })
    for (let number = 0; number < 200; number++)
      writer.append(1, Buffer.alloc(100), { timestampNs: BigInt(number % 2 === 0 ? 10_000 - number : number) })
    using observer = openObserver(directory)
    expect(drainSequences(observer)).toEqual(range(0, 200))
    for (const timestampNs of [0n, 1n, 9_900n, 2n ** 64n - 1n]) {
      observer.seek({ timestampNs })
      observer.next()
    }
  })

  it('the age of a message from the future is 0', () => {
    const directory = newQueue()
    using writer = openWriter(directory, { segmentSize: 4096 })
    writer.append(1, Buffer.alloc(1), { timestampNs: 2n ** 63n })
    using observer = openObserver(directory)
    expect(observer.lag()).toMatchObject({ messages: 1, ns: 0n })
  })

  it('a reader whose heartbeat lies in the future is not let go', () => {
    const reader = { name: 'r', segmentId: 0, offset: 64, heartbeatNs: 10n ** 18n, running: false, state: 'valid' as const }
    const state = {
      segmentIds: range(0, 10),
      headSegmentId: 9,
      headOffset: 64,
      segmentSize: 4096,
      readers: [reader],
      nowNs: 1n,
      ageMsOf: () => 0,
    }
    expect(releaseReaders(state, { readerTtlMs: 1 })).toEqual({ pinning: [reader], released: [] })
  })
})
