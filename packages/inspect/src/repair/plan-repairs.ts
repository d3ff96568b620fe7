import { CONTROL_FILE, checkOptions, FLAG, SEGMENT_FIRST_RECORD_OFFSET, segmentFileName } from '@chronicle-ts/core/internal'
import { checkProblems } from '../cold/acknowledged.js'
import type { ColdPosition } from '../cold/cold-item.js'
import { inspectQueue } from '../cold/inspect-queue.js'
import { openColdReader } from '../cold/open-cold-reader.js'
import type { QueueInspection } from '../cold/queue-inspection.js'
import type { ProblemCode, QueueProblem } from '../cold/queue-problem.js'
import { placeOfReader } from '../cold/reader-place.js'
import { isDamageKept } from './keep-damage.js'
import type { RepairStep, RepairStepKind } from './repair-step.js'
import { isWriterFirst, needsNewControl } from './writer-first.js'

export interface PlanOptions {
  /** Move readers that stopped at damage to the record after it: they never get the messages that were there. Default: they stay and report it. */
  readonly skipDamage?: boolean
  /** @internal The writer lock is held here: planning in the middle of a repair. */
  readonly holdsLock?: boolean
  /** @internal A writer has recovered the queue, or could not: what it left is done now. */
  readonly hasRecovered?: boolean
  /** @internal The control block was rebuilt, and no writer has opened the queue since. */
  readonly hasRebuilt?: boolean
}

/** In this order steps do not undo each other: files first, then what is derived from them, then the writer's own recovery. */
const ORDER: readonly RepairStepKind[] = [
  'keep-damage',
  'restore-segment',
  'seal-segment',
  'correct-summary',
  'rebuild-control',
  'move-reader',
  'set-aside',
  'recover',
]

const NEEDS_RECOVERY = new Set<ProblemCode>([
  'CONTROL_ODD_GENERATION',
  'CONTROL_BEHIND',
  'CONTROL_BAD_FIRST_SEGMENT',
  'CONTROL_SEQUENCE_AHEAD',
  'HEAD_MISSING',
  'QUEUE_COPIED',
  'SEGMENT_NOT_READY',
  'RECORD_TORN',
])
const NEEDS_MENDING = new Set<ProblemCode>(['SEGMENT_SHORT', 'SEGMENT_LONG', 'SEGMENT_BAD_HEADER'])
const NEEDS_SETTING_ASIDE = new Set<ProblemCode>(['READER_BAD', 'LEFTOVER', 'INDEX_BAD'])
const IS_DAMAGE = new Set<ProblemCode>([
  'RECORD_BAD_LENGTH',
  'RECORD_BAD_PAYLOAD_CRC',
  'RECORD_BAD_HEADER_CRC',
  'RECORD_BAD_PADDING',
  'RECORDS_LOST',
])
/** Whether some step of {@link planRepairs} deals with a problem of this kind, or keeps the evidence of it. */
export function isRepairable(code: ProblemCode): boolean {
  const single: readonly ProblemCode[] = [
    'CONTROL_BAD_VERSION',
    'READER_AHEAD',
    'READER_MISPLACED',
    'SEGMENT_UNSEALED',
    'SEGMENT_BAD_SUMMARY',
    'CONTROL_AHEAD',
  ]
  const groups = [NEEDS_RECOVERY, NEEDS_MENDING, NEEDS_SETTING_ASIDE, IS_DAMAGE]
  return single.includes(code) || needsNewControl(code) || groups.some((group) => group.has(code))
}

/**
 * Returns those problems that keep {@link planRepairs} from planning anything. Half of the facts are not a ground to act on, and what is written into a file that another directory shares changes that
 * one as well.
 */
export function problemsBeforeRepair(problems: readonly QueueProblem[]): QueueProblem[] {
  checkProblems(problems)
  return problems.filter(
    ({ code, severity }) => code === 'FILE_LINKED' || (code === 'FILE_UNREADABLE' && severity === 'critical'),
  )
}

/** Evidence is kept up to this many bytes per place. */
const DAMAGE_LENGTH_MAX = 16 * 1024 * 1024

/**
 * Returns the steps that repair these problems of a queue, in the order in which they must be done. Changes nothing; problems that only an operator can decide about, or that
 * do no harm, lead to no step. While there are {@link problemsBeforeRepair}, nothing does.
 *
 * @param problems from `inspectQueue`, and from `verifyQueue` when records were read.
 */
