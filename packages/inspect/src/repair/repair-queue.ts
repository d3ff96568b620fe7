import { type DirectoryPath, NotAQueueError, type RecoveryAction } from '@chronicle-ts/core'
import {
  checkOptions,
  FLAG,
  makeFile,
  pathOf,
  QueueDirectory,
  quarantineEntry,
  WriterLock,
  writeWhole,
} from '@chronicle-ts/core/internal'
import { binding } from '@chronicle-ts/native'
import { inspectQueue } from '../cold/inspect-queue.js'
import type { QueueProblem } from '../cold/queue-problem.js'
import { verifyQueue } from '../cold/queue-verification.js'
import { applyLockedSteps, applyRecovery, hasNotKept, type LockedStep, notKept } from './apply-repairs.js'
import { type PlanOptions, planRepairs } from './plan-repairs.js'
import type { RepairOutcome, RepairReport, RepairStep } from './repair-step.js'

/** Their members are checked where steps are planned. */
const PROBLEMS = { expected: 'an array of problems', accepts: Array.isArray }

export interface RepairOptions extends Pick<PlanOptions, 'skipDamage'> {
  /** What a verification by the caller has just found, which then is not made again: a caller can interrupt its own. What is repaired is checked under the lock in any case. */
  readonly problems?: readonly QueueProblem[]
}

/** A control block that is rebuilt shows what is wrong with the segments, which then shows what a writer has to recover. That takes three rounds, and one to see that nothing is left. */
const ROUNDS_MAX = 4

/**
 * Repairs a queue: finds its problems, carries out the steps that {@link planRepairs} plans, and checks again, until no step is left. Plans and works under the writer lock,
 * and takes the lock of each reader whose file it touches. What a running process uses is left to it, and the outcome says so. What is
 * replaced or taken away is kept in the queue's quarantine folder, and so is the report. Nothing that was readable before is unreadable afterwards.
 *
 * @throws WriterActiveError `ERR_WRITER_ACTIVE`: a writer has the queue open; nothing was changed.
 */
export function repairQueue(place: DirectoryPath, repairOptions: RepairOptions = {}): RepairReport {
  const directory = pathOf(place)
  checkOptions(repairOptions, { problems: PROBLEMS, skipDamage: FLAG })
  const { problems, ...options } = repairOptions
  if (!inspectQueue(directory).isQueue) throw new NotAQueueError({ directory, detail: 'there is nothing to repair' })
  const startedNs = binding.realtimeNs()
  const outcomes: RepairOutcome[] = []
  const recovery: RecoveryAction[] = []
  const done = new Set<string>()
  let progress: Progress = { hasRecovered: false, hasRebuilt: false }
  using held = QueueDirectory.open(directory)
  // A queue that nothing is wrong with is not even locked.
  const isHealthy = planRepairs(directory, problems ?? allProblems(directory), options).length === 0
  for (let round = 0; round < ROUNDS_MAX && !isHealthy; round += 1) {
    const steps = tryRound(held, { options, done, progress, round, outcomes })
    if (steps.length === 0) break
    const isKept = !outcomes.some((outcome) => hasNotKept(outcome))
    if (steps.some(({ kind }) => kind === 'recover'))
      outcomes.push(isKept ? applyRecovery(held, recovery) : notKept({ kind: 'recover' }))
    if (!isKept) break
    for (const step of steps) done.add(JSON.stringify(step))
    progress = progressAfter(steps, progress)
  }
  const report = { directory, startedNs, outcomes, recovery, file: undefined }
  return outcomes.some(({ state }) => state !== 'skipped') ? writeReport(held, report) : report
}

/** What the steps so far mean for those that follow. */
interface Progress {
  readonly hasRecovered: boolean
  readonly hasRebuilt: boolean
}

function progressAfter(steps: readonly RepairStep[], before: Progress): Progress {
  const does = (kind: RepairStep['kind']) => steps.some((step) => step.kind === kind)
  if (does('recover')) return { hasRecovered: true, hasRebuilt: false }
  return { ...before, hasRebuilt: before.hasRebuilt || does('rebuild-control') }
}

interface Round {
  readonly options: PlanOptions
  /** The steps of earlier rounds. */
  readonly done: ReadonlySet<string>
  readonly progress: Progress
  readonly round: number
  readonly outcomes: RepairOutcome[]
}

/** What earlier rounds did is done: when a later one cannot begin, because a writer has opened the queue in between for one, the report says both. */
function tryRound(held: QueueDirectory, round: Round): readonly RepairStep[] {
  try {
    return repairLocked(held, round)
  } catch (error) {
    if (round.outcomes.length === 0) throw error
    const detail = error instanceof Error ? error.message : String(error)
    round.outcomes.push({ step: { kind: 'recover' }, state: 'failed', detail })
    return []
  }
}

/** Plans a round and does all of it that needs the writer lock; returns its steps, none when nothing is left to do. */
function repairLocked(held: QueueDirectory, { options, done, progress, round, outcomes }: Round): readonly RepairStep[] {
  const lock = WriterLock.acquire(held)
  // The record of a writer that died is evidence for the recovery that follows.
  let clears = true
  try {
    const planned = planRepairs(held.path, allProblems(held.path, true), { ...options, ...progress, holdsLock: true })
    const isRepeat = (step: RepairStep) => done.has(JSON.stringify(step))
    // What was just derived may be outdated by what was repaired after it; only when nothing new turns up is it the last word.
    const isOld = (step: RepairStep) => isRepeat(step) && step.kind !== 'rebuild-control' && !progress.hasRebuilt
    if (round > 0 && planned.every(isOld)) return []
    const steps = planned.filter((step) => step.kind !== 'keep-damage' || !isRepeat(step))
    const locked = steps.filter((step): step is LockedStep => step.kind !== 'recover')
    outcomes.push(...applyLockedSteps(held, locked))
    clears = steps.length === locked.length
    return steps
  } finally {
    lock.release({ clears })
  }
}

/** Every problem of a queue, those of its records included. */
function allProblems(directory: string, holdsLock = false): readonly QueueProblem[] {
  using verification = verifyQueue(directory, { holdsLock })
  while (verification.step());
  return [...verification.problems]
}

/** The report is written last; a disk that has no room for it does not make what was done undone. */
function writeReport(held: QueueDirectory, report: RepairReport): RepairReport {
  try {
    const entry = quarantineEntry(held, 'repair.json')
    const written = { ...report, file: held.describe(entry) }
    const text = `${JSON.stringify(written, bigintsAsStrings, 2)}\n`
    makeFile(held, entry, (fd) => writeWhole(fd, Buffer.from(text), 0))
    return written
  } catch {
    return report
  }
}

function bigintsAsStrings(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
