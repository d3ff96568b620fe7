import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Child } from '../../test/support/child.js'
import { code } from '../../test/support/expectations.js'
import { appendNumbered, drainSequences, numberedPayload, range } from '../../test/support/messages.js'
import { overwrite, overwriteControl, readControlFile, segmentFile, u64 } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { CONTROL_NEXT_SEQUENCE_OFFSET, SEGMENT_FIRST_SEQUENCE_PLUS_ONE_OFFSET } from '../format/index.js'
import { openObserver, openReader, openWriter, type WriterOptions } from '../index.js'

function queuePath(): string {
  return join(temporaryDirectory(), 'queue')
}

describe('append', () => {
  it('returns ascending sequences from 0 and delivers every byte', () => {
    const directory = queuePath()
    const writer = openWriter(directory, { segmentSize: 8192 })
    for (const number of range(0, 200)) expect(writer.append(3, numberedPayload(number))).toBe(number)
    const observer = openObserver(directory)
    for (const number of range(0, 200)) {
      const message = observer.next()
      expect(message?.sequence).toBe(number)
      expect(message?.typeId).toBe(3)
      expect(message?.payload.equals(numberedPayload(number))).toBe(true)
    }
    expect(observer.next()).toBeUndefined()
    observer.close()
    writer.close()
  })

  it('L57: is refused before a sequence is one that no number can hold, and the queue opens again', () => {
    const directory = queuePath()
    const first = openWriter(directory, { segmentSize: 4096 })
    first.append(1, numberedPayload(0))
    first.roll()
    const { segmentId } = first.position
    first.close()
    // The last two that are left, said by the control block and by the header of the empty head.
    const next = Number.MAX_SAFE_INTEGER - 3
    overwriteControl(directory, CONTROL_NEXT_SEQUENCE_OFFSET, u64(next))
    overwrite(segmentFile(directory, segmentId), SEGMENT_FIRST_SEQUENCE_PLUS_ONE_OFFSET, u64(next + 1))
    const refused = code('ERR_BAD_SEGMENT', { segmentId })
    for (const left of [2, 0]) {
      using writer = openWriter(directory)
      for (const index of range(2 - left, 2)) expect(writer.append(1, numberedPayload(0))).toBe(next + index)
      expect(() => writer.append(1, numberedPayload(0))).toThrowError(refused)
      expect(() => writer.appendBatch([{ typeId: 1, payload: numberedPayload(0) }])).toThrowError(refused)
      expect(() => writer.claim(1, 8)).toThrowError(refused)
      expect(writer.nextSequence).toBe(next + 2)
    }
  })

  it('L4: sequences go on over all writer restarts', () => {
    const directory = queuePath()
    for (const round of range(0, 5)) {
      const writer = openWriter(directory, { segmentSize: 4096 })
      expect(writer.epoch).toBe(round + 1)
      appendNumbered(writer, round * 30, round * 30 + 30)
      writer.close()
    }
    const observer = openObserver(directory)
    expect(drainSequences(observer)).toEqual(range(0, 150))
    observer.close()
  })

  it('L13: refuses the type of the padding record and everything that is not a type', () => {
    const writer = openWriter(queuePath(), { segmentSize: 4096 })
    for (const typeId of [0xffff, 0x10000, -1, 1.5, Number.NaN, '1' as unknown as number]) {
      expect(() => writer.append(typeId, Buffer.from('x'))).toThrowError(code('ERR_INVALID_ARGUMENT'))
      expect(() => writer.appendBatch([{ typeId, payload: Buffer.from('x') }])).toThrowError(code('ERR_INVALID_ARGUMENT'))
    }
    expect(writer.append(0xfffe, Buffer.from('x'))).toBe(0)
    writer.close()
  })

  it('takes payloads of 0 bytes and of the maximum, and refuses one byte more before anything is written', () => {
    const directory = queuePath()
    const writer = openWriter(directory, { segmentSize: 4096 })
    const maximum = 4096 - 128
    writer.append(1, new Uint8Array(0))
    writer.append(1, Buffer.alloc(maximum, 1))
    expect(() => writer.append(1, Buffer.alloc(maximum + 1))).toThrowError(
      expect.objectContaining({ code: 'ERR_TOO_LARGE', length: maximum + 1, maxLength: maximum }),
    )
    writer.append(1, Buffer.from('after'))
    const observer = openObserver(directory)
    expect([observer.next()?.length, observer.next()?.length, observer.next()?.length]).toEqual([0, maximum, 5])
    observer.close()
    writer.close()
  })

  it('refuses what is not a Uint8Array, and detached buffers, and goes on', () => {
    const writer = openWriter(queuePath(), { segmentSize: 4096 })
    const detached = new Uint8Array(16)
    structuredClone(detached.buffer, { transfer: [detached.buffer] })
    for (const payload of ['text', null, undefined, 7, {}, [1, 2], new ArrayBuffer(3)]) {
      expect(() => writer.append(1, payload as unknown as Uint8Array)).toThrowError(code('ERR_INVALID_ARGUMENT'))
    }
    // A detached array is an empty one to the language: it is either refused or appended empty, never read.
    try {
      writer.append(1, detached)
    } catch (error) {
      expect(error).toEqual(code('ERR_INVALID_ARGUMENT'))
    }
    expect(writer.append(1, Buffer.from('on'))).toBeGreaterThanOrEqual(0)
    writer.close()
  })

  it('keeps a timestamp that the caller gives, also when time goes backwards', () => {
    const directory = queuePath()
    const writer = openWriter(directory, { segmentSize: 4096 })
    const times = [0x1122334455667788n, 5n, 0n, 2n ** 64n - 1n]
    for (const timestampNs of times) writer.append(1, Buffer.from('x'), { timestampNs })
    const observer = openObserver(directory)
    expect(times.map(() => observer.next()?.timestampNs)).toEqual(times)
    observer.close()
    writer.close()
  })
})

