import { join } from 'node:path'
import {
  decodeRecordHeader,
  decodeSegmentHeader,
  type HeaderWalk,
  mayTimesGoBack,
  PADDING_TYPE_ID,
  RECORD_HEADER_LENGTH,
  recordsIn,
  SEGMENT_FIRST_RECORD_OFFSET,
  segmentFileName,
  segmentProblem,
  sequenceOf,
  timestampNsOf,
  viewOf,
  walkHeaders,
} from '@chronicle-ts/core/internal'
import { ColdFileError, readColdFile } from './cold-file.js'
import type { ColdPosition } from './cold-item.js'
import type { ColdPlaces } from './cold-places.js'
import { ColdSegment } from './cold-segment.js'
import { countHeaders } from './counted-headers.js'
import { endByControl } from './end-by-control.js'
import { lastOffsets } from './last-offsets.js'
import { beginsWithMessage, recordsSaidIn } from './record-presence.js'

/** The first record of the queue. */
export function earliestPosition(places: ColdPlaces): ColdPosition {
  return { segmentId: places.segmentIds[0] ?? 0, offset: SEGMENT_FIRST_RECORD_OFFSET }
}

/** After the last record. */
export function latestPosition(places: ColdPlaces): ColdPosition {
  const segmentId = lastSegmentWithRecords(places)
  if (segmentId === undefined) return earliestPosition(places)
  const end = withSegment(places, segmentId, (segment) => walkAll(segment).end)
  return { segmentId, offset: end ?? SEGMENT_FIRST_RECORD_OFFSET }
}

/**
 * Where the records end that are there now, for a reader that is to end there although more is appended later; `undefined` when damage hides it. The control block counts where the last record
 * confirms it. Otherwise it and a walk are both asked: damage stops the walk, and the control block is behind after a crash.
 */
export function presentEnd(places: ColdPlaces): ColdPosition | undefined {
  const segmentId = lastSegmentWithRecords(places)
  if (segmentId === undefined) return undefined
  const { control } = places
  const walk = withSegment(places, segmentId, (segment) => (control && endByControl(segment, control)?.walk) ?? walkAll(segment))
  if (walk === undefined || walk.stoppedBy === 'bad-length') return undefined
  const walked = { segmentId, offset: walk.end }
  if (control === undefined) return walked
  const told = { segmentId: control.currentSegment, offset: control.writeOffset }
  return isBefore(walked, told) ? told : walked
}

/** Whether one place stands before another. */
export function isBefore(one: ColdPosition, other: ColdPosition): boolean {
  return one.segmentId < other.segmentId || (one.segmentId === other.segmentId && one.offset < other.offset)
}

/** The n-th record before a place (default: the end), or the first one where there are fewer. Walks back from the head, one segment at a time. */
export function positionOfLast(places: ColdPlaces, count: number, before?: ColdPosition): ColdPosition {
  if (count <= 0) return before ?? latestPosition(places)
  const head = before?.segmentId ?? lastSegmentWithRecords(places)
  if (head === undefined) return earliestPosition(places)
  let missing = count
  for (const segmentId of [...places.segmentIds].reverse()) {
    if (segmentId > head) continue
    const limit = before?.segmentId === segmentId ? before.offset : Number.POSITIVE_INFINITY
    const offsets = withSegment(places, segmentId, (segment) => lastOffsets(segment, missing, limit)) ?? []
    missing -= offsets.length
    if (missing === 0) return { segmentId, offset: offsets[0] ?? SEGMENT_FIRST_RECORD_OFFSET }
  }
  return earliestPosition(places)
}

/** The first record whose sequence is `sequence` or higher. */
export function positionOfSequence(places: ColdPlaces, sequence: number): ColdPosition {
  return positionWhere(places, (segment, offset) => sequenceOf(segment, offset) >= sequence)
}

/**
 * The first record that is as old as `timestampNs` or younger. Where headers show that timestamps may have gone back, segments are searched from the first one on, but for those whose header
 * shows that all of their timestamps are lower.
 */
export function positionOfTime(places: ColdPlaces, timestampNs: bigint): ColdPosition {
  const reached = (segment: ColdSegment, offset: number) => timestampNsOf(segment, offset) >= timestampNs
  const times = places.segmentIds.map((id) => timesOf(places, id))
  return ascend(times) ? positionWhere(places, reached) : searchTimes(places, { times, timestampNs, reached })
}

/** What the beginning of a segment's file says about its timestamps; 0n where it says nothing. */
interface SegmentTimes {
  readonly firstNs: bigint
  readonly lastNs: bigint
  readonly mayGoBack: boolean
}

