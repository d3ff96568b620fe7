import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  CONTROL_FILE,
  type ControlBlock,
  controlExtensionsAreCurrent,
  decodeIndex,
  findSharedFiles,
  INDEX_FILE,
  INDEX_LENGTH,
  LOCK_FILE,
  QUARANTINE_DIRECTORY,
  SEGMENT_FIRST_RECORD_OFFSET,
} from '@chronicle-ts/core/internal'
import { BACKUP_FILE } from '../backup/backup-manifest.js'
import { THRESHOLDS_FILE } from '../state/read-thresholds.js'
import { type ColdControl, readColdControl, soundControl } from './cold-control.js'
import { ColdFileError, readColdFile } from './cold-file.js'
import type { ColdPosition } from './cold-item.js'
import type { ColdPlaces } from './cold-places.js'
import { ColdSegment } from './cold-segment.js'
import { isControlOfThisRun, isCopiedControl } from './control-of-this-run.js'
import { recall } from './file-memory.js'
import { isBefore } from './find-start.js'
import type { ReadersInspection } from './inspect-readers.js'
import { wasUsed } from './inspect-segments.js'
import { nextRecord, type QueueEnd } from './measure-lag.js'
import type { QueueInspection, SegmentsSummary } from './queue-inspection.js'
import type { QueueListing } from './queue-listing.js'
import { type ProblemFacts, type QueueProblem, queueProblem } from './queue-problem.js'
import { placeOfReader } from './reader-place.js'

/** Everything that the search for problems looks at. */
export interface ProblemSources {
  readonly inspection: Omit<QueueInspection, 'problems'>
  readonly control: ColdControl
  readonly listing: QueueListing
  readonly registered: ReadersInspection
  readonly end: QueueEnd | undefined
  readonly places: ColdPlaces
  /** What is wrong with `thresholds.json`. */
  readonly thresholdsFault: string | undefined
  /** Leave out what costs more than a few reads. */
  readonly quick: boolean
}

/** Clocks of machines, and of callers that give times, may differ by this much. */
export const CLOCK_TOLERANCE_NS = 60_000_000_000n

/** What is wrong with a queue, as far as its metadata and the walk over its head show it: no record after the head is read. */
export function findQueueProblems(sources: ProblemSources): QueueProblem[] {
  if (!sources.inspection.isQueue) return [queueProblem('NOT_A_QUEUE', '')]
  return [
    ...controlProblems(sources),
    ...copyProblems(sources),
    ...linkProblems(sources),
    ...firstSegmentProblems(sources),
    ...segmentProblems(sources),
    ...headProblems(sources),
    ...readerProblems(sources),
    ...clockProblems(sources),
    ...lockProblems(sources),
    ...indexProblems(sources),
    ...thresholdProblems(sources),
    ...leftoverProblems(sources),
  ]
}

function controlProblems({ control, inspection }: ProblemSources): QueueProblem[] {
  if (control.problem !== undefined) return [control.problem]
  const generation = control.block?.segmentGeneration ?? 0
  if (generation % 2 === 0 || inspection.writer.alive === true) return []
  // A writer that opened since makes it even; one that lives is in the middle of a roll.
  const again = readColdControl(inspection.directory).block?.segmentGeneration ?? 0
  return again % 2 === 0 ? [] : [queueProblem('CONTROL_ODD_GENERATION', `It is ${generation}`, { file: CONTROL_FILE })]
}

/** Until a writer has opened a copy, its files may be of different moments. Those of a backup are of one. */
function copyProblems({ inspection, control }: ProblemSources): QueueProblem[] {
  if (control.problem !== undefined || inspection.writer.alive === true) return []
  if (existsSync(join(inspection.directory, BACKUP_FILE))) return []
  return isCopiedControl(inspection.directory, control) ? [queueProblem('QUEUE_COPIED', '', { file: CONTROL_FILE })] : []
}

/** What a writer would refuse to open, because another directory has the same file. */
function linkProblems({ inspection: { directory }, control }: ProblemSources): QueueProblem[] {
  try {
    const shared = findSharedFiles(directory, soundControl(control)?.currentSegment ?? 0)
    return shared.map((file) => queueProblem('FILE_LINKED', '', { file }))
  } catch {
    // What cannot be looked at is a problem of its own.
    return []
  }
}

