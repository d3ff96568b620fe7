import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { stageMaker } from '../test/appender-stage.js'
import {
  APPENDER_BATCH_COUNT,
  APPENDER_CLAIM_OFFSET,
  type NativeAppender,
  STATUS_BAD_PAYLOAD,
  STATUS_BAD_TYPE,
  STATUS_CLAIM,
  STATUS_OK,
} from './index.js'

const SEGMENT_SIZE = 1 << 20
/** Around the longest array of the engine's heap, the longest payload that is staged alone, and the size of the staging area. */
const LENGTHS = [0, 1, 3, 63, 64, 65, 200, 1023, 1024, 1025, 65_535, 65_536, 65_537]

const stage = stageMaker()

/** A payload whose bytes say which one it is, also beyond 255. */
function payloadOf(length: number, seed: number): Uint8Array {
  return new Uint8Array(length).map((_, index) => seed + index * 7)
}

/** Type and payload of every record, with whole records checked: what is not payload is zero. */
function recordsIn(segment: ArrayBuffer): { typeId: number; payload: Uint8Array }[] {
  const view = new DataView(segment)
  const records = []
  for (let at = 64; at < segment.byteLength && view.getUint32(at, true) > 0; ) {
    const length = view.getUint32(at, true) - 1
    const end = at + 64 + length
    const next = at + 64 + Math.ceil(length / 64) * 64
    expect(new Uint8Array(segment.slice(end, next)).every((byte) => byte === 0)).toBe(true)
    records.push({ typeId: view.getUint16(at + 24, true), payload: new Uint8Array(segment.slice(at + 64, end)) })
    at = next
  }
  return records
}

describe('append', () => {
  it('takes payloads of every length, one after the other', () => {
    const { appender, segment } = stage(SEGMENT_SIZE)
    const expected = [...LENGTHS, ...LENGTHS.toReversed()].map((length, index) => ({
      typeId: index,
      payload: payloadOf(length, index),
    }))
    for (const { typeId, payload } of expected) expect(appender.append(typeId, payload)).toBe(STATUS_OK)
    expect(recordsIn(segment)).toEqual(expected)
  })

  it('asks the array itself for its length, not its class', () => {
    class Odd extends Uint8Array {
      override get length(): number {
        return 500
      }
      override get [Symbol.toStringTag](): 'Uint8Array' {
        return 'DataView' as 'Uint8Array'
      }
    }
    const { appender, segment } = stage(SEGMENT_SIZE)
    appender.append(1, new Uint8Array(500).fill(0xee))
    expect(appender.append(2, new Odd([1, 2, 3]))).toBe(STATUS_OK)
    expect(appender.appendBatch(Uint16Array.of(3, 4), [new Odd([4, 5]), Uint8Array.of(6)], 0)).toBe(STATUS_OK)
    expect(recordsIn(segment).slice(1)).toEqual([
      { typeId: 2, payload: Uint8Array.of(1, 2, 3) },
      { typeId: 3, payload: Uint8Array.of(4, 5) },
      { typeId: 4, payload: Uint8Array.of(6) },
    ])
  })

  it('takes arrays of another realm', () => {
    const { appender, segment } = stage(SEGMENT_SIZE)
    const foreign = runInNewContext('new Uint8Array([1, 2, 3])') as Uint8Array
    expect(appender.append(1, foreign)).toBe(STATUS_OK)
    expect(appender.appendBatch(Uint16Array.of(2), [foreign], 0)).toBe(STATUS_OK)
    expect(recordsIn(segment)).toEqual([
      { typeId: 1, payload: Uint8Array.of(1, 2, 3) },
      { typeId: 2, payload: Uint8Array.of(1, 2, 3) },
    ])
  })
})

