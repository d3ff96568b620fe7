import { formatBytes, formatCount, formatDuration, formatRate } from '../../../output/quantities.js'
import type { BenchReport, SizeResult } from '../bench-report.js'
import { BUCKETS_PER_DECADE, type LatencyFigures } from '../latency-samples.js'
import { describeRun } from '../render-report.js'
import { type Chart, type ChartAxis, escapeHtml, renderChart } from './svg-chart.js'

const BLUE = '#2f6fb2'
const GREEN = '#3a8f5c'
const ORANGE = '#d9822b'
const RED = '#c0453c'

const STYLE = `
  :root { color-scheme: light }
  body { margin: 2rem auto; max-width: 72rem; padding: 0 1.5rem; background: #fff; color: #1f2933; font: 15px/1.5 system-ui, sans-serif }
  h1 { font-size: 1.5rem; margin: 0 0 .5rem } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; border-top: 1px solid #e4e7eb; padding-top: 1.2rem }
  p { margin: .2rem 0; color: #52606d } .note { font-size: .9rem; max-width: 60rem }
  table { border-collapse: collapse; margin: .8rem 0; font-variant-numeric: tabular-nums } th, td { padding: .25rem .9rem; text-align: right; border-bottom: 1px solid #e4e7eb; white-space: nowrap }
  th { color: #52606d; font-weight: 600; font-size: .85rem } th:first-child, td:first-child { text-align: left; padding-left: 0 }
  .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr)); gap: 1rem 1.5rem } svg { width: 100%; height: auto; display: block }
  .tables { overflow-x: auto } .title { font: 600 13px system-ui, sans-serif; fill: #1f2933 } .legend, .axis { font: 11px system-ui, sans-serif; fill: #52606d }
  .tick { font: 10px system-ui, sans-serif; fill: #7b8794 } .grid { stroke: #e9ecef; stroke-width: 1 }
`

