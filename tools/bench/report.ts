import { type BenchEnvironment, describeMachine, renderTable, wasBusy } from '@chronicle-ts/cli/bench'
import type { LatencyResult } from './latency/measure-latency.js'
import type { SuiteResult } from './measure-suite.js'

/** What one run of the suites found. */
export interface Report {
  /** Nanoseconds per operation. */
  readonly suites: readonly SuiteResult[]
  /** Nanoseconds one way between two processes. */
  readonly latencies: readonly LatencyResult[]
  /** What could not be measured here, and why. */
  readonly notes: readonly string[]
}

export function formatEnvironment(environment: BenchEnvironment, payloadLength: number): string {
  const { node, commit, loadPerCpu, date } = environment
  const busy = wasBusy(environment) ? '  (other programs are at work: figures will be worse and wider)' : ''
  return [
    `machine   ${describeMachine(environment)}`,
    `software  Node.js ${node}, commit ${commit ?? 'unknown'}, ${date}`,
    `payload   ${payloadLength} B; load per CPU ${loadPerCpu.toFixed(2)}${busy}`,
  ].join('\n')
}

/** One table: each candidate's median round, its best and worst, and how it compares with the first. */
export function formatSuite({ name, operation, candidates }: SuiteResult): string {
  const reference = candidates[0]?.nsMedian ?? Number.NaN
  const rows = candidates.map((candidate) => [
    candidate.name,
    candidate.nsMedian.toFixed(1),
    `${candidate.nsMin.toFixed(1)} to ${candidate.nsMax.toFixed(1)}`,
    `${(candidate.nsMedian / reference).toFixed(2)}x`,
    `${(1e3 / candidate.nsMedian).toFixed(2)} M/s`,
    formatCount(candidate.operations),
  ])
  return `${name}: ${operation}\n${formatTable(['', 'ns', 'spread', 'ratio', 'rate', 'verified'], rows)}`
}

export function formatLatencies(results: readonly LatencyResult[]): string {
  const rows = results.map(({ name, messagesPerSecond, p50Ns, p90Ns, p99Ns, p999Ns, p9999Ns, maxNs, count }) => [
    name,
    `${formatCount(messagesPerSecond)}/s`,
    ...[p50Ns, p90Ns, p99Ns, p999Ns, p9999Ns, maxNs].map((ns) => (ns / 1e3).toFixed(2)),
    formatCount(count),
  ])
  const heading = ['', 'rate', 'p50', 'p90', 'p99', 'p99.9', 'p99.99', 'max', 'verified']
  return `latency: one way to another process, microseconds from the instant the message was due\n${formatTable(heading, rows)}`
}

/** First column to the left, all others to the right. */
export function formatTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = heading.map((title, index) => ({ title, align: index === 0 ? ('left' as const) : ('right' as const) }))
  return renderTable(columns, rows)
    .map((line) => `  ${line}`)
    .join('\n')
}

function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}
