import type { Output } from '../../output/output.js'
import { formatBytes, formatCount, formatDuration, formatRate } from '../../output/quantities.js'
import { type Column, renderTable } from '../../output/table.js'
import type { LatencySummary } from './latency-recorder.js'
import type { BenchResult, Throughput } from './run-bench.js'

const THROUGHPUT_COLUMNS: readonly Column[] = [
  { title: 'THROUGHPUT' },
  { title: 'MESSAGES', align: 'right' },
  { title: 'PER MESSAGE', align: 'right' },
  { title: 'RATE', align: 'right' },
  { title: 'PAYLOAD', align: 'right', optional: 1 },
]
const LATENCY_COLUMNS: readonly Column[] = [
  { title: 'LATENCY' },
  { title: 'P50', align: 'right' },
  { title: 'P90', align: 'right', optional: 2 },
  { title: 'P99', align: 'right' },
  { title: 'P99.9', align: 'right' },
  { title: 'P99.99', align: 'right', optional: 1 },
  { title: 'MAX', align: 'right' },
  { title: 'MEAN', align: 'right', optional: 3 },
]
const PLOT_LABEL_WIDTH = 18
const PLOT_WIDTH_DEFAULT = 80

/** A result as tables and a plot. */
export function renderBench(result: BenchResult, output: Pick<Output, 'palette' | 'width'>): string[] {
  const { plan, machine, write, read, latency } = result
  const { palette, width } = output
  const lines = [
    `${plan.size} bytes, ${plan.readers} ${plan.readers === 1 ? 'reader' : 'readers'} (${plan.wait}), durability ${plan.durability}, segments of ${formatBytes(plan.segmentSize)}`,
    palette.faint(`Node ${machine.node}, ${machine.arch}, ${machine.cpus} CPUs`),
    '',
    ...renderTable(
      THROUGHPUT_COLUMNS,
      [throughputRow('write', write), ...(read === undefined ? [] : [throughputRow('read', read)])],
      width,
      palette.heading,
    ),
  ]
  if (latency === undefined) return lines
  const rows = [
    latencyRow('total', latency.total),
    latencyRow('write', latency.write),
    latencyRow('transport', latency.transport),
    latencyRow('read', latency.read),
  ]
  lines.push(
    '',
    `open loop, ${formatCount(plan.rate)} messages per second for ${formatDuration(plan.durationMs * 1e6)}; ${formatCount(latency.late)} of ${formatCount(latency.total.count)} sent late`,
  )
  lines.push(...renderTable(LATENCY_COLUMNS, rows, width, palette.heading), '')
  lines.push(...plotLatency(latency.total, width ?? PLOT_WIDTH_DEFAULT))
  if (result.outOfOrder > 0) lines.push(palette.critical(`${result.outOfOrder} messages came out of order`))
  return lines
}

/** Total latency by percentile, on a logarithmic scale. */
export function plotLatency({ points }: LatencySummary, width: number): string[] {
  const values = points.map(([, ns]) => Math.max(1, ns))
  const low = Math.log10(Math.min(...values))
  const high = Math.max(low + 0.1, Math.log10(Math.max(...values)))
  const room = Math.max(10, width - PLOT_LABEL_WIDTH - 4)
  return points.map(([percentile, ns]) => {
    const length = 1 + Math.round(((Math.log10(Math.max(1, ns)) - low) / (high - low)) * (room - 1))
    return `${`p${percentile}`.padEnd(8)}${formatDuration(ns).padStart(PLOT_LABEL_WIDTH - 9)} |${'#'.repeat(length)}`
  })
}

function throughputRow(name: string, { messages, nsPerMessage, messagesPerSecond, bytesPerSecond }: Throughput): string[] {
  return [
    name,
    formatCount(messages),
    `${nsPerMessage.toFixed(1)} ns`,
    formatRate(messagesPerSecond),
    `${formatBytes(Math.round(bytesPerSecond))}/s`,
  ]
}

function latencyRow(name: string, { p50, p90, p99, p999, p9999, max, mean }: LatencySummary): string[] {
  return [name, ...[p50, p90, p99, p999, p9999, max, Math.round(mean)].map((ns) => formatDuration(ns))]
}
