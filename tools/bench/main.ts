/** `npm run bench`: what a call costs and how long a message takes, with everything that a figure needs to mean something. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readEnvironment } from '@chronicle-ts/cli/bench'
import type { Bench } from './bench.js'
import { type BenchOptions, parseBenchOptions, USAGE } from './bench-options.js'
import { benchBridge } from './bridge/bench-bridge.js'
import { benchBudgets } from './budgets/bench-budgets.js'
import type { Suite } from './candidate.js'
import { benchDashboard } from './dashboard/bench-dashboard.js'
import { LATENCY_MODES } from './latency/latency-mode.js'
import { type LatencyResult, measureLatency } from './latency/measure-latency.js'
import { measureSuite, type SuiteResult } from './measure-suite.js'
import { loadMmapIo } from './mmap-io.js'
import { formatEnvironment, formatLatencies, formatSuite, type Report } from './report.js'
import { appendSuite } from './suites/append.js'
import { appendBatchSuite } from './suites/append-batch.js'
import { checksumSuite } from './suites/checksum.js'
import { claimSuite } from './suites/claim.js'
import { commitSuite } from './suites/commit.js'
import { nativeCallsSuite } from './suites/native-calls.js'
import { nextSuite } from './suites/next.js'
import { telemetrySuite } from './suites/telemetry.js'
import { typedReadSuite } from './suites/typed-read.js'
import { typedWriteSuite } from './suites/typed-write.js'
import { touchMemory } from './touch-memory.js'

/** About what the queues of one round occupy. */
const TOUCHED_BYTES_MAX = 2 ** 31

const BENCHES: Readonly<Record<BenchOptions['what'], Bench>> = {
  suites: benchSuites,
  budgets: benchBudgets,
  dashboard: benchDashboard,
  bridge: benchBridge,
}

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseBenchOptions(args)
    if (options.help) process.stdout.write(USAGE)
    else await bench(options)
    return 0
  } catch (error) {
    console.error(error instanceof Error ? describe(error) : error)
    return 1
  }
}

/** One line: some of Node's own messages go on with advice. */
function describe(error: Error): string {
  const text = error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
  return text.split('\n')[0] ?? text
}

async function bench(given: BenchOptions): Promise<void> {
  const print = given.json ? () => undefined : (text: string) => console.log(`${text}\n`)
  const directory = mkdtempSync(join(given.directory, 'chronicle-bench-'))
  const options = { ...given, directory }
  try {
    const { payloadLength } = options
    const environment = readEnvironment(directory)
    print(formatEnvironment(environment, payloadLength))
    const report = { schemaVersion: 1, environment, payloadLength, ...(await BENCHES[options.what](options, print)) }
    const json = JSON.stringify(report, undefined, 2)
    if (options.json) console.log(json)
    if (options.output !== undefined) writeFileSync(options.output, `${json}\n`)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Each hot function beside other ways to do the same. */
async function benchSuites(options: BenchOptions, print: (text: string) => void): Promise<Report> {
  const { payloadLength, directory } = options
  if (!options.quick) touchMemory(TOUCHED_BYTES_MAX)
  const { suites, notes } = chooseSuites(options)
  const results: SuiteResult[] = []
  for (const suite of suites) {
    const result = await measureSuite(suite, options)
    print(formatSuite(result))
    results.push(result)
  }
  const latencies: LatencyResult[] = []
  if (isChosen('latency', options)) {
    for (const mode of LATENCY_MODES) {
      latencies.push(await measureLatency(mode, { directory, payloadLength, seconds: options.latencySeconds }))
    }
    print(formatLatencies(latencies))
  }
  for (const note of notes) print(note)
  return { suites: results, latencies, notes }
}

function chooseSuites(options: BenchOptions): { suites: Suite[]; notes: string[] } {
  const { payloadLength } = options
  const baseline = isChosen('append', options) ? loadMmapIo() : undefined
  const mmapIo = baseline && 'mmapIo' in baseline ? baseline.mmapIo : undefined
  const suites = [
    appendSuite(payloadLength, mmapIo),
    appendBatchSuite(payloadLength),
    claimSuite(),
    nextSuite(payloadLength),
    commitSuite(),
    typedWriteSuite(),
    typedReadSuite(),
    telemetrySuite(payloadLength),
    nativeCallsSuite(payloadLength),
    ...[16, 64, 256, 1024, 4096].map(checksumSuite),
  ]
  const notes = baseline && 'missing' in baseline ? [baseline.missing] : []
  return { suites: suites.filter(({ name }) => isChosen(name, options)), notes }
}

function isChosen(name: string, { only }: BenchOptions): boolean {
  return only.length === 0 || only.some((beginning) => name.startsWith(beginning))
}
