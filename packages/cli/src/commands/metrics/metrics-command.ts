import { readProgress } from '@chronicle-ts/bridge/progress'
import { findQueues } from '@chronicle-ts/inspect'
import { type Command, Option } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { EXIT_HEALTHY, EXIT_WARNING } from '../../exit-codes.js'
import { toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { printable } from '../../output/printable.js'
import { logGaps, lookAround } from '../../queues/look-around.js'
import { pathBelow, withoutSlash } from '../../queues/queue-names.js'
import { type ListenAddress, parseListenOption, serveUntilStopped } from '../../serve-until-stopped.js'
import { createMetricsServer } from './metrics-server.js'
import { renderMetrics, renderOpenMetrics } from './render-metrics.js'
import { samplesOf, samplesOfUnreadable } from './samples.js'

interface MetricsOptions {
  readonly listen?: ListenAddress
  readonly format: 'prometheus' | 'openmetrics'
}

const EXAMPLES = `
Prints one reading in the Prometheus text format, for the textfile collector of the node exporter, or serves it over HTTP with --listen. Queues are labelled with their paths below the directory. A queue that cannot be read has chronicle_queue_up 0, and the others are there; chronicle_unreadable_directories counts directories that could not be searched. Nothing is joined, locked or written.

--listen serves /metrics, /healthz (the process answers), /readyz (503 while a queue is critical) and /runbook (what alerts mean, with an anchor for each condition), until Ctrl-C. Scrapes that come together share one look. It has no password: bind it to loopback, or to a network that only the monitoring system reaches.

Examples:
  $ chron-cli metrics /var/lib/bus > /var/lib/node_exporter/chronicle.prom.new && mv /var/lib/node_exporter/chronicle.prom.new /var/lib/node_exporter/chronicle.prom
  $ chron-cli metrics /var/lib/trades | grep reader_lag
  $ chron-cli metrics /var/lib/bus --format openmetrics
  $ chron-cli metrics /var/lib/bus --listen 127.0.0.1:9464
`

export function addMetricsCommand(program: Command, run: Runner): void {
  program
    .command('metrics')
    .summary('one reading for Prometheus, or a server of them')
    .description('Print or serve metrics of a queue, or of every queue below a directory, in the Prometheus text format.')
    .argument('<directory>', 'a queue, or a directory with queues below it')
    .addOption(
      new Option('--format <format>', 'the text format to print; a scraper chooses by its Accept header')
        .choices(['prometheus', 'openmetrics'])
        .default('prometheus'),
    )
    .option('--listen <address>', 'serve them over HTTP, such as 127.0.0.1:9464 or [::1]:9464', parseListenOption)
    .addHelpText('after', manual(EXAMPLES))
    .action((directory: string, { listen, format }: MetricsOptions, command: Command) =>
      run(
        command,
        (context) =>
          listen === undefined
            ? printMetrics(context, withoutSlash(directory), format)
            : serveMetrics(context, withoutSlash(directory), listen),
        { isEndless: listen !== undefined },
      ),
    )
}

async function printMetrics(context: CommandContext, directory: string, format: MetricsOptions['format']): Promise<number> {
  const look = await lookAround(context, directory)
  logGaps(context, look)
  const samples = [
    ...look.queues.flatMap(({ directory: queue, inspection, state }) =>
      samplesOf({ name: pathBelow(directory, queue), inspection, state, bridges: readProgress(queue) }),
    ),
    ...samplesOfUnreadable(
      look.unreadable.map(({ directory: queue }) => pathBelow(directory, queue)),
      look.found.unreadable,
    ),
  ]
  const lines = format === 'openmetrics' ? renderOpenMetrics(samples) : renderMetrics(samples)
  if (context.json) context.output.line(toJsonReport('metrics', { samples }))
  // A collector needs names as they are, a terminal must not obey them.
  else context.output.lines(context.output.isTerminal ? lines.map(printable) : lines)
  return look.isWhole ? EXIT_HEALTHY : EXIT_WARNING
}

async function serveMetrics(context: CommandContext, directory: string, address: ListenAddress): Promise<number> {
  // A mistyped directory is an error now; one that goes away later is an answer.
  findQueues(directory)
  await serveUntilStopped(context, createMetricsServer(directory), address, ({ origin }) => {
    if (context.json) context.output.line(toJsonReport('metrics', { url: origin }))
    else context.output.line(`serving ${origin}/metrics`)
  })
  return EXIT_HEALTHY
}
