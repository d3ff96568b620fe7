import { linearScale, logScale, type SvgScale } from './svg-scale.js'

/** A line of a chart. */
export interface Curve {
  readonly name: string
  readonly colour: string
  readonly points: readonly (readonly [x: number, y: number])[]
  /** A bar for each point instead, as wide as the distance to the next edge. */
  readonly width?: number
}

export interface ChartAxis {
  readonly title: string
  readonly format: (value: number) => string
  readonly scale: 'linear' | 'log'
}

export interface Chart {
  readonly title: string
  readonly x: ChartAxis
  readonly y: ChartAxis
  readonly curves: readonly Curve[]
}

const WIDTH = 640
const HEIGHT = 280
const LEFT = 64
const RIGHT = 30
const TOP = 34
const BOTTOM = 44
const BAR_HEIGHT_MIN = 2

/** Draws curves over common axes. The drawing scales with the page. */
export function renderChart(chart: Chart): string {
  const all = chart.curves.flatMap(({ points }) => points)
  const x = scaleOf(
    chart.x,
    all.map(([value]) => value),
    LEFT,
    WIDTH - RIGHT,
  )
  const y = scaleOf(
    chart.y,
    all.map(([, value]) => value),
    HEIGHT - BOTTOM,
    TOP,
  )
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(chart.title)}">`,
    `<text class="title" x="${LEFT}" y="16">${escapeHtml(chart.title)}</text>`,
    legend(chart.curves),
    ...x.ticks.map((tick) => verticalLine(x.at(tick), chart.x.format(tick))),
    ...y.ticks.map((tick) => horizontalLine(y.at(tick), chart.y.format(tick))),
    ...chart.curves.map((curve) => line(curve, x, y)),
    `<text class="axis" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${escapeHtml(chart.x.title)}</text>`,
    '</svg>',
  ].join('\n')
}

/** Text as it may stand in a page, in an attribute too. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

function scaleOf({ scale }: ChartAxis, values: readonly number[], from: number, to: number): SvgScale {
  const most = Math.max(1e-9, ...values)
  return scale === 'linear' ? linearScale(most, from, to) : logScale(Math.min(most, ...values), most, from, to)
}

function verticalLine(x: number, label: string): string {
  return `<line class="grid" x1="${fixed(x)}" x2="${fixed(x)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/><text class="tick" x="${fixed(x)}" y="${HEIGHT - BOTTOM + 14}" text-anchor="middle">${escapeHtml(label)}</text>`
}

function horizontalLine(y: number, label: string): string {
  return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${fixed(y)}" y2="${fixed(y)}"/><text class="tick" x="${LEFT - 6}" y="${fixed(y + 3)}" text-anchor="end">${escapeHtml(label)}</text>`
}

function legend(curves: readonly Curve[]): string {
  const parts = [...curves].reverse().reduce<{ x: number; texts: string[] }>(
    ({ x, texts }, { name, colour }) => ({
      x: x - name.length * 6.2 - 22,
      texts: [
        ...texts,
        `<text class="legend" x="${fixed(x)}" y="16" text-anchor="end"><tspan fill="${colour}">&#9632;</tspan> ${escapeHtml(name)}</text>`,
      ],
    }),
    { x: WIDTH - RIGHT, texts: [] },
  )
  return parts.texts.join('')
}

function line({ points, colour, name, width }: Curve, x: SvgScale, y: SvgScale): string {
  if (width !== undefined) return bars(points, { colour, factor: width }, x, y)
  const places = points.map(([px, py]) => `${fixed(x.at(px))},${fixed(y.at(py))}`)
  return `<polyline fill="none" stroke="${colour}" stroke-width="1.6" stroke-linejoin="round" points="${places.join(' ')}"><title>${escapeHtml(name)}</title></polyline>`
}

/** Bars from the axis up; each reaches from its value to `factor` times its value. */
function bars(points: Curve['points'], { colour, factor }: { colour: string; factor: number }, x: SvgScale, y: SvgScale): string {
  const rectangles = points.map(([px, py]) => {
    // A single message stands on the axis of a logarithmic scale: it is still to be seen.
    const [left, right, top] = [x.at(px), x.at(px * factor), Math.min(y.at(py), HEIGHT - BOTTOM - BAR_HEIGHT_MIN)]
    const height = HEIGHT - BOTTOM - top
    return `<rect x="${fixed(left)}" y="${fixed(top)}" width="${fixed(Math.max(0.5, right - left - 0.6))}" height="${fixed(height)}"/>`
  })
  return `<g fill="${colour}" fill-opacity="0.75">${rectangles.join('')}</g>`
}

function fixed(value: number): string {
  return String(Math.round(value * 10) / 10)
}
