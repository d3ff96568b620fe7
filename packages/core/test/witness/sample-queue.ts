import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import {
  CONTROL_FILE,
  durableSlotOffset,
  encodeControl,
  encodeDurableSlot,
  encodeIndex,
  encodePosition,
  encodeRecord,
  encodeSegmentHeader,
  formatLockRecord,
  INDEX_FILE,
  LOCK_FILE,
  READERS_DIRECTORY,
  readerFileName,
  recordLength,
  SEGMENT_FIRST_RECORD_OFFSET,
  SEGMENT_FLAG_SEALED,
  segmentFileName,
} from '../../src/format/index.js'

export interface SampleMessage {
  readonly typeId: number
  readonly timestampNs: bigint
  readonly payload: Uint8Array
}

interface SampleSegment {
  readonly firstSequence: number
  readonly messages: SampleMessage[]
  end: number
}

const epoch = 7

/** Which messages go into which segment, as a writer that rolls when a record does not fit would have it. */
function layOut(messages: readonly SampleMessage[], segmentSize: number): SampleSegment[] {
  let segment: SampleSegment = { firstSequence: 0, messages: [], end: SEGMENT_FIRST_RECORD_OFFSET }
  const segments = [segment]
  for (const [sequence, message] of messages.entries()) {
    const length = recordLength(message.payload.length)
    if (segment.end + length > segmentSize) {
      segment = { firstSequence: sequence, messages: [], end: SEGMENT_FIRST_RECORD_OFFSET }
      segments.push(segment)
    }
    segment.messages.push(message)
    segment.end += length
  }
  return segments
}

function segmentBytes(segment: SampleSegment, segmentId: number, sealed: boolean, segmentSize: number): Uint8Array {
  const bytes = new Uint8Array(segmentSize)
  const summary = {
    endOffset: segment.end,
    recordCount: segment.messages.length,
    lastTimestampNs: segment.messages.at(-1)?.timestampNs ?? 0n,
  }
  const header = { segmentId, firstSequence: segment.firstSequence, createdNs: 1_700_000_000_000_000_000n, writerEpoch: epoch }
  bytes.set(encodeSegmentHeader(sealed ? { ...header, flags: SEGMENT_FLAG_SEALED, ...summary } : header))
  let offset = SEGMENT_FIRST_RECORD_OFFSET
  for (const [index, message] of segment.messages.entries()) {
    encodeRecord(bytes, offset, { ...message, sequence: segment.firstSequence + index, writerEpoch: epoch }, crc32)
    offset += recordLength(message.payload.length)
  }
  return bytes
}

/** Writes a queue directory at rest with all extensions, from nothing but the format's encoders: what the witnesses are tried on. */
export function writeSampleQueue(directory: string, messages: readonly SampleMessage[], segmentSize: number): void {
  const segments = layOut(messages, segmentSize)
  const head = segments.length - 1
  const end = segments[head]?.end ?? SEGMENT_FIRST_RECORD_OFFSET
  mkdirSync(join(directory, READERS_DIRECTORY), { recursive: true })
  for (const [id, segment] of segments.entries()) {
    writeFileSync(join(directory, segmentFileName(id)), segmentBytes(segment, id, id < head, segmentSize))
  }
  const control = encodeControl({
    segmentSize,
    writerEpoch: epoch,
    extensionEpoch: epoch,
    features: 1,
    segmentGeneration: 2 * segments.length,
    currentSegment: head,
    firstSegmentPlusOne: 1,
    writeOffset: end,
    nextSequence: messages.length,
    dirtyEnd: end,
    dirtySegment: head,
    notifySequence: messages.length + head,
  })
  const mark = { sequence: messages.length, segmentId: head, offset: end }
  for (const generation of [5, 6])
    control.set(encodeDurableSlot({ ...mark, generation }, crc32), durableSlotOffset(generation % 2))
  writeFileSync(join(directory, CONTROL_FILE), control)
  writeFileSync(join(directory, INDEX_FILE), encodeIndex({ currentSegment: head, writeOffset: end }))
  writeFileSync(join(directory, LOCK_FILE), formatLockRecord({ pid: 4711, startTime: 123456, epoch }))
  const position = { segmentId: 0, offset: SEGMENT_FIRST_RECORD_OFFSET, heartbeatNs: 1_700_000_000_000_000_001n }
  writeFileSync(join(directory, READERS_DIRECTORY, readerFileName('router')), encodePosition(position, crc32))
}
