import { unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { judgeLiveness, type Lease, type Liveness, readLease } from '@chronicle-ts/bus'
import { LEASE_FILE, LOCK_FILE, QueueDirectory, WriterLock } from '@chronicle-ts/core/internal'
import { inspectLock } from '@chronicle-ts/inspect'
import type { Command } from 'commander'
import { asOwnerOf } from '../../as-owner.js'
import type { CommandContext, Runner } from '../../command-context.js'
import { UsageError } from '../../command-error.js'
import { EXIT_HEALTHY, EXIT_WARNING } from '../../exit-codes.js'
import { toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { printable } from '../../output/printable.js'
import { formatDuration } from '../../output/quantities.js'
import { formatTime, nowNs } from '../../output/times.js'
import { requireQueue } from '../../queues/require-queue.js'

interface LeaseOptions {
  readonly remove?: boolean
  readonly yes?: boolean
}

const EXAMPLES = `
LEASE says which process owns a queue of the bus; the writer lock decides whether it still does. Exit code 0: the owner is alive; 3: it is not, or that is unknown.

Examples:
  $ chron-cli lease /var/lib/bus/orders/queue/alpha/orders_out
  $ chron-cli lease /var/lib/bus/orders/queue/alpha/orders_out --remove --yes
`

export function addLeaseCommand(program: Command, run: Runner): void {
  program
    .command('lease')
    .summary('show or remove the LEASE of a queue')
    .description('Show the owner of a queue of the bus, and whether it is alive.')
    .argument('<queue>', 'directory of a queue')
    .option('--remove', 'remove a lease whose owner has ended')
    .option('--yes', 'with --remove: do it')
    .addHelpText('after', manual(EXAMPLES))
    .action((queue: string, options: LeaseOptions, command: Command) => run(command, (context) => lease(context, queue, options)))
}

async function lease(context: CommandContext, queue: string, options: LeaseOptions): Promise<number> {
  requireQueue(queue)
  if (options.remove === true) {
    if (options.yes !== true) throw new UsageError('this removes the LEASE; add --yes to do it')
    const removed = await asOwnerOf(queue, () => remove(queue))
    context.output.line(
      context.json
        ? toJsonReport('lease', { queue, lease: undefined, removed })
        : `${printable(queue)}  ${removed ? 'lease removed' : 'there was no lease'}`,
    )
    return EXIT_HEALTHY
  }
  const reading = readLease(queue)
  const { held, knownBy } = inspectLock(join(queue, LOCK_FILE))
  const owner = reading.kind === 'lease' ? reading.lease : undefined
  const liveness = judgeLiveness({ lockHeld: knownBy === 'absent' ? undefined : held, lease: owner })
  if (context.json) context.output.line(toJsonReport('lease', { queue, kind: reading.kind, lease: owner, liveness }))
  else context.output.line(`${printable(queue)}  ${describe(owner, reading.kind, liveness)}`)
  return liveness.state === 'alive' ? EXIT_HEALTHY : EXIT_WARNING
}

function describe(owner: Lease | undefined, kind: string, liveness: Liveness): string {
  const state = `owner ${liveness.state} (${liveness.reason})`
  if (owner === undefined) return `lease ${kind}, ${state}`
  const renewed = `renewed ${formatTime(owner.timestampNs)}, ${formatDuration(nowNs() - owner.timestampNs)} ago`
  return `pid ${owner.pid}, epoch ${owner.epoch}, ${owner.closed ? 'closed' : renewed}, ${state}`
}

/** Whether there was one. Holds the writer lock meanwhile: a strategy that starts now would lose the lease that it has just written. */
function remove(queue: string): boolean {
  using held = QueueDirectory.open(queue)
  const lock = WriterLock.acquire(held)
  try {
    unlinkSync(held.at(LEASE_FILE))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  } finally {
    // The record of a writer that died is evidence for the next one.
    lock.release({ clears: false })
  }
}
