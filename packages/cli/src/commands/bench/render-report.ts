import type { Output } from '../../output/output.js'
import type { Palette } from '../../output/palette.js'
import { formatBytes, formatCount, formatDuration, formatRate } from '../../output/quantities.js'
import { type Cell, type Column, renderTable } from '../../output/table.js'
import { wrapText } from '../../output/wrap.js'
import type { BenchOptions, BenchReport, SizeResult, Throughput } from './bench-report.js'
import type { Comparison } from './compare-reports.js'
import { type BenchEnvironment, describeMachine } from './environment.js'
import type { LatencyFigures } from './latency-samples.js'

type Look = Pick<Output, 'palette' | 'width'>

/** Without a screen the plot is as wide as a common terminal. */
const WIDTH = 80
const PLOT_WIDTH_MAX = 120
const BUCKETS_PER_ROW = 2

const THROUGHPUT_COLUMNS: readonly Column[] = [
  { title: 'SIZE', align: 'right' },
  { title: '' },
  { title: 'NS/MSG', align: 'right' },
  { title: 'SPREAD', align: 'right', optional: 2 },
  { title: 'MESSAGES', align: 'right' },
  { title: 'PAYLOAD', align: 'right', optional: 1 },
  { title: 'CHECKED', align: 'right', optional: 3 },
]

const LATENCY_COLUMNS: readonly Column[] = [
  { title: 'SIZE', align: 'right' },
  { title: '' },
  { title: 'P50', align: 'right' },
  { title: 'P90', align: 'right', optional: 3 },
  { title: 'P99', align: 'right' },
  { title: 'P99.9', align: 'right', optional: 1 },
  { title: 'P99.99', align: 'right', optional: 2 },
  { title: 'MAX', align: 'right' },
]

/** The report as a person reads it: what was measured where, both tables, a plot for each size. */
export function renderReport(report: BenchReport, look: Look): string[] {
  const { palette, width } = look
  const { results } = report
  const lines = describeRun(report)
    .flatMap((text) => wrapText(text, width))
    .map(palette.faint)
  lines.push('', palette.heading('Throughput, as fast as it goes'))
  const throughputs = results.flatMap((result) => [
    throughputRow(result, 'write', result.write),
    throughputRow(result, 'read', result.read),
  ])
  lines.push(...renderTable(THROUGHPUT_COLUMNS, throughputs, width, palette.faint))
  lines.push('', ...wrapText(latencyTitle(results), width).map(palette.heading))
  lines.push(...renderTable(LATENCY_COLUMNS, results.flatMap(latencyRows), width, palette.faint))
  for (const result of results) lines.push('', ...plot(result, look))
  return lines
}

/** Machine, versions and options, as every figure needs them. */
export function describeRun({ environment, options }: { environment: BenchEnvironment; options: BenchOptions }): string[] {
  const { node, version, commit, date, loadPerCpu } = environment
  const pinned = options.cpu.length === 0 ? 'not pinned' : `pinned to ${options.cpu.join(', ')}`
  return [
    `${describeMachine(environment)}, load ${loadPerCpu.toFixed(2)} per CPU`,
    `Node.js ${node}, chron-cli ${version}${commit === undefined ? '' : ` (${commit})`}, ${date}`,
    `${options.durability}, ${formatCount(options.readers)} ${options.readers === 1 ? 'reader' : 'readers'} waiting by ${options.wait}, ${pinned}, ${options.rounds} rounds of ${options.seconds} s at most`,
  ]
}

