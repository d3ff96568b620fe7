import { type Message, openObserver, type QueueObserver, type QueueWriter } from '@chronicle-ts/core'
import { openReplay, type Replay, type ReplayHandler } from '@chronicle-ts/replay'
import type { Command } from 'commander'
import { asOwnerOf } from '../../as-owner.js'
import type { CommandContext, Runner } from '../../command-context.js'
import { UsageError } from '../../command-error.js'
import { EXIT_HEALTHY, EXIT_INTERRUPTED, EXIT_WARNING } from '../../exit-codes.js'
import { interruptibleTurn } from '../../interruptible.js'
import { parseCountOption, parseSpeedOption, parseTimeOption, parseTypeOption } from '../../options.js'
import { toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { printable } from '../../output/printable.js'
import { formatCountOf, formatDuration } from '../../output/quantities.js'
import { openBulkWriter } from '../../queues/open-bulk-writer.js'
import { requireParent } from '../../queues/require-parent.js'
import { realPath } from '../../real-path.js'
import { copySchemas } from './copy-schemas.js'
import { replayBySteps } from './replay-by-steps.js'

interface ReplayOptions {
  readonly to: string
  readonly speed: number
  readonly now?: boolean
  readonly since?: bigint
  readonly until?: bigint
  readonly fromSequence?: number
  readonly type?: readonly number[]
  readonly limit?: number
  readonly step?: boolean
  readonly yes?: boolean
}

/** What a run did. */
interface Replayed {
  readonly messages: number
  /** Messages that were damaged or deleted. */
  readonly missing: number
}

const EXAMPLES = `
Appends the messages of one queue to another, as far apart as they were, or faster or slower by a factor. Several queues are merged by time. Times are kept, so that a strategy sees the recorded history;
--now gives messages the time of their replay. Message types come along in the schema registry. The sources are only read, to the end that they have when the replay begins. The target is created when it does not exist, and must not have
another writer (exit code 4). Damaged messages are skipped (exit code 3). Ctrl-C ends a replay after the message at hand; what was appended is made durable first.

With --step the replay waits for lines on standard input: an empty line appends one message, a number that many, "run" the rest at the pace, "quit" ends it.

Examples:
  $ chron-cli replay /var/lib/trades --to /tmp/replayed --yes                 at the recorded pace
  $ chron-cli replay /var/lib/trades --to /tmp/replayed --speed 60 --yes      an hour in a minute
  $ chron-cli replay /var/lib/quotes /var/lib/fills --to /tmp/day --speed max --until 2026-11-21T12:00:00Z --yes
  $ chron-cli replay /var/lib/trades --to /tmp/replayed --step --yes
`

export function addReplayCommand(program: Command, run: Runner): void {
  program
    .command('replay')
    .summary('append the messages of queues to another, at their pace')
    .description('Replay the messages of one or more queues into another one.')
    .argument('<queues...>', 'directories of the queues to read')
    .requiredOption('--to <queue>', 'directory of the queue to append to')
    .option('--speed <factor>', 'pace: 1 is as recorded, max as fast as possible', parseSpeedOption, 1)
    .option('--step', 'append messages as lines of standard input say')
    .option('--now', 'give messages the present time instead of the one they had')
    .option('--since <time>', 'only messages from this time on', parseTimeOption)
    .option('--until <time>', 'stop after this time', parseTimeOption)
    .option('--from-sequence <n>', 'begin at this sequence', parseCountOption)
    .option('-t, --type <ids>', 'only these types; may be repeated', parseTypeOption)
    .option('-l, --limit <count>', 'stop after this many messages', parseCountOption)
    .option('--yes', 'do it')
    .addHelpText('after', manual(EXAMPLES))
    .action((queues: string[], options: ReplayOptions, command: Command) =>
      run(command, (context) => replay(context, queues, options)),
    )
}

async function replay(context: CommandContext, queues: readonly string[], options: ReplayOptions): Promise<number> {
  // By another name it would go on without an end, fed by what it appends.
  if (queues.some((queue) => realPath(queue) === realPath(options.to)))
    throw new UsageError('a queue cannot be replayed into itself')
  if (new Set(queues.map(realPath)).size < queues.length) throw new UsageError('a queue is named twice')
  if (options.yes !== true) throw new UsageError(`this appends to ${options.to}; add --yes to do it`)
  requireParent(options.to)
  const startedMs = performance.now()
  // By the rights of the owner of the target, as everything is done from here on.
  const replayed = await asOwnerOf(options.to, () => replayInto(context, queues, options))
  const { messages, missing } = replayed
  const elapsedNs = BigInt(Math.round((performance.now() - startedMs) * 1e6))
  if (context.json)
    context.output.line(toJsonReport('replay', { queue: queues[0], queues, to: options.to, messages, missing, elapsedNs }))
  else
    context.output.line(
      `${formatCountOf(messages, 'message')} replayed to ${printable(options.to)} in ${formatDuration(elapsedNs)}`,
    )
  if (missing > 0) context.log.warn({ missing }, `${formatCountOf(missing, 'message')} are damaged or deleted`)
  if (context.signal.aborted) return EXIT_INTERRUPTED
  return missing > 0 ? EXIT_WARNING : EXIT_HEALTHY
}

async function replayInto(context: CommandContext, queues: readonly string[], options: ReplayOptions): Promise<Replayed> {
  const observers: [string, QueueObserver][] = []
  try {
    for (const queue of queues)
      observers.push([queue, await interruptibleTurn(context, () => openObserver(queue, { onCorrupt: 'skip', onLost: 'snap' }))])
    using writer = openBulkWriter(options.to)
    copySchemas(context, queues, options)
    using replay = await interruptibleTurn(context, () =>
      openReplay({
        sources: Object.fromEntries(observers),
        from: beginOf(options),
        speed: options.speed,
        signal: context.signal,
      }),
    )
    const appender = new Appender(writer, replay, options)
    if (options.step === true) await replayBySteps(context, replay, appender.handler)
    else if (options.limit !== 0) await runTo(replay, lastTimeOf(observers), appender.handler, options.until)
    // Signals are heard meanwhile.
    await writer.flush()
    return { messages: appender.messages, missing: observers.reduce((sum, [, observer]) => sum + missingOf(observer), 0) }
  } finally {
    for (const [, observer] of observers) observer.close()
  }
}

function beginOf({ fromSequence, since }: ReplayOptions): 'earliest' | { sequence: number } | { timestampNs: bigint } {
  if (fromSequence !== undefined) return { sequence: fromSequence }
  return since === undefined ? 'earliest' : { timestampNs: since }
}

/** The clock of a replay would go on to the given time at the pace, although nothing comes any more. */
async function runTo(replay: Replay, lastNs: bigint, handler: ReplayHandler, untilNs: bigint | undefined): Promise<void> {
  if (untilNs === undefined || untilNs >= lastNs) await replay.run(handler)
  else await replay.until({ timestampNs: untilNs }, handler)
}

function lastTimeOf(observers: readonly (readonly [string, QueueObserver])[]): bigint {
  let latestNs = 0n
  for (const [queue] of observers) {
    using last = openObserver(queue, { start: { last: 1 }, onCorrupt: 'skip', onLost: 'snap' })
    const timestampNs = last.peek()?.timestampNs ?? 0n
    if (timestampNs > latestNs) latestNs = timestampNs
  }
  return latestNs
}

function missingOf(observer: QueueObserver): number {
  const { corruptSkipped, lost } = observer.metrics()
  return corruptSkipped + lost
}

/** Appends the messages that the user asked for. */
class Appender {
  messages = 0
  readonly handler: ReplayHandler = ({ message }) => this.#take(message)
  readonly #types: ReadonlySet<number> | undefined

  constructor(
    private readonly writer: QueueWriter,
    private readonly replay: Replay,
    private readonly options: ReplayOptions,
  ) {
    this.#types = options.type === undefined ? undefined : new Set(options.type)
  }

  #take(message: Message): void {
    const { since, now, limit = Number.POSITIVE_INFINITY, until } = this.options
    if (this.#types?.has(message.typeId) === false) return
    if (since !== undefined && message.timestampNs < since) return
    if (until !== undefined && message.timestampNs > until) return
    const { typeId, payloadView, schemaVersion, timestampNs, trace } = message
    this.writer.append(typeId, payloadView, {
      ...(now !== true && { timestampNs }),
      // Without it later fields of a typed message would be absent.
      ...(schemaVersion > 0 && { schemaVersion }),
      ...(trace !== undefined && { trace }),
    })
    this.messages += 1
    if (this.messages >= limit) this.replay.pause()
  }
}
