import { isQueueError, NotAQueueError } from '@chronicle-ts/core'
import {
  describeRepairStep,
  findQueues,
  planRepairs,
  type QueueProblem,
  type RepairReport,
  type RepairStep,
  repairQueue,
  verifyQueue,
} from '@chronicle-ts/inspect'
import type { Command } from 'commander'
import { asOwnerOf } from '../../as-owner.js'
import type { CommandContext, Runner } from '../../command-context.js'
import { UsageError } from '../../command-error.js'
import { exitCodeOfError, messageOfError } from '../../error-report.js'
import { EXIT_HEALTHY, EXIT_INTERRUPTED, EXIT_USAGE, EXIT_WARNING, worseExitCode } from '../../exit-codes.js'
import { interruptibleTurn, takeTurn } from '../../interruptible.js'
import { toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { printable } from '../../output/printable.js'
import { exitCodeOfProblems } from '../../output/problems.js'
import { shellQuote } from '../../output/shell-quote.js'
import { acknowledgeAll } from './acknowledge.js'
import { diagnoseQueue } from './diagnose.js'
import type { Finding, QueueDiagnosis } from './finding.js'
import { problemFindings } from './queue-findings.js'
import { renderFindings } from './render-findings.js'
import { systemFindings } from './system-findings.js'

interface DoctorOptions {
  readonly quick?: boolean
  readonly repair?: boolean
  readonly yes?: boolean
  readonly skipDamage?: boolean
  readonly acknowledge?: boolean
  readonly withdraw?: boolean
}

/** What was, or would be, done to one queue. */
interface Treatment {
  readonly queue: string
  readonly steps: readonly (RepairStep & { readonly description: string })[]
  /** What is wrong with the queue, in a dry run. */
  readonly problems?: readonly QueueProblem[]
  /** Where there is no step: what is wrong all the same, and why no step repairs it. */
  readonly findings?: readonly Finding[]
  readonly report?: RepairReport
  readonly error?: string
}

const EXAMPLES = `
Looks for every known kind of problem: stale locks, dead or stopped writers, leaked waiters, stale leases, stale or damaged reader files, leftovers, segments that could be deleted and
the readers that pin them, torn tails, corruption in the middle, a control block that does not fit the segments, disk space and system limits. Reads every record; --quick looks at the
metadata only. Each finding has a severity, an explanation, and the command that repairs it. Every queue is checked on its own: a bad one hides no other.

--repair shows what a repair would do. --repair --yes does it, under the writer lock, so never on a queue that is being written to (exit code 4). Everything that is replaced or removed is kept in the
queue's quarantine folder, with a report. Readable records are never changed.

--acknowledge --yes records the problems that are there as known, in acknowledged.json of the queue: every command still shows and counts them, dimmed, and they raise no exit code any more. A problem that grows is new again.

Examples:
  $ chron-cli doctor /var/lib/bus
  $ chron-cli doctor /var/lib/trades --quick
  $ chron-cli doctor /var/lib/trades --repair             what would be done
  $ chron-cli doctor /var/lib/trades --repair --yes
  $ chron-cli doctor /var/lib/trades --acknowledge --yes
  $ chron-cli doctor /var/lib/bus --json | jq -r '.queues[].findings[] | select(.severity != "info") | .command'
`

export function addDoctorCommand(program: Command, run: Runner): void {
  program
    .command('doctor')
    .summary('find out what is wrong, and repair it')
    .description('Diagnose a queue, or every queue below a directory.')
    .argument('<directory>', 'a queue, or a directory with queues below it')
    .option('--quick', 'check the metadata only, read no records')
    .option('--repair', 'show what a repair would do')
    .option('--acknowledge', 'show which problems would be recorded as known')
    .option('--withdraw', 'with --acknowledge: delete the record of acknowledged problems')
    .option('--yes', 'with --repair or --acknowledge: do it')
    .option('--skip-damage', 'with --repair: move readers that stopped at damage to the record after it')
    .addHelpText('after', manual(EXAMPLES))
    .action((directory: string, options: DoctorOptions, command: Command) =>
      run(command, (context) => doctor(context, directory, options)),
    )
}

async function doctor(context: CommandContext, directory: string, options: DoctorOptions): Promise<number> {
  checkOptions(options)
  const found = findQueues(directory)
  if (found.directories.length === 0 && found.unreadable.length === 0)
    throw new NotAQueueError({ directory, detail: 'there is no queue in or below it' })
  const treated =
    options.repair === true ? await treatAll(context, found.directories, options) : { treatments: [], exitCode: EXIT_HEALTHY }
  if (options.acknowledge === true) return await acknowledgeAll(context, found.directories, options)
  const queues: QueueDiagnosis[] = []
  if (options.repair !== true || options.yes === true) {
    for (const queue of found.directories) {
      if (context.signal.aborted) break
      queues.push(await diagnoseQueue(context, queue, { quick: options.quick === true }))
    }
  }
  const system = [...systemFindings(), ...found.unreadable.map(unreadableFinding), ...found.leftOut.map(leftOutFinding)]
  print(context, { treatments: treated.treatments, queues, system })
  if (context.signal.aborted) return EXIT_INTERRUPTED
  const findings = [...queues.flatMap((queue) => queue.findings), ...system]
  return worseExitCode(treated.exitCode, exitCodeOfProblems(findings))
}

function checkOptions({ repair, acknowledge, yes, skipDamage, withdraw }: DoctorOptions): void {
  if (repair !== true && skipDamage === true) throw new UsageError('--skip-damage belongs to --repair')
  if (acknowledge !== true && withdraw === true) throw new UsageError('--withdraw belongs to --acknowledge')
  if (repair !== true && acknowledge !== true && yes === true) throw new UsageError('--yes belongs to --repair or --acknowledge')
  if (repair === true && acknowledge === true) throw new UsageError('--repair and --acknowledge are two things')
}

async function treatAll(
  context: CommandContext,
  directories: readonly string[],
  options: DoctorOptions,
): Promise<{ treatments: Treatment[]; exitCode: number }> {
  const treatments: Treatment[] = []
  let exitCode = EXIT_HEALTHY
  for (const queue of directories) {
    if (context.signal.aborted) break
    try {
      const treatment = await treat(context, queue, options)
      treatments.push(treatment)
      const failed = treatment.report?.outcomes.some(({ state }) => state === 'failed') === true
      if (failed) exitCode = worseExitCode(exitCode, EXIT_USAGE)
      else if (treatment.problems !== undefined) exitCode = worseExitCode(exitCode, exitCodeOfDryRun(treatment))
    } catch (error) {
      if (!isQueueError(error)) throw error
      treatments.push({ queue, steps: [], error: messageOfError(error) })
      exitCode = worseExitCode(exitCode, exitCodeOfError(error))
    }
  }
  return { treatments, exitCode }
}

async function treat(context: CommandContext, queue: string, options: DoctorOptions): Promise<Treatment> {
  const planOptions = { skipDamage: options.skipDamage === true }
  // Ctrl-C ends the search at once. A repair that has begun comes to its end.
  using verification = await interruptibleTurn(context, () => verifyQueue(queue))
  do await takeTurn(context)
  while (verification.step())
  const { problems } = verification
  if (options.yes === true) {
    const report = await asOwnerOf(queue, () => repairQueue(queue, { ...planOptions, problems }))
    const steps = report.outcomes.map(({ step }) => described(step))
    return { queue, steps, ...findingsWithout(steps, queue, problems), report }
  }
  const steps = planRepairs(queue, problems, planOptions).map(described)
  return { queue, problems, steps, ...findingsWithout(steps, queue, problems) }
}

/** A queue without a step is not a healthy one: what no repair changes is shown with the reason. */
function findingsWithout(
  steps: readonly RepairStep[],
  queue: string,
  problems: readonly QueueProblem[],
): Pick<Treatment, 'findings'> {
  const serious = problems.filter(({ severity }) => severity !== 'info')
  return steps.length > 0 || serious.length === 0 ? {} : { findings: problemFindings(queue, serious) }
}

/** A dry run exits like the state that it found; where something is to be done, never with 0. */
function exitCodeOfDryRun({ problems = [], steps }: Treatment): number {
  return worseExitCode(exitCodeOfProblems(problems), steps.length > 0 ? EXIT_WARNING : EXIT_HEALTHY)
}

function described(step: RepairStep): RepairStep & { readonly description: string } {
  return { ...step, description: describeRepairStep(step) }
}

function unreadableFinding(path: string): Finding {
  return { code: 'DIRECTORY_UNREADABLE', severity: 'warning', message: `A directory cannot be listed. path=${path}` }
}

function leftOutFinding(path: string): Finding {
  return {
    code: 'DIRECTORY_LEFT_OUT',
    severity: 'info',
    message: `A directory was not searched, because it is a link or lies too deep. path=${path}`,
    command: `chron-cli doctor ${shellQuote(path)}`,
  }
}

function print(
  context: CommandContext,
  result: { treatments: readonly Treatment[]; queues: readonly QueueDiagnosis[]; system: readonly Finding[] },
): void {
  const { output } = context
  if (context.json) {
    output.line(toJsonReport('doctor', { queues: result.queues, system: result.system, repairs: result.treatments }))
    return
  }
  for (const treatment of result.treatments) printTreatment(context, treatment)
  for (const { queue, findings } of result.queues) output.lines(renderFindings(queue, findings, output))
  if (result.system.length > 0) output.lines(renderFindings('system', result.system, output))
}

function printTreatment({ output }: CommandContext, { queue, steps, findings = [], report, error }: Treatment): void {
  const { palette } = output
  output.line(palette.heading(`repair ${printable(queue)}`))
  if (error !== undefined) output.line(palette.critical(`  not done: ${printable(error)}`))
  else if (findings.length > 0) output.line('  no step repairs what was found')
  else if (steps.length === 0) output.line('  nothing to do')
  if (report === undefined) {
    // With --yes a new diagnosis follows, which has them.
    if (findings.length > 0) output.lines(renderFindings(queue, findings, output))
    for (const { description } of steps) output.line(`  would ${printable(description)}`)
    if (steps.some(({ kind }) => kind === 'rebuild-control' || kind === 'recover'))
      output.line('  and then check again, because what else is to be done depends on it')
    if (steps.length > 0) output.line('  Nothing was changed. Add --yes to do it.')
    return
  }
  for (const { step, state, detail } of report.outcomes) {
    const paint = state === 'failed' ? palette.critical : palette.good
    output.line(`  ${paint(state.padEnd(8))}${printable(describeRepairStep(step))}`)
    output.line(palette.faint(`          ${printable(detail)}`))
  }
  if (report.file !== undefined) output.line(`  report: ${printable(report.file)}`)
}
