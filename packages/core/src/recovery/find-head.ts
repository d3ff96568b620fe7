import { SEGMENT_FLAG_SEALED, SEGMENT_HEADER_LENGTH, segmentFileName } from '../format/index.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { glanceAtSegment, listSegments, openSegment, type SegmentGlance } from '../segment/segment-files.js'
import type { RecoveryContext } from './recovery-context.js'
import { setFileAside } from './set-aside.js'

/** The head segment, and the offset from which its end must be searched. */
export interface FoundHead {
  readonly segment: MappedSegment
  readonly offset: number
}

/**
 * Finds the head after the death of a process. Begins with what the control block says and follows the segments from there, which takes a look at
 * one or two files whatever the size of the queue.
 */
export function findHead(context: RecoveryContext): FoundHead {
  const said = context.control.readHead()
  const segmentId = said?.segmentId ?? context.control.currentSegmentAcquire()
  if (said === undefined) context.note('odd-generation', { segmentId }, 'the generation of the control block stayed odd')
  const glance = glanceAtSegment(context.directory, segmentId, context.segmentSize)
  if (glance === undefined || glance.problem !== undefined) return replaceMissingHead(context, segmentId, glance)
  const headId = followSuccessors(context, segmentId, glance)
  if (headId !== segmentId || said === undefined) return { segment: mapHead(context, headId), offset: SEGMENT_HEADER_LENGTH }
  return { segment: mapHead(context, headId), offset: plausibleOffset(said.offset, context.segmentSize) }
}

function plausibleOffset(offset: number, segmentSize: number): number {
  return offset >= SEGMENT_HEADER_LENGTH && offset <= segmentSize && offset % 64 === 0 ? offset : SEGMENT_HEADER_LENGTH
}

/** Steps on while a successor holds records, or the segment is sealed: the control block may be older than the segments. */
function followSuccessors(context: RecoveryContext, from: number, first: SegmentGlance): number {
  let id = from
  let glance = first
  for (;;) {
    const next = glanceAtSegment(context.directory, id + 1, context.segmentSize)
    const usable = next !== undefined && next.problem === undefined
    const sealed = (glance.header.flags & SEGMENT_FLAG_SEALED) !== 0
    if (usable && (next.hasRecords || sealed)) {
      context.note('control-behind', { segmentId: id + 1 }, `the control block names segment ${from}`)
      id += 1
      glance = next
      continue
    }
    if (next !== undefined && !usable) moveInvalidSuccessor(context, id + 1, next)
    if (!sealed) return id
    context.note('sealed-without-successor', { segmentId: id }, 'the successor is made')
    context.preparer.take(id + 1).close()
    return id + 1
  }
}

function moveInvalidSuccessor(context: RecoveryContext, segmentId: number, glance: SegmentGlance): void {
  const to = setFileAside(context.directory, segmentFileName(segmentId))
  context.note('invalid-successor', { segmentId }, `${glance.problem}; moved to ${to}`)
}

/** The named head cannot be used: everything readable stays, and a fresh segment above all others becomes the head. */
function replaceMissingHead(context: RecoveryContext, segmentId: number, glance: SegmentGlance | undefined): FoundHead {
  const existing = listSegments(context.directory)
  const highestExisting = existing.at(-1)
  if (glance === undefined && highestExisting !== undefined && highestExisting + 1 < segmentId) {
    // Ids follow each other: a head this far above all segments was never made.
    context.note('missing-head', { segmentId }, `the highest segment is ${highestExisting}`)
    return highestUsable(context, existing)
  }
  const ids = existing.filter((id) => id > segmentId)
  if (glance !== undefined) setFileAside(context.directory, segmentFileName(segmentId))
  context.note('missing-head', { segmentId }, glance?.problem ?? 'no such file')
  const usable = ids.filter((id) => glanceAtSegment(context.directory, id, context.segmentSize)?.hasRecords)
  const highest = usable.at(-1)
  if (highest !== undefined) return { segment: mapHead(context, highest), offset: SEGMENT_HEADER_LENGTH }
  for (const id of ids) setFileAside(context.directory, segmentFileName(id))
  context.preparer.take(segmentId).close()
  return { segment: mapHead(context, segmentId), offset: SEGMENT_HEADER_LENGTH }
}

function highestUsable(context: RecoveryContext, ids: readonly number[]): FoundHead {
  for (const id of ids.toReversed()) {
    const glance = glanceAtSegment(context.directory, id, context.segmentSize)
    if (glance?.problem === undefined && glance?.hasRecords)
      return { segment: mapHead(context, id), offset: SEGMENT_HEADER_LENGTH }
  }
  const empty = ids.find((id) => glanceAtSegment(context.directory, id, context.segmentSize)?.problem === undefined)
  if (empty !== undefined) return { segment: mapHead(context, empty), offset: SEGMENT_HEADER_LENGTH }
  const next = (ids.at(-1) ?? -1) + 1
  context.preparer.take(next).close()
  return { segment: mapHead(context, next), offset: SEGMENT_HEADER_LENGTH }
}

function mapHead(context: RecoveryContext, segmentId: number): MappedSegment {
  const segment = openSegment(context.directory, segmentId, context.segmentSize, true)
  if (segment === undefined) throw new Error(`segment ${segmentId} vanished while the writer lock was held`)
  return segment
}
