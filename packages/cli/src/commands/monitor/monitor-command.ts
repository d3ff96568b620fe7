import { setTimeout as sleep } from 'node:timers/promises'
import { RouterDiscovery } from '@chronicle-ts/bus'
import { findQueues } from '@chronicle-ts/inspect'
import type { Command } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { UsageError } from '../../command-error.js'
import { EXIT_HEALTHY } from '../../exit-codes.js'
import { parseIntervalOption } from '../../options.js'
import { SCHEMA_VERSION, toJsonLine } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { withoutSlash } from '../../queues/queue-names.js'
import { FIRST_STATE, pressKey } from './monitor-state.js'
import { renderMonitor } from './monitor-view.js'
import { QueueBoard, queuesBelow, rateOf } from './queue-board.js'
import { Screen } from './screen.js'

interface MonitorOptions {
  readonly interval?: bigint
}

const DEFAULT_INTERVAL_NS = 1_000_000_000n

const EXAMPLES = `
A full-screen view of every queue below a directory, worst first: what its writer does, its rate, the lag of the slowest reader, how long its oldest unread message has been there, what is not ok, and which queues and strategies
appeared, changed or vanished. An opened queue shows the rate of each reader and when it will have caught up. It joins nothing, and restores the screen at its end.

With --json it prints one object per refresh instead, and needs no terminal.

Keys:
  q           quit
  s           sort by state, name, rate, lag, size
  /           filter by name; enter keeps it, escape drops it
  up, down    choose a queue; enter opens it, escape goes back
  space       pause
  ?           help

Examples:
  $ chron-cli monitor /var/lib/bus
  $ chron-cli monitor /var/lib/bus --interval 250ms
  $ chron-cli monitor /var/lib/bus --json | jq -c '.queues[] | {directory, word: .state.word, rate}'
`

export function addMonitorCommand(program: Command, run: Runner): void {
  program
    .command('monitor')
    .summary('live view of all queues of a bus')
    .description('Watch every queue below a directory, live.')
    .argument('<root>', 'a bus root, or any directory with queues below it')
    .option('-i, --interval <span>', 'time between two refreshes (default 1s)', parseIntervalOption)
    .addHelpText('after', manual(EXAMPLES))
    .action((root: string, options: MonitorOptions, command: Command) =>
      run(command, (context) => monitor(context, root, options), { isEndless: true }),
    )
}

async function monitor(context: CommandContext, root: string, options: MonitorOptions): Promise<number> {
  const intervalMs = Number(options.interval ?? DEFAULT_INTERVAL_NS) / 1e6
  const directory = withoutSlash(root)
  if (context.json) return await streamBoard(context, directory, intervalMs)
  if (process.stdout.isTTY !== true || process.stdin.isTTY !== true)
    throw new UsageError('monitor needs a terminal; --json does not')
  return await showBoard(context, { root: directory, intervalMs })
}

/** No inotify: a look finds what there is, and a watch per directory would be missing for programs that need them. */
function discoveryOf(directory: string): RouterDiscovery {
  findQueues(directory)
  return new RouterDiscovery(directory, { watch: false, unread: false })
}

async function streamBoard({ output, signal }: CommandContext, directory: string, intervalMs: number): Promise<number> {
  using discovery = discoveryOf(directory)
  const board = new QueueBoard(queuesBelow(directory, discovery))
  while (!signal.aborted) {
    board.update(Date.now(), performance.now())
    const queues = board.rows.map((row) => ({ ...row.inspection, state: row.state, rate: rateOf(row) ?? null }))
    const { events, unreadable, leftOut } = board
    output.line(toJsonLine({ schemaVersion: SCHEMA_VERSION, command: 'monitor', queues, events, unreadable, leftOut }))
    output.flush()
    if (output.isFull) await output.drained(signal)
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined)
  }
  return EXIT_HEALTHY
}

async function showBoard(context: CommandContext, { root, intervalMs }: { root: string; intervalMs: number }): Promise<number> {
  let state = FIRST_STATE
  let board: QueueBoard | undefined
  const quit = new AbortController()
  const signal = AbortSignal.any([context.signal, quit.signal])
  const draw = () => {
    const { width, height } = screen
    screen.draw(
      renderMonitor(
        {
          root,
          nowMs: Date.now(),
          rows: board?.rows ?? [],
          events: board?.events ?? [],
          unreadable: board?.unreadable.length ?? 0,
          leftOut: board?.leftOut.length ?? 0,
          state,
          width,
          height,
          isLooking: board === undefined,
        },
        context.output.palette,
      ),
    )
  }
  const screen = new Screen({ input: process.stdin, output: process.stdout }, (key) => {
    state = pressKey(state, key, board?.rows ?? [])
    if (state.isDone) quit.abort()
    else draw()
  })
  process.stdout.on('resize', draw)
  // Only here: a handler would undo the nohup of commands that need no terminal.
  const hangUp = () => quit.abort()
  process.on('SIGHUP', hangUp)
  let discovery: RouterDiscovery | undefined
  try {
    draw()
    // The terminal shows that before the first look, which may take long, begins.
    await sleep(0)
    discovery = discoveryOf(root)
    const looked = new QueueBoard(queuesBelow(root, discovery))
    while (!signal.aborted) {
      if (!state.isPaused) looked.update(Date.now(), performance.now())
      board = looked
      draw()
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    discovery?.close()
    process.stdout.off('resize', draw)
    process.off('SIGHUP', hangUp)
    screen.close()
  }
  return EXIT_HEALTHY
}
