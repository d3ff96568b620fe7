import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as format from './index.js'

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff })
const uint53 = fc.maxSafeNat()
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })

describe('u64 fields', () => {
  it('come back as they were written, up to 2^53 - 1', () => {
    fc.assert(
      fc.property(uint53, fc.nat(9), (value, offset) => {
        const view = new DataView(new ArrayBuffer(20))
        format.setUint64(view, offset, value)
        expect(format.getUint64(view, offset)).toBe(value)
        expect(view.getBigUint64(offset, true)).toBe(BigInt(value))
      }),
    )
  })

  it('read as Infinity from 2^53 on, which no bound accepts', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }), (value) => {
        const view = new DataView(new ArrayBuffer(8))
        view.setBigUint64(0, value, true)
        expect(format.getUint64(view, 0)).toBe(Number.POSITIVE_INFINITY)
      }),
    )
  })

  it.each([-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])('refuse to store %s', (value) => {
    const view = new DataView(new ArrayBuffer(8))
    expect(() => format.setUint64(view, 0, value)).toThrow(RangeError)
    expect(view.getBigUint64(0)).toBe(0n)
  })
})

describe('the control block', () => {
  const control = fc.record({
    initState: fc.constantFrom(0, 1, 2),
    writerEpoch: uint53,
    segmentSize: uint53,
    bootId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    extensionEpoch: uint32,
    features: uint32,
    createdNs: uint64,
    segmentGeneration: uint32,
    currentSegment: uint32,
    firstSegmentPlusOne: uint53,
    writeBack: uint32,
    queueId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    replicaTerm: uint53,
    sourceQueueId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    writeOffset: uint53,
    writerHeartbeatNs: uint64,
    nextSequence: uint53,
    dirtyEnd: uint53,
    dirtySegment: uint32,
    lastAppendNs: uint64,
    notifySequence: uint32,
    waitersPending: uint32,
    parkedReaders: uint32,
    progressSequence: uint32,
    writerBlocked: uint32,
  })

  it('decodes to what was encoded', () => {
    fc.assert(
      fc.property(control, (fields) => {
        const decoded = format.decodeControl(format.viewOf(format.encodeControl(fields)))
        expect(decoded).toEqual({
          ...fields,
          bootId: new Uint8Array(fields.bootId),
          magic: format.CONTROL_MAGIC,
          version: format.CONTROL_VERSION,
        })
      }),
    )
  })

  it('keeps each field to the bytes that its table names', () => {
    const ofOtherCodec = (name: string) => /^durableSlot|^control[A-Z]|^identityCrc$|^sequenceFloor/.test(name)
    for (const field of format.CONTROL_FIELDS.filter(({ name }) => !ofOtherCodec(name))) {
      const bytes = new Uint8Array(format.CONTROL_LENGTH)
      const empty = format.decodeControl(format.viewOf(bytes))
      bytes.fill(1, field.offset, field.offset + field.length)
      const changed = format.decodeControl(format.viewOf(bytes))
      const differing = Object.keys(changed).filter(
        (key) => String(changed[key as keyof format.ControlBlock]) !== String(empty[key as keyof format.ControlBlock]),
      )
      expect(differing).toEqual([field.name])
    }
  })

  it.each([
    [{ initState: 1 }, 'not ready'],
    [{ magic: 1 }, 'bad magic'],
    [{ version: 2 }, 'bad version'],
    [{ segmentSize: 100 }, 'bad segment size'],
    [{}, undefined],
  ] as const)('with %o is judged %s', (change, problem) => {
    const block = format.decodeControl(format.viewOf(format.encodeControl({ segmentSize: 4096 })))
    expect(format.controlProblem({ ...block, ...change }, format.isExistingSegmentSize)).toBe(problem)
  })

  it('has extensions that count only for the writer that maintains them', () => {
    expect(format.controlExtensionsAreCurrent({ extensionEpoch: 0, writerEpoch: 2 ** 32 })).toBe(false)
    expect(format.controlExtensionsAreCurrent({ extensionEpoch: 5, writerEpoch: 5 })).toBe(true)
    expect(format.controlExtensionsAreCurrent({ extensionEpoch: 5, writerEpoch: 6 })).toBe(false)
    expect(format.controlExtensionsAreCurrent({ extensionEpoch: 5, writerEpoch: 2 ** 32 + 5 })).toBe(true)
  })

  it('decodes a view into a larger buffer', () => {
    const bytes = new Uint8Array(1000)
    bytes.set(format.encodeControl({ segmentSize: 8192, bootId: new Uint8Array(16).fill(9) }), 100)
    const decoded = format.decodeControl(new DataView(bytes.buffer, 100, format.CONTROL_LENGTH))
    expect(decoded).toMatchObject({ segmentSize: 8192, bootId: new Uint8Array(16).fill(9) })
  })
})

