import { type BackupReport, QueueBackup, readBackupManifest } from '@chronicle-ts/inspect'
import type { Command } from 'commander'
import { asOwnerOf } from '../../as-owner.js'
import type { CommandContext, Runner } from '../../command-context.js'
import { EXIT_HEALTHY, EXIT_WARNING } from '../../exit-codes.js'
import { toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { printable } from '../../output/printable.js'
import { exitCodeOfProblems, renderProblems } from '../../output/problems.js'
import { formatBytes, formatCount, formatCountOf } from '../../output/quantities.js'
import { runSteps } from '../../run-steps.js'

interface BackupOptions {
  readonly positions: boolean
  readonly verify: boolean
}

const BACKUP_EXAMPLES = `
Makes a consistent copy of a queue, also of one that is being written: it ends at a message, has no reader after its end, and holds positions, schemas and thresholds. Nothing is locked, and neither writer nor readers notice it. On a file system that can share blocks (btrfs, XFS) whole segments are reflinks and take no space at first.

The copy is made under a temporary name, read again from beginning to end, synced and renamed. When the queue is damaged the copy is made, the damage is listed, and the exit code is that of the damage.

Examples:
  $ chron-cli backup /var/lib/trades /backup/trades-2026-11-28
  $ chron-cli backup /var/lib/trades /backup/trades --json | jq '{records, readers}'
`

const RESTORE_EXAMPLES = `
Makes a queue from a backup, or from any copy of a queue: copies it, reads it again from beginning to end, and opens it once for writing, which puts a copy in order. The queue must not exist yet. It continues after the last message of the backup with the same sequences.

Examples:
  $ chron-cli restore /backup/trades-2026-11-28 /var/lib/trades
  $ chron-cli restore /backup/trades-2026-11-28 /tmp/look --no-positions
`

export function addBackupCommand(program: Command, run: Runner): void {
  program
    .command('backup')
    .summary('a consistent copy of a queue that is in use')
    .description('Copy a queue, also while it is being written, and verify the copy.')
    .argument('<queue>', 'directory of a queue')
    .argument('<target>', 'directory to make; its parent must exist')
    .option('--no-positions', 'leave out the positions of readers')
    .option('--no-verify', 'do not read the copy again')
    .addHelpText('after', manual(BACKUP_EXAMPLES))
    .action((queue: string, target: string, options: BackupOptions, command: Command) =>
      run(command, (context) => backup(context, { queue, target }, options)),
    )
}

export function addRestoreCommand(program: Command, run: Runner): void {
  program
    .command('restore')
    .summary('make a queue from a backup')
    .description('Make a queue from a backup, or from any copy of a queue.')
    .argument('<backup>', 'directory of a backup')
    .argument('<queue>', 'directory to make; its parent must exist')
    .option('--no-positions', 'leave out the positions of readers')
    .option('--no-verify', 'do not read the copy again')
    .addHelpText('after', manual(RESTORE_EXAMPLES))
    .action((from: string, queue: string, options: BackupOptions, command: Command) =>
      run(command, (context) => restore(context, { from, queue }, options)),
    )
}

async function backup(
  context: CommandContext,
  { queue, target }: { queue: string; target: string },
  options: BackupOptions,
): Promise<number> {
  const report = await copy(context, new QueueBackup(queue, target, options), `backup ${printable(queue)}`)
  if (context.json) context.output.line(toJsonReport('backup', report))
  else printReport(context, report, options)
  return exitCodeOfProblems(report.problems)
}

async function restore(
  context: CommandContext,
  { from, queue }: { from: string; queue: string },
  options: BackupOptions,
): Promise<number> {
  const manifest = readBackupManifest(from)
  if (manifest === undefined) context.log.info({ path: from }, 'there is no manifest: this is a copy that backup did not make')
  const { report, recovery } = await asOwnerOf(queue, async () => {
    const work = new QueueBackup(from, queue, { ...options, isRestore: true })
    return { report: await copy(context, work, `restore ${printable(queue)}`), recovery: work.recovery }
  })
  const isShort = options.verify && manifest !== undefined && manifest.records > report.records
  if (isShort) context.log.warn(`the backup held ${manifest.records} messages when it was made, and holds ${report.records} now`)
  if (context.json) context.output.line(toJsonReport('restore', { ...report, recovery }))
  else printReport(context, report, options)
  const exitCode = exitCodeOfProblems(report.problems)
  return exitCode === EXIT_HEALTHY && isShort ? EXIT_WARNING : exitCode
}

async function copy(context: CommandContext, work: QueueBackup, label: string): Promise<BackupReport> {
  await runSteps(context, work, { label, at: () => work.progress })
  try {
    return work.commit()
  } catch (error) {
    work.abandon()
    throw error
  }
}

function printReport({ output }: CommandContext, report: BackupReport, { verify }: BackupOptions): void {
  const { directory, records, segments, bytes, reflinked, readers, firstSequence, nextSequence, retired, problems } = report
  output.line(output.palette.heading(printable(directory)))
  const range =
    firstSequence === null || nextSequence === null
      ? ''
      : `, sequence ${formatCount(firstSequence)} to ${formatCount(nextSequence - 1)}`
  output.line(verify ? `  messages  ${formatCount(records)} verified${range}` : `  messages  not verified${range}`)
  const shared = reflinked === 0 ? '' : `, ${reflinked} of them reflinks`
  output.line(`  segments  ${segments}, ${formatBytes(bytes)}${shared}`)
  output.line(`  readers   ${readers.length === 0 ? 'none' : readers.map(printable).join(', ')}`)
  if (retired > 0) output.line(`  retention deleted ${formatCountOf(retired, 'segment')} while the queue was copied`)
  if (problems.length > 0) output.lines(['', ...renderProblems(problems, output)])
}