/** `undefined` for a segment that holds no message, or that cannot be read. */
function timesOf({ directory }: ColdPlaces, segmentId: number): SegmentTimes | undefined {
  try {
    const bytes = readColdFile(join(directory, segmentFileName(segmentId)), SEGMENT_FIRST_RECORD_OFFSET + RECORD_HEADER_LENGTH)
    if (bytes === undefined || bytes.length < SEGMENT_FIRST_RECORD_OFFSET + RECORD_HEADER_LENGTH) return undefined
    const header = decodeSegmentHeader(viewOf(bytes))
    const first = decodeRecordHeader(viewOf(bytes), SEGMENT_FIRST_RECORD_OFFSET)
    if (segmentProblem(header, segmentId) !== undefined || first.commitLength === 0 || first.typeId === PADDING_TYPE_ID)
      return undefined
    return { firstNs: first.timestampNs, lastNs: header.lastTimestampNs, mayGoBack: mayTimesGoBack(header) }
  } catch (error) {
    if (error instanceof ColdFileError) return undefined
    throw error
  }
}

function ascend(times: readonly (SegmentTimes | undefined)[]): boolean {
  let latest = 0n
  for (const segment of times) {
    if (segment === undefined) continue
    const { firstNs, lastNs, mayGoBack } = segment
    if (mayGoBack || firstNs < latest || (lastNs !== 0n && lastNs < firstNs)) return false
    latest = lastNs || firstNs
  }
  return true
}

function searchTimes(
  places: ColdPlaces,
  sought: {
    readonly times: readonly (SegmentTimes | undefined)[]
    readonly timestampNs: bigint
    readonly reached: (segment: ColdSegment, offset: number) => boolean
  },
): ColdPosition {
  const { times, timestampNs, reached } = sought
  for (const [index, segmentId] of places.segmentIds.entries()) {
    const lastNs = times[index]?.lastNs ?? 0n
    if (times[index] === undefined || (lastNs !== 0n && lastNs < timestampNs)) continue
    const walk = withSegment(places, segmentId, (segment) =>
      countHeaders(segment, undefined, (offset) => !reached(segment, offset)),
    )
    if (walk?.stoppedBy === 'visitor') return { segmentId, offset: walk.end }
  }
  return latestPosition(places)
}

/**
 * The highest segment that holds a record. Begins at the control block's head, whose neighbour may already hold more, and falls back to the whole listing when
 * that head is not there.
 *
 * @param seen which segments hold records, as far as the caller has looked
 */
export function lastSegmentWithRecords(places: ColdPlaces, seen: ReadonlyMap<number, boolean> = new Map()): number | undefined {
  const head = places.control?.currentSegment
  const ids = places.segmentIds
  const headExists = head !== undefined && ids.includes(head)
  for (let index = ids.length - 1; index >= 0; index -= 1) {
    const id = ids[index] as number
    if (headExists && id < head - 1) break
    if (seen.get(id) ?? hasRecords(places, id)) return id
  }
  return undefined
}

/** The last segment whose first record does not satisfy `reached`, then the first record in it or after it that does. */
function positionWhere(places: ColdPlaces, reached: (segment: ColdSegment, offset: number) => boolean): ColdPosition {
  const { segmentIds } = places
  let low = 0
  let high = segmentIds.length
  while (low < high) {
    const middle = (low + high) >> 1
    // A segment without a record of its own (one that only leads on, an empty or a bad one) says nothing: the next that has one answers for it.
    let asked = middle
    let answer = firstRecordSatisfies(places, segmentIds[asked] as number, reached)
    while (answer === undefined && ++asked < high) answer = firstRecordSatisfies(places, segmentIds[asked] as number, reached)
    if (answer === false) low = asked + 1
    else high = middle
  }
  const segmentId = segmentIds[Math.max(0, low - 1)]
  if (segmentId === undefined) return earliestPosition(places)
  const walk = withSegment(places, segmentId, (segment) =>
    countHeaders(segment, undefined, (offset) => !reached(segment, offset)),
  )
  // At the segment's end the reader moves on by itself, if there is anything to move on to.
  return { segmentId, offset: walk?.end ?? SEGMENT_FIRST_RECORD_OFFSET }
}

/** `undefined` where no message stands at the beginning. */
function firstRecordSatisfies(
  places: ColdPlaces,
  segmentId: number,
  reached: (segment: ColdSegment, offset: number) => boolean,
): boolean | undefined {
  return withSegment(places, segmentId, (segment) =>
    beginsWithMessage(segment) ? reached(segment, SEGMENT_FIRST_RECORD_OFFSET) : undefined,
  )
}

function walkAll(segment: ColdSegment): HeaderWalk {
  return walkHeaders(segment, () => true)
}

function hasRecords(places: ColdPlaces, segmentId: number): boolean {
  const { control, quick } = places
  const ask = (segment: ColdSegment) => (quick === true ? recordsSaidIn(segment, control) : recordsIn(segment))
  return (withSegment(places, segmentId, ask) ?? 'none') !== 'none'
}

/** Opens a segment for one question; `undefined` when it cannot be opened or read: the reader reports that when it gets there. */
function withSegment<T>(places: ColdPlaces, segmentId: number, ask: (segment: ColdSegment) => T): T | undefined {
  let segment: ColdSegment | undefined
  try {
    segment = ColdSegment.open(places.directory, segmentId, places.control?.segmentSize)
    return segment === undefined ? undefined : ask(segment)
  } catch {
    return undefined
  } finally {
    segment?.close()
  }
}
