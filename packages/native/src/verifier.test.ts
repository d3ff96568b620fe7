import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { amount } from '../../../tools/evidence/effort/effort.mjs'
import { mapNewFile, temporaryFolder } from '../test/temporary-files.js'
import {
  binding,
  POSITION_OFFSET,
  POSITION_SEGMENT_ID,
  POSITION_WRITER_BLOCKED,
  STATUS_BAD_HEADER_CRC,
  STATUS_BAD_LENGTH,
  STATUS_BAD_PAYLOAD_CRC,
  STATUS_DETACHED,
  STATUS_LIMIT,
  STATUS_PADDING,
  STATUS_SEGMENT_END,
  STATUS_SEQUENCE_GAP,
  STATUS_UNCOMMITTED,
  VERIFIER_COUNT,
  VERIFIER_END,
  VERIFIER_SEQUENCE,
} from './index.js'

const folder = temporaryFolder()
let files = 0
const map = (length: number) => mapNewFile(join(folder, `file-${files++}`), length)

/** A segment with `count` records of 100 bytes, 192 bytes each, and a verifier of it. */
function stage(count: number, options: { extensions?: boolean; size?: number } = {}) {
  const segment = map(options.size ?? 4096)
  const appender = binding.createAppender({ control: map(512), writerEpoch: 1, extensions: options.extensions ?? true })
  appender.attach(segment, 0, 64, 0)
  for (let index = 0; index < count; index++) appender.append(1, Buffer.alloc(100, index))
  const verifier = binding.createVerifier()
  verifier.attach(segment)
  const verify = (offset = 64, maxRecords = Infinity, maxBytes = Infinity) => {
    const status = verifier.verify(offset, maxRecords, maxBytes)
    return {
      status,
      end: verifier.state[VERIFIER_END],
      count: verifier.state[VERIFIER_COUNT],
      sequence: verifier.state[VERIFIER_SEQUENCE],
    }
  }
  return { segment, appender, verifier, verify, bytes: new Uint8Array(segment), view: new DataView(segment) }
}

