import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { WAIT_STRATEGIES, type WaitStrategyName } from '@chronicle-ts/core'
import { type Command, Option } from 'commander'
import type { CommandContext, Runner } from '../../command-context.js'
import { UsageError } from '../../error-report.js'
import { EXIT_CRITICAL, EXIT_HEALTHY, EXIT_INTERRUPTED, EXIT_WARNING } from '../../exit-codes.js'
import { parseCountOption, parseCpusOption, parseShareOption, parseSizeOption, parseSpanOption } from '../../options.js'
import { toJsonReport } from '../../output/json.js'
import { manual } from '../../output/manual.js'
import { BenchDirectory } from './bench-directory.js'
import { type BenchPlan, DURABILITIES, type Durability, LATENCY_SIZE_MIN } from './bench-plan.js'
import { type Comparison, compareResults, readBase } from './compare.js'
import { renderBench } from './render-bench.js'
import { reportHtml } from './report-html.js'
import { type BenchResult, runBench } from './run-bench.js'

interface BenchOptions {
  readonly size: number
  readonly messages: number
  readonly rate: number
  readonly duration?: bigint
  readonly readers: number
  readonly wait: WaitStrategyName
  readonly durability: Durability
  readonly segmentSize: number
  readonly cpu?: readonly number[]
  readonly report?: string
  readonly compare?: string
  readonly maxRegression: number
  readonly keep?: boolean
}

const DEFAULT_DURATION_NS = 3_000_000_000n

const EXAMPLES = `
Measures on your own disk and cores. First throughput: one writer appends as fast as it can, every reader reads along. Then latency, in the open loop: messages are due at fixed instants, and each latency counts from the
instant at which its message was due, so that a stall is charged to everything it held up. Latency is split into the call of append, the way to the reader, and the call of next.

The directory must be new, empty, or left by an earlier benchmark; anything else is not touched. What was made is deleted at the end, unless --keep.

--compare takes what an earlier run printed with --json, and exits with 3 when a figure is worse by more than --max-regression.

Examples:
  $ chron-cli bench
  $ chron-cli bench /mnt/nvme/bench --size 256 --readers 2 --wait busySpin
  $ chron-cli bench --rate 500000 --duration 30s --report out.html
  $ chron-cli bench --durability each --messages 2000 --rate 200
  $ chron-cli bench --json > base.json && chron-cli bench --compare base.json --max-regression 10%
`

export function addBenchCommand(program: Command, run: Runner): void {
  program
    .command('bench')
    .summary('throughput and latency on this machine')
    .description('Measure throughput and open-loop latency on your own disk and cores.')
    .argument('[directory]', 'where the queues are made (default: a new temporary directory)')
    .option('-s, --size <bytes>', 'payload of a message', parseSizeOption, 64)
    .option('-n, --messages <count>', 'messages of the throughput run', parseCountOption, 1_000_000)
    .option('-r, --rate <count>', 'messages per second of the latency run', parseCountOption, 50_000)
    .option('-d, --duration <span>', 'how long the latency run lasts (default 3s)', parseSpanOption)
    .option('--readers <count>', 'readers, each in a thread of its own; 0 measures the writer only', parseCountOption, 1)
    .addOption(new Option('--wait <strategy>', 'how readers wait').choices(WAIT_STRATEGIES).default('adaptive'))
    .addOption(new Option('--durability <kind>', 'when messages are synced').choices(DURABILITIES).default('none'))
    .option('--segment-size <size>', 'bytes per segment', parseSizeOption, 128 * 1024 * 1024)
    .option('--cpu <list>', 'CPUs that the writer is pinned to', parseCpusOption)
    .option('--report <file>', 'write one self-contained HTML page')
    .option('--compare <file>', 'compare with an earlier result')
    .option('--max-regression <share>', 'how much worse is still good: 10% or 0.1', parseShareOption, 0.1)
    .option('--keep', 'leave the queues there')
    .addHelpText('after', manual(EXAMPLES))
    .action((directory: string | undefined, options: BenchOptions, command: Command) =>
      run(command, (context) => bench(context, directory, options)),
    )
}

async function bench(context: CommandContext, path: string | undefined, options: BenchOptions): Promise<number> {
  const plan = planOf(options)
  const base = options.compare === undefined ? undefined : readBase(options.compare)
  const directory = BenchDirectory.claim(path)
  let result: BenchResult
  try {
    const machine = { node: process.version, arch: process.arch, cpus: availableParallelism() }
    result = await runBench(plan, directory, machine, context.signal)
  } catch (error) {
    if (context.interrupted()) return EXIT_INTERRUPTED
    throw error
  } finally {
    if (options.keep !== true) directory.remove()
  }
  const comparison = base === undefined ? [] : compareResults(base, result, options.maxRegression)
  if (options.report !== undefined) writeFileSync(options.report, reportHtml(result, 'chron-cli bench'))
  if (context.json) context.output.line(toJsonReport('bench', { result, comparison }))
  else context.output.lines([...renderBench(result, context.output), ...renderComparison(context, comparison)])
  if (result.outOfOrder > 0) return EXIT_CRITICAL
  return comparison.some(({ regressed }) => regressed) ? EXIT_WARNING : EXIT_HEALTHY
}

function planOf(options: BenchOptions): BenchPlan {
  const { size, messages, rate, duration = DEFAULT_DURATION_NS, readers, wait, durability, segmentSize, cpu = [] } = options
  if (messages < 1 || rate < 1) throw new UsageError('--messages and --rate must be at least 1')
  if (size < LATENCY_SIZE_MIN && readers > 0)
    throw new UsageError(`--size must be at least ${LATENCY_SIZE_MIN}: messages carry the instant at which they were due`)
  return { size, messages, rate, durationMs: Number(duration) / 1e6, readers, wait, durability, segmentSize, cpus: cpu }
}

function renderComparison({ output }: CommandContext, comparison: readonly Comparison[]): string[] {
  if (comparison.length === 0) return []
  const lines = comparison.map(({ name, base, now, change, regressed }) => {
    const text = `${name.padEnd(24)}${base.toFixed(0).padStart(10)} -> ${now.toFixed(0).padStart(10)}  ${change >= 0 ? '+' : ''}${(change * 100).toFixed(1)}%`
    return regressed ? output.palette.critical(`${text}  worse`) : text
  })
  return ['', ...lines]
}
