import { setTimeout as sleep } from 'node:timers/promises'
import { RouterDiscovery } from '@chronicle-ts/bus'
import { findQueues, type QueueInspection } from '@chronicle-ts/inspect'
import type { Command } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { UsageError } from '../../error-report.js'
import { EXIT_HEALTHY } from '../../exit-codes.js'
import { parseIntervalOption } from '../../options.js'
import { SCHEMA_VERSION, toJsonLine } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { FIRST_STATE, pressKey } from './monitor-state.js'
import { renderMonitor } from './monitor-view.js'
import { oldestUnreadNs } from './oldest-unread.js'
import { QueueBoard, queuesBelow } from './queue-board.js'
import { Screen } from './screen.js'

interface MonitorOptions {
  readonly interval?: bigint
}

const DEFAULT_INTERVAL_NS = 1_000_000_000n

const EXAMPLES = `
A full-screen view of every queue below a directory: whether it has a writer, its rate, the lag of the slowest reader and how long its oldest unread message has been waiting, and which queues and strategies
appeared or vanished. It joins nothing, and restores the screen at its end.

With --json it prints one object per refresh instead, and needs no terminal.

Keys:
  q           quit
  s           sort by name, rate, lag, size
  /           filter by name; enter keeps it, escape drops it
  up, down    choose a queue; enter opens it, escape goes back
  space       pause
  ?           help

Examples:
  $ chron-cli monitor /var/lib/bus
  $ chron-cli monitor /var/lib/bus --interval 250ms
  $ chron-cli monitor /var/lib/bus --json | jq -c '.queues[] | {directory, rate}'
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
      run(command, (context) => monitor(context, root, options)),
    )
}

async function monitor(context: CommandContext, root: string, options: MonitorOptions): Promise<number> {
  const intervalMs = Number(options.interval ?? DEFAULT_INTERVAL_NS) / 1e6
  const directory = root.length > 1 ? root.replace(/\/+$/, '') : root
  findQueues(directory)
  // No inotify: a look finds what there is, and a watch per directory would be taken from those who need them.
  using discovery = new RouterDiscovery(directory, { watch: false, unread: false })
  const board = new QueueBoard(queuesBelow(directory, discovery))
  if (context.json) return await streamBoard(context, board, intervalMs)
  if (process.stdout.isTTY !== true || process.stdin.isTTY !== true)
    throw new UsageError('monitor needs a terminal; --json does not')
  return await showBoard(context, { board, root: directory, intervalMs })
}

async function streamBoard({ output, signal }: CommandContext, board: QueueBoard, intervalMs: number): Promise<number> {
  while (!signal.aborted) {
    board.update(Date.now())
    const queues = board.rows.map(({ rate, inspection }) => ({ ...inspection, readers: withWaits(inspection), rate }))
    output.line(toJsonLine({ schemaVersion: SCHEMA_VERSION, command: 'monitor', queues, events: board.events }))
    output.flush()
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined)
  }
  return EXIT_HEALTHY
}

function withWaits(inspection: QueueInspection): object[] {
  return inspection.readers.map((reader) => ({ ...reader, oldestUnreadNs: oldestUnreadNs(inspection, reader) }))
}

async function showBoard(
  context: CommandContext,
  { board, root, intervalMs }: { board: QueueBoard; root: string; intervalMs: number },
): Promise<number> {
  let state = FIRST_STATE
  const quit = new AbortController()
  const signal = AbortSignal.any([context.signal, quit.signal])
  const draw = () => {
    const { width, height } = screen
    screen.draw(
      renderMonitor(
        { root, nowMs: Date.now(), rows: board.rows, events: board.events, state, width, height },
        context.output.palette,
      ),
    )
  }
  const screen = new Screen({ input: process.stdin, output: process.stdout }, (key) => {
    state = pressKey(state, key, board.rows)
    if (state.isDone) quit.abort()
    else draw()
  })
  process.stdout.on('resize', draw)
  // Only here: a handler would undo the nohup of commands that need no terminal.
  const hangUp = () => quit.abort()
  process.on('SIGHUP', hangUp)
  try {
    while (!signal.aborted) {
      if (!state.isPaused) board.update(Date.now())
      draw()
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    process.stdout.off('resize', draw)
    process.off('SIGHUP', hangUp)
    screen.close()
  }
  return EXIT_HEALTHY
}
