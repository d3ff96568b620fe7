import { setTimeout as sleep } from 'node:timers/promises'
import { NotAQueueError } from '@chronicle-ts/core'
import { type FoundQueues, findQueues, inspectQueue, type QueueInspection } from '@chronicle-ts/inspect'
import type { Command } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { EXIT_HEALTHY, EXIT_WARNING, worseExitCode } from '../../exit-codes.js'
import { interruptible } from '../../interruptible.js'
import { parseIntervalOption } from '../../options.js'
import { toJsonLine, toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { exitCodeOfProblems } from '../../output/problems.js'
import { renderInspection } from './render-inspection.js'
import { renderQueueList } from './render-queue-list.js'

interface InspectOptions {
  /** Nanoseconds between two looks; absent: one look. */
  readonly watch?: bigint | true
}

const EXAMPLES = `
Shows what a queue contains and which processes use it: segments, head, durable mark, writer (alive or not, and how that is known), and the lag
of every reader, in messages, bytes and time. On a directory that holds queues, such as a bus root, it prints one line per queue.

Nothing is written, locked for longer than an instant, or registered; read permission is enough.

Examples:
  $ chron-cli inspect /var/lib/trades
  $ chron-cli inspect /var/lib/bus                     one line per queue below it
  $ chron-cli inspect /var/lib/trades --watch 2s       until Ctrl-C
  $ chron-cli inspect /var/lib/trades --json | jq '.queue.readers[] | {name, lag}'
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
      run(command, (context) => inspect(context, directory, options)),
    )
}

async function inspect(context: CommandContext, directory: string, options: InspectOptions): Promise<number> {
  if (options.watch === undefined) return interruptible(() => inspectOnce(context, directory, false))
  const intervalMs = Number(options.watch === true ? DEFAULT_WATCH_NS : options.watch) / 1e6
  while (!context.signal.aborted) {
    if (context.output.isTerminal && !context.json) context.output.text(CLEAR_SCREEN)
    inspectOnce(context, directory, true)
    context.output.flush()
    await sleep(intervalMs, undefined, { signal: context.signal }).catch(() => undefined)
  }
  return EXIT_HEALTHY
}

/** Why a directory below the root is not in the result. */
export const LEFT_OUT = 'this directory was not searched, because it is a link or lies too deep: name it to look at it'

function inspectOnce(context: CommandContext, directory: string, asLine: boolean): number {
  const found = findQueues(directory)
  const [only] = found.directories
  if (found.directories.length === 1 && only === directory) return inspectOne(context, directory, asLine)
  if (found.directories.length === 0) throw noQueueError(directory, found)
  return inspectMany(context, found, asLine)
}

function inspectOne(context: CommandContext, directory: string, asLine: boolean): number {
  const inspection = inspectQueue(directory)
  if (context.json) printJson(context, { queue: inspection }, asLine)
  else context.output.lines(renderInspection(inspection, context.output))
  return exitCodeOfProblems(inspection.problems)
}

function inspectMany(context: CommandContext, found: FoundQueues, asLine: boolean): number {
  const inspections: QueueInspection[] = []
  let exitCode = EXIT_HEALTHY
  for (const directory of found.directories) {
    const inspection = tryInspect(context, directory)
    if (inspection !== undefined) inspections.push(inspection)
    exitCode = worseExitCode(exitCode, inspection === undefined ? EXIT_WARNING : exitCodeOfProblems(inspection.problems))
  }
  for (const path of found.unreadable) context.log.warn({ path }, 'this directory cannot be listed')
  for (const path of found.leftOut) context.log.info({ path }, LEFT_OUT)
  const { unreadable, leftOut, isPartial } = found
  if (context.json) printJson(context, { queues: inspections, unreadable, leftOut, isPartial }, asLine)
  else context.output.lines(renderQueueList(inspections, context.output))
  return unreadable.length > 0 || isPartial ? worseExitCode(exitCode, EXIT_WARNING) : exitCode
}

/** Every queue on its own: one that vanishes or may not be read does not hide the others. */
function tryInspect(context: CommandContext, directory: string): QueueInspection | undefined {
  try {
    return inspectQueue(directory)
  } catch (error) {
    context.log.warn({ directory }, (error as Error).message)
    return undefined
  }
}

function printJson(context: CommandContext, fields: object, asLine: boolean): void {
  context.output.line(asLine ? toJsonLine({ schemaVersion: 1, command: 'inspect', ...fields }) : toJsonReport('inspect', fields))
}

function noQueueError(directory: string, found: FoundQueues): NotAQueueError {
  const { unreadable, leftOut } = found
  const hidden = unreadable.length > 0 ? `, and ${unreadable.length} directories in it cannot be listed` : ''
  const notSearched = leftOut.length > 0 ? `, and links or deep directories in it were not searched: ${leftOut.length}` : ''
  return new NotAQueueError({ directory, detail: `there is no queue in or below it${hidden}${notSearched}` })
}