function segmentProblems({ inspection, listing, control }: ProblemSources): QueueProblem[] {
  const problems: QueueProblem[] = []
  const headId = Math.max(soundControl(control)?.currentSegment ?? -1, inspection.head.segmentId ?? -1)
  const ids = listing.segmentIds
  // Segments that were never the head may stand above those that a writer has still to make.
  const lastUsedId = ids.findLast((id) => !isPrepared(id, { headId, segments: inspection.segments })) ?? -1
  for (const [index, id] of ids.entries()) {
    const next = ids[index + 1]
    if (next !== undefined && next > id + 1 && id < lastUsedId)
      problems.push(queueProblem('SEGMENT_MISSING', '', { segmentId: id + 1, count: next - id - 1 }))
  }
  for (const segment of inspection.segments.inspected) {
    const { segmentId, problem } = segment
    if (problem !== undefined) {
      // What cannot be read is not known to be a crash leftover.
      const isLeftover = segmentId > headId && !segment.hasRecords && problem.code !== 'FILE_UNREADABLE'
      problems.push(isLeftover ? queueProblem('SEGMENT_NOT_READY', '', { segmentId }) : problem)
    } else if (!segment.sealed && segmentId < headId && !(segmentId === headId - 1 && inspection.writer.alive === true)) {
      problems.push(queueProblem('SEGMENT_UNSEALED', '', { segmentId }))
    }
  }
  return problems
}

function isPrepared(id: number, { headId, segments }: { headId: number; segments: SegmentsSummary }): boolean {
  const segment = segments.inspected.find(({ segmentId }) => segmentId === id)
  return id > headId && segment !== undefined && !wasUsed(segment)
}

function headProblems(sources: ProblemSources): QueueProblem[] {
  const { end } = sources
  const problems = problemsOfControlledHead(sources)
  if (end?.goesOnAt !== undefined) {
    const { segmentId, walk, goesOnAt } = end
    problems.push(queueProblem('RECORDS_LOST', '', { segmentId, offset: walk.end, count: goesOnAt - walk.end }))
  }
  return problems
}

function problemsOfControlledHead({ inspection, listing, control, end, places }: ProblemSources): QueueProblem[] {
  const block = soundControl(control)
  if (block === undefined) return []
  const problems: QueueProblem[] = []
  const { currentSegment, writeOffset } = block
  if (!listing.segmentIds.includes(currentSegment)) problems.push(queueProblem('HEAD_MISSING', '', { segmentId: currentSegment }))
  if (end === undefined) return problems
  const { segmentId, walk } = end
  const usedUpTo = end.provenSequence
  const isUsed = controlExtensionsAreCurrent(block) && block.nextSequence <= usedUpTo && !isOfEarlierMoment(places, block)
  if (isUsed && inspection.writer.alive !== true) {
    const detail = `It says ${block.nextSequence}, the records go up to ${usedUpTo}`
    problems.push(queueProblem('CONTROL_BAD_SEQUENCE', detail, { file: CONTROL_FILE }))
  }
  if (nextSequenceIsAhead(block, end) && inspection.writer.alive === false && !mayHideRecords(places, end, currentSegment))
    problems.push(sequenceAheadProblem(block, usedUpTo, inspection.segments))
  if (segmentId > currentSegment && inspection.writer.alive !== true) {
    problems.push(queueProblem('CONTROL_BEHIND', `It says segment ${currentSegment}`, { segmentId }))
  }
  if (segmentId !== currentSegment) return problems
  const facts = { segmentId, offset: walk.end }
  if (walk.stoppedBy === 'bad-length') {
    const isCommitted =
      walk.end < writeOffset && controlExtensionsAreCurrent(block) && isControlOfThisRun(inspection.directory, control)
    problems.push(queueProblem(isCommitted ? 'RECORD_BAD_LENGTH' : 'RECORD_TORN', 'Its length leaves the segment', facts))
  } else if (walk.end < writeOffset && walk.stoppedBy === 'uncommitted') {
    problems.push(queueProblem('CONTROL_AHEAD', `It says offset ${writeOffset}`, facts))
  } else if (walk.end > writeOffset && inspection.writer.alive === false && walk.stoppedBy === 'uncommitted') {
    problems.push(queueProblem('CONTROL_BEHIND', `It says offset ${writeOffset}`, { ...facts, severity: 'info' }))
  }
  return problems
}

/**
 * Whether the control block fits the record at its write offset, and is only older than the last one. A writer that dies between its commit word and the next sequence leaves that, and so does a
 * power loss. The next writer goes on after the last record.
 */
function isOfEarlierMoment(places: ColdPlaces, { currentSegment, writeOffset, nextSequence }: ControlBlock): boolean {
  const next = nextRecord(places, { segmentId: currentSegment, offset: writeOffset })
  // `nextSequence` is stored before `writeOffset`.
  return next !== undefined && !next.legacy && (next.sequence === nextSequence || next.sequence === nextSequence - 1)
}

