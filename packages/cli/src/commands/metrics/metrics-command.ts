import { NotAQueueError } from '@chronicle-ts/core'
import { findQueues, inspectQueue, type QueueInspection } from '@chronicle-ts/inspect'
import type { Command } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { messageOfError } from '../../error-report.js'
import { EXIT_HEALTHY, EXIT_WARNING } from '../../exit-codes.js'
import { toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { printable } from '../../output/printable.js'
import { LEFT_OUT } from '../inspect/inspect-command.js'
import { METRICS, type Sample, samplesOf } from './samples.js'

const EXAMPLES = `
Prints one reading in the Prometheus text format: for the textfile collector of the node exporter, or for a program that serves HTTP. Nothing is joined, locked or written.

Examples:
  $ chron-cli metrics /var/lib/bus > /var/lib/node_exporter/chronicle.prom.new && mv /var/lib/node_exporter/chronicle.prom.new /var/lib/node_exporter/chronicle.prom
  $ chron-cli metrics /var/lib/trades | grep reader_lag
`

export function addMetricsCommand(program: Command, run: Runner): void {
  program
    .command('metrics')
    .summary('one reading for Prometheus')
    .description('Print metrics of a queue, or of every queue below a directory, in the Prometheus text format.')
    .argument('<directory>', 'a queue, or a directory with queues below it')
    .addHelpText('after', manual(EXAMPLES))
    .action((directory: string, _options: object, command: Command) =>
      run(command, (context) => printMetrics(context, directory)),
    )
}

function printMetrics(context: CommandContext, directory: string): number {
  const found = findQueues(directory)
  if (found.directories.length === 0) throw new NotAQueueError({ directory, detail: 'there is no queue in or below it' })
  const inspections: QueueInspection[] = []
  for (const queue of found.directories) {
    try {
      inspections.push(inspectQueue(queue, { segmentLimit: 2 }))
    } catch (error) {
      context.log.warn({ queue }, messageOfError(error))
    }
  }
  for (const path of found.unreadable) context.log.warn({ path }, 'this directory cannot be listed')
  for (const path of found.leftOut) context.log.info({ path }, LEFT_OUT)
  const samples = inspections.flatMap(samplesOf)
  if (context.json) context.output.line(toJsonReport('metrics', { samples }))
  // A collector needs names as they are, a terminal must not obey them.
  else context.output.lines(context.output.isTerminal ? renderMetrics(samples).map(printable) : renderMetrics(samples))
  const isWhole = inspections.length === found.directories.length && found.unreadable.length === 0 && !found.isPartial
  return isWhole ? EXIT_HEALTHY : EXIT_WARNING
}

/** The text format: help and type once per metric, then its samples. */
export function renderMetrics(samples: readonly Sample[]): string[] {
  const lines: string[] = []
  for (const [name, { type, help }] of Object.entries(METRICS)) {
    const own = samples.filter((sample) => sample.name === name)
    if (own.length === 0) continue
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    for (const { labels, value } of own) lines.push(`${name}{${renderLabels(labels)}} ${value}`)
  }
  return lines
}

function renderLabels(labels: Sample['labels']): string {
  const escaped = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')
}
