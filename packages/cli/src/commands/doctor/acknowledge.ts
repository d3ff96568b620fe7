import { isQueueError } from '@chronicle-ts/core'
import { acknowledgeProblems, markAcknowledged, type QueueProblem, verifyQueue } from '@chronicle-ts/inspect'
import { asOwnerOf } from '../../as-owner.js'
import type { CommandContext } from '../../command-context.js'
import { exitCodeOfError, messageOfError } from '../../error-report.js'
import { EXIT_HEALTHY, worseExitCode } from '../../exit-codes.js'
import { toJsonReport } from '../../output/json.js'
import { printable } from '../../output/printable.js'
import { exitCodeOfProblems, renderProblems } from '../../output/problems.js'
import { formatCountOf } from '../../output/quantities.js'
import { runSteps } from '../../run-steps.js'

interface AcknowledgeOptions {
  readonly yes?: boolean
  readonly withdraw?: boolean
}

/** What is, or would be, recorded as known of one queue. */
interface Acknowledgement {
  readonly queue: string
  /** Problems that are not acknowledged yet. */
  readonly problems: readonly QueueProblem[]
  /** How many are acknowledged afterwards; absent in a dry run. */
  readonly acknowledged?: number
}

/** Records the problems of queues as known, or withdraws that; a queue where that fails hides no other. A dry run exits like the state that it found. */
export async function acknowledgeAll(
  context: CommandContext,
  directories: readonly string[],
  options: AcknowledgeOptions,
): Promise<number> {
  const results: Acknowledgement[] = []
  let failed = EXIT_HEALTHY
  for (const queue of directories) {
    try {
      results.push(await acknowledge(context, queue, options))
    } catch (error) {
      if (directories.length === 1 || !isQueueError(error)) throw error
      context.log.error({ queue }, messageOfError(error))
      failed = worseExitCode(failed, exitCodeOfError(error))
    }
  }
  if (context.json) context.output.line(toJsonReport('doctor', { acknowledgements: results }))
  else for (const result of results) print(context, result, options)
  if (options.yes === true) return failed
  return results.reduce((exitCode, { problems }) => worseExitCode(exitCode, exitCodeOfProblems(problems)), failed)
}

async function acknowledge(
  context: CommandContext,
  queue: string,
  { yes, withdraw }: AcknowledgeOptions,
): Promise<Acknowledgement> {
  if (withdraw === true) {
    if (yes !== true) return { queue, problems: [] }
    return { queue, problems: [], acknowledged: await asOwnerOf(queue, () => acknowledgeProblems(queue, undefined)) }
  }
  using verification = verifyQueue(queue)
  await runSteps(context, verification, { label: `doctor ${printable(queue)}`, at: () => verification.progress })
  const problems = markAcknowledged(queue, verification.problems).filter(
    ({ severity, acknowledged }) => severity !== 'info' && acknowledged !== true,
  )
  if (yes !== true) return { queue, problems }
  return { queue, problems, acknowledged: await asOwnerOf(queue, () => acknowledgeProblems(queue, problems)) }
}

function print(
  { output }: CommandContext,
  { queue, problems, acknowledged }: Acknowledgement,
  options: AcknowledgeOptions,
): void {
  output.line(output.palette.heading(`acknowledge ${printable(queue)}`))
  if (problems.length === 0 && options.withdraw !== true) output.line('  nothing new to acknowledge')
  output.lines(renderProblems(problems, output))
  if (acknowledged !== undefined) output.line(`  ${formatCountOf(acknowledged, 'problem')} acknowledged`)
  else if (problems.length > 0 || options.withdraw === true) output.line('  Nothing was changed. Add --yes to do it.')
}