/** Only where every record of the head was counted: damage may hide the last ones. */
function nextSequenceIsAhead(block: ControlBlock, { provenSequence, walk, goesOnAt }: QueueEnd): boolean {
  if (!controlExtensionsAreCurrent(block) || walk.stoppedBy === 'bad-length' || goesOnAt !== undefined) return false
  // Writers of the base format begin again at 0.
  return !walk.hasLegacy && provenSequence >= 0 && provenSequence === walk.lastSequence && block.nextSequence > provenSequence + 1
}

/** Whether a segment between the last one with a good record and the head holds something: damage, which may be the last messages. */
function mayHideRecords(places: ColdPlaces, { segmentId }: QueueEnd, headId: number): boolean {
  return places.segmentIds.some((id) => id > segmentId && id <= headId && mayHold(places, id))
}

function mayHold({ directory, control }: ColdPlaces, segmentId: number): boolean {
  let segment: ColdSegment | undefined
  try {
    segment = ColdSegment.open(directory, segmentId, control?.segmentSize)
    return segment?.firstDirtyOffset(SEGMENT_FIRST_RECORD_OFFSET) !== undefined
  } catch {
    // What cannot be read may hold anything, and is a problem of its own.
    return true
  } finally {
    segment?.close()
  }
}

/** The control block says a higher sequence than the one after the last record. Where the empty head says the same, a writer has decided so, because messages are lost. */
export function sequenceAheadProblem(block: ControlBlock, lastSequence: number, segments: SegmentsSummary): QueueProblem {
  const head = segments.inspected.find(({ segmentId }) => segmentId === block.currentSegment)
  const isDecided = head !== undefined && !head.hasRecords && head.firstSequence === block.nextSequence
  const detail = `It says ${block.nextSequence}, the records go up to ${lastSequence}`
  return queueProblem(isDecided ? 'SEQUENCES_SKIPPED' : 'CONTROL_SEQUENCE_AHEAD', detail, { file: CONTROL_FILE })
}

/** The hint may be behind while a writer deletes; one that is at rest has put it right. */
function firstSegmentProblems({ inspection, listing, control }: ProblemSources): QueueProblem[] {
  const told = soundControl(control)?.firstSegmentPlusOne ?? 0
  const [lowest] = listing.segmentIds
  if (told === 0 || lowest === undefined || told - 1 === lowest || inspection.writer.alive !== false) return []
  const facts = { file: CONTROL_FILE, segmentId: lowest }
  // A writer announces what it deletes, and may have died in between; the next one puts it right.
  const mayBeAnnounced = told - 1 > lowest && listing.segmentIds.includes(told - 1)
  const detail = `It says ${told - 1}, the lowest is ${lowest}`
  return mayBeAnnounced
    ? [
        queueProblem('CONTROL_BAD_FIRST_SEGMENT', `${detail}: a deletion was announced and is not done`, {
          ...facts,
          severity: 'info',
        }),
      ]
    : [queueProblem('CONTROL_BAD_FIRST_SEGMENT', detail, facts)]
}

/** Times that have not come yet, as far as metadata and the head show them; a verification looks at every record. */
function clockProblems({ inspection }: ProblemSources): QueueProblem[] {
  const { inspectedNs, head, first, writer, readers, segments } = inspection
  const limit = inspectedNs + CLOCK_TOLERANCE_NS
  const isAhead = (timestampNs: bigint | undefined) => timestampNs !== undefined && timestampNs > limit
  const problems: QueueProblem[] = []
  const note = (what: string, timestampNs: bigint | undefined, facts: ProblemFacts) => {
    if (isAhead(timestampNs)) problems.push(queueProblem('CLOCK_AHEAD', `${what} says ${timestampNs} ns`, facts))
  }
  note('The heartbeat of the writer', writer.lastHeartbeatNs, { file: CONTROL_FILE })
  for (const { file, lastHeartbeatNs } of readers) note('The heartbeat of a reader', lastHeartbeatNs, { file })
  const ahead = new Set<number>()
  for (const { segmentId, firstTimestampNs, lastTimestampNs, createdNs } of segments.inspected)
    if ([firstTimestampNs, lastTimestampNs, createdNs].some(isAhead)) ahead.add(segmentId)
  if (first !== undefined && isAhead(first.timestampNs)) ahead.add(first.segmentId)
  if (head.segmentId !== undefined && isAhead(head.lastTimestampNs)) ahead.add(head.segmentId)
  for (const segmentId of ahead) problems.push(queueProblem('CLOCK_AHEAD', 'A message or the segment itself', { segmentId }))
  return problems
}

