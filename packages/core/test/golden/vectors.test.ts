import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import {
  CONTROL_LENGTH,
  decodeControl,
  decodePosition,
  decodeRecordHeader,
  decodeSegmentHeader,
  encodeControl,
  encodeIndex,
  encodePaddingHeader,
  encodePosition,
  encodePositionSlot,
  encodeRecord,
  encodeSegmentHeader,
  formatLockRecord,
  PADDING_TYPE_ID,
  recordLength,
  SEGMENT_FLAG_SEALED,
  SEGMENT_HEADER_LENGTH,
  viewOf,
} from '../../src/format/index.js'

/** Offsets to bytes, both hexadecimal, as vectors.json writes them. */
type Patches = Readonly<Record<string, string>>

const vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8'))
const segmentSize = 1024
const heartbeatNs = 0x18e9_eea7_901b_bf26n
const heartbeatHex = '26bf1b90a7eee918'

/** The bytes that a vector describes: what is not listed is zero, `<hb>` is the heartbeat, `ab x 100` a run. */
function expand(patches: Patches, length: number): string {
  const bytes = Buffer.alloc(length)
  for (const [offset, text] of Object.entries(patches)) {
    const run = /^([0-9a-f]{2}) x (\d+)$/.exec(text)
    const hex = run === null ? text.replace('<hb>', heartbeatHex) : String(run[1]).repeat(Number(run[2]))
    bytes.set(Buffer.from(hex, 'hex'), Number.parseInt(offset, 16))
  }
  return bytes.toString('hex')
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

const records = [
  { sequence: 0, timestampNs: 0x1122334455667788n, typeId: 1, payload: Buffer.from('hello') },
  { sequence: 1, timestampNs: 1_000_000_000n, typeId: 2, payload: Buffer.alloc(0) },
  { sequence: 2, timestampNs: 1_000_000_001n, typeId: 0x1357, payload: Buffer.alloc(100, 0xab) },
]
const rolled = { sequence: 3, timestampNs: 1_000_000_002n, typeId: 3, payload: Buffer.alloc(600, 0xcd) }

/** The first segment as it stands after scenario 1. */
function firstSegment(): { bytes: Buffer; end: number } {
  const bytes = Buffer.alloc(segmentSize)
  bytes.set(encodeSegmentHeader({ segmentId: 0 }))
  let end = SEGMENT_HEADER_LENGTH
  for (const record of records) {
    encodeRecord(bytes, end, record, crc32)
    end += recordLength(record.payload.length)
  }
  return { bytes, end }
}

describe('the golden vectors, byte for byte', () => {
  const { scenario1, scenario2, scenario3 } = vectors

  it('three appends: the control block', () => {
    const control = encodeControl({
      segmentSize,
      writeOffset: firstSegment().end,
      writerHeartbeatNs: heartbeatNs,
      notifySequence: 3,
    })
    expect(hex(control)).toBe(expand(scenario1['control.meta'], CONTROL_LENGTH))
  })

  it('three appends: the segment that holds them, and the one prepared after it', () => {
    expect(hex(firstSegment().bytes)).toBe(expand(scenario1['000000000.q'], segmentSize))
    const next = Buffer.alloc(segmentSize)
    next.set(encodeSegmentHeader({ segmentId: 1 }))
    expect(hex(next)).toBe(expand(scenario1['000000001.q'], segmentSize))
  })

  it('three appends: the index', () => {
    expect(hex(encodeIndex({ currentSegment: 0, writeOffset: 0x1c0 }))).toBe(expand(scenario1['index.meta'], 16))
  })

  it('a new reader: its first save lands in slot 1', () => {
    const vector = scenario1['readers/router.meta after open']
    const crc = /crc bytes are ([0-9a-f]{8})/.exec(vector.example)?.[1]
    const slot1 = String(vector.slot1)
      .replace('<hb>', heartbeatHex)
      .replace(/<crc32[^>]*>/, String(crc))
    const bytes = encodePosition({ segmentId: 0, offset: 64, heartbeatNs }, crc32)
    expect(hex(bytes)).toBe('00'.repeat(40) + slot1)
    expect(decodePosition(bytes, crc32)).toEqual({ segmentId: 0, offset: 64, heartbeatNs, generation: 1, legacy: false })
  })

  it('a commit: the second save lands in slot 0', () => {
    const { slot0 } = scenario1['readers/router.meta after reading the first message and committing']
    const slot = encodePositionSlot({ segmentId: 0, offset: 0xc0, heartbeatNs, generation: 2 }, crc32)
    const crc = Buffer.alloc(4)
    crc.writeUInt32LE(crc32(slot.subarray(0, 32)))
    expect(hex(slot)).toBe(String(slot0).replace('<hb>', heartbeatHex).replace('<crc>', crc.toString('hex')))
  })

  it('a roll: the record in the next segment, the seal, the control block', () => {
    const [sealed, record, control] = scenario2.expect.map(String)
    expect(sealed).toContain('byte 0x00c = 01')
    expect(hex(encodeSegmentHeader({ segmentId: 0, flags: SEGMENT_FLAG_SEALED }).subarray(12, 16))).toBe('01000000')

    const bytes = Buffer.alloc(segmentSize)
    encodeRecord(bytes, 64, rolled, crc32)
    expect(hex(bytes.subarray(64, 68))).toBe(/commitLength ([0-9a-f]{8})/.exec(record)?.[1])
    expect(hex(bytes.subarray(64 + 28, 64 + 32))).toBe(/payloadCrc bytes ([0-9a-f]{8})/.exec(record)?.[1])

    const facts = /generation (\d+), currentSegment (\d+), writeOffset 0x([0-9a-f]+), notifySequence (\d+)/.exec(control)
    expect(64 + recordLength(rolled.payload.length)).toBe(Number.parseInt(String(facts?.[3]), 16))
    expect(recordLength(rolled.payload.length)).toBeGreaterThan(segmentSize - firstSegment().end)
  })

  it('a repair: the padding record that fills the segment', () => {
    const [padding] = scenario3.expect_rust.map(String)
    const facts = /at 0x([0-9a-f]+): commitLength ([0-9a-f]{8}) .* typeId ([0-9a-f]{4}) at 0x([0-9a-f]+)/.exec(padding)
    const offset = Number.parseInt(String(facts?.[1]), 16)
    const header = encodePaddingHeader(offset, segmentSize)
    expect(hex(header.subarray(0, 4))).toBe(facts?.[2])
    expect(hex(header.subarray(0x318 - 0x300, 0x31a - 0x300))).toBe(facts?.[3])
    expect(decodeRecordHeader(viewOf(header), 0).typeId).toBe(PADDING_TYPE_ID)
  })

  it('a reopened queue: the lock record ends in the new epoch', () => {
    expect(scenario3.expect_rust[1]).toContain(
      formatLockRecord({ pid: 1, startTime: 2, epoch: 2 }).trim().replace('1 2', '<pid> <starttime>'),
    )
  })

  it('the checksums', () => {
    const inputs: Record<string, Uint8Array> = {
      '': Buffer.alloc(0),
      hello: Buffer.from('hello'),
      '32 zero bytes': Buffer.alloc(32),
      '100 x 0xAB': Buffer.alloc(100, 0xab),
    }
    const computed = Object.fromEntries(
      Object.entries(inputs).map(([name, bytes]) => [name, crc32(bytes).toString(16).padStart(8, '0')]),
    )
    expect(computed).toEqual(vectors.crc32)
  })

  it('decode to what was appended', () => {
    const control = decodeControl(viewOf(Buffer.from(expand(scenario1['control.meta'], CONTROL_LENGTH), 'hex')))
    expect(control).toMatchObject({
      initState: 2,
      writerEpoch: 1,
      segmentSize,
      segmentGeneration: 2,
      currentSegment: 0,
      writeOffset: 0x1c0,
    })
    expect(control).toMatchObject({ writerHeartbeatNs: heartbeatNs, notifySequence: 3, extensionEpoch: 0, nextSequence: 0 })

    const segment = viewOf(Buffer.from(expand(scenario1['000000000.q'], segmentSize), 'hex'))
    expect(decodeSegmentHeader(segment)).toMatchObject({ segmentId: 0, flags: 0, firstSequence: undefined })
    let offset = 64
    for (const { payload, ...record } of records) {
      expect(decodeRecordHeader(segment, offset)).toMatchObject({
        ...record,
        commitLength: payload.length + 1,
        payloadCrc: crc32(payload),
        flags: 0,
      })
      offset += recordLength(payload.length)
    }
  })
})
