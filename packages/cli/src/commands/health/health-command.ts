import { type StateSeverity, stateLabel } from '@chronicle-ts/inspect'
import { type Command, Option } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { EXIT_HEALTHY } from '../../exit-codes.js'
import { toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { printable } from '../../output/printable.js'
import { acknowledgedIn, acknowledgedText, describeState, exitCodeOfSeverity, worseSeverity } from '../../output/states.js'
import { type LookedQueue, logGaps, lookAround, unreadableIn } from '../../queues/look-around.js'
import { pathBelow } from '../../queues/queue-names.js'

interface HealthOptions {
  readonly failOn?: 'warning' | 'critical'
}

const EXAMPLES = `
One word for probes: ok, or what is wrong first. Problems that were acknowledged follow as a count. It takes a few reads for each queue, independent of its size, and exits with 0, 3 (warning) or 2 (critical).

A probe that restarts a service must not do so because one reader is slow: give it --fail-on critical, and warnings exit with 0. ops/ has manifests that use it so.

Examples:
  $ chron-cli health /var/lib/trades
  $ chron-cli health /var/lib/bus --fail-on critical
  $ chron-cli health /var/lib/bus --json | jq -r .word
`

export function addHealthCommand(program: Command, run: Runner): void {
  program
    .command('health')
    .summary('one word and an exit code, for probes')
    .description('Say in one word whether a queue, or every queue below a directory, is all right.')
    .argument('<directory>', 'a queue, or a directory with queues below it')
    .addOption(
      new Option('--fail-on <severity>', 'the least severity that makes it fail')
        .choices(['warning', 'critical'])
        .default('warning'),
    )
    .addHelpText('after', manual(EXAMPLES))
    .action((directory: string, options: HealthOptions, command: Command) =>
      run(command, (context) => health(context, directory, options)),
    )
}

async function health(context: CommandContext, directory: string, { failOn }: HealthOptions): Promise<number> {
  const look = await lookAround(context, directory, { quick: true })
  logGaps(context, look)
  const worst = look.queues.reduce<StateSeverity>((severity, { state }) => worseSeverity(severity, state.severity), 'ok')
  const severity = look.isWhole ? worst : worseSeverity(worst, 'warning')
  const first = look.queues.find(({ state }) => state.severity === worst && worst !== 'ok')
  const word = first?.state.word ?? (severity === 'ok' ? 'ok' : 'unreadable')
  const acknowledged = acknowledgedIn(look.queues)
  if (context.json) {
    const queues = look.queues.map(({ directory: queue, state }) => ({
      name: pathBelow(directory, queue),
      word: state.word,
      severity: state.severity,
      acknowledged: state.acknowledged,
    }))
    context.output.line(toJsonReport('health', { severity, word, acknowledged, queues, unreadable: unreadableIn(look) }))
  } else {
    const known = context.output.palette.faint(acknowledgedText(acknowledged))
    context.output.line(`${first === undefined ? word : describeFirst(directory, first)}${known}`)
  }
  return failOn === 'critical' && severity !== 'critical' ? EXIT_HEALTHY : exitCodeOfSeverity(severity)
}

function describeFirst(root: string, { directory, state }: LookedQueue): string {
  return `${stateLabel(state)}  ${printable(pathBelow(root, directory))}: ${describeState(state)}`
}
