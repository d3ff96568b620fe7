import { truncateSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { code } from '../../test/support/expectations.js'
import { drainSequences } from '../../test/support/messages.js'
import { newQueue } from '../../test/support/new-queue.js'
import { segmentFile } from '../../test/support/raw-queue.js'
import { type Claim, openObserver, type QueueWriter } from '../index.js'

describe('a claim', () => {
  it('says where its bytes are, and what is stored there is what a reader gets, little-endian', () => {
    const { directory, writer } = newQueue()
    writer.append(1, Buffer.alloc(70))
    const claim = writer.claim(2, 20)
    expect(claim.length).toBe(20)
    expect(claim.payloadOffset).toBe(writer.position.offset + 64)
    claim.setFloat64(0, 0.5).setInt32(8, -2).setBigInt64(12, -3n)
    expect(claim.view.getInt32(claim.payloadOffset + 8, true)).toBe(-2)
    claim.commit()
    using observer = openObserver(directory, { start: { sequence: 1 } })
    const payload = observer.next()?.payload
    expect([payload?.readDoubleLE(0), payload?.readInt32LE(8), payload?.readBigInt64LE(12)]).toEqual([0.5, -2, -3n])
    writer.close()
  })

  it('refuses what is not a number, before it could run code of the caller to become one', () => {
    const { writer } = newQueue()
    const claim = writer.claim(1, 8)
    const number = { valueOf: () => claim.commit() } as unknown as number
    for (const store of [
      () => claim.setFloat64(0, number),
      () => claim.setInt32(0, number),
      () => claim.setBigInt64(0, number as unknown as bigint),
      () => claim.setInt32(number, 1),
    ])
      expect(store).toThrowError(code('ERR_INVALID_ARGUMENT'))
    claim.commit()
    expect(writer.nextSequence).toBe(1)
    writer.close()
  })

  it('of no bytes is an empty message', () => {
    const { directory, writer } = newQueue()
    writer.claim(3, 0).commit()
    using observer = openObserver(directory)
    expect(observer.next()).toMatchObject({ typeId: 3, length: 0 })
    writer.close()
  })

  it('is aborted when it goes out of scope without a commit, and its writer goes on', () => {
    const { directory, writer } = newQueue()
    {
      using abandoned = writer.claim(1, 100)
      abandoned.payload.fill(0xff)
    }
    {
      using kept = writer.claim(2, 4)
      kept.setInt32(0, 7).commit()
    }
    using observer = openObserver(directory)
    expect(drainSequences(observer)).toEqual([0])
    observer.seek('earliest')
    expect(observer.next()?.payload.readInt32LE(0)).toBe(7)
    writer.close()
  })

  it('keeps the time that commit gives, up to the largest', () => {
    const { directory, writer } = newQueue()
    const times = [1n, 2n ** 64n - 1n, 5n]
    for (const timestampNs of times) writer.claim(1, 8).commit({ timestampNs })
    using observer = openObserver(directory)
    expect(times.map(() => observer.next()?.timestampNs)).toEqual(times)
    writer.close()
  })

  it.each([5, '5', null, -1n, 2n ** 64n])(
    'stays open when commit is given the time %s, and can still be committed',
    (timestampNs) => {
      const { directory, writer } = newQueue()
      const claim = writer.claim(1, 8)
      claim.setFloat64(0, 1.5)
      const commit = () => claim.commit({ timestampNs: timestampNs as bigint })
      expect(commit).toThrowError(code('ERR_INVALID_ARGUMENT', { argument: 'timestampNs' }))
      claim.commit({ timestampNs: 9n })
      expect(writer.append(1, Buffer.from('on'))).toBe(1)
      using observer = openObserver(directory)
      expect(observer.next()?.payload.readDoubleLE(0)).toBe(1.5)
      writer.close()
    },
  )

  it('rolls when the segment has no room for it', () => {
    const { directory, writer } = newQueue()
    writer.append(1, Buffer.alloc(3000))
    writer.claim(1, 2000).commit()
    using observer = openObserver(directory, { start: { sequence: 1 } })
    expect(observer.next()).toMatchObject({ segmentId: 1, length: 2000 })
    writer.close()
  })

  it('counts for the flush policy like an append', () => {
    const { writer } = newQueue({ flushPolicy: { everyMessages: 1, wait: true } })
    writer.claim(1, 8).commit()
    expect(writer.durableSequence).toBe(1)
    writer.close()
  })

  it('is refused while another is open, and so is a batch', () => {
    const { writer } = newQueue()
    const claim = writer.claim(1, 8)
    const refused = [() => writer.claim(1, 8), () => writer.appendBatch([{ typeId: 1, payload: Buffer.from('x') }])]
    for (const call of refused) expect(call).toThrowError(code('ERR_INVALID_ARGUMENT', { argument: 'claim' }))
    claim.commit()
    expect(writer.nextSequence).toBe(1)
    writer.close()
  })

  it.each(['commit', 'abort'] as const)('whose segment is cut short before %s is an error, not a SIGBUS', (end) => {
    const { directory, writer } = newQueue({ segmentSize: 1 << 20 })
    const claim = writer.claim(1, 100_000)
    truncateSync(segmentFile(directory, 0), 4096)
    claim.payload.fill(1)
    expect(() => claim[end]()).toThrowError(code('ERR_SEGMENT_TRUNCATED'))
    expect(() => claim.commit()).toThrowError(code('ERR_CLOSED'))
    writer.close()
  })

  it.each([
    ['is refused, and is not open', (writer: QueueWriter) => writer.claim(1, 100)],
    ['is refused when it is appended', (writer: QueueWriter) => writer.append(1, Buffer.alloc(100))],
    ['ends when it is shortened', (_: QueueWriter, open: Claim | undefined) => open?.commit({ length: 10 })],
  ])('in a segment that was cut short %s; after a roll the writer goes on', (name, use) => {
    const { directory, writer } = newQueue({ segmentSize: 1 << 20 })
    writer.append(1, Buffer.from('first'))
    const open = name.startsWith('ends') ? writer.claim(1, 100_000) : undefined
    truncateSync(segmentFile(directory, 0), 4096)
    if (open === undefined) expect(() => writer.append(1, Buffer.alloc(100_000))).toThrowError(code('ERR_SEGMENT_TRUNCATED'))
    else open.payload.fill(1)
    for (let times = 0; times < 2; times++) {
      const again = times === 0 || open === undefined
      expect(() => use(writer, open)).toThrowError(code(again ? 'ERR_SEGMENT_TRUNCATED' : 'ERR_CLOSED'))
    }
    const { segmentId } = writer.position
    writer.roll()
    expect(writer.position.segmentId).toBe(segmentId + 1)
    writer.claim(2, 4).setInt32(0, 7).commit()
    expect(writer.append(2, Buffer.from('on'))).toBe(2)
    using observer = openObserver(directory, { start: { segmentId: 1, offset: 64 } })
    expect(drainSequences(observer)).toEqual([1, 2])
    // The append that was refused has left a header, whose payload is cut off.
    if (open === undefined) expect(() => writer.flushSync()).toThrowError(code('ERR_IO'))
    else writer.flushSync()
    expect(writer.durableSequence).toBe(open === undefined ? 0 : 3)
    writer.close()
  })

  it('keeps its segment the head: a roll by hand is refused, one by age waits, and what it says is durable is', async () => {
    const { directory, writer } = newQueue({ rollAfterMs: 1 })
    writer.append(1, Buffer.from('before'))
    const claim = writer.claim(1, 8)
    expect(() => writer.roll()).toThrowError(code('ERR_INVALID_ARGUMENT', { argument: 'claim' }))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(writer.position.segmentId).toBe(0)
    claim.setFloat64(0, 1.5).commit()
    while (writer.position.segmentId === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    using observer = openObserver(directory)
    expect(drainSequences(observer)).toEqual([0, 1])
    writer.close()
  })
})
