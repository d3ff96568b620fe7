import { setTimeout as sleep } from 'node:timers/promises'
import { openWriter, type QueueWriter } from '@chronicle-ts/core'
import { openColdReader } from '@chronicle-ts/inspect'
import type { Command } from 'commander'
import { asOwnerOf } from '../../as-owner.js'
import type { CommandContext, Runner } from '../../command-context.js'
import { UsageError } from '../../error-report.js'
import { EXIT_HEALTHY, EXIT_INTERRUPTED, EXIT_WARNING } from '../../exit-codes.js'
import { interruptible } from '../../interruptible.js'
import { parseCountOption, parseSpeedOption, parseTimeOption, parseTypeOption } from '../../options.js'
import { toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { printable } from '../../output/printable.js'
import { formatCountOf, formatDuration } from '../../output/quantities.js'
import { realPath } from '../../real-path.js'
import { TurnClock } from '../../turn-clock.js'
import { messageFilter } from '../tail/message-filter.js'
import { LOOKING, MessageSearch } from '../tail/message-search.js'

interface ReplayOptions {
  readonly to: string
  readonly speed: number
  readonly now?: boolean
  readonly since?: bigint
  readonly until?: bigint
  readonly fromSequence?: number
  readonly type?: readonly number[]
  readonly limit?: number
  readonly yes?: boolean
}

interface Replayed {
  readonly messages: number
  readonly lossy: boolean
}

/** Waits that are shorter are not slept: timers are no finer. */
const SHORTEST_SLEEP_MS = 1
/** What a timer can take. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1

const EXAMPLES = `
Appends the messages of one queue to another, as far apart as they were, or faster or slower by a factor. Times are kept, so that a strategy sees the recorded history; --now gives
messages the time of their replay. The source is only read, to the end that it has when the replay begins. The target is created when it does not exist, and must not have another writer (exit code 4).

Examples:
  $ chron-cli replay /var/lib/trades --to /tmp/replayed --yes                 at the recorded pace
  $ chron-cli replay /var/lib/trades --to /tmp/replayed --speed 60 --yes      an hour in a minute
  $ chron-cli replay /var/lib/trades --to /tmp/copy --speed max --yes
`

export function addReplayCommand(program: Command, run: Runner): void {
  program
    .command('replay')
    .summary('append the messages of a queue to another, at their pace')
    .description('Replay the messages of a queue into another one.')
    .argument('<queue>', 'directory of the queue to read')
    .requiredOption('--to <queue>', 'directory of the queue to append to')
    .option('--speed <factor>', 'pace: 1 is as recorded, max as fast as possible', parseSpeedOption, 1)
    .option('--now', 'give messages the present time instead of the one they had')
    .option('--since <time>', 'only messages from this time on', parseTimeOption)
    .option('--until <time>', 'only messages up to this time', parseTimeOption)
    .option('--from-sequence <n>', 'begin at this sequence', parseCountOption)
    .option('-t, --type <ids>', 'only these types; may be repeated', parseTypeOption)
    .option('-l, --limit <count>', 'stop after this many messages', parseCountOption)
    .option('--yes', 'do it')
    .addHelpText('after', manual(EXAMPLES))
    .action((queue: string, options: ReplayOptions, command: Command) =>
      run(command, (context) => replay(context, queue, options)),
    )
}

async function replay(context: CommandContext, queue: string, options: ReplayOptions): Promise<number> {
  // By another name it would go on for ever, fed by what it appends.
  if (realPath(queue) === realPath(options.to)) throw new UsageError('a queue cannot be replayed into itself')
  if (options.yes !== true) throw new UsageError(`this appends to ${options.to}; add --yes to do it`)
  const { fromSequence, since } = options
  const from = fromSequence !== undefined ? { sequence: fromSequence } : since !== undefined ? { timestampNs: since } : 'earliest'
  const startedMs = performance.now()
  const result = await asOwnerOf(options.to, async () => {
    // By the rights of the owner of the target, as everything is done from here on.
    using reader = interruptible(() => openColdReader(queue, { from, to: 'present' }))
    using writer = openWriter(options.to)
    const replayed = await copyMessages(context, { search: new MessageSearch(reader, messageFilter(options)), writer, options })
    writer.flushSync()
    return replayed
  })
  const elapsedNs = BigInt(Math.round((performance.now() - startedMs) * 1e6))
  if (context.json) context.output.line(toJsonReport('replay', { queue, to: options.to, messages: result.messages, elapsedNs }))
  else
    context.output.line(
      `${formatCountOf(result.messages, 'message')} replayed to ${printable(options.to)} in ${formatDuration(elapsedNs)}`,
    )
  if (context.signal.aborted) return EXIT_INTERRUPTED
  return result.lossy ? EXIT_WARNING : EXIT_HEALTHY
}

async function copyMessages(
  context: CommandContext,
  { search, writer, options }: { search: MessageSearch; writer: QueueWriter; options: ReplayOptions },
): Promise<Replayed> {
  const pace = new Pace(options.speed)
  const turns = new TurnClock()
  let messages = 0
  let lossy = false
  while (messages < (options.limit ?? Number.POSITIVE_INFINITY)) {
    if (turns.isDue) await turns.take()
    if (context.signal.aborted) break
    const item = search.next()
    if (item === undefined) break
    if (item === LOOKING) continue
    if (item.kind === 'problem') {
      lossy ||= item.problem.severity !== 'info'
      context.log.warn({ code: item.problem.code }, item.problem.message)
      continue
    }
    const delayMs = pace.delayMs(item.timestampNs)
    if (delayMs >= SHORTEST_SLEEP_MS)
      await sleep(Math.min(delayMs, LONGEST_SLEEP_MS), undefined, { signal: context.signal }).catch(() => undefined)
    if (context.signal.aborted) break
    writer.append(item.typeId, item.payload, options.now === true ? undefined : { timestampNs: item.timestampNs })
    messages += 1
  }
  return { messages, lossy }
}

/** Says how long to wait before each message: the distance to the first one, divided by the speed. Messages that are older than the one before wait for nothing. */
export class Pace {
  #firstNs: bigint | undefined
  #startedMs = 0

  constructor(private readonly speed: number) {}

  delayMs(timestampNs: bigint, nowMs = performance.now()): number {
    if (this.#firstNs === undefined) {
      this.#firstNs = timestampNs
      this.#startedMs = nowMs
    }
    const dueMs = this.#startedMs + Number(timestampNs - this.#firstNs) / 1e6 / this.speed
    return Math.max(0, dueMs - nowMs)
  }
}
