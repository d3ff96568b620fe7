import type { LatencySummary } from './latency-recorder.js'
import { renderBench } from './render-bench.js'
import type { BenchResult } from './run-bench.js'

const WIDTH = 860
const HEIGHT = 300
const MARGIN = { left: 70, right: 20, top: 20, bottom: 40 }
const PLAIN = { palette: { heading: same, good: same, warning: same, critical: same, faint: same }, width: 110 }

interface Line {
  readonly name: string
  readonly colour: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

/** One page without anything from elsewhere: figures, the distribution of each part, and latency over time. */
export function reportHtml(result: BenchResult, title: string): string {
  const { latency } = result
  const charts = latency === undefined ? '' : `${distributionChart(latency)}${seriesChart(latency.series)}`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 920px; margin: 2em auto; padding: 0 1em; color: #222; background: #fff }
pre { background: #f5f5f2; padding: 1em; overflow: auto; font-size: 13px }
svg text { font: 12px system-ui, sans-serif; fill: #555 }
svg .axis { stroke: #999 } svg .grid { stroke: #e5e5e5 }
h2 { font-size: 1.1em; margin-top: 2em }
</style></head><body>
<h1>${escapeHtml(title)}</h1>
<pre>${escapeHtml(renderBench(result, PLAIN).join('\n'))}</pre>
${charts}
<h2>Data</h2><pre>${escapeHtml(JSON.stringify(result.plan, undefined, 2))}</pre>
</body></html>
`
}

/** Percentiles on a scale that gives each further nine the same room. */
function distributionChart(latency: NonNullable<BenchResult['latency']>): string {
  const nines = (percentile: number) => (percentile >= 100 ? 6 : -Math.log10(1 - percentile / 100))
  const line = (name: string, colour: string, { points }: LatencySummary): Line => ({
    name,
    colour,
    points: points.map(([p, ns]) => [nines(p), ns]),
  })
  const lines = [
    line('total', '#b33', latency.total),
    line('transport', '#36a', latency.transport),
    line('write', '#383', latency.write),
    line('read', '#a70', latency.read),
  ]
  const ticks = [0, 90, 99, 99.9, 99.99, 99.999].map((percentile) => [nines(percentile), `${percentile}%`] as const)
  return `<h2>Latency by percentile</h2>${chart(lines, ticks)}`
}

function seriesChart(series: NonNullable<BenchResult['latency']>['series']): string {
  const lines: Line[] = [
    { name: 'max', colour: '#b33', points: series.map(({ atMs, max }) => [atMs, max]) },
    { name: 'p50', colour: '#36a', points: series.map(({ atMs, p50 }) => [atMs, p50]) },
  ]
  const last = series.at(-1)?.atMs ?? 1
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => [last * share, `${((last * share) / 1000).toFixed(1)} s`] as const)
  return `<h2>Latency over time, each tenth of a second</h2>${chart(lines, ticks)}`
}

function chart(lines: readonly Line[], ticks: readonly (readonly [x: number, label: string])[]): string {
  const all = lines.flatMap(({ points }) => points)
  const highestX = Math.max(1e-9, ...all.map(([x]) => x))
  const decades = all.map(([, y]) => Math.log10(Math.max(1, y)))
  const low = Math.floor(Math.min(...decades, 3))
  const high = Math.max(low + 1, Math.ceil(Math.max(...decades, 0)))
  const toX = (x: number) => MARGIN.left + (x / highestX) * (WIDTH - MARGIN.left - MARGIN.right)
  const toY = (y: number) =>
    HEIGHT - MARGIN.bottom - ((Math.log10(Math.max(1, y)) - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom)
  const grid = Array.from({ length: high - low + 1 }, (_, index) => {
    const y = toY(10 ** (low + index)).toFixed(1)
    return `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y}" y2="${y}"/><text x="${MARGIN.left - 8}" y="${y}" text-anchor="end" dy="4">${decadeLabel(low + index)}</text>`
  })
  const marks = ticks.map(
    ([x, label]) => `<text x="${toX(x).toFixed(1)}" y="${HEIGHT - MARGIN.bottom + 18}" text-anchor="middle">${label}</text>`,
  )
  const drawn = lines.map(({ colour, points }) => {
    const path = points.map(([x, y]) => `${toX(x).toFixed(1)},${toY(y).toFixed(1)}`).join(' ')
    return `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${path}"/>`
  })
  const legend = lines.map(
    ({ name, colour }, index) =>
      `<text x="${MARGIN.left + 10 + index * 90}" y="${MARGIN.top}" style="fill:${colour}">${name}</text>`,
  )
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">${grid.join('')}${marks.join('')}${drawn.join('')}${legend.join('')}</svg>`
}

function decadeLabel(decade: number): string {
  const units = ['ns', 'us', 'ms', 's']
  const unit = Math.min(units.length - 1, Math.floor(decade / 3))
  return `${10 ** (decade - unit * 3)} ${units[unit]}`
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function same(text: string): string {
  return text
}
