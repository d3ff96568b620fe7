import { writeFileSync } from 'node:fs'
import { binding } from '@chronicle-ts/native'
import { inspectQueue, type QueueProblem, verifyQueue } from '../cold/index.js'
import { NotAQueueError } from '../errors/index.js'
import { QueueDirectory } from '../files/queue-directory.js'
import type { RecoveryAction } from '../recovery/recovery-case.js'
import { quarantineEntry } from '../recovery/set-aside.js'
import { applySteps } from './apply-repairs.js'
import { type PlanOptions, planRepairs } from './plan-repairs.js'
import type { RepairOutcome, RepairReport, RepairStep } from './repair-step.js'

/** A control block that is rebuilt shows what is wrong with the segments, which then shows what a writer has to recover: three rounds, and one to see that nothing is left. */
const ROUNDS_MAX = 4

/**
 * Mends a queue: finds what is wrong, carries out what {@link planRepairs} plans for it, and looks again, until nothing is left that a step can do. Works under the writer lock. What is
 * replaced or taken away is kept in the queue's quarantine folder, and so is the report. Nothing that was readable before is unreadable afterwards.
 *
 * @throws WriterActiveError `ERR_WRITER_ACTIVE`: somebody writes to the queue; nothing was changed.
 */
export function repairQueue(directory: string, options: PlanOptions = {}): RepairReport {
  if (!inspectQueue(directory).isQueue) throw new NotAQueueError({ directory, detail: 'there is nothing to repair' })
  const startedNs = binding.realtimeNs()
  const outcomes: RepairOutcome[] = []
  const recovery: RecoveryAction[] = []
  const done = new Set<string>()
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const planned = planRepairs(directory, allProblems(directory), options)
    const isRepeat = (step: RepairStep) => done.has(JSON.stringify(step))
    // What was just derived may be outdated by what was mended after it; only when nothing new turns up is it the last word.
    if (round > 0 && planned.every((step) => isRepeat(step) && step.kind !== 'rebuild-control')) break
    const steps = planned.filter((step) => step.kind !== 'keep-damage' || !isRepeat(step))
    if (steps.length === 0) break
    const applied = applySteps(directory, steps)
    outcomes.push(...applied.outcomes)
    recovery.push(...applied.recovery)
    for (const step of steps) done.add(JSON.stringify(step))
  }
  using held = QueueDirectory.open(directory)
  const entry = outcomes.length === 0 ? undefined : quarantineEntry(held, 'repair.json')
  const report: RepairReport = {
    directory,
    startedNs,
    outcomes,
    recovery,
    file: entry === undefined ? undefined : held.describe(entry),
  }
  if (entry !== undefined) writeFileSync(held.at(entry), `${JSON.stringify(report, bigintsAsStrings, 2)}\n`, { flag: 'wx' })
  return report
}

/** Every problem of a queue, those of its records included. */
function allProblems(directory: string): readonly QueueProblem[] {
  using verification = verifyQueue(directory)
  while (verification.step());
  return [...verification.problems]
}

function bigintsAsStrings(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