describe('a segment', () => {
  const header = fc.record({
    segmentId: uint32,
    flags: uint32,
    firstSequence: fc.option(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1 }), { nil: undefined }),
    createdNs: uint64,
    writerEpoch: uint53,
    endOffset: uint53,
    recordCount: uint53,
    lastTimestampNs: uint64,
  })

  it('has a header that decodes to what was encoded', () => {
    fc.assert(
      fc.property(header, (fields) => {
        const { firstSequence, ...rest } = fields
        const decoded = format.decodeSegmentHeader(
          format.viewOf(format.encodeSegmentHeader(firstSequence === undefined ? rest : { ...rest, firstSequence })),
        )
        expect(decoded).toEqual({ ...fields, magic: format.SEGMENT_MAGIC, version: format.SEGMENT_VERSION })
        expect(format.isSealed(decoded)).toBe(fields.flags % 2 === 1)
        expect(format.segmentProblem(decoded, fields.segmentId)).toBeUndefined()
        expect(format.segmentProblem(decoded, fields.segmentId + 1)).toBe('bad segment id')
        expect(format.segmentProblem({ ...decoded, version: 2 }, fields.segmentId)).toBe('bad version')
        expect(format.segmentProblem({ ...decoded, magic: 0 }, fields.segmentId)).toBe('bad magic')
      }),
    )
  })

  it('is made that of another segment by its id and time', () => {
    const header = format.encodeSegmentHeader({ segmentId: 3, createdNs: 5n })
    format.restampSegmentHeader(format.viewOf(header), 4, 6n)
    expect(header).toEqual(format.encodeSegmentHeader({ segmentId: 4, createdNs: 6n }))
  })

  it.each([
    [0, false, false],
    [64, false, false],
    [128, true, false],
    [1024, true, false],
    [1025, false, false],
    [4096, true, true],
    [6144, true, false],
    [128 * 1024 * 1024, true, true],
    [4 * 1024 ** 3, true, true],
    [4 * 1024 ** 3 + 4096, false, false],
    [4096.5, false, false],
    [-4096, false, false],
    [Number.NaN, false, false],
    [Number.POSITIVE_INFINITY, false, false],
  ])('of %s bytes: may exist %s, may be new %s', (size, existing, fresh) => {
    expect([format.isExistingSegmentSize(size), format.isNewSegmentSize(size)]).toEqual([existing, fresh])
  })

  it('takes the longest payload exactly, and one byte more not', () => {
    for (const size of [128, 1024, 4096, format.SEGMENT_SIZE_DEFAULT, format.SEGMENT_SIZE_MAX]) {
      const longest = format.maxPayloadLengthOf(size)
      expect(format.recordLength(longest)).toBe(size - format.SEGMENT_HEADER_LENGTH)
      expect(format.recordLength(longest + 1)).toBeGreaterThan(size - format.SEGMENT_HEADER_LENGTH)
      expect(format.lastRecordOffset(size) + format.RECORD_HEADER_LENGTH).toBe(size)
    }
    expect(format.maxPayloadLengthOf(2 ** 40)).toBe(format.RECORD_PAYLOAD_LENGTH_MAX)
  })
})

