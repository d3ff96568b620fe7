import type { StateSeverity } from '@chronicle-ts/inspect'
import { type Command, Option } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { InterruptedError } from '../../command-error.js'
import { errorReport, messageOfError } from '../../error-report.js'
import { EXIT_WARNING } from '../../exit-codes.js'
import { NAGIOS_UNKNOWN, NAGIOS_WARNING } from '../../nagios-codes.js'
import { toJsonLine, toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { exitCodeOfSeverity, worseSeverity } from '../../output/states.js'
import { logGaps, lookAround, unreadableIn } from '../../queues/look-around.js'
import { pathBelow } from '../../queues/queue-names.js'
import {
  type CheckOptions,
  parseCountThreshold,
  parseDiskThreshold,
  parseReaderThreshold,
  parseSecondsThreshold,
  parseSizeThreshold,
  thresholdsFor,
} from './check-thresholds.js'
import { type CheckResult, renderCheck, renderCheckMetrics, renderNagios, renderNagiosUnknown } from './render-check.js'

interface Options extends CheckOptions {
  readonly format?: 'text' | 'nagios' | 'json' | 'prometheus'
  readonly nagiosCodes?: boolean
}

const EXAMPLES = `
Compares the state of a queue, or of every queue below a directory, with thresholds, and says with its exit code whether all is right: 0 ok, 3 warning, 2 critical, 1 when it could not look. The words are those of inspect and monitor.

A threshold is <warning>, <warning>:<critical> or :<critical>. Thresholds in a queue's thresholds.json hold for every tool; options go before them. Without any, a full queue, stopped and dead processes, damage, a full disk and readers that are five seconds behind are reported. A reader that --reader names and no queue has is a warning.

The exit code stays the same with --format nagios. Monitoring systems that expect 1 for a warning and 3 for unknown take --nagios-codes.

Examples:
  $ chron-cli check /var/lib/bus
  $ chron-cli check /var/lib/trades --lag-messages 10000:1000000 --lag-seconds 5s:1m --writer running
  $ chron-cli check /var/lib/trades --reader audit:lag-seconds=60s:10m --optional-reader adhoc
  $ chron-cli check /var/lib/bus --disk-free 10%:2% --durable-behind 1000 --format nagios --nagios-codes
  $ chron-cli check /var/lib/bus --format prometheus > check.prom.new && mv check.prom.new check.prom
`

export function addCheckCommand(program: Command, run: Runner): void {
  program
    .command('check')
    .summary('compare the state with thresholds, for monitoring systems')
    .description('Check a queue, or every queue below a directory, against thresholds.')
    .argument('<directory>', 'a queue, or a directory with queues below it')
    .option('--lag-messages <threshold>', 'messages that a reader has not committed', parseCountThreshold)
    .option('--lag-bytes <threshold>', 'bytes that a reader has not committed', parseSizeThreshold)
    .option('--lag-seconds <threshold>', 'how long the oldest unread message has been there (default 5s)', parseSecondsThreshold)
    .option('--own-lag-seconds <threshold>', "how far a reader is behind by the messages' own times", parseSecondsThreshold)
    .addOption(new Option('--writer <state>', 'running: a queue without a writer is critical').choices(['running', 'any']))
    .option('--blocked <threshold>', 'how long a writer has been blocked (default :0)', parseSecondsThreshold)
    .option('--durable-behind <threshold>', 'messages that would not survive a power loss', parseCountThreshold)
    .option(
      '--disk-free <threshold>',
      'free space below which it is a warning: a size or a share (default 5%)',
      parseDiskThreshold,
    )
    .option('--reader <thresholds>', 'for one reader, such as audit:lag-seconds=60s,lag-messages=1000', parseReaderThreshold)
    .option('--optional-reader <name>', 'a reader that need not run; may be repeated', collect)
    .addOption(
      new Option('--format <format>', 'how to print it').choices(['text', 'nagios', 'json', 'prometheus']).default('text'),
    )
    .option('--nagios-codes', 'exit with 1 for a warning and 3 when it could not look, as monitoring plugins do')
    .addHelpText('after', manual(EXAMPLES))
    .action((directory: string, options: Options, command: Command) =>
      run(command, (context) => check(context, directory, options)),
    )
}

function collect(name: string, before: readonly string[] = []): readonly string[] {
  return [...before, name]
}

async function check(context: CommandContext, directory: string, options: Options): Promise<number> {
  try {
    const result = await resultOf(context, directory, options)
    print(context, result, options)
    const exitCode = exitCodeOfSeverity(result.severity)
    return options.nagiosCodes === true ? (NAGIOS_CODES[exitCode] ?? exitCode) : exitCode
  } catch (error) {
    if (error instanceof InterruptedError) throw error
    if (options.nagiosCodes !== true) {
      // A monitoring system shows what is on standard output; the session reports the error and exits with its code.
      if (options.format === 'nagios' && !context.json) context.output.lines(renderNagiosUnknown(messageOfError(error)))
      throw error
    }
    printUnknown(context, error, options)
    return NAGIOS_UNKNOWN
  }
}

/** Says why the check could not look, in the form that was asked for. A file of metrics gets nothing that is not a metric. */
function printUnknown({ output, log, json }: CommandContext, error: unknown, { format }: Options): void {
  if (json || format === 'json') output.line(toJsonLine({ ...errorReport('check', error), exitCode: NAGIOS_UNKNOWN }))
  else if (format === 'prometheus') log.error(messageOfError(error))
  else output.lines(renderNagiosUnknown(messageOfError(error)))
}

/** What monitoring plugins exit with: 0 ok, 1 warning, 2 critical, 3 unknown. */
const NAGIOS_CODES: Readonly<Record<number, number>> = { [EXIT_WARNING]: NAGIOS_WARNING }

async function resultOf(context: CommandContext, directory: string, options: Options): Promise<CheckResult> {
  const stateOptions = (queue: string) => ({ thresholds: thresholdsFor(queue, options) })
  const look = await lookAround(context, directory, { stateOptions, quick: true })
  logGaps(context, look)
  const queues = look.queues.map(({ directory: queue, state }) => ({ name: pathBelow(directory, queue), state }))
  const worst = queues.reduce<StateSeverity>((severity, { state }) => worseSeverity(severity, state.severity), 'ok')
  const missingReaders = readersWithoutQueue(queues, options)
  const isComplete = look.isWhole && missingReaders.length === 0
  const severity = isComplete ? worst : worseSeverity(worst, 'warning')
  return { severity, root: directory, queues, unreadable: unreadableIn(look), missingReaders }
}

/** Readers with thresholds of their own that no queue has: mistyped, or removed. Either way nothing is checked of what was asked. */
function readersWithoutQueue(queues: CheckResult['queues'], { reader = [] }: CheckOptions): string[] {
  const known = new Set(queues.flatMap(({ state }) => state.readers.map(({ name }) => name)))
  return [...new Set(reader.map(([name]) => name))].filter((name) => !known.has(name))
}

function print({ output, json }: CommandContext, result: CheckResult, { format }: Options): void {
  if (json || format === 'json') {
    const { severity, queues, unreadable, missingReaders } = result
    const states = queues.map(({ name, state }) => ({ name, ...state }))
    output.line(toJsonReport('check', { severity, queues: states, unreadable, missingReaders }))
  } else if (format === 'nagios') output.lines(renderNagios(result))
  else if (format === 'prometheus') output.lines(renderCheckMetrics(result))
  else output.lines(renderCheck(result, output.palette))
}
