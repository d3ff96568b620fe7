import {
  SEGMENT_CREATED_NS_OFFSET,
  SEGMENT_END_OFFSET_OFFSET,
  SEGMENT_FIRST_SEQUENCE_PLUS_ONE_OFFSET,
  SEGMENT_FLAG_SEALED,
  SEGMENT_FLAGS_OFFSET,
  SEGMENT_HEADER_LENGTH,
  SEGMENT_ID_OFFSET,
  SEGMENT_LAST_TIMESTAMP_NS_OFFSET,
  SEGMENT_MAGIC,
  SEGMENT_MAGIC_OFFSET,
  SEGMENT_RECORD_COUNT_OFFSET,
  SEGMENT_VERSION,
  SEGMENT_VERSION_OFFSET,
  SEGMENT_WRITER_EPOCH_OFFSET,
} from './segment-layout.js'
import { getUint64, setUint64, viewOf } from './uint64.js'

/** A segment's header as plain values. An extension that is absent is `undefined`, or 0 where only a sealed segment has it. */
export interface SegmentHeader {
  readonly magic: number
  readonly version: number
  readonly segmentId: number
  readonly flags: number
  readonly firstSequence: number | undefined
  readonly createdNs: bigint
  readonly writerEpoch: number
  readonly endOffset: number
  readonly recordCount: number
  readonly lastTimestampNs: bigint
}

/**
 * Reads a header as it is found; {@link segmentProblem} judges it.
 *
 * @throws RangeError when the view is shorter than {@link SEGMENT_HEADER_LENGTH}.
 */
export function decodeSegmentHeader(view: DataView): SegmentHeader {
  const firstSequencePlusOne = getUint64(view, SEGMENT_FIRST_SEQUENCE_PLUS_ONE_OFFSET)
  return {
    magic: view.getUint32(SEGMENT_MAGIC_OFFSET, true),
    version: view.getUint32(SEGMENT_VERSION_OFFSET, true),
    segmentId: view.getUint32(SEGMENT_ID_OFFSET, true),
    flags: view.getUint32(SEGMENT_FLAGS_OFFSET, true),
    firstSequence: firstSequencePlusOne === 0 ? undefined : firstSequencePlusOne - 1,
    createdNs: view.getBigUint64(SEGMENT_CREATED_NS_OFFSET, true),
    writerEpoch: getUint64(view, SEGMENT_WRITER_EPOCH_OFFSET),
    endOffset: getUint64(view, SEGMENT_END_OFFSET_OFFSET),
    recordCount: getUint64(view, SEGMENT_RECORD_COUNT_OFFSET),
    lastTimestampNs: view.getBigUint64(SEGMENT_LAST_TIMESTAMP_NS_OFFSET, true),
  }
}

export type NewSegmentHeader = Pick<SegmentHeader, 'segmentId'> & Partial<Omit<SegmentHeader, 'magic' | 'version'>>

/** The 64 bytes of a header; what is left out is zero. */
export function encodeSegmentHeader(header: NewSegmentHeader): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(SEGMENT_HEADER_LENGTH)
  const view = viewOf(bytes)
  view.setUint32(SEGMENT_MAGIC_OFFSET, SEGMENT_MAGIC, true)
  view.setUint32(SEGMENT_VERSION_OFFSET, SEGMENT_VERSION, true)
  view.setUint32(SEGMENT_ID_OFFSET, header.segmentId, true)
  view.setUint32(SEGMENT_FLAGS_OFFSET, header.flags ?? 0, true)
  setUint64(view, SEGMENT_FIRST_SEQUENCE_PLUS_ONE_OFFSET, header.firstSequence === undefined ? 0 : header.firstSequence + 1)
  view.setBigUint64(SEGMENT_CREATED_NS_OFFSET, header.createdNs ?? 0n, true)
  setUint64(view, SEGMENT_WRITER_EPOCH_OFFSET, header.writerEpoch ?? 0)
  setUint64(view, SEGMENT_END_OFFSET_OFFSET, header.endOffset ?? 0)
  setUint64(view, SEGMENT_RECORD_COUNT_OFFSET, header.recordCount ?? 0)
  view.setBigUint64(SEGMENT_LAST_TIMESTAMP_NS_OFFSET, header.lastTimestampNs ?? 0n, true)
  return bytes
}

/** Makes the header of one segment that of another of the same kind: what rolls do instead of encoding all of it. */
export function restampSegmentHeader(header: DataView, segmentId: number, createdNs: bigint): void {
  header.setUint32(SEGMENT_ID_OFFSET, segmentId, true)
  header.setBigUint64(SEGMENT_CREATED_NS_OFFSET, createdNs, true)
}

export type SegmentProblem = 'bad magic' | 'bad version' | 'bad segment id'

/** Why this header is not that of segment `segmentId`, or `undefined`. */
export function segmentProblem(header: SegmentHeader, segmentId: number): SegmentProblem | undefined {
  if (header.magic !== SEGMENT_MAGIC) return 'bad magic'
  if (header.version !== SEGMENT_VERSION) return 'bad version'
  if (header.segmentId !== segmentId) return 'bad segment id'
  return undefined
}

export function isSealed(header: Pick<SegmentHeader, 'flags'>): boolean {
  return (header.flags & SEGMENT_FLAG_SEALED) !== 0
}

/**
 * Whether the timestamps of a segment may go back, as far as its header shows: its writer wrote a summary at the end, and no last timestamp. A writer leaves that out when one timestamp is lower
 * than the one before, or when it did not see all of them.
 */
export function mayTimesGoBack({ flags, endOffset, lastTimestampNs }: SegmentHeader): boolean {
  return (flags & SEGMENT_FLAG_SEALED) !== 0 && endOffset !== 0 && lastTimestampNs === 0n
}