describe('a record', () => {
  it('has a length that is whole units, holds header and payload, and wastes less than a unit', () => {
    fc.assert(
      fc.property(uint32, (payloadLength) => {
        const length = format.recordLength(payloadLength)
        expect(length % format.RECORD_ALIGNMENT).toBe(0)
        expect(length - payloadLength - format.RECORD_HEADER_LENGTH).toBeGreaterThanOrEqual(0)
        expect(length - payloadLength - format.RECORD_HEADER_LENGTH).toBeLessThan(format.RECORD_ALIGNMENT)
      }),
    )
  })

  it.each([
    [0, 64],
    [1, 128],
    [64, 128],
    [65, 192],
    [2 ** 31 - 64, 2 ** 31],
    [2 ** 31, 2 ** 31 + 64],
    [format.RECORD_PAYLOAD_LENGTH_MAX, 2 ** 32 + 64],
  ])('of %i payload bytes occupies %i', (payloadLength, length) => {
    expect(format.recordLength(payloadLength)).toBe(length)
  })

  const record = fc.record({
    sequence: uint53,
    timestampNs: uint64,
    typeId: fc.integer({ min: 0, max: 0xfffe }),
    payload: fc.uint8Array({ maxLength: 200 }),
    writerEpoch: fc.option(uint53, { nil: undefined }),
  })

  it('decodes to what was encoded, touches nothing else, and matches its checksums', () => {
    fc.assert(
      fc.property(record, fc.constantFrom(64, 128, 320), ({ writerEpoch, ...fields }, offset) => {
        const bytes = new Uint8Array(1024).fill(0xee)
        format.encodeRecord(bytes, offset, writerEpoch === undefined ? fields : { ...fields, writerEpoch }, crc32)
        const end = offset + format.recordLength(fields.payload.length)
        expect(bytes.subarray(0, offset).every((byte) => byte === 0xee)).toBe(true)
        expect(bytes.subarray(end).every((byte) => byte === 0xee)).toBe(true)
        const payloadEnd = offset + format.RECORD_PAYLOAD_OFFSET + fields.payload.length
        expect(bytes.subarray(payloadEnd, end).every((byte) => byte === 0)).toBe(true)

        const { sequence, timestampNs, typeId, payload } = fields
        const decoded = format.decodeRecordHeader(format.viewOf(bytes), offset)
        expect(decoded).toMatchObject({ sequence, timestampNs, typeId, commitLength: payload.length + 1 })
        expect(decoded.payloadCrc).toBe(crc32(bytes.subarray(offset + format.RECORD_PAYLOAD_OFFSET, payloadEnd)))
        expect(decoded.flags).toBe(writerEpoch === undefined ? 0 : format.RECORD_FLAG_HEADER_CRC)
        expect(decoded.writerEpoch).toBe(writerEpoch === undefined ? 0 : writerEpoch % 2 ** 32)
        const crc = crc32(bytes.subarray(offset, offset + format.RECORD_HEADER_CRC_COVERAGE))
        expect(decoded.headerCrc).toBe(writerEpoch === undefined ? 0 : crc)
      }),
    )
  })

  it('hands out copies of its trace context', () => {
    const bytes = Uint8Array.from({ length: 200 }, (_, index) => index)
    // The flags are 98, with the bit of a trace context.
    const trace = format.decodeTraceContext(format.viewOf(bytes.subarray(8)), 64)
    bytes.fill(0)
    expect([...(trace?.traceId ?? [])]).toEqual(Array.from({ length: 16 }, (_, index) => 8 + 64 + 40 + index))
    expect([...(trace?.spanId ?? [])]).toEqual(Array.from({ length: 8 }, (_, index) => 8 + 64 + 56 + index))
  })

  it('of padding reaches exactly to the end of its segment', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.nat(), (units, seed) => {
        const segmentSize = 4096 * units
        const offset = 64 + 64 * (seed % (segmentSize / 64 - 1))
        const header = format.decodeRecordHeader(format.viewOf(format.encodePaddingHeader(offset, segmentSize)), 0)
        expect(offset + format.recordLength(header.commitLength - 1)).toBe(segmentSize)
        expect(header).toMatchObject({ typeId: format.PADDING_TYPE_ID, sequence: 0, timestampNs: 0n, flags: 0, payloadCrc: 0 })
      }),
    )
  })

  it.each([
    [0, false],
    [63, false],
    [64, true],
    [100, false],
    [2 ** 32, true],
    [Number.POSITIVE_INFINITY, false],
    [Number.NaN, false],
  ])('can begin at %s: %s', (offset, can) => {
    expect(format.isRecordOffset(offset)).toBe(can)
  })
})

