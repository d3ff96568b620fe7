import type { MappedControl } from '../control/mapped-control.js'
import { BadSegmentError } from '../errors/index.js'
import { getUint64, RECORD_SEQUENCE_OFFSET, SEGMENT_HEADER_LENGTH } from '../format/index.js'
import type { Position } from '../positions/position-file.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { openSegment } from '../segment/segment-files.js'
import { locateEarliest, locateSequence, locateTimestamp, type Searched, walk } from './locate.js'
import { momentNs } from './moment.js'
import type { Place } from './reader-options.js'

/** A place in the queue, and the sequence of the next message there, where that is known before it is read. */
export interface Located {
  readonly position: Position
  readonly nextSequence?: number | undefined
}

/** Where a start is at the moment. */
export function locateStart(searched: Searched, start: Place): Located {
  if (start === 'earliest') return { position: locateEarliest(searched) }
  if (start === 'latest') return locateLatest(searched)
  if ('sequence' in start) return { position: locateSequence(searched, start.sequence) }
  if ('segmentId' in start) return { position: { segmentId: start.segmentId, offset: start.offset } }
  if ('time' in start) return { position: locateTimestamp(searched, momentNs(start.time) ?? 0n) }
  if ('timestampNs' in start) return { position: locateTimestamp(searched, start.timestampNs) }
  return locateLast(searched, start.last)
}

/** The sequence of the next message at a place that is the end, where no record has it. A head that cannot be read does not say it: a source that comes to it reports what is wrong. */
export function sequenceAtEnd(searched: Searched, { segmentId, offset }: Position): number | undefined {
  // Elsewhere the end is not needed: a damaged head is reported when a source comes to it.
  if (headOf(searched.control).segmentId !== segmentId) return undefined
  const end = locateReadableEnd(searched)
  return end?.position.segmentId === segmentId && end.position.offset === offset ? end.nextSequence : undefined
}

function locateReadableEnd(searched: Searched): Located | undefined {
  try {
    return locateLatest(searched)
  } catch (error) {
    if (error instanceof BadSegmentError) return undefined
    throw error
  }
}

/** The last so many messages, by sequence. */
function locateLast(searched: Searched, count: number): Located {
  const latest = locateLatest(searched)
  if (count === 0) return latest
  if (latest.nextSequence === undefined) return { position: locateEarliest(searched) }
  return { position: locateSequence(searched, Math.max(0, latest.nextSequence - count)) }
}

/** Where the next message will be appended. */
function locateLatest({ directory, control }: Searched): Located {
  const head = headOf(control)
  // Loaded after the head and before the look at the records: the writer stores a commit word, then this, then the head. When nothing is committed at the head's offset,
  // it is the sequence that comes next; otherwise the record says it.
  const counted = control.nextSequenceAcquire()
  const segment = openSegment(directory, head.segmentId, control.segmentSize, false)
  if (segment === undefined) return { position: { segmentId: head.segmentId, offset: SEGMENT_HEADER_LENGTH } }
  try {
    const { end, last } = walkToEnd(segment, head.offset)
    const position = { segmentId: head.segmentId, offset: end }
    const known = last === undefined ? counted : last + 1
    return { position, nextSequence: known ?? sequenceBefore({ directory, control }, segment, end) }
  } finally {
    segment.close()
  }
}

function headOf(control: MappedControl): Position {
  return control.readHead() ?? { segmentId: control.currentSegmentAcquire(), offset: SEGMENT_HEADER_LENGTH }
}

/** Where the committed records end, and the sequence of the last one passed. */
function walkToEnd(segment: MappedSegment, from: number): { readonly end: number; readonly last: number | undefined } {
  let last: number | undefined
  const end = walk(segment, from, (view, at) => {
    last = getUint64(view, at + RECORD_SEQUENCE_OFFSET)
    return false
  })
  return { end, last }
}

/** For queues of the base format, whose control block does not count: the last record, in this segment or the nearest below it that has one. */
function sequenceBefore({ directory, control }: Searched, head: MappedSegment, end: number): number | undefined {
  if (end > SEGMENT_HEADER_LENGTH) return following(walkToEnd(head, SEGMENT_HEADER_LENGTH).last)
  for (let segmentId = head.id - 1; segmentId >= 0; segmentId--) {
    const segment = openSegment(directory, segmentId, control.segmentSize, false)
    if (segment === undefined) return undefined
    const { last } = walkToEnd(segment, SEGMENT_HEADER_LENGTH)
    segment.close()
    if (last !== undefined) return following(last)
  }
  return 0
}

function following(last: number | undefined): number | undefined {
  return last === undefined ? undefined : last + 1
}
