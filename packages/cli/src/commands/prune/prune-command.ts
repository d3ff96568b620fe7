import type { RetentionOptions, RetentionVerdict } from '@chronicle-ts/core'
import { planPrune, pruneQueue } from '@chronicle-ts/inspect'
import type { Command } from 'commander'
import { asOwnerOf } from '../../as-owner.js'
import type { CommandContext, Runner } from '../../command-context.js'
import { UsageError } from '../../command-error.js'
import { EXIT_HEALTHY } from '../../exit-codes.js'
import { interruptibleTurn, takeTurn } from '../../interruptible.js'
import { parseCountOption, parseSizeOption, parseSpanOption } from '../../options.js'
import { toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { printable } from '../../output/printable.js'
import { formatCount, formatCountOf } from '../../output/quantities.js'

interface PruneOptions {
  readonly consumed?: boolean
  readonly maxAge?: bigint
  readonly maxBytes?: number
  readonly maxSegments?: number
  readonly minSegments?: number
  readonly readerTtl?: bigint
  readonly maxReaderLag?: number
  readonly yes?: boolean
}

const EXAMPLES = `
Applies retention rules once, for queues whose writer has none. A segment that a registered reader still needs stays, unless --reader-ttl or --max-reader-lag releases that reader; its next open reports
the loss. The head is never deleted. Without --yes nothing is deleted. A queue that is being written to is not changed (exit code 4).

Examples:
  $ chron-cli prune /var/lib/trades --consumed                what every reader has read
  $ chron-cli prune /var/lib/trades --max-age 7d --yes
  $ chron-cli prune /var/lib/trades --max-bytes 10GiB --min-segments 4 --yes
`

export function addPruneCommand(program: Command, run: Runner): void {
  program
    .command('prune')
    .summary('delete old segments by rules')
    .description('Show which segments retention rules permit to delete, and delete them with --yes.')
    .argument('<queue>', 'directory of a queue')
    .option('--consumed', 'segments that every registered reader has read')
    .option('--max-age <span>', 'segments whose last message is older', parseSpanOption)
    .option('--max-bytes <size>', 'the oldest segments while the queue is larger', parseSizeOption)
    .option('--max-segments <count>', 'the oldest segments while there are more', parseCountOption)
    .option('--min-segments <count>', 'keep this many, also when other rules would delete them', parseCountOption)
    .option('--reader-ttl <span>', 'readers that have not run for longer pin nothing', parseSpanOption)
    .option('--max-reader-lag <size>', 'readers that are further behind pin nothing', parseSizeOption)
    .option('--yes', 'delete them')
    .addHelpText('after', manual(EXAMPLES))
    .action((queue: string, options: PruneOptions, command: Command) => run(command, (context) => prune(context, queue, options)))
}

async function prune(context: CommandContext, queue: string, options: PruneOptions): Promise<number> {
  const rules = rulesOf(options)
  const verdicts = await interruptibleTurn(context, () => planPrune(queue, rules))
  const candidates = leadingDeletable(verdicts)
  await takeTurn(context)
  const deleted = options.yes === true && candidates.length > 0 ? await asOwnerOf(queue, () => pruneQueue(queue, rules)) : []
  if (context.json) {
    context.output.line(
      toJsonReport('prune', { queue, candidates: candidates.map(({ segmentId }) => segmentId), deleted, segments: verdicts }),
    )
  } else {
    printText(context, queue, { verdicts, candidates, deleted: options.yes === true ? deleted : undefined })
  }
  return EXIT_HEALTHY
}

/** Segments go strictly from the lowest on: one that stays keeps all that follow it. */
function leadingDeletable(verdicts: readonly RetentionVerdict[]): RetentionVerdict[] {
  const firstKept = verdicts.findIndex(({ deletable }) => !deletable)
  return verdicts.slice(0, firstKept < 0 ? verdicts.length : firstKept)
}

function rulesOf(options: PruneOptions): RetentionOptions {
  const { consumed, maxAge, maxBytes, maxSegments, minSegments, readerTtl, maxReaderLag } = options
  if ([consumed, maxAge, maxBytes, maxSegments].every((rule) => rule === undefined)) {
    throw new UsageError('say which segments may be deleted: --consumed, --max-age, --max-bytes or --max-segments')
  }
  return {
    ...(consumed === true && { consumed }),
    ...(maxAge !== undefined && { maxAgeMs: Number(maxAge) / 1e6 }),
    ...(maxBytes !== undefined && { maxBytes }),
    ...(maxSegments !== undefined && { maxSegments }),
    ...(minSegments !== undefined && { minSegments }),
    ...(readerTtl !== undefined && { readerTtlMs: Number(readerTtl) / 1e6 }),
    ...(maxReaderLag !== undefined && { maxReaderLagBytes: maxReaderLag }),
  }
}

interface PruneResult {
  readonly verdicts: readonly RetentionVerdict[]
  readonly candidates: readonly RetentionVerdict[]
  /** `undefined` in a dry run. */
  readonly deleted: readonly number[] | undefined
}

function printText({ output }: CommandContext, queue: string, { verdicts, candidates, deleted }: PruneResult): void {
  output.line(output.palette.heading(printable(queue)))
  for (const [reason, ids] of groupByReason(candidates)) output.line(`  may go: ${rangeText(ids)}, because ${reason}`)
  const kept = verdicts[candidates.length]
  if (kept !== undefined) {
    const pins = kept.pinnedBy.length === 0 ? '' : `: ${kept.pinnedBy.map(printable).join(', ')}`
    output.line(`  stays: segment ${kept.segmentId} and those after it, because ${kept.reason}${pins}`)
  }
  if (deleted !== undefined) output.line(`  deleted ${formatCountOf(deleted.length, 'segment')}`)
  else if (candidates.length > 0) output.line('  Nothing was deleted. Add --yes to do it.')
  else output.line('  Nothing may go.')
}

function groupByReason(verdicts: readonly RetentionVerdict[]): Map<string, number[]> {
  const groups = new Map<string, number[]>()
  for (const { reason, segmentId } of verdicts) {
    const ids = groups.get(reason)
    if (ids === undefined) groups.set(reason, [segmentId])
    else ids.push(segmentId)
  }
  return groups
}

function rangeText(ids: readonly number[]): string {
  return ids.length === 1 ? `segment ${ids[0]}` : `segments ${ids[0]} to ${ids.at(-1)} (${formatCount(ids.length)})`
}