describe('appendWith', () => {
  it.each([1, 64, 1024, 1025])('stores the version of %i bytes, and a plain append after it stores none', (length) => {
    const { appender, segment } = stage(SEGMENT_SIZE)
    const payload = payloadOf(length, 1)
    const flagsAt = (offset: number) => new DataView(segment).getUint16(offset + 26, true)
    const next = 64 + 64 + Math.ceil(length / 64) * 64
    expect(appender.appendWith(1, payload, 255)).toBe(STATUS_OK)
    expect(appender.append(2, payload)).toBe(STATUS_OK)
    expect([flagsAt(64) >> 8, flagsAt(next) >> 8]).toEqual([255, 0])
    expect(recordsIn(segment)).toEqual([
      { typeId: 1, payload },
      { typeId: 2, payload },
    ])
  })

  it.each([0, -1, 256, 2 ** 40, Number.NaN])('stores none for %s', (version) => {
    const { appender, segment } = stage(SEGMENT_SIZE)
    expect(appender.appendWith(1, Uint8Array.of(1), version)).toBe(STATUS_OK)
    expect(new DataView(segment).getUint16(64 + 26, true) >> 8).toBe(0)
  })

  it('that is refused leaves no version to the next append', () => {
    const { appender, segment } = stage(SEGMENT_SIZE)
    expect(appender.claim(1, 8)).toBe(STATUS_OK)
    expect(appender.appendWith(2, Uint8Array.of(9), 7)).toBe(STATUS_CLAIM)
    expect(appender.abort()).toBe(STATUS_OK)
    expect(appender.append(3, Uint8Array.of(9))).toBe(STATUS_OK)
    expect(new DataView(segment).getUint16(64 + 26, true) >> 8).toBe(0)
  })
})

describe('appendBatch', () => {
  it('keeps the order where some payloads are staged and some are not', () => {
    const { appender, segment } = stage(1 << 21)
    const expected = Array.from({ length: 1300 }, (_, index) => {
      const length = index % 400 === 399 ? 70_000 : index % 97 === 0 ? 0 : index % 70
      return { typeId: index, payload: payloadOf(length, index) }
    })
    const payloads = expected.map(({ payload }) => payload)
    expect(
      appender.appendBatch(
        Uint16Array.from(expected, ({ typeId }) => typeId),
        payloads,
        0,
      ),
    ).toBe(STATUS_OK)
    expect(appender.state[APPENDER_BATCH_COUNT]).toBe(1300)
    expect(recordsIn(segment)).toEqual(expected)
  })

  it('refuses a number of staged messages for which there is no room', () => {
    const { appender, segment } = stage(SEGMENT_SIZE)
    const raw = appender as NativeAppender & { appendStagedBatch(): unknown; appendStaged(): unknown }
    for (const length of [-1, 0.5, Number.NaN, 513, 2 ** 40, Number.POSITIVE_INFINITY]) {
      appender.state[9] = length
      expect(raw.appendStagedBatch(), String(length)).toBe(STATUS_BAD_PAYLOAD)
      expect(appender.state[APPENDER_BATCH_COUNT]).toBe(0)
    }
    appender.state[9] = 65_537
    expect(raw.appendStaged()).toBe(STATUS_BAD_PAYLOAD)
    expect(recordsIn(segment)).toEqual([])
  })
})

describe('claim', () => {
  it.each([Number.NaN, -1, 1.5, undefined, '5', null])('refuses %s as a length', (length) => {
    const { appender } = stage(SEGMENT_SIZE)
    expect(appender.claim(1, length as number)).toBe(STATUS_BAD_PAYLOAD)
    expect(appender.state[APPENDER_CLAIM_OFFSET]).toBe(0)
  })

  it.each([0xffff, -1, 1.5, Number.NaN, '1', undefined])('refuses %s as a type', (typeId) => {
    const { appender } = stage(SEGMENT_SIZE)
    expect(appender.claim(typeId as number, 8)).toBe(STATUS_BAD_TYPE)
    expect(appender.append(1, Uint8Array.of(1))).toBe(STATUS_OK)
  })

  it('is not disturbed by an append that it refuses', () => {
    const { appender, segment } = stage(SEGMENT_SIZE)
    expect(appender.claim(1, 8)).toBe(STATUS_OK)
    expect(appender.append(2, Uint8Array.of(9, 9))).toBe(STATUS_CLAIM)
    expect(appender.appendBatch(Uint16Array.of(2), [Uint8Array.of(9, 9)], 0)).toBe(STATUS_CLAIM)
    new Uint8Array(segment, appender.state[APPENDER_CLAIM_OFFSET], 8).fill(5)
    expect(appender.publishNow()).toBe(STATUS_OK)
    expect(recordsIn(segment)).toEqual([{ typeId: 1, payload: new Uint8Array(8).fill(5) }])
  })
})
