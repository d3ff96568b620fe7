import { writeFileSync } from 'node:fs'
import { WAIT_STRATEGIES } from '@chronicle-ts/core'
import { type Command, Option } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { UsageError } from '../../command-error.js'
import { messageOfError } from '../../error-report.js'
import { EXIT_CRITICAL, EXIT_HEALTHY, EXIT_INTERRUPTED, EXIT_WARNING } from '../../exit-codes.js'
import { parseCpusOption, parseShareOption, parseSizeOption } from '../../options.js'
import { toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { BenchDirectory } from './bench-directory.js'
import {
  type BenchFlags,
  crowdedNote,
  DURABILITIES,
  parseRangeOption,
  parseSecondsOption,
  parseSizesOption,
} from './bench-options.js'
import type { BenchOptions, BenchReport, SizeResult } from './bench-report.js'
import { WrongResultError } from './bench-task.js'
import { type Comparison, compareReports, readReport } from './compare-reports.js'
import { readEnvironment, wasBusy } from './environment.js'
import { renderHtml } from './html/render-html.js'
import { renderComparison, renderReport } from './render-report.js'
import { measureSize } from './run-bench.js'

const CLEAR_LINE = '\r\u001b[K'

const EXAMPLES = `
Measures on your disk and your cores, in processes of their own: how fast one writer appends and one reader reads (rounds of both in turn), and how long messages take from writer to readers at
a fixed rate. Latencies are counted from the instant at which a message was due (open loop), so that a stall is charged to every message that it delayed. Every run checks that every message
arrived, once, in order and unharmed; figures of a run that fails this are not shown (exit code 2).

Works in a directory of its own, which it makes and removes; it refuses a directory with other files. Use the disk that your queues will be on.

Keys of the latency table:
  write      from due until append has returned
  transport  from the call of append until a reader has the message
  read       the part of transport spent in the reader's call
  one way    from due until a reader has the message

Examples:
  $ chron-cli bench
  $ chron-cli bench --directory /data/bench --sizes 64,1024 --rate 100000 --wait busySpin --cpu 2,3
  $ chron-cli bench --durability durable --rate 200
  $ chron-cli bench --report bench.html --json > base.json
  $ chron-cli bench --compare base.json --max-regression 10%      exit code 3 when slower
`

export function addBenchCommand(program: Command, run: Runner): void {
  program
    .command('bench')
    .summary('throughput and latency on this machine')
    .description('Measure throughput and latency on your own disk and cores.')
    .option('-d, --directory <path>', 'directory to work in: absent, empty, or left by an earlier run', 'chron-bench')
    .option('-s, --sizes <bytes>', 'payload lengths, separated by commas', parseSizesOption, [64, 1024])
    .option('-r, --rate <perSecond>', 'messages per second of the latency run', parseRangeOption(1, 10_000_000), 20_000)
    .option('--readers <count>', 'readers of the latency run, a process each', parseRangeOption(1, 64), 1)
    .addOption(new Option('--wait <strategy>', 'how readers wait').choices(WAIT_STRATEGIES).default('adaptive'))
    .addOption(new Option('--durability <preset>', 'what the writer promises').choices(DURABILITIES).default('lowLatency'))
    .option('--cpu <list>', 'pin the writer to the first CPU, readers to the others in turn', parseCpusOption)
    .option('--seconds <n>', 'time limit of each measurement', parseSecondsOption, 2)
    .option('--messages <n>', 'message limit of each measurement', parseRangeOption(1, 1_000_000_000))
    .option('--disk <size>', 'space limit of each measurement', parseSizeOption, 1024 ** 3)
    .option('--rounds <n>', 'rounds of the throughput measurements', parseRangeOption(1, 100), 3)
    .option('--report <file>', 'write one HTML page with histograms and time series')
    .option('--compare <file>', 'compare with the output of an earlier bench --json')
    .option('--max-regression <share>', 'how much slower is accepted', parseShareOption, 0.1)
    .addHelpText('after', manual(EXAMPLES))
    .action((flags: BenchFlags, command: Command) => run(command, (context) => bench(context, flags)))
}

async function bench(context: CommandContext, flags: BenchFlags): Promise<number> {
  const base = flags.compare === undefined ? undefined : readReport(flags.compare)
  const note = crowdedNote(flags)
  if (note !== undefined) context.log.warn(note)
  let report: BenchReport
  try {
    report = await measure(context, flags)
  } catch (error) {
    if (context.signal.aborted) return EXIT_INTERRUPTED
    if (!(error instanceof WrongResultError)) throw error
    context.log.error(`what was read is not what was written: ${error.message}`)
    return EXIT_CRITICAL
  }
  const comparison = base === undefined ? undefined : compareReports(base, report, flags.maxRegression)
  for (const difference of comparison?.differences ?? []) context.log.warn(`the base was measured otherwise, ${difference}`)
  print(context, report, comparison)
  if (flags.report !== undefined) writeReport(flags.report, report)
  return comparison?.regressed === true ? EXIT_WARNING : EXIT_HEALTHY
}

async function measure(context: CommandContext, flags: BenchFlags): Promise<BenchReport> {
  using directory = new BenchDirectory(flags.directory)
  // A second Ctrl-C ends the process at once: the directory goes even then.
  const cleanUp = () => directory[Symbol.dispose]()
  process.once('exit', cleanUp)
  const options = resolveOptions(flags, directory.path)
  const environment = readEnvironment(directory.path)
  if (wasBusy(environment))
    context.log.warn(
      { loadPerCpu: environment.loadPerCpu },
      'other processes keep this machine busy: figures will be worse than on an idle one',
    )
  const results: SizeResult[] = []
  try {
    for (const payloadLength of options.sizes) {
      results.push(await measureSize({ directory, options, signal: context.signal, onPhase: showPhase }, payloadLength))
    }
  } finally {
    showPhase('')
    process.off('exit', cleanUp)
  }
  return { environment, options, results }
}

function resolveOptions(flags: BenchFlags, directory: string): BenchOptions {
  const { sizes, rate, readers, wait, durability, cpu = [], seconds, messages, disk, rounds } = flags
  return { directory, sizes, rate, readers, wait, durability, cpu, seconds, messages, disk, rounds }
}

function showPhase(phase: string): void {
  if (process.stderr.isTTY === true) process.stderr.write(`${CLEAR_LINE}${phase.slice(0, (process.stderr.columns ?? 80) - 1)}`)
}

function print({ output, json }: CommandContext, report: BenchReport, comparison: Comparison | undefined): void {
  if (json) {
    output.line(toJsonReport('bench', { ...report, comparison }))
    return
  }
  output.lines(renderReport(report, output))
  if (comparison !== undefined) output.lines(['', ...renderComparison(comparison, output)])
}

function writeReport(path: string, report: BenchReport): void {
  try {
    writeFileSync(path, renderHtml(report))
  } catch (error) {
    throw new UsageError(`--report ${path}: ${messageOfError(error)}`)
  }
}