describe('appendBatch', () => {
  it('appends over segment ends in order and returns the first sequence', () => {
    const directory = queuePath()
    const writer = openWriter(directory, { segmentSize: 4096 })
    writer.append(1, numberedPayload(0))
    const messages = range(1, 100).map((number) => ({ typeId: number, payload: numberedPayload(number) }))
    expect(writer.appendBatch(messages)).toBe(1)
    expect(writer.appendBatch([])).toBe(100)
    const observer = openObserver(directory)
    expect(drainSequences(observer)).toEqual(range(0, 100))
    observer.close()
    writer.close()
  })

  it('keeps the messages before a refused one', () => {
    const directory = queuePath()
    const writer = openWriter(directory, { segmentSize: 4096 })
    const bad = [
      { typeId: 1, payload: Buffer.from('a') },
      { typeId: 1, payload: Buffer.alloc(5000) },
    ]
    expect(() => writer.appendBatch(bad)).toThrowError(code('ERR_TOO_LARGE'))
    expect(writer.nextSequence).toBe(1)
    writer.close()
  })
})

describe('claim', () => {
  it('is filled in place, and published by commit', () => {
    const directory = queuePath()
    const writer = openWriter(directory, { segmentSize: 4096 })
    const observer = openObserver(directory)
    for (const number of range(0, 50)) {
      const claim = writer.claim(7, 16)
      claim.setFloat64(0, number).setFloat64(8, number * 2)
      expect(observer.next()).toBeUndefined()
      claim.commit()
      const message = observer.next()
      expect(message?.payload.readDoubleLE(8)).toBe(number * 2)
    }
    observer.close()
    writer.close()
  })

  it('leaves no trace when it is aborted or abandoned', () => {
    const directory = queuePath()
    const writer = openWriter(directory, { segmentSize: 4096 })
    const claim = writer.claim(1, 100)
    claim.payload.fill(0xff)
    expect(() => writer.append(1, Buffer.from('x'))).toThrowError(code('ERR_INVALID_ARGUMENT'))
    claim.abort()
    claim.abort()
    expect(() => claim.commit()).toThrowError(code('ERR_CLOSED'))
    writer.append(2, Buffer.alloc(3, 1))
    const abandoned = writer.claim(1, 200)
    abandoned.payload.fill(0xee)
    writer.close()
    expect(() => abandoned.payload).toThrowError(code('ERR_CLOSED'))
    const next = openWriter(directory)
    next.append(3, Buffer.from('next'))
    next.close()
    const observer = openObserver(directory)
    expect([observer.next()?.typeId, observer.next()?.typeId, observer.next()]).toEqual([2, 3, undefined])
    observer.close()
  })

  it('refuses to write outside the claimed bytes', () => {
    const writer = openWriter(queuePath(), { segmentSize: 4096 })
    const claim = writer.claim(1, 8)
    for (const at of [1, -1, 0.5, Number.NaN, '0', null])
      expect(() => claim.setFloat64(at as number, 1)).toThrow(code('ERR_INVALID_ARGUMENT'))
    claim.setBigInt64(0, 5n).commit({ timestampNs: 9n })
    expect(() => writer.claim(1, 5000)).toThrowError(code('ERR_TOO_LARGE'))
    for (const length of [-1, 1.5, Number.NaN])
      expect(() => writer.claim(1, length)).toThrowError(code('ERR_INVALID_ARGUMENT', { argument: 'length' }))
    for (const timestampNs of [-1n, 2n ** 64n, 5 as unknown as bigint])
      expect(() => writer.append(1, Buffer.alloc(1), { timestampNs })).toThrowError(
        code('ERR_INVALID_ARGUMENT', { argument: 'timestampNs' }),
      )
    writer.close()
  })
})

