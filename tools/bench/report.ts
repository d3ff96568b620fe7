import type { BenchEnvironment } from '@chronicle-ts/cli/bench'
import type { LatencyResult } from './latency/measure-latency.js'
import type { SuiteResult } from './measure-suite.js'

/** Everything that one run found; the object that `--json` prints. */
export interface Report {
  readonly schemaVersion: 1
  readonly environment: BenchEnvironment
  readonly payloadLength: number
  /** Nanoseconds per operation. */
  readonly suites: readonly SuiteResult[]
  /** Nanoseconds one way between two processes. */
  readonly latencies: readonly LatencyResult[]
  /** What could not be measured here, and why. */
  readonly notes: readonly string[]
}

export function formatEnvironment(environment: BenchEnvironment, payloadLength: number): string {
  const { cpu, cpuCount, memoryBytes, kernel, node, commit, fileSystem, loadPerCpu } = environment
  const busy = loadPerCpu > 0.5 ? '  (other programs are at work: figures will be worse and wider)' : ''
  return [
    `machine   ${cpu}, ${cpuCount} CPUs, ${Math.round(memoryBytes / 2 ** 30)} GiB, Linux ${kernel}, ${fileSystem}`,
    `software  Node.js ${node}, commit ${commit ?? 'unknown'}, ${environment.date}`,
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
  const rows = results.map(({ name, messagesPerSecond, p50, p90, p99, p999, p9999, max, count }) => [
    name,
    `${formatCount(messagesPerSecond)}/s`,
    ...[p50, p90, p99, p999, p9999, max].map((ns) => (ns / 1e3).toFixed(2)),
    formatCount(count),
  ])
  const heading = ['', 'rate', 'p50', 'p90', 'p99', 'p99.9', 'p99.99', 'max', 'verified']
  return `latency: one way to another process, microseconds from the instant the message was due\n${formatTable(heading, rows)}`
}

/** First column to the left, all others to the right. */
export function formatTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heading, ...rows]
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines
    .map((line) => line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))))
    .map((cells) => `  ${cells.join('  ')}`.trimEnd())
    .join('\n')
}

function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}
