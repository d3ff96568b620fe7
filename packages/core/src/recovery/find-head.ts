import { readRegularFile } from '../files/regular-file.js'
import { decodeIndex, INDEX_FILE, INDEX_LENGTH, SEGMENT_HEADER_LENGTH, segmentFileName } from '../format/index.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { listSegments } from '../segment/segment-files.js'
import { surveySegment } from '../segment/segment-survey.js'
import { type ExaminedSegment, examineSegment, mapForRepair } from './examine-segment.js'
import { LEAD_MAX } from './positions-seen.js'
import type { RecoveryContext } from './recovery-context.js'

/** The head segment, and the offset from which its end must be searched. */
export interface FoundHead {
  readonly segment: MappedSegment
  readonly offset: number
  /** Whether the segment was shorter than its queue's segments: it holds what is left, and takes nothing more. */
  readonly wasCut: boolean
  /** Whether its header and its length are those of the segment of its name. */
  readonly isWhole: boolean
  /** Whether it is the one that the control block names. Otherwise what the control block counts is a claim of its own. */
  readonly isNamed: boolean
}

/** The segments from an id on are lost: there is no head. */
export interface LostHead {
  /** The highest segment that is left, whose records end the queue; `undefined` when none is. */
  readonly last: ExaminedSegment | undefined
  /** The id from which on nothing is left. */
  readonly from: number
  /** The highest segment that something says has been there; absent when nothing but what `highestSegmentSeen` looks at does. */
  readonly seen?: number
}

/**
 * Finds the head after the death of a process. Begins with what the control block says and follows the segments from there, which takes a look at
 * one or two files, independent of the size of the queue.
 */
export function findHead(context: RecoveryContext): FoundHead | LostHead {
  const said = context.control.readHead()
  const segmentId = said?.segmentId ?? context.control.currentSegmentAcquire()
  if (said === undefined) context.note('odd-generation', { segmentId }, 'the generation of the control block stayed odd')
  const named = examineSegment(context, segmentId)
  if (named === undefined || named.state === 'foreign') return replaceMissingHead(context, segmentId, named)
  const head = followSuccessors(context, named)
  if (typeof head === 'number' && context.origin.isRebuilt) return lostAfter(context, head)
  const offset = head === named && said !== undefined ? plausibleOffset(said.offset, context.segmentSize) : SEGMENT_HEADER_LENGTH
  return mapHead(context, head, offset)
}

/**
 * A writer enters the next segment before it seals the one that it leaves. So a sealed segment that nothing follows says, where the control block is lost too, that messages are lost with the
 * segment after it.
 */
function lostAfter(context: RecoveryContext, from: number): LostHead {
  context.note('missing-head', { segmentId: from }, `segment ${from - 1} is sealed, and nothing follows it`)
  return { last: examineSegment(context, from - 1), from, seen: Math.max(from, hintedSegment(context, from)) }
}

/** The head that index.meta shows, when it is not far above. It is a hint for tools; here no other file is left that could say more. */
function hintedSegment({ directory }: RecoveryContext, from: number): number {
  try {
    const hinted = decodeIndex(readRegularFile(directory.at(INDEX_FILE), INDEX_LENGTH + 1))?.currentSegment ?? -1
    return hinted <= from + LEAD_MAX ? hinted : -1
  } catch {
    // Missing or unreadable: it says nothing.
    return -1
  }
}

function plausibleOffset(offset: number, segmentSize: number): number {
  return offset >= SEGMENT_HEADER_LENGTH && offset <= segmentSize && offset % 64 === 0 ? offset : SEGMENT_HEADER_LENGTH
}

/**
 * Steps on while a successor holds records, or the segment is sealed: the control block may be older than the segments. Not a reader's rule for leaving a segment (records/leaving.ts): a
 * reader relies on the head that the control block names, and here that name is what is in question.
 */
function followSuccessors(context: RecoveryContext, from: ExaminedSegment): ExaminedSegment | number {
  let head = from
  for (;;) {
    const next = examineSegment(context, head.id + 1)
    const isNext = next !== undefined && (next.hasRecords || (head.sealed && next.state === 'whole'))
    const later = isNext ? next : head.sealed && next?.state !== 'whole' ? highestAfterGap(context, head.id + 1) : undefined
    if (later !== undefined) {
      context.note('control-behind', { segmentId: later.id }, `the control block names segment ${from.id}`)
      head = later
      continue
    }
    if (next !== undefined && next.state !== 'whole') moveInvalidSuccessor(context, next, head.sealed)
    if (!head.sealed) return head
    if (context.origin.isRebuilt) return head.id + 1
    context.note('sealed-without-successor', { segmentId: head.id }, 'the successor is made')
    return head.id + 1
  }
}