describe('opening', () => {
  it('gives a second writer the facts about the first', async () => {
    const directory = queuePath()
    const writer = openWriter(directory, { segmentSize: 4096 })
    expect(() => openWriter(directory)).toThrowError(expect.objectContaining({ code: 'ERR_WRITER_ACTIVE', pid: process.pid }))
    const other = new Child('try-write', [directory])
    expect(await other.json()).toMatchObject({ code: 'ERR_WRITER_ACTIVE', pid: process.pid })
    writer.close()
  })

  it('L19: a writer that was closed inside a living process is dead', () => {
    const directory = queuePath()
    const writer = openWriter(directory, { segmentSize: 4096 })
    writer.append(1, Buffer.from('x'))
    const observer = openObserver(directory)
    expect(observer.writerStatus()).toMatchObject({ alive: true, pid: process.pid })
    writer.close()
    writer.close()
    expect(observer.writerStatus().alive).toBe(false)
    expect(observer.writerStatus().pid).toBeUndefined()
    observer.close()
    openWriter(directory).close()
  })

  it('L18: an idle writer is alive as long as it holds the lock', () => {
    const directory = queuePath()
    const writer = openWriter(directory, { segmentSize: 4096, heartbeatIntervalMs: 0 })
    const observer = openObserver(directory)
    expect(observer.writerStatus().alive).toBe(true)
    observer.close()
    writer.close()
  })

  it.each([0, 1, 4095, 4097, 6144, 2 ** 32 + 4096, -4096, Number.NaN])('L12: refuses a segment size of %d', (segmentSize) => {
    const directory = queuePath()
    expect(() => openWriter(directory, { segmentSize })).toThrowError(code('ERR_INVALID_ARGUMENT'))
    expect(existsSync(directory)).toBe(false)
  })

  it.each<[string, WriterOptions]>([
    ['backpressure', { backpressure: 'wait' as 'block' }],
    ['maxSegments', { maxSegments: 1 }],
    ['maxBytes', { maxBytes: 5 }],
    ['flushPolicy.everyMessages', { flushPolicy: { everyMessages: 0 } }],
    ['retention.maxAgeMs', { retention: { maxAgeMs: -1 } }],
    ['cpu', { cpu: -1 }],
    ['preset', { preset: 'fast' as 'durable' }],
    ['heartbeatIntervalMs', { heartbeatIntervalMs: -5 }],
  ])('refuses a bad option and names it: %s', (argument, options) => {
    expect(() => openWriter(queuePath(), options)).toThrowError(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', argument }),
    )
  })

  it('an existing queue keeps its segment size', () => {
    const directory = queuePath()
    openWriter(directory, { segmentSize: 4096 }).close()
    const writer = openWriter(directory, { segmentSize: 1 << 20 })
    expect(writer.segmentSize).toBe(4096)
    writer.close()
  })

  it('L8: the first segment is there before the control block', () => {
    const directory = queuePath()
    openWriter(directory, { segmentSize: 4096 }).close()
    expect(statSync(segmentFile(directory, 0)).size).toBe(4096)
    expect(readControlFile(directory)).toMatchObject({ initState: 2, writerEpoch: 1, currentSegment: 0 })
  })

  it('a closed writer keeps no file of its queue mapped, whenever the garbage collector runs', async () => {
    const directory = queuePath()
    const mapped = () =>
      readFileSync('/proc/self/maps', 'latin1')
        .split('\n')
        .filter((line) => line.includes(directory))
    const writer = openWriter(directory, { segmentSize: 4096 })
    appendNumbered(writer, 0, 200)
    expect(mapped().length).toBeGreaterThan(0)
    writer.close()
    // Segments that were left are given back by a thread in the background.
    const deadlineMs = performance.now() + 20_000
    while (mapped().length > 0 && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(mapped()).toEqual([])
  })

  it('a closed writer answers ERR_CLOSED to everything and leaves no temporary or prepared file', () => {
    const directory = queuePath()
    const writer = openWriter(directory, { segmentSize: 4096 })
    appendNumbered(writer, 0, 50)
    const head = writer.position.segmentId
    writer.close()
    for (const call of [
      () => writer.append(1, Buffer.from('x')),
      () => writer.appendBatch([{ typeId: 1, payload: Buffer.from('x') }]),
      () => writer.claim(1, 5),
      () => writer.flushSync(),
      () => writer.roll(),
      () => writer.explainRetention(),
    ]) {
      expect(call).toThrowError(code('ERR_CLOSED'))
    }
    expect(readdirSync(directory).filter((name) => name.endsWith('.tmp'))).toEqual([])
    expect(existsSync(segmentFile(directory, head + 1))).toBe(false)
  })
})

describe('rolling', () => {
  it('by hand leaves the head when it holds something, and not when it is empty', () => {
    const writer = openWriter(queuePath(), { segmentSize: 4096 })
    writer.roll()
    expect(writer.position.segmentId).toBe(0)
    writer.append(1, Buffer.from('x'))
    writer.roll()
    writer.roll()
    expect(writer.position.segmentId).toBe(1)
    writer.close()
  })

  it('by age leaves a head that holds something', async () => {
    const writer = openWriter(queuePath(), { segmentSize: 4096, rollAfterMs: 1 })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(writer.position.segmentId).toBe(0)
    writer.append(1, Buffer.from('x'))
    while (writer.position.segmentId === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(writer.nextSequence).toBe(1)
    writer.close()
  })

  it('by age waits for no reader: the event loop goes on turning while the queue is full', async () => {
    const writer = openWriter(queuePath(), {
      segmentSize: 4096,
      rollAfterMs: 1,
      maxSegments: 2,
      backpressure: 'block',
      backpressureTimeoutMs: 60_000,
    })
    using reader = openReader(writer.directory, 'slow')
    writer.append(1, Buffer.from('x'))
    while (writer.position.segmentId === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    writer.append(1, Buffer.from('y'))
    const begun = performance.now()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(performance.now() - begun).toBeLessThan(30_000)
    expect(writer.metrics().blockedRolls).toBe(0)
    expect(drainSequences(reader)).toEqual([0, 1])
    reader.commit()
    while (writer.position.segmentId === 1) await new Promise((resolve) => setTimeout(resolve, 1))
    writer.close()
  })
})

describe('durability', () => {
  it('L42: durable and visible are two words, both observable by other processes', async () => {
    const directory = queuePath()
    const writer = openWriter(directory, { segmentSize: 1 << 20 })
    const observer = openObserver(directory)
    appendNumbered(writer, 0, 10)
    expect(drainSequences(observer)).toHaveLength(10)
    expect(observer.durableSequence).toBe(0)
    await writer.flush()
    expect(observer.durableSequence).toBe(10)
    appendNumbered(writer, 10, 20)
    writer.flushSync()
    expect(writer.durableSequence).toBe(20)
    expect(observer.durableSequence).toBe(20)
    observer.close()
    writer.close()
  })

  it('a waiting flush policy makes each append durable before it returns', () => {
    const directory = queuePath()
    const writer = openWriter(directory, { segmentSize: 4096, preset: 'durable' })
    for (const number of range(0, 60)) {
      writer.append(1, numberedPayload(number))
      expect(writer.durableSequence).toBe(number + 1)
    }
    writer.close()
  })

  it('a flush policy by messages syncs without a turn of the event loop', () => {
    const directory = queuePath()
    const writer = openWriter(directory, { segmentSize: 1 << 20, flushPolicy: { everyMessages: 10 } })
    appendNumbered(writer, 0, 95)
    expect(writer.metrics().syncs).toBe(9)
    writer.close()
    const observer = openObserver(directory)
    expect(observer.durableSequence).toBe(95)
    observer.close()
  })

  it('rolled segments become durable by themselves', async () => {
    const directory = queuePath()
    const writer = openWriter(directory, { segmentSize: 4096 })
    appendNumbered(writer, 0, 60)
    while (writer.durableSequence === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(writer.durableSequence).toBeLessThanOrEqual(60)
    writer.close()
  })
})

describe('reading while writing', () => {
  it('L36: names are checked and one name is one reader', () => {
    const directory = queuePath()
    const writer = openWriter(directory, { segmentSize: 4096 })
    for (const name of ['', '../x', '.hidden', 'a/b', 'x'.repeat(129), 'ä', 'a b']) {
      expect(() => openReader(directory, name)).toThrowError(code('ERR_INVALID_ARGUMENT'))
    }
    const reader = openReader(directory, 'one')
    expect(() => openReader(directory, 'one')).toThrowError(code('ERR_READER_ACTIVE'))
    reader.close()
    openReader(directory, 'one').close()
    writer.close()
  })
})
