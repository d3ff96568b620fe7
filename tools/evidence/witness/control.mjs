/** What the witness knows of the control block, from docs/format.md alone. */
import { crc32, isZero, u64, u64Text } from './bytes.mjs'

/** Bytes of the control block that no field owns, as pairs of first and last + 1. */
const CONTROL_FREE = [
  [12, 16],
  [184, 216],
  [244, 252],
  [292, 296],
  [316, 384],
  [396, 448],
  [456, 512],
]

/** @param {string} code @param {string} file @param {number} offset @param {string} detail */
export const problem = (code, file, offset, detail) => ({ kind: 'problem', code, file, offset, detail })

/** @param {Buffer} bytes */
export function decodeControl(bytes) {
  return {
    kind: 'control',
    version: bytes.readUInt32LE(4),
    initState: bytes.readUInt32LE(8),
    writerEpoch: u64(bytes, 16),
    segmentSize: u64(bytes, 24),
    bootId: bytes.toString('hex', 32, 48),
    extensionEpoch: bytes.readUInt32LE(48),
    features: bytes.readUInt32LE(52),
    createdNs: u64Text(bytes, 56),
    segmentGeneration: bytes.readUInt32LE(128),
    currentSegment: bytes.readUInt32LE(132),
    firstSegmentPlusOne: u64(bytes, 136),
    writeBack: bytes.readUInt32LE(252),
    queueId: bytes.toString('hex', 144, 160),
    replicaTerm: u64(bytes, 160),
    sourceQueueId: bytes.toString('hex', 168, 184),
    device: u64Text(bytes, 216),
    inode: u64Text(bytes, 224),
    birthNs: u64Text(bytes, 232),
    identityCrc: bytes.readUInt32LE(240),
    writeOffset: u64(bytes, 256),
    heartbeatNs: u64Text(bytes, 264),
    nextSequence: u64(bytes, 272),
    dirtyEnd: u64(bytes, 280),
    dirtySegment: bytes.readUInt32LE(288),
    lastAppendNs: u64Text(bytes, 296),
    sequenceFloor: u64(bytes, 304),
    sequenceFloorCrc: bytes.readUInt32LE(312),
    notifySequence: bytes.readUInt32LE(384),
    waitersPending: bytes.readUInt32LE(388),
    parkedReaders: bytes.readUInt32LE(392),
    progressSequence: bytes.readUInt32LE(448),
    writerBlocked: bytes.readUInt32LE(452),
  }
}

/** @param {Buffer | undefined} bytes */
export function* scanControl(bytes) {
  const file = 'control.meta'
  if (bytes === undefined) return yield problem('no-control', file, 0, 'there is no control block')
  if (bytes.length !== 512) yield problem('bad-control', file, 0, `length ${bytes.length}`)
  if (bytes.length < 512) return
  const control = decodeControl(bytes)
  yield control
  if (bytes.readUInt32LE(0) !== 0x4348524e) yield problem('bad-control', file, 0, 'magic')
  if (control.version !== 3) yield problem('bad-control', file, 4, `version ${control.version}`)
  if (control.initState !== 2) yield problem('bad-control', file, 8, `initState ${control.initState}`)
  if (control.writerEpoch === 0) yield problem('bad-control', file, 16, 'writerEpoch 0')
  if (!isSegmentSize(control.segmentSize)) yield problem('bad-control', file, 24, `segmentSize ${control.segmentSize}`)
  if (control.segmentGeneration % 2 !== 0) yield problem('odd-generation', file, 128, `generation ${control.segmentGeneration}`)
  if (control.features > 1) yield problem('bad-control', file, 52, `features ${control.features}`)
  if (control.writeBack > 2) yield problem('bad-control', file, 252, `writeBack ${control.writeBack}`)
  for (const [from = 0, to = 0] of CONTROL_FREE) {
    if (!isZero(bytes.subarray(from, to))) yield problem('not-zero', file, from, 'free bytes')
  }
  if (!isZero(bytes.subarray(216, 244)) && control.identityCrc !== identityCrcOf(bytes))
    yield problem('bad-identity', file, 240, 'the CRC of segmentSize, queueId and the identity of the file')
  if (!isZero(bytes.subarray(304, 316)) && control.sequenceFloorCrc !== crc32(bytes.subarray(304, 312)))
    yield problem('bad-sequence-floor', file, 312, 'the CRC of sequenceFloor')
  yield* scanDurableSlots(bytes)
}

/** @param {Buffer} bytes */
function identityCrcOf(bytes) {
  return crc32(Buffer.concat([bytes.subarray(24, 32), bytes.subarray(144, 160), bytes.subarray(216, 240)]))
}

/** @param {number | string | undefined} size */
export function isSegmentSize(size) {
  return typeof size === 'number' && size >= 128 && size % 64 === 0
}

/** @param {Buffer} control */
function* scanDurableSlots(control) {
  for (const slot of [0, 1]) {
    const bytes = control.subarray(64 + 32 * slot, 96 + 32 * slot)
    if (isZero(bytes)) continue
    if (crc32(bytes.subarray(0, 24)) !== bytes.readUInt32LE(24) || bytes.readUInt32LE(28) !== 0) {
      yield problem('bad-durable-slot', 'control.meta', 64 + 32 * slot, `slot ${slot}`)
      continue
    }
    const generation = bytes.readUInt32LE(20)
    yield { kind: 'durable', slot, sequence: u64(bytes, 0), segment: bytes.readUInt32LE(16), offset: u64(bytes, 8), generation }
    if (generation % 2 !== slot) yield problem('bad-durable-slot', 'control.meta', 64 + 32 * slot, `generation ${generation}`)
  }
}
