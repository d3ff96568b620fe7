import type { MappedControl } from '../control/mapped-control.js'
import { BadSegmentError } from '../errors/index.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import {
  getUint64,
  mayTimesGoBack,
  PADDING_TYPE_ID,
  RECORD_SEQUENCE_OFFSET,
  RECORD_TIMESTAMP_NS_OFFSET,
  SEGMENT_HEADER_LENGTH,
  type SparseIndexEntry,
} from '../format/index.js'
import type { Position } from '../positions/position-file.js'
import { walkHeaders } from '../records/header-walk.js'
import { findFirstSegment } from '../segment/first-segment.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { glanceAtSegment, listSegments, openSegment } from '../segment/segment-files.js'
import { lastEntryBefore, sparseIndexOf } from '../segment/sparse-index.js'

/** The queue as a searcher sees it. */
export interface Searched {
  readonly directory: QueueDirectory
  readonly control: MappedControl
}

/** Where the earliest message that still exists stands, or will stand. */
export function locateEarliest({ directory, control }: Searched): Position {
  return { segmentId: findFirstSegment(directory, control) ?? control.currentSegmentAcquire(), offset: SEGMENT_HEADER_LENGTH }
}

/** Where the first message with a sequence of at least `sequence` stands, or will stand. O(log segments), then a sparse index, then 64 KiB. */
export function locateSequence(searched: Searched, sequence: number): Position {
  return locate(
    searched,
    (begin) => begin.sequence <= sequence,
    (view, at) => getUint64(view, at + RECORD_SEQUENCE_OFFSET) >= sequence,
  )
}

/**
 * Where the first message with a timestamp of at least `timestampNs` stands, or will stand. In a queue whose timestamps ascend that is found like a sequence. Where
 * headers or ends of segments, or the index of those in question, show that timestamps may have gone back, segments are searched from the first one on. Those whose
 * header shows that all of their timestamps are lower are left out. So no match before the place is missed, and it may take as long as reading the queue to there.
 *
 * Segments of the base format have no such header. A step back in the middle of one is found when its ends or its index show it.
 */
export function locateTimestamp(searched: Searched, timestampNs: bigint): Position {
  const isBefore = (begin: Begin): boolean => begin.timestampNs < timestampNs
  const isTarget: IsTarget = (view, at) => view.getBigUint64(at + RECORD_TIMESTAMP_NS_OFFSET, true) >= timestampNs
  const ids = existingIds(searched)
  const ascends = endsAscend(searched, ids)
  const position = locate(searched, isBefore, isTarget)
  if (ascends && !indexShowsEarlier(searched, position.segmentId, timestampNs)) return position
  return searchAll(searched, ids, { timestampNs, isTarget })
}

/** The segments from the lowest to the head. From a listing: a damaged control block may name a head that is thousands of millions of ids away. */
function existingIds(searched: Searched): number[] {
  const first = locateEarliest(searched).segmentId
  const head = searched.control.currentSegmentAcquire()
  return listSegments(searched.directory).filter((id) => id >= first && id <= head)
}

/** Whether timestamps ascend in segments and from one to the next, as far as headers show. A segment that is not sealed, or of the base format, does not say its last one. */
function endsAscend({ directory, control }: Searched, ids: readonly number[]): boolean {
  let latest = 0n
  for (const id of ids) {
    const glance = glanceAtSegment(directory, id, control.segmentSize)
    if (glance === undefined || glance.problem !== undefined) continue
    if (!glance.hasRecords || glance.firstTypeId === PADDING_TYPE_ID) continue
    const { firstTimestampNs } = glance
    if (mayTimesGoBack(glance.header)) return false
    const last = glance.header.lastTimestampNs || firstTimestampNs
    if (firstTimestampNs < latest || last < firstTimestampNs) return false
    latest = last
  }
  return true
}

/** Whether timestamps go back inside of the segment that was found, or of the one before it, or that one has a later timestamp than is searched for. */
function indexShowsEarlier(searched: Searched, segmentId: number, timestampNs: bigint): boolean {
  const entries = indexEntries(searched, segmentId)
  const before = segmentId === 0 ? [] : indexEntries(searched, segmentId - 1)
  return goesBack(entries) || goesBack(before) || before.some((entry) => entry.timestampNs >= timestampNs)
}

function indexEntries(searched: Searched, segmentId: number): readonly SparseIndexEntry[] {
  const { directory, control } = searched
  const segment = openIfUsable(searched, segmentId)
  if (segment === undefined) return []
  try {
    return sparseIndexOf(directory, segment, control.writable)
  } finally {
    segment.close()
  }
}

function goesBack(entries: readonly SparseIndexEntry[]): boolean {
  return entries.some((entry, index) => index > 0 && entry.timestampNs < (entries[index - 1]?.timestampNs ?? 0n))
}

/** A search skips what cannot be read; the reader that comes to it says what is wrong. */
function openIfUsable({ directory, control }: Searched, segmentId: number): MappedSegment | undefined {
  try {
    return openSegment(directory, segmentId, control.segmentSize, false)
  } catch (error) {
    if (error instanceof BadSegmentError) return undefined
    throw error
  }
}

