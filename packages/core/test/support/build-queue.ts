import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import {
  encodeControl,
  encodePosition,
  encodeRecord,
  encodeSegmentHeader,
  INIT_STATE_READY,
  READERS_DIRECTORY,
  readerFileName,
  recordLength,
  SEGMENT_FIRST_RECORD_OFFSET,
  SEGMENT_FLAG_SEALED,
  segmentFileName,
} from '../../src/format/index.js'

/** A queue to be put on disk byte by byte, without a writer: for tests of tools that only look. */
export interface QueuePlan {
  readonly segmentSize?: number
  readonly payloads: readonly Uint8Array[]
  /** Timestamp of the first record; the others follow a microsecond apart. */
  readonly firstTimestampNs?: bigint
  readonly firstSequence?: number
  readonly firstSegment?: number
  /** Keep to the base format: no extension fields, no header CRC. */
  readonly legacy?: boolean
  /** Positions of registered readers. */
  readonly readers?: Readonly<Record<string, { segmentId: number; offset: number }>>
}

export interface BuiltRecord {
  readonly sequence: number
  readonly segmentId: number
  readonly offset: number
  readonly payload: Uint8Array
}

export interface BuiltQueue {
  readonly directory: string
  readonly records: readonly BuiltRecord[]
  readonly headSegment: number
  readonly writeOffset: number
}

interface OpenSegment {
  readonly id: number
  readonly bytes: Uint8Array
  readonly firstSequence: number
  end: number
  count: number
}

/** Writes a closed, healthy queue. Record i has type i % 7 + 1. */
export function buildQueue(directory: string, plan: QueuePlan): BuiltQueue {
  const { segmentSize = 4096, payloads, firstTimestampNs = 1_700_000_000_000_000_000n, firstSequence = 0, legacy = false } = plan
  mkdirSync(join(directory, READERS_DIRECTORY), { recursive: true })
  const records: BuiltRecord[] = []
  let segment = startSegment(plan.firstSegment ?? 0, segmentSize, firstSequence)
  for (const [index, payload] of payloads.entries()) {
    if (segment.end + recordLength(payload.length) > segmentSize) {
      writeSegment(directory, segment, true, legacy)
      segment = startSegment(segment.id + 1, segmentSize, firstSequence + index)
    }
    const sequence = firstSequence + index
    const record = { sequence, timestampNs: firstTimestampNs + BigInt(index) * 1000n, typeId: (index % 7) + 1, payload }
    encodeRecord(segment.bytes, segment.end, legacy ? record : { ...record, writerEpoch: 1 }, crc32)
    records.push({ sequence, segmentId: segment.id, offset: segment.end, payload })
    segment.end += recordLength(payload.length)
    segment.count += 1
  }
  writeSegment(directory, segment, false, legacy)
  writeControl(directory, segment, plan)
  for (const [name, position] of Object.entries(plan.readers ?? {})) {
    writeFileSync(
      join(directory, READERS_DIRECTORY, readerFileName(name)),
      encodePosition({ ...position, heartbeatNs: firstTimestampNs }, crc32),
    )
  }
  return { directory, records, headSegment: segment.id, writeOffset: segment.end }
}

/** `count` payloads of `length` bytes, each with its number as text. */
export function textPayloads(count: number, length = 32): Buffer[] {
  return Array.from({ length: count }, (_, index) => Buffer.from(`message ${index} `.padEnd(length, '.')))
}

function startSegment(id: number, segmentSize: number, firstSequence: number): OpenSegment {
  return { id, bytes: new Uint8Array(segmentSize), firstSequence, end: SEGMENT_FIRST_RECORD_OFFSET, count: 0 }
}

function writeSegment(directory: string, segment: OpenSegment, sealed: boolean, legacy: boolean): void {
  const flags = sealed ? SEGMENT_FLAG_SEALED : 0
  const summary = sealed ? { endOffset: segment.end, recordCount: segment.count } : {}
  const extensions = legacy ? {} : { firstSequence: segment.firstSequence, createdNs: 1n, writerEpoch: 1, ...summary }
  segment.bytes.set(encodeSegmentHeader({ segmentId: segment.id, flags, ...extensions }))
  writeFileSync(join(directory, segmentFileName(segment.id)), segment.bytes)
}

function writeControl(directory: string, head: OpenSegment, plan: QueuePlan): void {
  const { segmentSize = 4096, firstSequence = 0, legacy = false, payloads } = plan
  const extensions = legacy
    ? {}
    : { extensionEpoch: 1, features: 1, createdNs: 1n, nextSequence: firstSequence + payloads.length }
  const control = {
    segmentSize,
    initState: INIT_STATE_READY,
    writerEpoch: 1,
    segmentGeneration: 2 * head.id,
    currentSegment: head.id,
    writeOffset: head.end,
    notifySequence: payloads.length,
    writerHeartbeatNs: plan.firstTimestampNs ?? 1_700_000_000_000_000_000n,
    ...extensions,
  }
  writeFileSync(join(directory, 'control.meta'), encodeControl(control))
  writeFileSync(join(directory, 'writer.lock'), '')
}
