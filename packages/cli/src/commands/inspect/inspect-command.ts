import type { StateSeverity } from '@chronicle-ts/inspect'
import { readSchemas, type SchemaDescription } from '@chronicle-ts/schema'
import type { Command } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { EXIT_HEALTHY } from '../../exit-codes.js'
import { parseIntervalOption } from '../../options.js'
import { toJsonLine, toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { printable } from '../../output/printable.js'
import { exitCodeOfSeverity, worseSeverity } from '../../output/states.js'
import { wrapText } from '../../output/wrap.js'
import { type LookAround, type LookedQueue, logGaps, lookAround } from '../../queues/look-around.js'
import { withoutSlash } from '../../queues/queue-names.js'
import { summaryOf } from '../schema/list-schemas.js'
import { lookAgainAndAgain } from './look-again.js'
import { renderInspection } from './render-inspection.js'
import { renderQueueList } from './render-queue-list.js'

interface InspectOptions {
  /** Nanoseconds between two looks; absent: one look. */
  readonly watch?: bigint | true
}

const EXAMPLES = `
Shows what a queue contains and which processes use it: its state, segments, head, durable mark, writer (what it does, and how that is known), and the state and the lag
of every reader, in messages, bytes and time. On a directory that holds queues, such as a bus root, it prints one line per queue. docs/states.md explains the words.

Nothing is written, locked for longer than an instant, or registered; read permission is enough.

Examples:
  $ chron-cli inspect /var/lib/trades
  $ chron-cli inspect /var/lib/bus                     one line per queue below it
  $ chron-cli inspect /var/lib/trades --watch 2s       until Ctrl-C
  $ chron-cli inspect /var/lib/trades --json | jq '.queue.state.readers[] | {name, word, lag}'
`

const DEFAULT_WATCH_NS = 1_000_000_000n
const CLEAR_SCREEN = '\u001b[H\u001b[2J'

export function addInspectCommand(program: Command, run: Runner): void {
  program
    .command('inspect')
    .summary('the contents of a queue, its writer and its readers')
    .description('Show the state of a queue, or of every queue below a directory.')
    .argument('<directory>', 'a queue, or a directory with queues below it')
    .option('-w, --watch [interval]', 'refresh every interval (default 1s) until Ctrl-C', parseIntervalOption)
    .addHelpText('after', manual(EXAMPLES))
    .action((directory: string, options: InspectOptions, command: Command) =>
      run(command, (context) => inspect(context, withoutSlash(directory), options), { isEndless: options.watch !== undefined }),
    )
}

async function inspect(context: CommandContext, directory: string, options: InspectOptions): Promise<number> {
  if (options.watch === undefined) return await inspectOnce(context, directory, false)
  const intervalMs = Number(options.watch === true ? DEFAULT_WATCH_NS : options.watch) / 1e6
  await lookAgainAndAgain(context.signal, intervalMs, async () => {
    if (context.output.isTerminal && !context.json) context.output.text(CLEAR_SCREEN)
    await inspectOnce(context, directory, true)
    context.output.flush()
  })
  return EXIT_HEALTHY
}

async function inspectOnce(context: CommandContext, directory: string, asLine: boolean): Promise<number> {
  const look = await lookAround(context, directory)
  const [only] = look.queues
  if (look.isSingle && only !== undefined) return showOne(context, only, asLine)
  return showMany(context, look, asLine)
}

function showOne(context: CommandContext, queue: LookedQueue, asLine: boolean): number {
  const { schemas } = readSchemas(queue.inspection.directory)
  if (context.json) printJson(context, { queue: { ...withState(queue), schemas: schemas.map(summaryOf) } }, asLine)
  else context.output.lines([...renderInspection(queue, context.output), ...renderTypes(schemas, context.output)])
  return exitCodeOfSeverity(queue.state.severity)
}

function showMany(context: CommandContext, look: LookAround, asLine: boolean): number {
  logGaps(context, look)
  const { unreadable, leftOut, isPartial } = look.found
  const queues = look.queues.map(withState)
  if (context.json) printJson(context, { queues, unreadable, leftOut, isPartial }, asLine)
  else context.output.lines(renderQueueList(look.queues, context.output))
  const worst = look.queues.reduce<StateSeverity>((severity, { state }) => worseSeverity(severity, state.severity), 'ok')
  return exitCodeOfSeverity(look.isWhole ? worst : worseSeverity(worst, 'warning'))
}

/** The message types of the queue's registry, on one line. */
function renderTypes(schemas: readonly SchemaDescription[], { width }: CommandContext['output']): string[] {
  if (schemas.length === 0) return []
  const names = schemas.map(({ typeId, name, version }) => printable(`${typeId} ${name} v${version}`)).join(', ')
  const [first = '', ...rest] = wrapText(names, width === undefined ? undefined : width - 12)
  return ['', `  types     ${first}`, ...rest.map((line) => `            ${line}`)]
}

/** A rate that is unknown is `null`, and not left out: 0 is that of a queue to which nothing is appended. */
function withState({ inspection, state }: LookedQueue): object {
  const { head } = inspection
  return { ...inspection, head: { ...head, rate: head.rate ?? null }, state }
}

function printJson(context: CommandContext, fields: object, asLine: boolean): void {
  context.output.line(asLine ? toJsonLine({ schemaVersion: 1, command: 'inspect', ...fields }) : toJsonReport('inspect', fields))
}
