import { QueueSalvage, type SalvageReport } from '@chronicle-ts/inspect'
import type { Command } from 'commander'
import { asOwnerOf } from '../../as-owner.js'
import type { CommandContext, Runner } from '../../command-context.js'
import { EXIT_HEALTHY, EXIT_WARNING } from '../../exit-codes.js'
import { toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { printable } from '../../output/printable.js'
import { renderProblems } from '../../output/problems.js'
import { formatBytes, formatCount, formatCountOf } from '../../output/quantities.js'
import { runSteps } from '../../run-steps.js'

const GAPS_SHOWN = 20

const EXAMPLES = `
Writes every good record of a queue into a new one, byte by byte, with its sequence, timestamp, type, trace and source, and with them the schema registry, the list of sources and the thresholds. The old queue is only read: its control block, segments and records may be damaged, and no writer needs to be able to open it. What is missing afterwards is listed by sequence, and the exit code is then 3. Positions of readers are carried over.

doctor --repair puts a queue in order where it is, and keeps every offset. salvage is for queues that are beyond that, and for getting rid of damage.

Examples:
  $ chron-cli salvage /var/lib/trades /var/lib/trades-new
  $ chron-cli salvage /var/lib/trades /var/lib/trades-new --json | jq .gaps
`

export function addSalvageCommand(program: Command, run: Runner): void {
  program
    .command('salvage')
    .summary('write everything good of a damaged queue into a new one')
    .description('Write every good record of a queue into a new queue, with its sequence.')
    .argument('<queue>', 'directory of a queue, damaged or not')
    .argument('<new>', 'directory to make; its parent must exist')
    .addHelpText('after', manual(EXAMPLES))
    .action((queue: string, target: string, _options: object, command: Command) =>
      run(command, (context) => salvage(context, queue, target)),
    )
}

async function salvage(context: CommandContext, queue: string, target: string): Promise<number> {
  const report = await asOwnerOf(target, () => salvageTo(context, { queue, target }))
  if (context.json) context.output.line(toJsonReport('salvage', report))
  else print(context, report)
  return report.missing > 0 || report.problems.length > 0 ? EXIT_WARNING : EXIT_HEALTHY
}

async function salvageTo(context: CommandContext, { queue, target }: { queue: string; target: string }): Promise<SalvageReport> {
  const work = new QueueSalvage(queue, target)
  await runSteps(context, work, { label: `salvage ${printable(queue)}`, at: () => work.progress })
  try {
    return work.commit()
  } catch (error) {
    work.abandon()
    throw error
  }
}

function print({ output }: CommandContext, report: SalvageReport): void {
  const { directory, records, bytes, firstSequence, nextSequence, gaps, gapCount, missing, problems, readers } = report
  output.line(output.palette.heading(printable(directory)))
  const range = firstSequence === null ? '' : `, sequence ${formatCount(firstSequence)} to ${formatCount(nextSequence - 1)}`
  output.line(`  messages  ${formatCountOf(records, 'message')}, ${formatBytes(bytes)}${range}`)
  output.line(
    `  missing   ${missing === 0 ? 'none' : `${formatCountOf(missing, 'message')} in ${formatCountOf(gapCount, 'gap')}`}`,
  )
  for (const { from, to } of gaps.slice(0, GAPS_SHOWN))
    output.line(`    sequence ${formatCount(from)} to ${formatCount(to - 1)}, ${formatCountOf(to - from, 'message')}`)
  if (gapCount > GAPS_SHOWN) output.line(`    and ${formatCountOf(gapCount - GAPS_SHOWN, 'gap')} more`)
  if (readers.length > 0) output.line(`  readers   ${readers.map(printable).join(', ')}`)
  if (problems.length > 0) output.lines(['', ...renderProblems(problems, output)])
}
