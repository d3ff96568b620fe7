import { RECORD_ALIGNMENT, SEGMENT_HEADER_LENGTH } from '../format/index.js'
import { type Place, recordCapacity } from '../records/place.js'
import { findRecordBefore } from '../records/record-before.js'
import { surveyRecords } from '../records/record-survey.js'
import { glanceAtSegment, listSegments, openDamagedSegment } from '../segment/segment-files.js'
import { surveySegment } from '../segment/segment-survey.js'
import { examineSegment } from './examine-segment.js'
import type { RecoveryContext } from './recovery-context.js'

/** The highest sequence in the segments below one: all of them, because writers of the base format begin at 0 again. -1 when there is none. */
export function highestSequenceBelow(context: RecoveryContext, segmentId: number): number {
  let highest = -1
  for (const id of listSegments(context.directory))
    if (id < segmentId) highest = Math.max(highest, highestSequenceIn(context, id))
  return highest
}

/** The highest sequence in one segment; -1 when it has none, or is not there. */
export function highestSequenceIn(context: RecoveryContext, segmentId: number): number {
  const segment = segmentId < 0 ? undefined : openDamagedSegment(context.directory, segmentId, context.segmentSize, false)
  if (segment === undefined) return -1
  const { highestSequence } = surveyRecords(segment)
  segment.close()
  return highestSequence
}

/** The last message in the segments up to one: its sequence, and where it ends. Segments that only lead on have none. `undefined` without any. */
export function lastMessageUpTo(
  context: RecoveryContext,
  segmentId: number,
): (Place & { readonly sequence: number }) | undefined {
  const { directory, segmentSize } = context
  for (const id of listSegments(directory).reverse()) {
    if (id > segmentId || examineSegment(context, id)?.state === 'foreign') continue
    const survey = surveySegment(directory, id, segmentSize)
    if (survey !== undefined && survey.highestSequence >= 0)
      return { segmentId: id, offset: survey.end, sequence: survey.highestSequence }
  }
  return undefined
}

/**
 * Where the sequence of an empty segment begins. Its header, the control block and the segments below have it; where two agree they are right, and otherwise the highest claim counts
 * that is possible. Where nothing has it, it begins above what had room below.
 */
export function firstSequenceOfEmpty(
  context: RecoveryContext,
  segmentId: number,
  claims: { header: number | undefined; control: number | undefined },
): number {
  const header = asSequence(claims.header)
  const control = asSequence(claims.control)
  if (control !== undefined && header === control) return control
  if (segmentId === 0) return header === 0 || control === 0 ? 0 : (header ?? control ?? context.origin.saidSequence)
  const below = highestSequenceBelow(context, segmentId) + 1
  if (below > 0) {
    if (header === below || control === below) return Math.max(below, countedAbove(context, below))
    const possible = [header, control, context.origin.saidSequence].filter(
      (claim) => claim !== undefined && claim - below <= perSegment(context),
    )
    return Math.max(below, ...(possible as number[]))
  }
  const claimed = Math.max(header ?? 0, control ?? 0, context.origin.saidSequence)
  return claimed > 0 || header !== undefined || control !== undefined
    ? claimed
    : recordCapacity({ segmentId, offset: SEGMENT_HEADER_LENGTH }, context.segmentSize)
}

/** What a rebuilt control block counted in this segment: its records may be lost, although its beginning is certain. */
function countedAbove(context: RecoveryContext, below: number): number {
  const { saidSequence, saysNext } = context.origin
  return saysNext && saidSequence - below <= perSegment(context) ? saidSequence : below
}

function asSequence(claim: number | undefined): number | undefined {
  return claim !== undefined && Number.isSafeInteger(claim) ? claim : undefined
}

function perSegment({ segmentSize }: RecoveryContext): number {
  return segmentSize / RECORD_ALIGNMENT
}

/**
 * Where the sequence goes on when messages are lost between two places: above every claim that is possible. `next` is what the records that are left show. Without a claim it goes on
 * above what had room in the lost stretch.
 */
export function sequenceAfterLoss(context: RecoveryContext, lost: { next: number; room: number; isUnbounded?: boolean }): number {
  const { next, room } = lost
  const limit = lost.isUnbounded ? Number.MAX_SAFE_INTEGER : room
  const { control, origin } = context
  const known = control.nextSequenceAcquire()
  const claims = [known, origin.saidSequence, credibleMark(context)]
  const possible = claims.filter((claim): claim is number => claim !== undefined && claim >= next && claim - next <= limit)
  const isKnown = possible.some((claim) => claim === known || (origin.saysNext && claim === origin.saidSequence))
  return Math.max(next, ...possible, isKnown ? 0 : next + room)
}

/** The sequence of the durable mark, unless the segment that it names says something else. */
function credibleMark(context: RecoveryContext): number | undefined {
  const mark = context.control.readDurableMark()
  if (mark === undefined || !Number.isSafeInteger(mark.sequence)) return undefined
  const glance = glanceAtSegment(context.directory, mark.segmentId, context.segmentSize)
  if (glance?.problem !== undefined || glance === undefined || mark.offset <= SEGMENT_HEADER_LENGTH) return mark.sequence
  const segment = openDamagedSegment(context.directory, mark.segmentId, context.segmentSize, false)
  if (segment === undefined) return mark.sequence
  const last = mark.offset <= segment.size ? findRecordBefore(segment, mark.offset) : undefined
  segment.close()
  return last === undefined || last.sequence === mark.sequence - 1 ? mark.sequence : undefined
}
