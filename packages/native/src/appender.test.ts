import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stageMaker } from '../test/appender-stage.js'
import { mapNewFile, preparedSegment, temporaryFolder } from '../test/temporary-files.js'
import {
  APPENDER_BATCH_COUNT,
  APPENDER_CLAIM_OFFSET,
  APPENDER_NEXT_SEQUENCE,
  APPENDER_WRITE_OFFSET,
  binding,
  DETAILS_LENGTH,
  STATUS_BAD_PAYLOAD,
  STATUS_BAD_TYPE,
  STATUS_CLAIM,
  STATUS_DETACHED,
  STATUS_OK,
  STATUS_ROLL,
  STATUS_TOO_LARGE,
} from './index.js'

const folder = temporaryFolder()
let files = 0
const map = (length: number) => mapNewFile(join(folder, `file-${files++}`), length)
const prepared = (length: number) => preparedSegment(join(folder, `file-${files++}`), length)
const hex = (buffer: ArrayBuffer, from: number, length: number) => Buffer.from(buffer, from, length).toString('hex')

const stage = stageMaker()

describe('the base format', () => {
  const { appender, control, segment, words, field } = stage(1024, false)
  words[32] = 2

  it('has the bytes of the golden vectors after three appends', () => {
    expect(appender.appendAt(1, Buffer.from('hello'), 0x1122334455667788n)).toBe(STATUS_OK)
    expect(appender.appendAt(2, new Uint8Array(0), 1000000000n)).toBe(STATUS_OK)
    expect(appender.appendAt(0x1357, Buffer.alloc(100, 0xab), 1000000001n)).toBe(STATUS_OK)
    expect(hex(segment, 0, 64)).toBe('00'.repeat(64))
    expect(hex(segment, 64, 64)).toBe('0600000000000000000000000000000088776655443322110100000086a61036'.padEnd(128, '0'))
    expect(hex(segment, 128, 64)).toBe('68656c6c6f'.padEnd(128, '0'))
    expect(hex(segment, 192, 64)).toBe('0100000000000000010000000000000000ca9a3b000000000200000000000000'.padEnd(128, '0'))
    expect(hex(segment, 256, 64)).toBe('6500000000000000020000000000000001ca9a3b000000005713000012b3e4ba'.padEnd(128, '0'))
    expect(hex(segment, 320, 128)).toBe('ab'.repeat(100).padEnd(256, '0'))
    expect(hex(segment, 448, 576)).toBe('00'.repeat(576))
    expect(hex(control, 256, 8)).toBe('c001000000000000')
    expect(hex(control, 384, 8)).toBe('0300000000000000')
    expect(words[32]).toBe(2)
  })

  it('has the bytes of the golden vectors after a roll', () => {
    const payload = Buffer.alloc(600, 0xcd)
    expect(appender.appendAt(3, payload, 1000000002n)).toBe(STATUS_ROLL)
    expect(appender.roll(prepared(1024), 1)).toBe(STATUS_OK)
    const next = appender.segment()
    expect(appender.appendAt(3, payload, 1000000002n)).toBe(STATUS_OK)
    expect(hex(segment, 0, 64)).toBe(`${'00'.repeat(12)}01`.padEnd(128, '0'))
    expect(hex(segment, 448, 576)).toBe('00'.repeat(576))
    expect(hex(next, 0, 64)).toBe('00'.repeat(64))
    expect(hex(next, 64, 4)).toBe('59020000')
    expect(hex(next, 72, 8)).toBe('0300000000000000')
    expect(hex(next, 92, 4)).toBe('684ec799')
    expect([words[32], words[33], words[96], words[97]]).toEqual([4, 1, 5, 0])
    expect(field(256)).toBe(0x300n)
  })

  it('writes no extension byte of the control block', () => {
    expect(hex(control, 0, 128)).toBe('00'.repeat(128))
    expect(hex(control, 136, 120)).toBe('00'.repeat(120))
    expect(hex(control, 272, 112)).toBe('00'.repeat(112))
    expect(hex(control, 392, 120)).toBe('00'.repeat(120))
  })
})

