import type { MappedControl } from '../control/mapped-control.js'
import { decodeRecordHeader, PADDING_TYPE_ID, type RecordHeader, recordLength, SEGMENT_HEADER_LENGTH } from '../format/index.js'
import { findFirstSegment } from '../segment/first-segment.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { glanceAtSegment, openSegment, type SegmentGlance } from '../segment/segment-files.js'
import type { Position } from './position-file.js'

/** The queue as a searcher sees it. */
export interface Searched {
  readonly directory: string
  readonly control: MappedControl
}

/** Where the earliest message that still exists stands, or will stand. */
export function locateEarliest({ directory, control }: Searched): Position {
  return { segmentId: findFirstSegment(directory, control) ?? control.currentSegmentAcquire(), offset: SEGMENT_HEADER_LENGTH }
}

/** Where the next message will be appended. */
export function locateLatest({ directory, control }: Searched): Position {
  const head = control.readHead() ?? { segmentId: control.currentSegmentAcquire(), offset: SEGMENT_HEADER_LENGTH }
  const segment = openSegment(directory, head.segmentId, control.segmentSize, false)
  if (segment === undefined) return { segmentId: head.segmentId, offset: SEGMENT_HEADER_LENGTH }
  // The control block is stored behind the commit word: a record more may be there than it says.
  const offset = walk(segment, head.offset, () => false)
  segment.close()
  return { segmentId: head.segmentId, offset }
}

/** Where the first message with a sequence of at least `sequence` stands, or will stand. O(log segments) plus one segment. */
export function locateSequence(searched: Searched, sequence: number): Position {
  return locate(
    searched,
    (glance) => firstSequenceOf(glance) <= sequence,
    (header) => header.sequence >= sequence,
  )
}

/** Where the first message with a timestamp of at least `timestampNs` stands, or will stand, for a queue whose timestamps ascend. */
export function locateTimestamp(searched: Searched, timestampNs: bigint): Position {
  return locate(
    searched,
    (glance) => glance.firstTimestampNs < timestampNs,
    (header) => header.timestampNs >= timestampNs,
  )
}

function firstSequenceOf(glance: SegmentGlance): number {
  return glance.header.firstSequence ?? glance.firstSequence
}

/** Finds the last segment that begins before the target by bisection, then walks it. */
function locate(
  searched: Searched,
  beginsBefore: (glance: SegmentGlance) => boolean,
  isTarget: (header: RecordHeader) => boolean,
): Position {
  const { directory, control } = searched
  const segmentSize = control.segmentSize
  let low = locateEarliest(searched).segmentId
  let high = control.currentSegmentAcquire()
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const glance = glanceAtRecords(searched, middle, low)
    if (glance === undefined || !beginsBefore(glance)) high = middle - 1
    else low = middle
  }
  const segment = openSegment(directory, low, segmentSize, false)
  if (segment === undefined) return { segmentId: low, offset: SEGMENT_HEADER_LENGTH }
  const offset = walk(segment, SEGMENT_HEADER_LENGTH, isTarget)
  segment.close()
  return { segmentId: low, offset }
}

/** A look at this segment, or at the nearest one below it that holds records: recovery leaves segments that only lead on. */
function glanceAtRecords({ directory, control }: Searched, segmentId: number, lowest: number): SegmentGlance | undefined {
  for (let id = segmentId; id >= lowest; id--) {
    const glance = glanceAtSegment(directory, id, control.segmentSize)
    if (glance?.problem === undefined && glance?.hasRecords && glance.firstTypeId !== PADDING_TYPE_ID) return glance
    if (id === segmentId && glance?.problem === undefined && !glance?.hasRecords) return undefined
  }
  return undefined
}

/** Offset of the first record that is the target, or where the committed records end. */
function walk(segment: MappedSegment, from: number, isTarget: (header: RecordHeader) => boolean): number {
  let at = from
  while (at <= segment.lastRecordOffset && segment.commitLengthAcquire(at) !== 0) {
    const header = decodeRecordHeader(segment.view, at)
    const length = recordLength(header.commitLength - 1)
    if (header.typeId === PADDING_TYPE_ID || length > segment.size - at || isTarget(header)) break
    at += length
  }
  return at
}