/** The report as one page that needs nothing else: styles and drawings are in it, and it loads nothing. */
export function renderHtml(report: BenchReport): string {
  const { environment, results } = report
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>chron-cli bench, ${escapeHtml(environment.date.slice(0, 10))}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Queue benchmark</h1>
${describeRun(report)
  .map((text) => `<p>${escapeHtml(text)}</p>`)
  .join('\n')}
<h2>Throughput</h2>
<p class="note">One thread, as fast as it goes; the median of the rounds, and their spread. Reading verifies every checksum. Every message was checked: none missing, doubled, out of order.</p>
${throughputTable(results)}
<h2>Latency</h2>
<p class="note">Open loop at ${formatRate(report.options.rate)}: <b>write</b> and <b>one way</b> are counted from the instant at which a message was due, so that a stall is charged to everything it held up.
<b>Transport</b> is from the call of append to the message in a reader's hands; <b>read</b> is the part of it spent in the reader's call.${shortfall(results)}</p>
${latencyTable(results)}
${results.map(sizeSection).join('\n')}
</body>
</html>
`
}

/** The writer could not keep the rate: then latencies show a queue in front of the queue. */
function shortfall(results: readonly SizeResult[]): string {
  const share = Math.min(...results.map(({ latency }) => latency.achievedPerSecond / latency.ratePerSecond))
  return share < 0.99
    ? ` <b>The writer managed ${Math.floor(share * 100)} % of the rate only:</b> this machine was too slow or too busy for it.`
    : ''
}

function throughputTable(results: readonly SizeResult[]): string {
  const head = ['', 'ns per message', 'spread', 'messages', 'payload', 'checked']
  const rows = results.flatMap(({ payloadLength, write, read }) =>
    [['write', write] as const, ['read', read] as const].map(([name, { nsPerMessage, ...rest }]) => [
      `${formatCount(payloadLength)} B ${name}`,
      nsPerMessage.median.toFixed(1),
      `${nsPerMessage.min.toFixed(1)} to ${nsPerMessage.max.toFixed(1)}`,
      formatRate(rest.messagesPerSecond),
      `${formatBytes(rest.payloadBytesPerSecond)}/s`,
      formatCount(rest.messages),
    ]),
  )
  return table(head, rows)
}

function latencyTable(results: readonly SizeResult[]): string {
  const rows = results.flatMap(({ payloadLength, latency }) =>
    kindsOf(latency).map(([name, figures]) => [
      `${formatCount(payloadLength)} B ${name}`,
      ...[figures.p50Ns, figures.p90Ns, figures.p99Ns, figures.p999Ns, figures.p9999Ns, figures.maxNs].map((ns) =>
        formatDuration(ns),
      ),
      formatCount(figures.count),
    ]),
  )
  return table(['', 'p50', 'p90', 'p99', 'p99.9', 'p99.99', 'max', 'messages'], rows)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: 'th' | 'td', row: readonly string[]) => row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')
  return `<div class="tables"><table><thead><tr>${cells('th', head)}</tr></thead><tbody>
${rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n')}
</tbody></table></div>`
}

const DURATION: ChartAxis = { title: 'nanoseconds to seconds, logarithmic', format: formatDuration, scale: 'log' }
const SECONDS: ChartAxis = {
  title: 'seconds since the start',
  format: (value) => `${Math.round(value * 1000) / 1000}`,
  scale: 'linear',
}

function sizeSection(result: SizeResult): string {
  const charts = [histogramChart(result), percentileChart(result), latencyOverTime(result), throughputOverTime(result)]
  return `<h2>${formatCount(result.payloadLength)} bytes</h2>
<div class="charts">
${charts.map(renderChart).join('\n')}
</div>`
}

function histogramChart({ latency }: SizeResult): Chart {
  const points = latency.endToEnd.buckets.filter(([, , count]) => count > 0).map(([from, , count]) => [from, count] as const)
  return {
    title: 'One way: how many took how long',
    x: { ...DURATION, title: 'one way, logarithmic' },
    y: { title: 'messages', format: (value) => formatCount(value), scale: 'log' },
    curves: [{ name: 'messages', colour: BLUE, points, width: 10 ** (1 / BUCKETS_PER_DECADE) }],
  }
}

function percentileChart({ latency }: SizeResult): Chart {
  const colours = [ORANGE, GREEN, RED, BLUE]
  const curves = kindsOf(latency).map(([name, figures], index) => ({
    name,
    colour: colours[index] ?? BLUE,
    points: [
      [2, figures.p50Ns],
      [10, figures.p90Ns],
      [100, figures.p99Ns],
      [1000, figures.p999Ns],
      [10_000, figures.p9999Ns],
      [Math.max(10_001, figures.count), figures.maxNs],
    ] as const,
  }))
  return {
    title: 'Percentiles',
    x: { title: 'one message in ...', format: (value) => formatCount(value), scale: 'log' },
    y: DURATION,
    curves,
  }
}

function latencyOverTime({ latency }: SizeResult): Chart {
  const curve = (name: string, colour: string, of: (point: SizeResult['latency']['series'][number]) => number) => ({
    name,
    colour,
    points: latency.series.map((point) => [point.atSeconds, of(point)] as const),
  })
  return {
    title: 'One way over time',
    x: SECONDS,
    y: DURATION,
    curves: [
      curve('p50', BLUE, ({ p50Ns }) => p50Ns),
      curve('p99', ORANGE, ({ p99Ns }) => p99Ns),
      curve('max', RED, ({ maxNs }) => maxNs),
    ],
  }
}

function throughputOverTime({ write, read }: SizeResult): Chart {
  const points = ({ series }: SizeResult['write']) =>
    series.map(({ atSeconds, messagesPerSecond }) => [atSeconds, messagesPerSecond] as const)
  return {
    title: 'Throughput over time, last round',
    x: SECONDS,
    y: { title: 'messages per second', format: formatRate, scale: 'linear' },
    curves: [
      { name: 'write', colour: ORANGE, points: points(write) },
      { name: 'read', colour: GREEN, points: points(read) },
    ],
  }
}

function kindsOf(latency: SizeResult['latency']): (readonly [string, LatencyFigures])[] {
  return [
    ['write', latency.write],
    ['transport', latency.transport],
    ['read', latency.read],
    ['one way', latency.endToEnd],
  ]
}