function readerProblems({ inspection, registered, places, quick }: ProblemSources): QueueProblem[] {
  const problems = [...registered.problems]
  const { firstId } = inspection.segments
  const { segmentId: headId, offset: headOffset } = inspection.head
  for (const { file, position, problem } of inspection.readers) {
    if (problem !== undefined) problems.push(problem)
    if (position === undefined || firstId === undefined) continue
    const { segmentId, offset } = position
    if (segmentId < firstId)
      problems.push(queueProblem('READER_DATA_LOST', `The first segment is ${firstId}`, { file, segmentId, offset }))
    if (headId === undefined || headOffset === undefined) continue
    const ahead = segmentId > headId + 1 || (segmentId === headId && offset > headOffset)
    if (ahead && inspection.writer.alive !== true)
      problems.push(queueProblem('READER_AHEAD', `The queue ends at ${headId}:${headOffset}`, { file, segmentId, offset }))
    const isAtEnd = segmentId === headId && offset === headOffset
    if (!quick && !ahead && !isAtEnd && placeOfReader(places, position).kind === 'inside')
      problems.push(queueProblem('READER_MISPLACED', '', { file, segmentId, offset }))
  }
  return problems
}

function lockProblems({ inspection, control }: ProblemSources): QueueProblem[] {
  const { writer, readers } = inspection
  const problems: QueueProblem[] = []
  if (writer.recordIsBad) problems.push(queueProblem('LOCK_RECORD_BAD', '', { file: LOCK_FILE }))
  if (writer.alive === false && writer.record !== undefined) {
    problems.push(queueProblem('LOCK_STALE', `It names pid ${writer.record.pid}`, { file: LOCK_FILE }))
  }
  const block = soundControl(control)
  const anyReader = readers.some((reader) => reader.lock.held !== false)
  if (block !== undefined && block.waitersPending > 0 && !anyReader && !controlExtensionsAreCurrent(block)) {
    problems.push(queueProblem('WAITERS_LEAKED', '', { file: CONTROL_FILE, count: block.waitersPending }))
  }
  return problems
}

function indexProblems({ inspection, listing, control, places }: ProblemSources): QueueProblem[] {
  if (!listing.hasIndex) return []
  try {
    const path = join(inspection.directory, INDEX_FILE)
    const bytes = recall(places.memory, path, () => readColdFile(path, INDEX_LENGTH + 1))
    if (bytes === undefined) return []
    const place = decodeIndex(bytes)
    if (place === undefined) return [queueProblem('INDEX_BAD', `It has ${bytes.length} bytes`, { file: INDEX_FILE })]
    const { currentSegment: segmentId, writeOffset: offset } = place
    return inspection.writer.alive === false && isAfterEnd({ segmentId, offset }, inspection, control)
      ? [queueProblem('INDEX_BAD', `It says ${segmentId}:${offset}, which is after the end`, { file: INDEX_FILE })]
      : []
  } catch (error) {
    if (error instanceof ColdFileError)
      return [queueProblem('FILE_UNREADABLE', error.reason, { file: INDEX_FILE, severity: 'info' })]
    throw error
  }
}

/** Whether a place is after the last record, and after where the control block says that the queue goes on. */
function isAfterEnd(place: ColdPosition, { head }: ProblemSources['inspection'], control: ColdControl): boolean {
  const block = soundControl(control)
  const { segmentId, offset } = head
  if (segmentId === undefined || offset === undefined || !isBefore({ segmentId, offset }, place)) return false
  return block === undefined || isBefore({ segmentId: block.currentSegment, offset: block.writeOffset }, place)
}

function thresholdProblems({ thresholdsFault: fault }: ProblemSources): QueueProblem[] {
  return fault === undefined ? [] : [queueProblem('THRESHOLDS_BAD', fault, { file: THRESHOLDS_FILE })]
}

function leftoverProblems({ inspection, listing }: ProblemSources): QueueProblem[] {
  const problems: QueueProblem[] = []
  if (inspection.writer.alive !== true) problems.push(...listing.leftovers.map((file) => queueProblem('LEFTOVER', '', { file })))
  if (listing.hasQuarantine) problems.push(queueProblem('QUARANTINED', '', { file: QUARANTINE_DIRECTORY }))
  problems.push(...listing.foreign.map((file) => queueProblem('FOREIGN_FILE', '', { file })))
  return problems
}