export function planRepairs(directory: string, problems: readonly QueueProblem[], options: PlanOptions = {}): RepairStep[] {
  checkOptions(options, { skipDamage: FLAG, holdsLock: FLAG, hasRecovered: FLAG, hasRebuilt: FLAG })
  if (problemsBeforeRepair(problems).length > 0) return []
  const inspection = inspectQueue(directory, { holdsLock: options.holdsLock === true })
  // Control block and segments agree that a later version wrote them.
  if (problems.some(({ code }) => code === 'CONTROL_BAD_VERSION') && !areMostSound(inspection)) return []
  if (options.hasRecovered !== true && isWriterFirst(problems, inspection)) return recoverFirst(problems, inspection, options)
  const found = problems.flatMap((problem) => stepsFor(problem, inspection, options))
  // A block that repair has written has no identity, and may name a segment that nothing more can be appended to.
  const steps = withoutRepeats(options.hasRebuilt === true ? [...found, { kind: 'recover' }] : found)
  // Without a control block the segment size is unknown, and so not which segments are whole. A writer must not recover before that is known.
  const knowsSize = !steps.some(({ kind }) => kind === 'rebuild-control')
  return steps.filter(({ kind }) => knowsSize || kind !== 'recover').sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind))
}

/** Keeps damage and lets a writer recover; the rest is planned when it has. */
function recoverFirst(problems: readonly QueueProblem[], inspection: QueueInspection, options: PlanOptions): RepairStep[] {
  const damage = problems.filter(({ code }) => IS_DAMAGE.has(code)).flatMap((problem) => stepsFor(problem, inspection, options))
  return [...withoutRepeats(damage).filter(({ kind }) => kind === 'keep-damage'), { kind: 'recover' }]
}

function stepsFor(problem: QueueProblem, inspection: QueueInspection, options: PlanOptions): RepairStep[] {
  const { code, segmentId, file } = problem
  if (needsNewControl(code)) {
    // Without a record there is nothing to rebuild from. A writer begins above the readers and above every segment that was there.
    if (mayHoldRecords(inspection)) return [{ kind: 'rebuild-control' }]
    const old: RepairStep[] = code === 'CONTROL_MISSING' ? [] : [{ kind: 'set-aside', file: CONTROL_FILE }]
    return [...old, { kind: 'recover' }]
  }
  // A writer weighs whether that is damage; one byte of it outweighs no sound segment.
  if (code === 'CONTROL_BAD_VERSION') return [{ kind: 'recover' }]
  if (code === 'SEGMENT_NOT_READY' && segmentId !== undefined && isStray(segmentId, inspection))
    return [{ kind: 'set-aside', file: segmentFileName(segmentId) }]
  if (code === 'CONTROL_BEHIND' && segmentId !== undefined && isOutOfReach(segmentId, inspection))
    return [{ kind: 'rebuild-control' }]
  if (NEEDS_RECOVERY.has(code)) return [{ kind: 'recover' }]
  if (NEEDS_SETTING_ASIDE.has(code) && file !== undefined) return [{ kind: 'set-aside', file }]
  // The place of such a reader bounds the sequence with which the queue goes on. So a writer has to weigh it before it is moved.
  if (code === 'READER_AHEAD' && options.hasRecovered !== true) return [{ kind: 'recover' }]
  if ((code === 'READER_AHEAD' || code === 'READER_MISPLACED') && file !== undefined)
    return moveReaderTo(file, code === 'READER_AHEAD' ? endOf(inspection) : recordBegun(file, inspection), inspection)
  if (segmentId === undefined) return []
  if (NEEDS_MENDING.has(code)) return [{ kind: 'restore-segment', segmentId }, { kind: 'recover' }]
  if (code === 'SEGMENT_BAD_SUMMARY') return [{ kind: 'correct-summary', segmentId }]
  if (code === 'SEGMENT_UNSEALED') return [{ kind: 'seal-segment', segmentId }]
  if (code === 'CONTROL_AHEAD') return [{ kind: 'seal-segment', segmentId }, { kind: 'recover' }]
  return IS_DAMAGE.has(code) ? stepsForDamage(problem, segmentId, inspection, options) : []
}

function mayHoldRecords({ segments }: QueueInspection): boolean {
  return segments.omitted > 0 || segments.inspected.some(({ hasRecords }) => hasRecords)
}

