import { setTimeout as sleep } from 'node:timers/promises'
import { isReady, removeReady, writeReady } from '@chronicle-ts/bus'
import type { Command } from 'commander'
import { asOwnerOf } from '../../as-owner.js'
import type { CommandContext, Runner } from '../../command-context.js'
import { UsageError } from '../../command-error.js'
import { EXIT_HEALTHY, EXIT_INTERRUPTED, EXIT_WARNING } from '../../exit-codes.js'
import { parseSpanOption } from '../../options.js'
import { toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { printable } from '../../output/printable.js'
import { requireQueue } from '../../queues/require-queue.js'

interface ReadyOptions {
  readonly set?: boolean
  readonly remove?: boolean
  readonly wait?: bigint
  readonly yes?: boolean
}

/** Pause between two looks while waiting; READY is a file that appears by rename. */
const PAUSE_MS = 20

const EXAMPLES = `
A strategy announces its queue to routers by READY. Exit code 0: the queue is announced; 3: it is not.

Examples:
  $ chron-cli ready /var/lib/bus/orders/queue/alpha/orders_out
  $ chron-cli ready /var/lib/bus/orders/queue/alpha/orders_out --wait 30s && start-router
  $ chron-cli ready /var/lib/bus/orders/queue/alpha/orders_out --remove --yes
`

export function addReadyCommand(program: Command, run: Runner): void {
  program
    .command('ready')
    .summary('show, wait for, set or remove a READY marker')
    .description('Show whether a queue is announced on the bus.')
    .argument('<queue>', 'directory of a queue')
    .option('--wait <span>', 'wait for it to be announced, this long at most', parseSpanOption)
    .option('--set', 'announce it')
    .option('--remove', 'withdraw it')
    .option('--yes', 'with --set or --remove: do it')
    .addHelpText('after', manual(EXAMPLES))
    .action((queue: string, options: ReadyOptions, command: Command) => run(command, (context) => ready(context, queue, options)))
}

async function ready(context: CommandContext, queue: string, options: ReadyOptions): Promise<number> {
  if (options.set === true && options.remove === true) throw new UsageError('--set and --remove exclude each other')
  const isChange = options.set === true || options.remove === true
  // A mistyped directory must not become a strategy of the bus.
  if (isChange) requireQueue(queue)
  if (isChange) await asOwnerOf(queue, () => change(queue, options))
  if (options.wait !== undefined) await waitUntilReady(context, queue, Number(options.wait) / 1e6)
  else requireQueue(queue)
  if (context.signal.aborted) return EXIT_INTERRUPTED
  const announced = isReady(queue)
  if (context.json) context.output.line(toJsonReport('ready', { queue, ready: announced }))
  else context.output.line(`${printable(queue)}  ${announced ? 'ready' : 'not ready'}`)
  return announced || options.remove === true ? EXIT_HEALTHY : EXIT_WARNING
}

function change(queue: string, options: ReadyOptions): void {
  if (options.yes !== true) throw new UsageError('this changes the READY marker; add --yes to do it')
  if (options.set === true) writeReady(queue)
  else removeReady(queue)
}

async function waitUntilReady(context: CommandContext, queue: string, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!isReady(queue) && performance.now() < deadline && !context.signal.aborted) {
    await sleep(PAUSE_MS, undefined, { signal: context.signal }).catch(() => undefined)
  }
}