describe('append', () => {
  it('writes what the extensions add', () => {
    const { appender, segment, words, field } = stage(65536)
    const before = binding.realtimeNs()
    expect(appender.append(7, Buffer.alloc(100, 1))).toBe(STATUS_OK)
    const record = new DataView(segment, 64)
    expect(record.getUint16(26, true)).toBe(1)
    expect(record.getUint32(32, true)).toBe(binding.crc32(new Uint8Array(segment, 64, 32)))
    expect(record.getUint32(36, true)).toBe(5)
    const timestamp = record.getBigUint64(16, true)
    expect(timestamp).toBeGreaterThanOrEqual(before)
    expect(timestamp).toBeLessThanOrEqual(binding.realtimeNs())
    expect(field(256)).toBe(256n)
    expect(field(264)).toBe(timestamp)
    expect(field(272)).toBe(1n)
    expect(field(280)).toBe(256n)
    expect([words[72], words[96]]).toEqual([0, 1])
    expect([...appender.state.subarray(0, 4)]).toEqual([256, 1, 0, 0])
  })

  it('keeps timestamps of the whole range, and the heartbeat is the time of day all the same', () => {
    const { appender, segment, field } = stage(65536)
    for (const timestamp of [0n, 1n, 2n ** 64n - 1n]) {
      const offset = appender.state[APPENDER_WRITE_OFFSET] as number
      expect(appender.appendAt(1, new Uint8Array(1), timestamp)).toBe(STATUS_OK)
      expect(new DataView(segment).getBigUint64(offset + 16, true)).toBe(timestamp)
    }
    expect(field(264)).toBeGreaterThan(1_600_000_000_000_000_000n)
    expect(() => appender.appendAt(1, new Uint8Array(1), 5 as unknown as bigint)).toThrow(TypeError)
  })

  it('fills a segment to its last byte, then asks for a roll and changes nothing', () => {
    const { appender, segment, control } = stage(4096)
    for (let index = 0; index < 31; index++) expect(appender.append(1, Buffer.alloc(64, 1))).toBe(STATUS_OK)
    expect(appender.append(1, Buffer.alloc(1))).toBe(STATUS_ROLL)
    expect(appender.append(1, Buffer.alloc(0))).toBe(STATUS_OK)
    const before = hex(segment, 0, 4096) + hex(control, 0, 512)
    expect(appender.append(1, Buffer.alloc(0))).toBe(STATUS_ROLL)
    expect(hex(segment, 0, 4096) + hex(control, 0, 512)).toBe(before)
  })

  it('takes the largest payload and refuses one more byte, before anything is written', () => {
    const { appender, segment, control } = stage(8192)
    const before = hex(segment, 0, 8192) + hex(control, 0, 512)
    expect(appender.append(1, Buffer.alloc(8192 - 127))).toBe(STATUS_TOO_LARGE)
    expect(appender.claim(1, 8192 - 127)).toBe(STATUS_TOO_LARGE)
    expect(appender.claim(1, 2 ** 40)).toBe(STATUS_TOO_LARGE)
    expect(hex(segment, 0, 8192) + hex(control, 0, 512)).toBe(before)
    expect(appender.append(1, Buffer.alloc(8192 - 128, 1))).toBe(STATUS_OK)
    expect(appender.state[APPENDER_WRITE_OFFSET]).toBe(8192)
  })

  it('L13: refuses the type of padding records and everything that is not a type', () => {
    const { appender, segment } = stage(4096)
    const append = appender.append as (typeId: unknown, payload: unknown) => number
    for (const typeId of [0xffff, 0x10000, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1', undefined, null, 1n]) {
      expect(append(typeId, new Uint8Array(1)), String(typeId)).toBe(STATUS_BAD_TYPE)
    }
    expect(hex(segment, 0, 4096)).toBe('00'.repeat(4096))
    expect(append(0xfffe, new Uint8Array(1))).toBe(STATUS_OK)
  })

  it('refuses what is not a payload', () => {
    const { appender, segment } = stage(4096)
    const append = appender.append as (typeId: unknown, payload?: unknown) => number
    const detached = new Uint8Array(8)
    structuredClone(detached.buffer, { transfer: [detached.buffer] })
    for (const payload of [
      undefined,
      null,
      'text',
      5,
      [1, 2],
      {},
      new ArrayBuffer(8),
      new Uint16Array(8),
      new DataView(new ArrayBuffer(8)),
      detached,
    ]) {
      expect(append(1, payload)).toBe(STATUS_BAD_PAYLOAD)
    }
    expect(append(1)).toBe(STATUS_BAD_PAYLOAD)
    expect(hex(segment, 0, 4096)).toBe('00'.repeat(4096))
  })

  it('takes views of shared memory, of other mappings, and with an offset', () => {
    const { appender, segment } = stage(4096)
    const shared = new Uint8Array(new SharedArrayBuffer(64)).fill(3)
    expect(appender.append(1, shared)).toBe(STATUS_OK)
    expect(appender.append(1, new Uint8Array(segment, 128, 64))).toBe(STATUS_OK)
    expect(appender.append(1, Buffer.from('0123456789').subarray(3, 5))).toBe(STATUS_OK)
    expect(hex(segment, 256, 64)).toBe('03'.repeat(64))
    expect(Buffer.from(segment, 384, 3).toString()).toBe('34\0')
  })
})

describe('appendBatch', () => {
  it.each([0, 1, 100, 512, 513, 2000])('appends %d messages in order with one timestamp', (count) => {
    const { appender, segment } = stage(1 << 20)
    const payloads = Array.from({ length: count }, (_, index) => Buffer.from(`message ${index}`))
    const typeIds = Uint16Array.from(payloads, (_, index) => index)
    expect(appender.appendBatch(typeIds, payloads, 0)).toBe(STATUS_OK)
    expect(appender.state[APPENDER_BATCH_COUNT]).toBe(count)
    expect(appender.state[APPENDER_NEXT_SEQUENCE]).toBe(count)
    const view = new DataView(segment)
    for (let index = 0; index < count; index++) {
      const offset = 64 + index * 128
      expect(view.getUint32(offset, true)).toBe((payloads[index]?.length as number) + 1)
      expect(view.getUint16(offset + 24, true)).toBe(index)
      if (index < 512) expect(view.getBigUint64(offset + 16, true)).toBe(view.getBigUint64(80, true))
    }
  })

  it('notifies once', () => {
    const { appender, words } = stage(1 << 20)
    appender.appendBatch(new Uint16Array(100), new Array(100).fill(Buffer.alloc(8)), 0)
    expect(words[96]).toBe(1)
    appender.appendBatch(new Uint16Array(0), [], 0)
    expect(words[96]).toBe(1)
  })

  it('stops at the end of the segment, and goes on from there after a roll', () => {
    const { appender, words } = stage(4096)
    const payloads = Array.from({ length: 50 }, () => Buffer.alloc(64))
    const typeIds = new Uint16Array(50)
    expect(appender.appendBatch(typeIds, payloads, 0)).toBe(STATUS_ROLL)
    expect(appender.state[APPENDER_BATCH_COUNT]).toBe(31)
    expect(appender.roll(prepared(4096), 1)).toBe(STATUS_OK)
    expect(appender.appendBatch(typeIds, payloads, 31)).toBe(STATUS_OK)
    expect(appender.state[APPENDER_BATCH_COUNT]).toBe(19)
    expect(words[96]).toBe(3)
    expect(appender.appendBatch(typeIds, payloads, 50)).toBe(STATUS_OK)
    expect(appender.state[APPENDER_BATCH_COUNT]).toBe(0)
  })

  it.each([
    ['no payload', STATUS_BAD_PAYLOAD, 'text', 1],
    ['a hole', STATUS_BAD_PAYLOAD, undefined, 1],
    ['the padding type', STATUS_BAD_TYPE, Buffer.alloc(4), 0xffff],
    ['a payload that fits nowhere', STATUS_TOO_LARGE, Buffer.alloc(1 << 20), 1],
  ])('stops at %s; what came before is there and reported', (_, status, payload, typeId) => {
    const { appender, words } = stage(65536)
    const payloads = [Buffer.alloc(1), Buffer.alloc(1), payload as Uint8Array, Buffer.alloc(1)]
    expect(appender.appendBatch(Uint16Array.of(1, 1, typeId as number, 1), payloads, 0)).toBe(status)
    expect(appender.state[APPENDER_BATCH_COUNT]).toBe(2)
    expect(appender.state[APPENDER_NEXT_SEQUENCE]).toBe(2)
    expect(words[96]).toBe(1)
  })

  it('needs a type for every message', () => {
    const { appender } = stage(4096)
    expect(appender.appendBatch(new Uint16Array(1), [Buffer.alloc(1), Buffer.alloc(1)], 0)).toBe(STATUS_BAD_TYPE)
    expect(appender.state[APPENDER_BATCH_COUNT]).toBe(1)
  })

  it.each([-1, 0xffff, 0x1_0001, 1.5, Number.NaN, '1', undefined])('refuses %s as a type, with details or without', (typeId) => {
    const { appender } = stage(4096)
    const payloads = [Buffer.alloc(1), Buffer.alloc(1)]
    for (const details of [undefined, new Uint8Array(2 * DETAILS_LENGTH)]) {
      expect(appender.appendBatch([7, typeId], payloads, 0, details)).toBe(STATUS_BAD_TYPE)
      expect(appender.state[APPENDER_BATCH_COUNT]).toBe(1)
    }
  })
})

describe('claim', () => {
  it('gives room that is invisible until it is published', () => {
    const { appender, segment, words } = stage(4096)
    expect(appender.claim(9, 10)).toBe(STATUS_OK)
    const at = appender.state[APPENDER_CLAIM_OFFSET] as number
    expect(at).toBe(128)
    new Uint8Array(segment, at, 64).fill(0xee)
    expect([new Uint32Array(segment)[16], words[96]]).toEqual([0, 0])
    expect(appender.publish(77n)).toBe(STATUS_OK)
    expect(hex(segment, at, 64)).toBe('ee'.repeat(10).padEnd(128, '0'))
    const view = new DataView(segment, 64)
    expect([view.getUint32(0, true), view.getBigUint64(16, true), view.getUint16(24, true)]).toEqual([11, 77n, 9])
    expect(view.getUint32(28, true)).toBe(binding.crc32(new Uint8Array(segment, at, 10)))
    expect([appender.state[APPENDER_CLAIM_OFFSET], appender.state[APPENDER_WRITE_OFFSET], words[96]]).toEqual([0, 192, 1])
  })

  it('may be empty, and takes the time when it is published, or the one that is given, though it be 0', () => {
    const { appender, segment } = stage(4096)
    const timestampAt = (offset: number) => new DataView(segment).getBigUint64(offset + 16, true)
    appender.claim(1, 0)
    const before = binding.realtimeNs()
    expect(appender.publishNow()).toBe(STATUS_OK)
    expect(timestampAt(64)).toBeGreaterThanOrEqual(before)
    appender.claim(1, 0)
    expect(appender.publish(0n)).toBe(STATUS_OK)
    expect(timestampAt(128)).toBe(0n)
  })

  it('leaves nothing when it is aborted', () => {
    const { appender, segment } = stage(4096)
    appender.claim(1, 1000)
    new Uint8Array(segment, 128, 1024).fill(0xee)
    expect(appender.abort()).toBe(STATUS_OK)
    expect(hex(segment, 0, 4096)).toBe('00'.repeat(4096))
    expect(appender.append(1, Buffer.alloc(1))).toBe(STATUS_OK)
    expect(appender.state[APPENDER_NEXT_SEQUENCE]).toBe(1)
  })

  it('leaves nothing when it is abandoned', () => {
    const { appender, segment } = stage(4096)
    appender.claim(1, 1000)
    new Uint8Array(segment, 128, 1000).fill(0xee)
    appender.detach()
    expect(hex(segment, 0, 4096)).toBe('00'.repeat(4096))
  })

  it('closes the appender for everything else while it is open', () => {
    const { appender } = stage(4096)
    expect([appender.publishNow(), appender.publish(1n), appender.abort()]).toEqual([STATUS_CLAIM, STATUS_CLAIM, STATUS_CLAIM])
    appender.claim(1, 8)
    const payload = Buffer.alloc(1)
    const refused = [appender.append(1, payload), appender.appendAt(1, payload, 1n), appender.claim(1, 1)]
    expect(new Set(refused)).toEqual(new Set([STATUS_CLAIM]))
    expect(appender.appendBatch(new Uint16Array(1), [payload], 0)).toBe(STATUS_CLAIM)
    expect(appender.roll(prepared(4096), 1)).toBe(STATUS_CLAIM)
    expect(appender.publishNow()).toBe(STATUS_OK)
  })

  it('cannot be misled by what JavaScript writes into the state', () => {
    const { appender, segment } = stage(4096)
    appender.state.fill(3_000_000)
    expect(appender.abort()).toBe(STATUS_CLAIM)
    expect(appender.publishNow()).toBe(STATUS_CLAIM)
    expect(appender.append(1, Buffer.alloc(8, 1))).toBe(STATUS_OK)
    expect(hex(segment, 128, 8)).toBe('01'.repeat(8))
  })

  it('asks for a roll, and refuses what is not a length', () => {
    const { appender } = stage(4096)
    appender.append(1, Buffer.alloc(3000))
    expect(appender.claim(1, 3000)).toBe(STATUS_ROLL)
    const claim = appender.claim as (typeId: unknown, length?: unknown) => number
    for (const length of [-1, 1.5, Number.NaN, '5', undefined]) expect(claim(1, length)).toBe(STATUS_BAD_PAYLOAD)
    expect(claim(1, Number.POSITIVE_INFINITY)).toBe(STATUS_TOO_LARGE)
    expect(claim(0xffff, 8)).toBe(STATUS_BAD_TYPE)
  })
})

describe('roll', () => {
  it('hands over to the next segment and sums up the last', () => {
    const { appender, segment, words, field } = stage(4096)
    appender.appendAt(1, Buffer.alloc(8), 5n)
    appender.appendAt(1, Buffer.alloc(8), 6n)
    expect(appender.roll(prepared(8192), 9)).toBe(STATUS_OK)
    const next = appender.segment()
    const old = new DataView(segment)
    expect([old.getUint32(12, true), old.getBigUint64(40, true), old.getBigUint64(48, true), old.getBigUint64(56, true)]).toEqual(
      [1, 320n, 2n, 6n],
    )
    const head = new DataView(next)
    expect([head.getUint32(12, true), head.getBigUint64(16, true), head.getBigUint64(32, true)]).toEqual([0, 3n, 2n ** 32n + 5n])
    expect([words[32], words[33], words[72], words[96]]).toEqual([2, 9, 9, 3])
    expect([field(256), field(272), field(280)]).toEqual([64n, 2n, 64n])
    expect([...appender.state.subarray(0, 2)]).toEqual([64, 2])
    expect(appender.append(1, Buffer.alloc(5000))).toBe(STATUS_OK)
    expect(new DataView(next).getBigUint64(72, true)).toBe(2n)
  })

  it('L14: ends even when a dead writer left the generation odd', () => {
    const { appender, words } = stage(4096)
    words[32] = 7
    expect(appender.roll(prepared(4096), 1)).toBe(STATUS_OK)
    expect((words[32] as number) % 2).toBe(0)
    expect(words[32]).toBeGreaterThan(7)
  })

  it('counts the records of a segment that another writer began, where its first sequence is known', () => {
    const { appender, segment } = stage(4096)
    new DataView(segment).setBigUint64(16, 101n, true)
    appender.attach(segment, 3, 640, 107)
    appender.append(1, Buffer.alloc(1))
    appender.roll(prepared(4096), 4)
    expect(new DataView(segment).getBigUint64(48, true)).toBe(8n)
    const legacy = map(4096)
    appender.attach(legacy, 5, 640, 107)
    appender.roll(prepared(4096), 6)
    expect([new DataView(legacy).getBigUint64(40, true), new DataView(legacy).getBigUint64(48, true)]).toEqual([640n, 0n])
  })

  it('refuses what is not a segment', () => {
    const { appender } = stage(4096)
    expect(() => appender.roll('1' as unknown as number, 1)).toThrow(TypeError)
    expect(() => appender.roll(prepared(64), 1)).toThrow(TypeError)
    expect(() => appender.roll(prepared(4100), 1)).toThrow(TypeError)
    expect(() => appender.roll(prepared(4096), 2 ** 32)).toThrow(RangeError)
  })
})

describe('an appender without a segment', () => {
  it('answers STATUS_DETACHED to everything', () => {
    const { appender, control } = stage(4096)
    const unattached = binding.createAppender({ control, writerEpoch: 1, extensions: true })
    appender.detach()
    for (const each of [appender, unattached]) {
      const statuses = [
        each.append(1, Buffer.alloc(1)),
        each.appendAt(1, Buffer.alloc(1), 1n),
        each.appendBatch(new Uint16Array(1), [Buffer.alloc(1)], 0),
        each.claim(1, 1),
        each.publishNow(),
        each.publish(1n),
        each.abort(),
        each.roll(prepared(4096), 1),
      ]
      expect(new Set(statuses)).toEqual(new Set([STATUS_DETACHED]))
      expect(() => each.heartbeat()).not.toThrow()
      expect(() => each.detach()).not.toThrow()
    }
  })

  it('keeps the pages that it writes, also after they are unmapped', () => {
    const { appender, control, segment } = stage(4096)
    binding.unmap(segment)
    binding.unmap(control)
    expect(appender.append(1, Buffer.alloc(8))).toBe(STATUS_OK)
    appender.detach()
    expect(appender.append(1, Buffer.alloc(8))).toBe(STATUS_DETACHED)
  })

  it('stores no heartbeat and takes no segment after it was detached', () => {
    const { appender, control, segment } = stage(4096)
    appender.detach()
    const before = hex(control, 0, 512)
    appender.heartbeat()
    expect(hex(control, 0, 512)).toBe(before)
    binding.unmap(control)
    expect(() => appender.heartbeat()).not.toThrow()
    expect(() => appender.attach(segment, 0, 64, 0)).toThrow(/detached/)
  })

  it('refuses invalid control blocks and places', () => {
    const create = (control: ArrayBuffer) => binding.createAppender({ control, writerEpoch: 1, extensions: true })
    expect(() => create(map(511))).toThrow(RangeError)
    expect(() => create(new ArrayBuffer(512))).toThrow(TypeError)
    expect(() => create(mapNewFile(join(folder, 'read-only'), 512, { writable: false }))).toThrow(TypeError)
    expect(() => (binding.createAppender as (options?: unknown) => unknown)()).toThrow(TypeError)
    const { appender, segment } = stage(4096)
    for (const offset of [0, 63, 65]) expect(() => appender.attach(segment, 0, offset, 0)).toThrow(TypeError)
    expect(() => appender.attach(segment, 0, 4160, 0)).toThrow(RangeError)
    expect(() => appender.attach(segment, 0, 64, -1)).toThrow(RangeError)
    appender.attach(segment, 0, 4096, 0)
    expect(appender.append(1, Buffer.alloc(1))).toBe(STATUS_ROLL)
  })
})
