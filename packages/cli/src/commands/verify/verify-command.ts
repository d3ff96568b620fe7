import { type QueueVerification, type VerifyOptions, type VerifyProgress, verifyQueue } from '@chronicle-ts/inspect'
import { type Command, InvalidArgumentError } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { InterruptedError, UsageError } from '../../command-error.js'
import { type ErrorReport, errorReport, exitCodeOfError, messageOfError } from '../../error-report.js'
import { EXIT_HEALTHY, EXIT_INTERRUPTED, worseExitCode } from '../../exit-codes.js'
import { interruptibleTurn } from '../../interruptible.js'
import { parseCountOption } from '../../options.js'
import { toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { printable } from '../../output/printable.js'
import { exitCodeOfProblems, renderProblems } from '../../output/problems.js'
import { formatBytes, formatCountOf, formatDuration } from '../../output/quantities.js'
import { shellQuote } from '../../output/shell-quote.js'
import { onQueuesIn } from '../../queues/queues-in.js'
import { runStepsAsFarAsPossible } from '../../run-steps.js'

interface VerifyCommandOptions {
  readonly from?: { readonly segmentId: number; readonly offset?: number }
  readonly toSegment?: number
}

/** What one queue's verification came to. */
interface Verified {
  readonly queue: string
  readonly complete: boolean
  readonly progress: VerifyProgress
  readonly elapsedNs: bigint
  readonly problems: QueueVerification['problems']
}

const EXAMPLES = `
Reads every record: payload and header checksums, the sequence without a gap, the order in time, the counts of sealed segments, and the control block and index
against the records. Reads with pread, joins nothing, changes nothing. On a live queue it checks the records that exist when it reaches the end.

Ctrl-C stops it with a summary of what was checked and the --from that continues there; the exit code is then 130.

Examples:
  $ chron-cli verify /var/lib/trades
  $ chron-cli verify /var/lib/trades --from 120 --to 140      segments 120 to 140
  $ chron-cli verify /var/lib/trades --from 120:7340032       go on where an earlier run stopped
  $ chron-cli verify /var/lib/a /var/lib/b --json
`

export function addVerifyCommand(program: Command, run: Runner): void {
  program
    .command('verify')
    .summary('check every record of a queue')
    .description('Check every checksum, the sequence and the order in time of one or more queues.')
    .argument('<queue...>', 'queues, or directories with queues below them')
    .option('--from <segment[:offset]>', 'begin here instead of at the first segment', parsePlaceOption)
    .option('--to <segment>', 'the last segment to check', parseCountOption)
    .addHelpText('after', manual(EXAMPLES))
    .action((queues: string[], options: { from?: VerifyCommandOptions['from']; to?: number }, command: Command) => {
      const range = { ...(options.from && { from: options.from }), ...(options.to !== undefined && { toSegment: options.to }) }
      return run(command, (context) => onQueuesIn(context, queues, (found) => verifyAll(context, found, range)))
    })
}

async function verifyAll(context: CommandContext, queues: readonly string[], options: VerifyCommandOptions): Promise<number> {
  const results: Verified[] = []
  const errors: (Pick<ErrorReport, 'code' | 'message' | 'facts'> & { readonly queue: string })[] = []
  let exitCode = EXIT_HEALTHY
  for (const queue of queues) {
    if (context.signal.aborted) break
    try {
      const result = await verifyOne(context, queue, options)
      results.push(result)
      exitCode = worseExitCode(exitCode, exitCodeOfProblems(result.problems))
      if (!context.json) printResult(context, result)
    } catch (error) {
      if (error instanceof InterruptedError) {
        if (!context.signal.aborted) context.interrupt()
        break
      }
      if (queues.length === 1) throw error
      // One queue that cannot be opened does not hide the others.
      context.log.error({ queue }, messageOfError(error))
      const { code, message, facts } = errorReport('verify', error)
      errors.push({ queue, code, message, facts })
      exitCode = worseExitCode(exitCode, exitCodeOfError(error))
    }
  }
  if (context.json) context.output.line(toJsonReport('verify', { queues: results, ...(errors.length > 0 && { errors }) }))
  return context.signal.aborted ? EXIT_INTERRUPTED : exitCode
}

async function verifyOne(context: CommandContext, queue: string, options: VerifyOptions): Promise<Verified> {
  const startedNs = process.hrtime.bigint()
  using verification = await interruptibleTurn(context, () => verifyQueue(queue, options))
  const shown = { label: `verify ${printable(queue)}`, at: () => verification.progress }
  const complete = await runStepsAsFarAsPossible(context, verification, shown)
  const { progress, problems } = verification
  const isRange = options.from !== undefined || options.toSegment !== undefined
  if (complete && isRange && progress.segments === 0 && problems.length === 0)
    throw new UsageError(`${queue} has no segment in that range: nothing was checked`)
  return { queue, complete, progress, elapsedNs: process.hrtime.bigint() - startedNs, problems }
}

function printResult({ output }: CommandContext, result: Verified): void {
  const { queue, complete, progress, elapsedNs, problems } = result
  const seconds = Number(elapsedNs) / 1e9
  const rate = seconds > 0 ? `, ${formatBytes(Math.round(progress.bytes / seconds))}/s` : ''
  const counts = `${formatCountOf(progress.records, 'record')} in ${formatCountOf(progress.segments, 'segment')}, ${formatBytes(progress.bytes)} in ${formatDuration(elapsedNs)}${rate}`
  output.line(`${output.palette.heading(printable(queue))}  ${counts}`)
  output.lines(renderProblems(problems, output))
  const more = progress.problemCount - problems.length
  if (more > 0) output.line(`and ${formatCountOf(more, 'more problem')}`)
  const worst = exitCodeOfProblems(problems)
  if (!complete) {
    output.line(
      `stopped; continue with: chron-cli verify ${printable(shellQuote(queue))} --from ${progress.position.segmentId}:${progress.position.offset}`,
    )
  } else if (worst === EXIT_HEALTHY) output.line(output.palette.good('every record is good'))
}

function parsePlaceOption(text: string): NonNullable<VerifyCommandOptions['from']> {
  const match = /^(\d{1,10})(?::(\d{1,15}))?$/.exec(text)
  if (match === null) throw new InvalidArgumentError('expected a segment, or segment:offset')
  const segmentId = Number(match[1])
  return match[2] === undefined ? { segmentId } : { segmentId, offset: Number(match[2]) }
}
