import { QueueStatistics, type TypeStatistics } from '@chronicle-ts/inspect'
import type { Command } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { EXIT_HEALTHY, EXIT_WARNING } from '../../exit-codes.js'
import { parseTimeOption } from '../../options.js'
import { toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { printable } from '../../output/printable.js'
import { formatBytes, formatCount, formatRate } from '../../output/quantities.js'
import { renderReadGaps } from '../../output/read-gaps.js'
import { type Column, renderTable } from '../../output/table.js'
import { formatTime } from '../../output/times.js'
import { runSteps } from '../../run-steps.js'

interface StatsOptions {
  readonly since?: bigint
}

const COLUMNS: readonly Column[] = [
  { title: 'TYPE', align: 'right' },
  { title: 'MESSAGES', align: 'right' },
  { title: 'SHARE', align: 'right', optional: 4 },
  { title: 'PAYLOAD', align: 'right' },
  { title: 'SMALLEST', align: 'right', optional: 3 },
  { title: 'MEDIAN', align: 'right', optional: 1 },
  { title: 'P99', align: 'right', optional: 2 },
  { title: 'LARGEST', align: 'right' },
  { title: 'RATE', align: 'right', optional: 5 },
  { title: 'LAST', optional: 6 },
]

const EXAMPLES = `
Counts the messages of a queue by type and size. Median and p99 are upper bounds: a power of two, or the largest size. The rate of a type is that between its first and its last message, by their own times.

Examples:
  $ chron-cli stats /var/lib/trades
  $ chron-cli stats /var/lib/trades --since 1h --json | jq '.types[] | {typeId, count}'
`

export function addStatsCommand(program: Command, run: Runner): void {
  program
    .command('stats')
    .summary('messages by type and size')
    .description('Count the messages of a queue by type and size.')
    .argument('<queue>', 'directory of a queue')
    .option('--since <time>', 'begin at this time, or a span ago such as 1h', parseTimeOption)
    .addHelpText('after', manual(EXAMPLES))
    .action((queue: string, options: StatsOptions, command: Command) => run(command, (context) => stats(context, queue, options)))
}

async function stats(context: CommandContext, queue: string, { since }: StatsOptions): Promise<number> {
  using work = new QueueStatistics(queue, since === undefined ? {} : { from: { timestampNs: since } })
  await runSteps(context, work, { label: `stats ${printable(queue)}`, at: () => ({ bytes: 0, bytesTotal: 0 }) })
  const { types, problems, retiredSegments } = work
  if (context.json) context.output.line(toJsonReport('stats', { queue, types, problems, retiredSegments }))
  else {
    const total = types.reduce((sum, { count }) => sum + count, 0)
    const rows = types.map((type) => rowOf(type, total))
    context.output.lines(renderTable(COLUMNS, rows, context.output.width, context.output.palette.heading))
    context.output.lines(renderReadGaps(work))
  }
  return problems + retiredSegments > 0 ? EXIT_WARNING : EXIT_HEALTHY
}

function rowOf(type: TypeStatistics, total: number): string[] {
  const seconds = Number(type.lastTimestampNs - type.firstTimestampNs) / 1e9
  return [
    String(type.typeId),
    formatCount(type.count),
    `${((type.count / total) * 100).toFixed(1)} %`,
    formatBytes(type.payloadBytes),
    formatBytes(type.smallest),
    formatBytes(type.median),
    formatBytes(type.p99),
    formatBytes(type.largest),
    seconds > 0 ? formatRate((type.count - 1) / seconds) : '',
    formatTime(type.lastTimestampNs),
  ]
}
