import {
  inspectState,
  markAcknowledged,
  type QueueInspection,
  type QueueProblem,
  type QueueState,
  stateOfQueue,
  verifyQueue,
} from '@chronicle-ts/inspect'
import type { CommandContext } from '../../command-context.js'
import { InterruptedError } from '../../command-error.js'
import { messageOfError } from '../../error-report.js'
import { interruptibleTurn } from '../../interruptible.js'
import { printable } from '../../output/printable.js'
import { runStepsAsFarAsPossible } from '../../run-steps.js'
import type { QueueDiagnosis } from './finding.js'
import { markerFindings } from './marker-findings.js'
import { queueFindings } from './queue-findings.js'
import { stateFindings } from './state-findings.js'

/** Looks at one queue. Never throws for the queue's sake: one that cannot be looked at has that as its finding. */
export async function diagnoseQueue(
  context: CommandContext,
  queue: string,
  options: { quick: boolean },
): Promise<QueueDiagnosis> {
  try {
    const { inspection, state, problems, complete } = options.quick
      ? await readMetadata(context, queue)
      : await readEverything(context, queue)
    const findings = [...stateFindings(state), ...queueFindings(inspection, problems), ...markerFindings(inspection)]
    return { queue, findings, complete }
  } catch (error) {
    if (error instanceof InterruptedError) throw error
    const finding = { code: 'QUEUE_UNREADABLE', severity: 'critical', message: messageOfError(error) } as const
    return { queue, findings: [finding], complete: false }
  }
}

/** What a look at a queue came to. */
interface QueueReading {
  readonly inspection: QueueInspection
  readonly state: QueueState
  readonly problems: readonly QueueProblem[]
  /** Whether every record was read. */
  readonly complete: boolean
}

async function readMetadata(context: CommandContext, queue: string): Promise<QueueReading> {
  const { inspection, state } = await interruptibleTurn(context, () => inspectState(queue))
  return { inspection, state, problems: inspection.problems, complete: false }
}

async function readEverything(context: CommandContext, queue: string): Promise<QueueReading> {
  using verification = await interruptibleTurn(context, () => verifyQueue(queue))
  const progress = { label: `doctor ${printable(queue)}`, at: () => verification.progress }
  const complete = await runStepsAsFarAsPossible(context, verification, progress)
  const { inspection } = verification
  const problems = markAcknowledged(queue, verification.problems)
  return { inspection, state: stateOfQueue(inspection), problems, complete }
}