describe('a saved position', () => {
  const position = fc.record({ segmentId: uint53, offset: uint53, heartbeatNs: uint64, generation: uint53 })

  it('decodes to what was encoded, in the slot that its generation chooses', () => {
    fc.assert(
      fc.property(position, (saved) => {
        const bytes = format.encodePosition(saved, crc32)
        expect(bytes).toHaveLength(format.POSITION_LENGTH)
        expect(format.decodePosition(bytes, crc32)).toEqual({ ...saved, legacy: false })
        expect(format.decodePositionSlot(bytes, saved.generation % 2, crc32)).toEqual({ ...saved, legacy: false })
        expect(format.decodePositionSlot(bytes, 1 - (saved.generation % 2), crc32)).toBeUndefined()
      }),
    )
  })

  /** A file after several saves, as a reader leaves it. */
  function savedTimes(count: number): Uint8Array {
    const bytes = new Uint8Array(format.POSITION_LENGTH)
    for (let generation = 1; generation <= count; generation++) {
      const slot = format.encodePositionSlot({ segmentId: 1, offset: 64 * generation, heartbeatNs: 5n, generation }, crc32)
      bytes.set(slot, (generation % 2) * format.POSITION_SLOT_LENGTH)
    }
    return bytes
  }

  it('is the newest one, and the one before when any byte of the newest is damaged', () => {
    for (const count of [2, 3]) {
      expect(format.decodePosition(savedTimes(count), crc32)).toMatchObject({ generation: count, offset: 64 * count })
      for (let byte = 0; byte < format.POSITION_CRC_COVERAGE + 4; byte++) {
        const bytes = savedTimes(count)
        const at = (count % 2) * format.POSITION_SLOT_LENGTH + byte
        bytes[at] = (bytes[at] ?? 0) ^ 1
        expect(format.decodePosition(bytes, crc32)).toMatchObject({ generation: count - 1, offset: 64 * (count - 1) })
      }
    }
  })

  it.each([0, 1, 7, 9, 15, 17, 40, 79, 81, 160])('is bad in a file of %i bytes', (length) => {
    expect(format.decodePosition(new Uint8Array(length), crc32)).toBe('bad')
  })

  it('is bad when both slots are, zeros included', () => {
    expect(format.decodePosition(new Uint8Array(format.POSITION_LENGTH), crc32)).toBe('bad')
    expect(
      format.decodePosition(
        savedTimes(2).map((byte) => byte ^ 0xff),
        crc32,
      ),
    ).toBe('bad')
  })

  it('keeps the time of its commit through renewals, and is the same when one is torn', () => {
    const bytes = savedTimes(4)
    expect(format.decodeCommitNs(bytes, crc32)).toBe(5n)
    const newest = { segmentId: 1, offset: 256 }
    for (let renewals = 1; renewals <= 5; renewals++) {
      format.renewPosition(bytes, BigInt(renewals) * 100n, crc32)
      expect(format.decodePosition(bytes, crc32)).toMatchObject({ ...newest, heartbeatNs: BigInt(renewals) * 100n })
      expect(format.decodeCommitNs(bytes, crc32)).toBe(5n)
      for (const slot of [0, 1]) {
        const torn = Uint8Array.from(bytes).fill(
          0xff,
          slot * format.POSITION_SLOT_LENGTH,
          slot * format.POSITION_SLOT_LENGTH + 20,
        )
        expect(format.decodePosition(torn, crc32)).toMatchObject(newest)
      }
    }
    const { generation } = format.decodePosition(bytes, crc32) as format.SavedPosition
    const next = { ...newest, heartbeatNs: 900n, generation: generation + 1 }
    bytes.set(format.encodePositionSlot(next, crc32), (next.generation % 2) * format.POSITION_SLOT_LENGTH)
    expect(format.decodeCommitNs(bytes, crc32)).toBe(900n)
  })

  it('has no time of a commit where no slot is valid, and leaves such a file as it is', () => {
    const bytes = new Uint8Array(format.POSITION_LENGTH).fill(0xff)
    format.renewPosition(bytes, 1n, crc32)
    expect(bytes.every((byte) => byte === 0xff)).toBe(true)
    expect(format.decodeCommitNs(bytes, crc32)).toBeUndefined()
  })

  it('is understood in the two older forms', () => {
    const view = new DataView(new ArrayBuffer(16))
    format.setUint64(view, 0, 3)
    format.setUint64(view, 8, 4096)
    const legacy = { heartbeatNs: 0n, generation: 0, legacy: true }
    expect(format.decodePosition(new Uint8Array(view.buffer), crc32)).toEqual({ segmentId: 3, offset: 4096, ...legacy })
    expect(format.decodePosition(new Uint8Array(view.buffer, 8), crc32)).toEqual({ segmentId: 0, offset: 4096, ...legacy })
    for (const length of [8, 16]) expect(format.decodePosition(Buffer.alloc(length, 0xc2), crc32)).toBe('bad')
  })
})