/** The comparison as a table; figures that got worse by more than what is allowed stand out. */
export function renderComparison(comparison: Comparison, { palette, width }: Look): string[] {
  const columns: Column[] = [
    { title: 'SIZE', align: 'right' },
    { title: '' },
    { title: 'BASE', align: 'right', optional: 1 },
    { title: 'NOW', align: 'right' },
    { title: 'CHANGE', align: 'right' },
  ]
  const rows = comparison.figures.map((figure): Cell[] => [
    `${figure.payloadLength} B`,
    figure.name,
    formatDuration(figure.baseNs),
    formatDuration(figure.nowNs),
    changeCell(figure.change, figure.isRegression, palette),
  ])
  const allowed = `${Math.round(comparison.maxRegression * 1000) / 10} % slower allowed`
  return [
    ...wrapText(`Compared with the base, ${allowed}`, width).map(palette.heading),
    ...renderTable(columns, rows, width, palette.faint),
  ]
}

function changeCell(change: number, isRegression: boolean, palette: Palette): Cell {
  const text = `${change >= 0 ? '+' : ''}${(change * 100).toFixed(1)} %`
  return isRegression ? { text: `${text} !`, paint: palette.critical } : text
}

function throughputRow(result: SizeResult, name: string, { nsPerMessage, ...rest }: Throughput): Cell[] {
  return [
    name === 'write' ? `${result.payloadLength} B` : '',
    name,
    nsPerMessage.median.toFixed(1),
    `${nsPerMessage.min.toFixed(1)} to ${nsPerMessage.max.toFixed(1)}`,
    formatRate(rest.messagesPerSecond),
    `${formatBytes(rest.payloadBytesPerSecond)}/s`,
    formatCount(rest.messages),
  ]
}

function latencyTitle(results: readonly SizeResult[]): string {
  const [first] = results
  const rate = formatRate(first?.latency.ratePerSecond ?? 0)
  const achieved = results.map(({ latency }) => latency.achievedPerSecond / latency.ratePerSecond)
  const short = Math.min(...achieved) < 0.99 ? `, of which the writer managed ${Math.floor(Math.min(...achieved) * 100)} %` : ''
  return `Latency, open loop at ${rate}${short}, write and one way counted from the instant each message was due`
}

function latencyRows({ payloadLength, latency }: SizeResult): Cell[][] {
  const kinds: (readonly [string, LatencyFigures])[] = [
    ['write', latency.write],
    ['transport', latency.transport],
    ['read', latency.read],
    ['one way', latency.endToEnd],
  ]
  return kinds.map(([name, figures], index) => [
    index === 0 ? `${payloadLength} B` : '',
    name,
    ...[figures.p50Ns, figures.p90Ns, figures.p99Ns, figures.p999Ns, figures.p9999Ns, figures.maxNs].map((ns) =>
      formatDuration(ns),
    ),
  ])
}

/** One bar per fifth of a decade; the bar's length is the share of messages, on a scale that still shows one in a million. */
function plot({ payloadLength, latency }: SizeResult, { palette, width }: Look): string[] {
  const { buckets, count } = latency.endToEnd
  const rows: [from: number, to: number, count: number][] = []
  for (let index = 0; index < buckets.length; index += BUCKETS_PER_ROW) {
    const part = buckets.slice(index, index + BUCKETS_PER_ROW)
    rows.push([part[0]?.[0] ?? 0, part.at(-1)?.[1] ?? 0, part.reduce((sum, [, , here]) => sum + here, 0)])
  }
  const barWidth = Math.max(8, Math.min(PLOT_WIDTH_MAX, width ?? WIDTH) - 32)
  const longest = Math.log10(count + 1)
  const lines = rows.map(([from, to, here]) => {
    const bar = '#'.repeat(here === 0 ? 0 : Math.max(1, Math.round((Math.log10(here + 1) / longest) * barWidth)))
    const label = `${formatDuration(from).padStart(8)} ${formatDuration(to).padStart(8)}`
    return `${label} |${bar.padEnd(barWidth)} ${formatCount(here).padStart(11)}`.trimEnd()
  })
  const title = `One way, ${payloadLength} B: ${formatCount(count)} messages (bars on a logarithmic scale)`
  return [...wrapText(title, width).map(palette.heading), ...lines]
}
