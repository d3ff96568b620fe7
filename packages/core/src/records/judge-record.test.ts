import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import {
  binding,
  STATUS_BAD_HEADER_CRC,
  STATUS_BAD_LENGTH,
  STATUS_BAD_PAYLOAD_CRC,
  STATUS_PADDING,
  STATUS_SEGMENT_END,
  STATUS_SEQUENCE_GAP,
  STATUS_UNCOMMITTED,
  VERIFIER_END,
  VERIFIER_SEQUENCE,
} from '@chronicle-ts/native'
import { expect, it } from 'vitest'
import { amount, SEED } from '../../../../tools/evidence/effort/effort.mjs'
import { temporaryDirectory } from '../../test/support/temporary.js'
import {
  encodePaddingHeader,
  encodeRecord,
  RECORD_ALIGNMENT,
  RECORD_COMMIT_LENGTH_OFFSET,
  RECORD_FLAGS_OFFSET,
  RECORD_SEQUENCE_OFFSET,
  RECORD_TYPE_ID_OFFSET,
  recordLength,
} from '../format/index.js'
import { MappedSegment } from '../segment/mapped-segment.js'
import { BYTES_ALONE } from './leaving.js'
import { type GoodStep, isGoodStep, RecordWalk, type WalkStep } from './record-walk.js'

const SEGMENTS = amount({ short: 100, long: 300, full: 10_000 })
const SEGMENT_SIZE = 4096

it(`judges every record as the native verifier does, and follows the same sequences, in ${SEGMENTS} damaged segments`, () => {
  const fd = openSync(join(temporaryDirectory(), 'segment'), 'wx+')
  writeSync(fd, Buffer.alloc(SEGMENT_SIZE))
  const segment = new MappedSegment(0, binding.mapFile(fd, SEGMENT_SIZE, true))
  const seen = new Set<string>()
  for (let seed = SEED; seed < SEED + SEGMENTS; seed++) {
    const random = numbers(seed)
    fill(segment.bytes, random)
    for (let count = random(4); count > 0; count--) damage(segment.bytes, random)
    for (let offset = RECORD_ALIGNMENT; offset <= SEGMENT_SIZE; offset += RECORD_ALIGNMENT) {
      const found = walkByJudge(segment, offset)
      seen.add(found.why)
      expect(found, `seed ${seed}, offset ${offset}`).toEqual(walkByVerifier(segment, offset))
    }
  }
  expect([...seen].sort()).toEqual(['end', 'gap', 'header', 'length', 'padding', 'payload', 'uncommitted'])
  segment.close()
})

interface Walked {
  readonly end: number
  readonly expected: number
  readonly why: string
}

/** Walks good records from an offset on with the walk of this folder. */
function walkByJudge(segment: MappedSegment, from: number): Walked {
  const walk = new RecordWalk(BYTES_ALONE)
  for (let offset = from; ; offset = walk.pass(segment)) {
    const step = walk.look(segment, offset)
    if (isGoodStep(step)) continue
    const why = step === 'wait' && offset > segment.lastRecordOffset ? 'end' : WHYS[step]
    return { end: offset, expected: walk.expected, why }
  }
}

const WHYS: Readonly<Record<Exclude<WalkStep, GoodStep>, string>> = {
  padding: 'padding',
  'bad-length': 'length',
  'bad-padding': 'length',
  'bad-header': 'header',
  'bad-payload': 'payload',
  gap: 'gap',
  impossible: 'gap',
  hole: 'hole',
  leave: 'leave',
  wait: 'uncommitted',
}

const STATUSES: Readonly<Record<number, string>> = {
  [STATUS_SEGMENT_END]: 'end',
  [STATUS_UNCOMMITTED]: 'uncommitted',
  [STATUS_PADDING]: 'padding',
  [STATUS_BAD_LENGTH]: 'length',
  [STATUS_BAD_HEADER_CRC]: 'header',
  [STATUS_BAD_PAYLOAD_CRC]: 'payload',
  [STATUS_SEQUENCE_GAP]: 'gap',
}

function walkByVerifier(segment: MappedSegment, from: number): Walked {
  const verifier = binding.createVerifier()
  verifier.attach(segment.mapping)
  verifier.state[VERIFIER_SEQUENCE] = -1
  const status = verifier.verify(from, 1000, 1 << 30)
  const { [VERIFIER_END]: end = -1, [VERIFIER_SEQUENCE]: expected = -1 } = verifier.state
  verifier.detach()
  return { end, expected, why: STATUSES[status] ?? String(status) }
}

/** Records of this library and of the base format, some of whose sequences begin again; then nothing, or a padding record, or a segment that is full. */
function fill(bytes: Buffer, random: (limit: number) => number): void {
  bytes.fill(0)
  const isBase = random(2) === 0
  let sequence = random(1000)
  let offset = RECORD_ALIGNMENT
  for (let count = random(30); count > 0; count--) {
    const payload = Buffer.alloc(random(200), count)
    if (offset + recordLength(payload.length) > SEGMENT_SIZE) break
    if (isBase && random(8) === 0) sequence = 0
    const epoch = isBase && random(8) > 0 ? {} : { writerEpoch: 3 }
    encodeRecord(bytes, offset, { sequence: sequence++, timestampNs: 1n, typeId: random(9), payload, ...epoch }, crc32)
    offset += recordLength(payload.length)
  }
  if (offset < SEGMENT_SIZE && random(2) === 0) bytes.set(encodePaddingHeader(offset, SEGMENT_SIZE), offset)
}

/** A flipped bit anywhere, or a field of some record with a value that only an unlucky accident has. */
function damage(bytes: Buffer, random: (limit: number) => number): void {
  const at = RECORD_ALIGNMENT * (1 + random(SEGMENT_SIZE / RECORD_ALIGNMENT - 1))
  const kind = random(6)
  if (kind === 0) bytes.writeUInt8(bytes.readUInt8(at + random(64)) ^ (1 << random(8)), at + random(64))
  else if (kind === 1)
    bytes.writeUInt32LE(random(2) === 0 ? random(6000) : 0xffff_ffff - random(3), at + RECORD_COMMIT_LENGTH_OFFSET)
  else if (kind === 2) bytes.writeUInt16LE(0xffff, at + RECORD_TYPE_ID_OFFSET)
  else if (kind === 3) bytes.writeUInt16LE(random(4), at + RECORD_FLAGS_OFFSET)
  else if (kind === 4) bytes.writeBigUInt64LE((1n << 53n) - BigInt(random(3)), at + RECORD_SEQUENCE_OFFSET)
  else bytes.copy(bytes, at, RECORD_ALIGNMENT * (1 + random(30)), RECORD_ALIGNMENT * 31)
}

/** Numbers from 0 to below a limit, the same for the same seed. */
function numbers(seed: number): (limit: number) => number {
  let state = seed * 0x9e37_79b1
  return (limit) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x6d2b_79f5) | 0
    return ((state ^ (state >>> 13)) >>> 0) % limit
  }
}