describe('the durable mark', () => {
  const mark = fc.record({ sequence: uint53, offset: uint53, segmentId: uint32, generation: uint32 })

  it('decodes to what was encoded, the newer slot first', () => {
    fc.assert(
      fc.property(mark, mark, (one, other) => {
        const marks = [
          { ...one, generation: one.generation - (one.generation % 2) },
          { ...other, generation: other.generation - (other.generation % 2) + 1 },
        ]
        const control = new Uint8Array(format.CONTROL_LENGTH)
        for (const each of marks)
          control.set(format.encodeDurableSlot(each, crc32), format.durableSlotOffset(each.generation % 2))
        const newest = marks.reduce((a, b) => (((b.generation - a.generation) | 0) > 0 ? b : a))
        const oldest = marks.find((each) => each !== newest)
        expect(format.decodeDurableMark(control, crc32)).toEqual(newest)

        const at = format.durableSlotOffset(newest.generation % 2)
        control[at + 5] = (control[at + 5] ?? 0) ^ 0x80
        expect(format.decodeDurableMark(control, crc32)).toEqual(oldest)
      }),
    )
  })

  it('is the one after the last generation when generations came round', () => {
    const control = new Uint8Array(format.CONTROL_LENGTH)
    const saved = { sequence: 1, offset: 64, segmentId: 0 }
    for (const each of [
      { ...saved, generation: 0xffff_ffff },
      { ...saved, sequence: 2, generation: 0 },
    ])
      control.set(format.encodeDurableSlot(each, crc32), format.durableSlotOffset(each.generation % 2))
    expect(format.decodeDurableMark(control, crc32)?.sequence).toBe(2)
  })

  it('is absent while nothing was made durable', () => {
    expect(format.decodeDurableMark(new Uint8Array(format.CONTROL_LENGTH), crc32)).toBeUndefined()
  })
})

describe('the index', () => {
  it('decodes to what was encoded, and to nothing when it cannot be one', () => {
    fc.assert(
      fc.property(uint53, uint53, (currentSegment, writeOffset) => {
        const bytes = format.encodeIndex({ currentSegment, writeOffset })
        expect(format.decodeIndex(bytes)).toEqual({ currentSegment, writeOffset })
      }),
    )
    for (const length of [0, 8, 15, 17]) expect(format.decodeIndex(new Uint8Array(length))).toBeUndefined()
    expect(format.decodeIndex(new Uint8Array(16).fill(0xff))).toBeUndefined()
  })
})