/** The highest segment with records above one that is damaged or missing. A single file far above belongs to another queue. */
function highestAfterGap(context: RecoveryContext, gapId: number): ExaminedSegment | undefined {
  const ids = new Set(listSegments(context.directory))
  const follows = (id: number) => id > gapId && (ids.has(id - 1) || id === gapId + 1)
  return highestWithRecords(context, follows)
}

function moveInvalidSuccessor(context: RecoveryContext, { id, glance }: ExaminedSegment, isNeeded: boolean): void {
  const name = segmentFileName(id)
  const to = isNeeded ? context.moveFileAside(name) : context.setFileAside(name)
  context.note('invalid-successor', { segmentId: id }, `${glance.problem}; moved to ${to}`)
}

/**
 * The named head is missing or is not a segment. When segments above it hold records, the last of them is the head. When the control block knows that nothing is lost, the name was
 * wrong, and the queue goes on in its highest segment.
 */
function replaceMissingHead(
  context: RecoveryContext,
  segmentId: number,
  named: ExaminedSegment | undefined,
): FoundHead | LostHead {
  const last = highestWithRecords(context, (id) => id !== segmentId)
  const highest = listSegments(context.directory)
    .filter((id) => id !== segmentId || named === undefined)
    .at(-1)
  const what = named?.glance.problem ?? (highest === undefined ? 'no segment is left' : `the highest segment is ${highest}`)
  context.note('missing-head', { segmentId }, what)
  if (last !== undefined && last.id > segmentId) return mapHead(context, last, SEGMENT_HEADER_LENGTH)
  if (named === undefined && nothingIsLost(context, segmentId, last)) {
    const lowest = last ?? lowestEmpty(context)
    if (lowest !== undefined) return mapHead(context, followSuccessors(context, lowest), SEGMENT_HEADER_LENGTH)
  }
  return { last, from: last === undefined ? (listSegments(context.directory)[0] ?? segmentId) : last.id + 1 }
}

/** The control block counts the messages, and those that are there are as many. Where it does not, a head far above all segments was never made: ids follow each other. */
function nothingIsLost(context: RecoveryContext, segmentId: number, last: ExaminedSegment | undefined): boolean {
  const known = context.control.nextSequenceAcquire()
  const highest = listSegments(context.directory).at(-1)
  if (highest === undefined) return false
  const isFar = segmentId > highest + LEAD_MAX
  const shown = last === undefined ? undefined : surveySegment(context.directory, last.id, context.segmentSize)
  const next = (shown?.highestSequence ?? -1) + 1
  if (known !== undefined) return known === next || (last === undefined && isFar)
  // In the base format the offset alone decides: it is that of the segment that is there.
  return isFar || (last?.sealed === false && shown?.end === context.control.readHead()?.offset)
}

/** The highest segment with records among those that count. One that is sealed had some, also where the first of them is damaged. */
function highestWithRecords(context: RecoveryContext, counts: (id: number) => boolean): ExaminedSegment | undefined {
  for (const id of listSegments(context.directory).reverse()) {
    if (!counts(id)) continue
    const examined = examineSegment(context, id)
    if (examined !== undefined && examined.state !== 'foreign' && (examined.hasRecords || examined.sealed)) return examined
  }
  return undefined
}

function lowestEmpty(context: RecoveryContext): ExaminedSegment | undefined {
  for (const id of listSegments(context.directory)) {
    const examined = examineSegment(context, id)
    if (examined?.state === 'whole') return examined
  }
  return undefined
}

/** Maps the head for writing; a number is the id of a segment that is made. */
export function mapHead(context: RecoveryContext, head: ExaminedSegment | number, offset: number): FoundHead {
  const isNamed = typeof head === 'number' || head.id === context.control.currentSegmentAcquire()
  if (typeof head === 'number')
    return { segment: context.makeHead(head), offset: SEGMENT_HEADER_LENGTH, wasCut: false, isWhole: true, isNamed }
  const wasCut = head.state === 'damaged' && head.glance.length < context.segmentSize
  return { segment: mapForRepair(context, head), offset, wasCut, isWhole: head.state === 'whole', isNamed }
}