function areMostSound({ segments }: QueueInspection): boolean {
  const sound = segments.inspected.filter(({ problem }) => problem === undefined)
  return sound.length * 2 > segments.inspected.length
}

/** A writer prepares the segment that follows its head, and no other one; segments follow each other without a gap. */
function isStray(segmentId: number, { head, segments }: QueueInspection): boolean {
  const isFar = segmentId > (head.segmentId ?? segmentId) + 1
  return isFar && !segments.inspected.some((segment) => segment.segmentId === segmentId - 1)
}

/** Recovery follows the segments one by one: it comes to no segment after a gap. */
function isOutOfReach(segmentId: number, { control, problems }: QueueInspection): boolean {
  const said = control?.currentSegment ?? segmentId
  return problems.some(({ code, segmentId: missing = 0 }) => code === 'SEGMENT_MISSING' && missing > said && missing < segmentId)
}

/**
 * Damaged bytes stay where they are, because what follows them must keep its place. In the head they end the segment: a writer's recovery could not distinguish the good records after them
 * from the torn tail of an append.
 */
function stepsForDamage(
  problem: QueueProblem,
  segmentId: number,
  inspection: QueueInspection,
  options: PlanOptions,
): RepairStep[] {
  const offset = problem.offset ?? 0
  const behind = positionBehind(inspection.directory, { segmentId, offset })
  const segmentEnd = (inspection.segmentSize ?? offset) - offset
  const length = Math.min(DAMAGE_LENGTH_MAX, behind?.segmentId === segmentId ? behind.offset - offset : segmentEnd)
  const damage = { segmentId, offset, length }
  const steps: RepairStep[] = isDamageKept(inspection.directory, damage) ? [] : [{ kind: 'keep-damage', ...damage }]
  if (endsQueue(segmentId, inspection)) steps.push({ kind: 'seal-segment', segmentId }, { kind: 'recover' })
  if (options.skipDamage === true && behind !== undefined) {
    for (const { file, position, lock } of inspection.readers) {
      const stuck = position?.segmentId === segmentId && position.offset === offset && lock.held !== true
      if (stuck) steps.push({ kind: 'move-reader', file, from: position, to: behind })
    }
  }
  return steps
}

/** The last segment with a good record, or the one that the control block names, in which every record may be damaged. */
function isHead(segmentId: number, { head, control, controlIsValid }: QueueInspection): boolean {
  return segmentId === head.segmentId || (controlIsValid && segmentId === control?.currentSegment)
}

/** Whether the next writer would go on in this segment: it is the head, and not a sealed one that another segment follows. */
function endsQueue(segmentId: number, inspection: QueueInspection): boolean {
  const { inspected, lastId = segmentId } = inspection.segments
  const isSealed = inspected.some((segment) => segment.segmentId === segmentId && segment.sealed)
  return isHead(segmentId, inspection) && !(isSealed && lastId > segmentId)
}

function positionBehind(directory: string, from: ColdPosition): ColdPosition | undefined {
  using reader = openColdReader(directory, { from })
  for (const item of reader) {
    if (item.kind === 'record') return { segmentId: item.segmentId, offset: item.offset }
  }
  return undefined
}

function moveReaderTo(file: string, to: ColdPosition | undefined, { readers }: QueueInspection): RepairStep[] {
  const from = readers.find((reader) => reader.file === file)?.position
  return from === undefined || to === undefined ? [] : [{ kind: 'move-reader', file, from, to }]
}

function endOf({ head }: QueueInspection): ColdPosition | undefined {
  return head.segmentId === undefined || head.offset === undefined
    ? undefined
    : { segmentId: head.segmentId, offset: head.offset }
}

/** A reader in the middle of a record begins with that record again; at no offset of any record, with the first one of its segment. */
function recordBegun(file: string, { directory, readers, segments }: QueueInspection): ColdPosition | undefined {
  const position = readers.find((reader) => reader.file === file)?.position
  if (position === undefined) return undefined
  const segmentIds = segments.inspected.map(({ segmentId }) => segmentId)
  const { record } = placeOfReader({ directory, segmentIds, control: undefined }, position)
  return record ?? { segmentId: position.segmentId, offset: SEGMENT_FIRST_RECORD_OFFSET }
}

function withoutRepeats(steps: readonly RepairStep[]): RepairStep[] {
  return [...new Map(steps.map((step) => [JSON.stringify(step), step])).values()]
}