/** Looks at the records from the first one on, but for segments that end before the target. Where none is the target, the place is the end. */
function searchAll(searched: Searched, ids: readonly number[], target: { timestampNs: bigint; isTarget: IsTarget }): Position {
  const { timestampNs, isTarget } = target
  const lastId = ids.at(-1)
  let end = locateEarliest(searched)
  for (const segmentId of ids) {
    if (segmentId !== lastId && endsBefore(searched, segmentId, timestampNs)) continue
    const segment = openIfUsable(searched, segmentId)
    if (segment === undefined) continue
    try {
      const offset = walk(segment, SEGMENT_HEADER_LENGTH, isTarget)
      end = { segmentId, offset }
      const isRecord = offset <= segment.lastRecordOffset && segment.commitLengthAcquire(offset) !== 0
      if (isRecord && isTarget(segment.view, offset)) return end
    } finally {
      segment.close()
    }
  }
  return end
}

/** Whether the header of a segment shows that all of its timestamps are lower. */
function endsBefore({ directory, control }: Searched, segmentId: number, timestampNs: bigint): boolean {
  const glance = glanceAtSegment(directory, segmentId, control.segmentSize)
  if (glance === undefined || glance.problem !== undefined) return false
  const { lastTimestampNs } = glance.header
  return lastTimestampNs !== 0n && lastTimestampNs < timestampNs
}

/** What bisection compares: the first record of a segment, or one that a sparse index names. */
interface Begin {
  readonly sequence: number
  readonly timestampNs: bigint
}

/** Finds the last segment that begins before the target, then the last indexed record before it, then walks. */
function locate(searched: Searched, isBefore: (begin: Begin) => boolean, isTarget: IsTarget): Position {
  const { directory, control } = searched
  const first = locateEarliest(searched).segmentId
  const count = Math.max(control.currentSegmentAcquire() - first + 1, 1)
  // Ids follow each other without a gap, so nothing needs to be listed; only a damaged queue makes it necessary.
  const unbroken = { count, idAt: (index: number) => first + index, mayMiss: false }
  const segmentId = lastBeginningBefore(searched, unbroken, isBefore) ?? lastListedBefore(searched, first, isBefore)
  const segment = openSegment(directory, segmentId, control.segmentSize, false)
  if (segment === undefined) return { segmentId, offset: SEGMENT_HEADER_LENGTH }
  try {
    const entry = lastEntryBefore(sparseIndexOf(directory, segment, control.writable), isBefore)
    return { segmentId, offset: walk(segment, entry?.offset ?? SEGMENT_HEADER_LENGTH, isTarget) }
  } finally {
    segment.close()
  }
}

/** Segments in ascending order, by index. */
interface SegmentIds {
  readonly count: number
  readonly idAt: (index: number) => number
  /** Whether one that does not exist is skipped. */
  readonly mayMiss: boolean
}

/** What is gone since the listing holds nothing. */
function lastListedBefore(searched: Searched, first: number, isBefore: (begin: Begin) => boolean): number {
  const ids = listSegments(searched.directory)
  const listed = { count: ids.length, idAt: (index: number) => ids[index] ?? first, mayMiss: true }
  return lastBeginningBefore(searched, listed, isBefore) ?? first
}

/**
 * Bisection over the segments that hold records: one that holds none counts as a part of the one below it. `undefined` when a segment is missing that should
 * be there.
 */
function lastBeginningBefore(searched: Searched, ids: SegmentIds, isBefore: (begin: Begin) => boolean): number | undefined {
  let low = 0
  let high = ids.count - 1
  let last = 0
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const holder = holderAt(searched, ids, { from: middle, to: last })
    if (holder === 'missing') return undefined
    if (holder !== undefined && !isBefore(holder.begin)) high = middle - 1
    else {
      low = middle
      last = holder?.index ?? last
    }
  }
  return ids.idAt(last)
}

interface Holder {
  readonly index: number
  readonly begin: Begin
}

/**
 * The segment, or the nearest one below it that holds records. Recovery leaves segments that only lead on, damage some that nothing can be read of, and the head may be empty.
 * `undefined` when there is none.
 */
function holderAt(searched: Searched, ids: SegmentIds, within: { from: number; to: number }): Holder | 'missing' | undefined {
  const { directory, control } = searched
  for (let index = within.from; index >= within.to; index--) {
    const glance = glanceAtSegment(directory, ids.idAt(index), control.segmentSize)
    if (glance === undefined && !ids.mayMiss) return 'missing'
    if (glance === undefined || glance.problem !== undefined) continue
    if (!glance.hasRecords || glance.firstTypeId === PADDING_TYPE_ID) continue
    return { index, begin: { sequence: glance.firstSequence, timestampNs: glance.firstTimestampNs } }
  }
  return undefined
}

type IsTarget = (view: DataView, at: number) => boolean

/** Offset of the first record that is the target, or where the committed records end. */
export function walk(segment: MappedSegment, from: number, isTarget: IsTarget): number {
  const { view } = segment
  return walkHeaders(segment, (at) => !isTarget(view, at), from).end
}
