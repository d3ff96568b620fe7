import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

/**
 * Puts a healthy, closed queue of the base format on disk, byte by byte and from the words of docs/format.md alone. No code of the library is used, so that the tools are
 * tested against the format and not against themselves.
 */
export interface QueuePlan {
  readonly segmentSize?: number
  readonly payloads: readonly Uint8Array[]
  /** Timestamp of the first record; the others follow a microsecond apart. */
  readonly firstTimestampNs?: bigint
}

export interface BuiltRecord {
  readonly sequence: number
  readonly segmentId: number
  readonly offset: number
}

/** Writes the queue. Record i has type i % 7 + 1. */
export function buildQueue(directory: string, plan: QueuePlan): { readonly records: readonly BuiltRecord[] } {
  const { segmentSize = 4096, payloads, firstTimestampNs = 1_700_000_000_000_000_000n } = plan
  mkdirSync(join(directory, 'readers'), { recursive: true })
  const records: BuiltRecord[] = []
  let segmentId = 0
  let end = 64
  let segment = segmentBytes(segmentId, segmentSize)
  for (const [sequence, payload] of payloads.entries()) {
    const length = Math.ceil((64 + payload.length) / 64) * 64
    if (end + length > segmentSize) {
      segment.writeUInt32LE(1, 12)
      writeSegment(directory, segmentId, segment)
      segmentId += 1
      segment = segmentBytes(segmentId, segmentSize)
      end = 64
    }
    writeRecord(segment.subarray(end), { sequence, timestampNs: firstTimestampNs + BigInt(sequence) * 1000n, payload })
    records.push({ sequence, segmentId, offset: end })
    end += length
  }
  writeSegment(directory, segmentId, segment)
  writeControl(directory, { segmentSize, segmentId, end, count: payloads.length })
  return { records }
}

/** `count` payloads of `length` bytes, each with its number as text. */
export function textPayloads(count: number, length = 32): Buffer[] {
  return Array.from({ length: count }, (_, index) => Buffer.from(`message ${index} `.padEnd(length, '.')))
}

function segmentBytes(segmentId: number, segmentSize: number): Buffer {
  const bytes = Buffer.alloc(segmentSize)
  bytes.writeUInt32LE(0x53454730, 0)
  bytes.writeUInt32LE(1, 4)
  bytes.writeUInt32LE(segmentId, 8)
  return bytes
}

function writeSegment(directory: string, segmentId: number, bytes: Buffer): void {
  writeFileSync(join(directory, `${String(segmentId).padStart(9, '0')}.q`), bytes)
}

function writeRecord(at: Buffer, record: { sequence: number; timestampNs: bigint; payload: Uint8Array }): void {
  const { sequence, timestampNs, payload } = record
  at.writeUInt32LE(payload.length + 1, 0)
  at.writeBigUInt64LE(BigInt(sequence), 8)
  at.writeBigUInt64LE(timestampNs, 16)
  at.writeUInt16LE((sequence % 7) + 1, 24)
  at.writeUInt32LE(payload.length === 0 ? 0 : crc32(payload), 28)
  at.set(payload, 64)
}

function writeControl(directory: string, head: { segmentSize: number; segmentId: number; end: number; count: number }): void {
  const bytes = Buffer.alloc(512)
  bytes.writeUInt32LE(0x4348524e, 0)
  bytes.writeUInt32LE(3, 4)
  bytes.writeUInt32LE(2, 8)
  bytes.writeBigUInt64LE(1n, 16)
  bytes.writeBigUInt64LE(BigInt(head.segmentSize), 24)
  bytes.writeUInt32LE(2 * head.segmentId, 128)
  bytes.writeUInt32LE(head.segmentId, 132)
  bytes.writeBigUInt64LE(BigInt(head.end), 256)
  bytes.writeBigUInt64LE(1_700_000_000_000_000_000n, 264)
  bytes.writeUInt32LE(head.count, 384)
  writeFileSync(join(directory, 'control.meta'), bytes)
  writeFileSync(join(directory, 'writer.lock'), '')
}
