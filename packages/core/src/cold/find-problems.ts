import { CONTROL_FILE, controlExtensionsAreCurrent, decodeIndex, INDEX_FILE, INDEX_LENGTH, LOCK_FILE } from '../format/index.js'
import { QUARANTINE_DIRECTORY } from '../recovery/set-aside.js'
import { believableControl, type ColdControl, readColdControl } from './cold-control.js'
import { ColdFileError, readColdFile } from './cold-file.js'
import type { ReadersInspection } from './inspect-readers.js'
import type { QueueEnd } from './measure-lag.js'
import type { QueueInspection } from './queue-inspection.js'
import type { QueueListing } from './queue-listing.js'
import { type QueueProblem, queueProblem } from './queue-problem.js'

/** Everything that the search for problems looks at. */
export interface ProblemSources {
  readonly inspection: Omit<QueueInspection, 'problems'>
  readonly control: ColdControl
  readonly listing: QueueListing
  readonly registered: ReadersInspection
  readonly end: QueueEnd | undefined
}

/** What is wrong with a queue, as far as its metadata and the walk over its head show it: no record behind the head is read. */
export function findQueueProblems(sources: ProblemSources): QueueProblem[] {
  if (!sources.inspection.isQueue) return [queueProblem('NOT_A_QUEUE', '')]
  return [
    ...controlProblems(sources),
    ...segmentProblems(sources),
    ...headProblems(sources),
    ...readerProblems(sources),
    ...lockProblems(sources),
    ...indexProblems(sources),
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

function segmentProblems({ inspection, listing, control }: ProblemSources): QueueProblem[] {
  const problems: QueueProblem[] = []
  const headId = Math.max(believableControl(control)?.currentSegment ?? -1, inspection.head.segmentId ?? -1)
  const ids = listing.segmentIds
  for (const [index, id] of ids.entries()) {
    const next = ids[index + 1]
    if (next !== undefined && next > id + 1)
      problems.push(queueProblem('SEGMENT_MISSING', '', { segmentId: id + 1, count: next - id - 1 }))
  }
  for (const segment of inspection.segments.inspected) {
    const { segmentId, problem } = segment
    if (problem !== undefined) {
      const beyondHead = segmentId > headId && !segment.hasRecords
      problems.push(beyondHead ? queueProblem('SEGMENT_NOT_READY', '', { segmentId }) : problem)
    } else if (!segment.sealed && segmentId < headId && !(segmentId === headId - 1 && inspection.writer.alive === true)) {
      problems.push(queueProblem('SEGMENT_UNSEALED', '', { segmentId }))
    }
  }
  return problems
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

function problemsOfControlledHead({ inspection, listing, control, end }: ProblemSources): QueueProblem[] {
  const block = believableControl(control)
  if (block === undefined) return []
  const problems: QueueProblem[] = []
  const { currentSegment, writeOffset } = block
  if (!listing.segmentIds.includes(currentSegment)) problems.push(queueProblem('HEAD_MISSING', '', { segmentId: currentSegment }))
  if (end === undefined) return problems
  const { segmentId, walk } = end
  const usedUpTo = end.provenSequence
  if (controlExtensionsAreCurrent(block) && block.nextSequence <= usedUpTo && inspection.writer.alive !== true) {
    const detail = `It says ${block.nextSequence}, the records go up to ${usedUpTo}`
    problems.push(queueProblem('CONTROL_BAD_SEQUENCE', detail, { file: CONTROL_FILE }))
  }
  if (segmentId > currentSegment && inspection.writer.alive !== true) {
    problems.push(queueProblem('CONTROL_BEHIND', `It says segment ${currentSegment}`, { segmentId }))
  }
  if (segmentId !== currentSegment) return problems
  const facts = { segmentId, offset: walk.end }
  if (walk.stoppedBy === 'bad-length') problems.push(queueProblem('RECORD_TORN', 'Its length leaves the segment', facts))
  else if (walk.end < writeOffset && walk.stoppedBy === 'uncommitted') {
    problems.push(queueProblem('CONTROL_AHEAD', `It says offset ${writeOffset}`, facts))
  } else if (walk.end > writeOffset && inspection.writer.alive === false && walk.stoppedBy === 'uncommitted') {
    problems.push(queueProblem('CONTROL_BEHIND', `It says offset ${writeOffset}`, { ...facts, severity: 'info' }))
  }
  return problems
}

function readerProblems({ inspection, registered }: ProblemSources): QueueProblem[] {
  const problems = [...registered.problems]
  const { firstId } = inspection.segments
  const { segmentId: headId, offset: headOffset } = inspection.head
  for (const { file, position, problem } of inspection.readers) {
    if (problem !== undefined) problems.push(problem)
    if (position === undefined || firstId === undefined) continue
    const { segmentId, offset } = position
    if (segmentId < firstId)
      problems.push(queueProblem('READER_DATA_LOST', `The first segment is ${firstId}`, { file, segmentId, offset }))
    if (headId === undefined || headOffset === undefined || inspection.writer.alive === true) continue
    const ahead = segmentId > headId + 1 || (segmentId === headId && offset > headOffset)
    if (ahead)
      problems.push(queueProblem('READER_AHEAD', `The queue ends at ${headId}:${headOffset}`, { file, segmentId, offset }))
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
  const block = believableControl(control)
  const anyReader = readers.some((reader) => reader.lock.held !== false)
  if (block !== undefined && block.waitersPending > 0 && !anyReader && !controlExtensionsAreCurrent(block)) {
    problems.push(queueProblem('WAITERS_LEAKED', '', { file: CONTROL_FILE, count: block.waitersPending }))
  }
  return problems
}

function indexProblems({ inspection, listing }: ProblemSources): QueueProblem[] {
  if (!listing.hasIndex) return []
  try {
    const bytes = readColdFile(`${inspection.directory}/${INDEX_FILE}`, INDEX_LENGTH + 1)
    return bytes === undefined || decodeIndex(bytes) !== undefined
      ? []
      : [queueProblem('INDEX_BAD', `It has ${bytes.length} bytes`, { file: INDEX_FILE })]
  } catch (error) {
    if (error instanceof ColdFileError)
      return [queueProblem('FILE_UNREADABLE', error.errno, { file: INDEX_FILE, severity: 'info' })]
    throw error
  }
}

function leftoverProblems({ inspection, listing }: ProblemSources): QueueProblem[] {
  const problems: QueueProblem[] = []
  if (inspection.writer.alive !== true) problems.push(...listing.leftovers.map((file) => queueProblem('LEFTOVER', '', { file })))
  if (listing.hasQuarantine) problems.push(queueProblem('QUARANTINED', '', { file: QUARANTINE_DIRECTORY }))
  problems.push(...listing.foreign.map((file) => queueProblem('FOREIGN_FILE', '', { file })))
  return problems
}