describe('verify', () => {
  it('stops at the first record that is not committed, and sees it later', () => {
    const { verify, appender } = stage(3)
    expect(verify()).toEqual({ status: STATUS_UNCOMMITTED, end: 640, count: 3, sequence: 3 })
    expect(verify(640)).toEqual({ status: STATUS_UNCOMMITTED, end: 640, count: 0, sequence: 3 })
    appender.append(1, Buffer.alloc(1))
    expect(verify(640)).toEqual({ status: STATUS_UNCOMMITTED, end: 768, count: 1, sequence: 4 })
  })

  it('stops at its limits, after at least one record', () => {
    const { verify, verifier } = stage(10)
    expect(verify(64, 4)).toMatchObject({ status: STATUS_LIMIT, end: 832, count: 4 })
    expect(verify(832, Infinity, 193)).toMatchObject({ status: STATUS_LIMIT, end: 1216, count: 2 })
    expect(verify(1216, 0, 0)).toMatchObject({ status: STATUS_LIMIT, end: 1408, count: 1 })
    verifier.state[VERIFIER_SEQUENCE] = -1
    expect(verify(64, Number.NaN, -5)).toMatchObject({ status: STATUS_LIMIT, end: 256, count: 1 })
  })

  it('finds the end of a full segment', () => {
    const { verify } = stage(21, { size: 4096 })
    expect(verify()).toMatchObject({ status: STATUS_SEGMENT_END, end: 4096, count: 21 })
    expect(verify(4096)).toMatchObject({ status: STATUS_SEGMENT_END, count: 0 })
  })

  it('accepts a padding record that ends the segment, and no other', () => {
    const { verify, view } = stage(2)
    view.setUint16(448 + 24, 0xffff, true)
    view.setUint32(448, 4096 - 448 - 64 + 1, true)
    expect(verify()).toMatchObject({ status: STATUS_PADDING, end: 448, count: 2 })
    view.setUint32(448, 65, true)
    expect(verify(448)).toMatchObject({ status: STATUS_BAD_LENGTH, end: 448 })
  })

  it.each([4096, 65536, 2 ** 31, 2 ** 32 - 1])('refuses the length %d that leaves the segment', (length) => {
    const { verify, view } = stage(2)
    view.setUint32(256, length, true)
    expect(verify()).toMatchObject({ status: STATUS_BAD_LENGTH, end: 256, count: 1 })
  })

  it('refuses a damaged payload, and a second time too', () => {
    const { verify, bytes } = stage(3)
    bytes[256 + 64 + 99] = 99
    expect(verify()).toMatchObject({ status: STATUS_BAD_PAYLOAD_CRC, end: 256, count: 1 })
    expect(verify(256)).toMatchObject({ status: STATUS_BAD_PAYLOAD_CRC, end: 256, count: 0 })
  })

  it('refuses every flipped bit of a header that its CRC covers', () => {
    const { verify, bytes, verifier } = stage(3)
    for (let bit = 0; bit < 36 * 8; bit++) {
      const at = 256 + (bit >> 3)
      bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7))
      verifier.state[VERIFIER_SEQUENCE] = -1
      const { status, end } = verify()
      // Without the flag the header counts as one of the base format, whose fields nothing protects.
      if (bit !== 26 * 8) {
        expect([STATUS_BAD_HEADER_CRC, STATUS_BAD_PAYLOAD_CRC, STATUS_BAD_LENGTH, STATUS_UNCOMMITTED], `bit ${bit}`).toContain(
          status,
        )
        expect(end).toBe(256)
      }
      bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7))
    }
    verifier.state[VERIFIER_SEQUENCE] = -1
    expect(verify()).toMatchObject({ status: STATUS_UNCOMMITTED, count: 3 })
  })

  it('L2: finds a gap in the sequence', () => {
    const { verify, verifier } = stage(3)
    verifier.state[VERIFIER_SEQUENCE] = 1
    expect(verify()).toMatchObject({ status: STATUS_SEQUENCE_GAP, end: 64, count: 0, sequence: 1 })
    verifier.state[VERIFIER_SEQUENCE] = 1
    expect(verify(256)).toMatchObject({ status: STATUS_UNCOMMITTED, count: 2, sequence: 3 })
  })

  it('L4: accepts a base-format writer that began again at 0, and only that', () => {
    const legacy = stage(3, { extensions: false })
    legacy.verifier.state[VERIFIER_SEQUENCE] = 77
    expect(legacy.verify()).toMatchObject({ status: STATUS_UNCOMMITTED, count: 3, sequence: 3 })
    legacy.verifier.state[VERIFIER_SEQUENCE] = 77
    expect(legacy.verify(256)).toMatchObject({ status: STATUS_SEQUENCE_GAP })
    const ours = stage(3)
    ours.verifier.state[VERIFIER_SEQUENCE] = 77
    expect(ours.verify()).toMatchObject({ status: STATUS_SEQUENCE_GAP, count: 0 })
  })

  it('refuses offsets at which no record begins', () => {
    const { verify } = stage(1)
    for (const offset of [0, 63, 65, 100, -64, Number.NaN])
      expect(verify(offset)).toMatchObject({ status: STATUS_BAD_LENGTH, count: 0 })
    for (const offset of [4096, 8192, 2 ** 40, Infinity])
      expect([STATUS_SEGMENT_END, STATUS_BAD_LENGTH]).toContain(verify(offset).status)
  })

  it('answers STATUS_DETACHED without a segment, and keeps the pages that it reads', () => {
    const { verifier, verify, segment } = stage(1)
    binding.unmap(segment)
    expect(verify()).toMatchObject({ status: STATUS_UNCOMMITTED, count: 1 })
    verifier.detach()
    expect(verify()).toMatchObject({ status: STATUS_DETACHED })
    expect(binding.createVerifier().verify(64, 1, 1)).toBe(STATUS_DETACHED)
    expect(() => verifier.attach(new ArrayBuffer(4096))).toThrow(TypeError)
  })

  it('ends with a status for any bytes', () => {
    const { bytes, verifier, verify } = stage(0)
    const damage = fc.array(fc.tuple(fc.nat(4095), fc.nat(255)), { maxLength: 40 })
    fc.assert(
      fc.property(damage, fc.nat(64), (changes, start) => {
        bytes.fill(0)
        for (const [at, value] of changes) bytes[at] = value
        verifier.state[VERIFIER_SEQUENCE] = -1
        const { status, end } = verify(start * 64)
        expect(status).toBeGreaterThanOrEqual(STATUS_UNCOMMITTED)
        expect(status).toBeLessThanOrEqual(STATUS_SEQUENCE_GAP)
        expect(end).toBeLessThanOrEqual(4096)
      }),
      { numRuns: amount({ short: 125, long: 500 }) },
    )
  })

  it('is not misled by segments whose length is not a multiple of 64', () => {
    const odd = map(4100)
    const verifier = binding.createVerifier()
    verifier.attach(odd)
    new DataView(odd).setUint32(4032, 5, true)
    expect(verifier.verify(4032, 1, 1)).toBe(STATUS_BAD_LENGTH)
    expect(verifier.verify(4096, 1, 1)).toBe(STATUS_SEGMENT_END)
  })
})

