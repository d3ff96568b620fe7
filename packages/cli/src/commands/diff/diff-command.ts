import { type DifferenceRange, type QueueComparison, QueueDifference } from '@chronicle-ts/inspect'
import type { Command } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { EXIT_HEALTHY, EXIT_WARNING } from '../../exit-codes.js'
import { toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { printable } from '../../output/printable.js'
import { formatCount, formatCountOf } from '../../output/quantities.js'
import { renderReadGaps } from '../../output/read-gaps.js'
import { runSteps } from '../../run-steps.js'

const RANGES_SHOWN = 50

const EXAMPLES = `
Compares two queues message by message: those with the same sequence must have the same type, timestamp, payload, schema version, trace and source. Exits with 0 when they are equal, with 3 when they differ.

Examples:
  $ chron-cli diff /var/lib/trades /backup/trades-2026-11-28
  $ chron-cli diff a b --json | jq '.ranges[] | select(.kind == "payload")'
`

export function addDiffCommand(program: Command, run: Runner): void {
  program
    .command('diff')
    .summary('compare two queues message by message')
    .description('Compare two queues message by message, by sequence.')
    .argument('<left>', 'directory of a queue')
    .argument('<right>', 'directory of another queue')
    .addHelpText('after', manual(EXAMPLES))
    .action((left: string, right: string, _options: object, command: Command) =>
      run(command, (context) => diff(context, left, right)),
    )
}

async function diff(context: CommandContext, left: string, right: string): Promise<number> {
  using work = new QueueDifference(left, right)
  await runSteps(context, work, { label: 'diff', at: () => ({ bytes: 0, bytesTotal: 0 }) })
  const { result } = work
  if (context.json) context.output.line(toJsonReport('diff', { left, right, ...result }))
  else print(context, result, { left, right })
  const { different, onlyLeft, onlyRight, problems, retiredSegments } = result
  const isEqual = different + onlyLeft + onlyRight + problems + retiredSegments === 0
  return isEqual ? EXIT_HEALTHY : EXIT_WARNING
}

function print({ output }: CommandContext, result: QueueComparison, names: { left: string; right: string }): void {
  const { equal, different, onlyLeft, onlyRight, ranges, rangesOmitted } = result
  output.line(`${formatCountOf(equal, 'message')} equal`)
  if (different > 0) output.line(`${formatCountOf(different, 'message')} different`)
  if (onlyLeft > 0) output.line(`${formatCountOf(onlyLeft, 'message')} only in ${printable(names.left)}`)
  if (onlyRight > 0) output.line(`${formatCountOf(onlyRight, 'message')} only in ${printable(names.right)}`)
  output.lines(renderReadGaps(result))
  for (const range of ranges.slice(0, RANGES_SHOWN)) output.line(`  ${describeRange(range, names)}`)
  const more = Math.max(0, ranges.length - RANGES_SHOWN) + rangesOmitted
  if (more > 0) output.line(`  and ${formatCount(more)} more`)
}

function describeRange({ kind, from, to }: DifferenceRange, { left, right }: { left: string; right: string }): string {
  const sequences = to === from + 1 ? `sequence ${formatCount(from)}` : `sequence ${formatCount(from)} to ${formatCount(to - 1)}`
  if (kind === 'left' || kind === 'right') return `${sequences}: only in ${printable(kind === 'left' ? left : right)}`
  if (kind === 'details') return `${sequences}: another schema version, trace or source`
  return `${sequences}: another ${kind === 'time' ? 'timestamp' : kind}`
}
