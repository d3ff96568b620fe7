import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { openReader, openWriter } from '@chronicle-ts/core'
import { beforeEach, describe, expect, it } from 'vitest'
import { type BuiltQueue, buildQueue, textPayloads } from '../../../core/test/support/build-queue.js'
import { makeUnopenable } from '../../../core/test/support/faulty-files.js'
import { segmentFile } from '../../../core/test/support/raw-queue.js'
import { temporaryDirectory } from '../../../core/test/support/temporary.js'
import { inspectState } from '../state/state-of-queue.js'
import type { ColdPosition } from './cold-item.js'
import { inspectQueue } from './inspect-queue.js'
import type { ReaderLag } from './measure-lag.js'

/** 32 bytes each: 31 records in a segment of 4 KiB. */
const PER_SEGMENT = 31

let queue: string

beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
})

describe('the lag of a reader of a queue of the base format', () => {
  it('is counted record by record', () => {
    build(3 * PER_SEGMENT, { segmentId: 0, offset: 64 + 128 })
    expect(lag()).toMatchObject({ messages: 3 * PER_SEGMENT - 1, bytes: expect.any(Number), ns: expect.any(BigInt) })
  })

  it('is unknown in messages, and known in bytes and time, when too many segments would have to be counted', () => {
    build(65 * PER_SEGMENT, { segmentId: 0, offset: 64 })
    expect(lag()).toEqual({
      messages: undefined,
      bytes: 64 * (4096 - 64) + PER_SEGMENT * 128,
      ns: BigInt(65 * PER_SEGMENT - 1) * 1000n,
    })
  })

  it('is counted over as many segments as that takes a moment', () => {
    build(64 * PER_SEGMENT, { segmentId: 0, offset: 64 })
    expect(lag()?.messages).toBe(64 * PER_SEGMENT)
  })

  it('leaves out what stands in a segment that cannot be opened', () => {
    build(3 * PER_SEGMENT, { segmentId: 0, offset: 64 })
    makeUnopenable(segmentFile(queue, 1))
    expect(lag()?.messages).toBe(2 * PER_SEGMENT)
  })
})

describe('the lag of a reader', () => {
  it('is nothing at the end and after it', () => {
    const { headSegment, writeOffset } = build(3, { segmentId: 0, offset: 64 + 3 * 128 })
    expect(lag()).toEqual({ messages: 0, bytes: 0, ns: 0n })
    build(3, { segmentId: headSegment, offset: writeOffset + 640 })
    expect(lag()).toEqual({ messages: 0, bytes: 0, ns: 0n })
    build(3, { segmentId: headSegment + 5, offset: 64 })
    expect(lag()).toEqual({ messages: 0, bytes: 0, ns: 0n })
  })

  it.each([false, true])('is nothing in a queue that never had a message (quick: %s)', (quick) => {
    using writer = openWriter(queue, { segmentSize: 4096 })
    openReader(queue, 'audit').close()
    expect(inspectQueue(queue, { quick }).readers[0]?.lag).toEqual({ messages: 0, bytes: 0, ns: 0n })
    expect(inspectState(queue, { quick }).state.readers[0]?.lag).toMatchObject({
      messages: 0,
      bytes: 0,
      arrivalNs: 0n,
      ownNs: 0n,
    })
    writer.append(1, Buffer.alloc(1))
    expect(inspectQueue(queue, { quick }).readers[0]?.lag).toEqual({ messages: 1, bytes: 128, ns: 0n })
  })

  it('is unknown where no record is left and unread segments are gone, or cannot be read', () => {
    build(2 * PER_SEGMENT, { segmentId: 0, offset: 64 })
    for (const id of [0, 1]) rmSync(segmentFile(queue, id))
    expect(lag()).toBeUndefined()
    rmSync(queue, { recursive: true })
    build(1, { segmentId: 0, offset: 64 })
    makeUnopenable(segmentFile(queue, 0))
    expect(lag()).toBeUndefined()
  })

  it('begins in the next segment for one that stands at the end of its own', () => {
    const built = buildQueue(queue, {
      payloads: textPayloads(2 * PER_SEGMENT),
      readers: { audit: { segmentId: 0, offset: 64 + PER_SEGMENT * 128 } },
    })
    expect(lag()).toEqual({ messages: PER_SEGMENT, bytes: built.writeOffset - 64, ns: BigInt(PER_SEGMENT - 1) * 1000n })
  })

  it('is not a time when the last message is older than the next', () => {
    using writer = openWriter(queue, { segmentSize: 4096 })
    for (const timestampNs of [30n, 20n, 10n]) writer.append(1, Buffer.alloc(1), { timestampNs })
    using reader = openReader(queue, 'audit')
    reader.commit()
    expect(lag()).toEqual({ messages: 3, bytes: 3 * 128, ns: 0n })
  })
})

function build(count: number, position: ColdPosition): BuiltQueue {
  return buildQueue(queue, { payloads: textPayloads(count), legacy: true, readers: { audit: position } })
}

function lag(): ReaderLag | undefined {
  return inspectQueue(queue).readers[0]?.lag
}