describe('the position saver', () => {
  const saverOf = (meta: ArrayBuffer) => {
    const saver = binding.createPositionSaver(meta, map(512))
    return (segmentId: number, offset: number) => {
      saver.state[POSITION_SEGMENT_ID] = segmentId
      saver.state[POSITION_OFFSET] = offset
      saver.save()
    }
  }
  const slot = (meta: ArrayBuffer, index: number) => {
    const view = new DataView(meta, index * 40)
    const [segment, offset, heartbeat, generation] = [0, 8, 16, 24].map((at) => view.getBigUint64(at, true)) as [
      bigint,
      bigint,
      bigint,
      bigint,
    ]
    const valid = view.getUint32(32, true) === binding.crc32(new Uint8Array(meta, index * 40, 32))
    return { segment, offset, recent: heartbeat > 1_600_000_000_000_000_000n, generation, valid, rest: view.getUint32(36, true) }
  }

  it('writes slot 1 first and then the other one each time', () => {
    const meta = map(80)
    const save = saverOf(meta)
    save(0, 64)
    expect(slot(meta, 0)).toMatchObject({ generation: 0n, valid: false })
    expect(slot(meta, 1)).toEqual({ segment: 0n, offset: 64n, recent: true, generation: 1n, valid: true, rest: 0 })
    save(3, 192)
    expect(slot(meta, 0)).toEqual({ segment: 3n, offset: 192n, recent: true, generation: 2n, valid: true, rest: 0 })
    expect(slot(meta, 1)).toMatchObject({ generation: 1n, valid: true })
    save(2 ** 40, 2 ** 33)
    expect(slot(meta, 1)).toMatchObject({ segment: 2n ** 40n, offset: 2n ** 33n, generation: 3n })
  })

  it('goes on from the valid slot when the other one is damaged', () => {
    const meta = map(80)
    const save = saverOf(meta)
    for (let index = 0; index < 4; index++) save(index, 64)
    new Uint8Array(meta)[0] = 0xff
    save(9, 64)
    expect(slot(meta, 1)).toMatchObject({ segment: 2n, generation: 3n, valid: true })
    expect(slot(meta, 0)).toMatchObject({ segment: 9n, generation: 4n, valid: true })
  })

  it.each([0, 8, 16, 24, 32])('never overwrites the only valid slot when byte %d of the newest one is damaged', (at) => {
    const meta = map(80)
    const save = saverOf(meta)
    for (let index = 0; index < 4; index++) save(index, 64)
    const bytes = new Uint8Array(meta)
    bytes[at] = (bytes[at] as number) ^ 0xff
    save(9, 64)
    expect(slot(meta, 1)).toMatchObject({ segment: 2n, generation: 3n, valid: true })
    expect(slot(meta, 0)).toMatchObject({ segment: 9n, generation: 4n, valid: true })
  })

  it('goes on from what the file holds', () => {
    const meta = map(80)
    const first = saverOf(meta)
    for (let index = 0; index < 3; index++) first(index, 64)
    saverOf(meta)(7, 128)
    expect(slot(meta, 0)).toMatchObject({ segment: 7n, offset: 128n, generation: 4n, valid: true })
    expect(slot(meta, 1)).toMatchObject({ segment: 2n, generation: 3n, valid: true })
  })

  it('says whether the writer waits for readers', () => {
    const control = map(512)
    const saver = binding.createPositionSaver(map(80), control)
    for (const blockedSince of [0, 1_700_000_000, 0x8000_0000, 0]) {
      new DataView(control).setUint32(452, blockedSince, true)
      saver.save()
      expect(saver.state[POSITION_WRITER_BLOCKED]).toBe(blockedSince === 0 ? 0 : 1)
    }
  })

  it('saves nothing after it was detached', () => {
    const meta = map(80)
    const saver = binding.createPositionSaver(meta, map(512))
    saver.detach()
    saver.save()
    expect(new Uint8Array(meta).every((byte) => byte === 0)).toBe(true)
  })

  it('refuses what is not a meta file, and makes an invalid position 0', () => {
    expect(() => binding.createPositionSaver(map(79), map(512))).toThrow(RangeError)
    expect(() => binding.createPositionSaver(new ArrayBuffer(80), map(512))).toThrow(TypeError)
    expect(() => binding.createPositionSaver(map(80), map(511))).toThrow(RangeError)
    expect(() => binding.createPositionSaver(map(80), new ArrayBuffer(512))).toThrow(TypeError)
    const meta = map(80)
    saverOf(meta)(-1, Number.NaN)
    expect(slot(meta, 1)).toMatchObject({ segment: 0n, offset: 0n, valid: true })
  })
})

describe('verifyWhenCommitted', () => {
  it('verifies at once what is committed', () => {
    const { verifier } = stage(3)
    expect(verifier.verifyWhenCommitted(64, Infinity, Infinity, 1_000_000)).toBe(STATUS_UNCOMMITTED)
    expect(verifier.state[VERIFIER_END]).toBe(640)
    expect(verifier.state[VERIFIER_COUNT]).toBe(3)
  })

  it('ends after its looks where nothing is committed', () => {
    const { verifier } = stage(3)
    for (const looks of [0, 1, 1000, Number.NaN]) {
      expect(verifier.verifyWhenCommitted(640, Infinity, Infinity, looks)).toBe(STATUS_UNCOMMITTED)
      expect(verifier.state[VERIFIER_COUNT]).toBe(0)
    }
  })

  it.each([0, 63, 65, 4096, 4160, 2 ** 53, -1, Number.NaN])('reads nothing outside of the segment: offset %d', (offset) => {
    const { verifier } = stage(0)
    expect([STATUS_BAD_LENGTH, STATUS_SEGMENT_END]).toContain(verifier.verifyWhenCommitted(offset, 1, 1, 1000))
  })

  it('answers that it is detached', () => {
    const { verifier } = stage(1)
    verifier.detach()
    expect(verifier.verifyWhenCommitted(64, 1, 1, 1000)).toBe(STATUS_DETACHED)
  })
})
