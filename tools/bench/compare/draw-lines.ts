import type { Spread } from '@chronicle-ts/cli/bench'
import { drawPicture, escapeXml, type PictureTexts } from './draw-picture.js'
import { formatNumber } from './format-cells.js'

/** Lines over one axis of places: one panel of a picture. */
export interface LinePanel {
  readonly title: string
  /** What stands under the places, from left to right. */
  readonly places: readonly string[]
  readonly lines: readonly Line[]
}

export interface Line {
  readonly title: string
  /** Which of the colours and dashes: the same for a system in all pictures. The first one is ours. */
  readonly style: number
  /** One value per place; absent where nothing was measured. */
  readonly values: readonly (Spread | undefined)[]
}

const WIDTH = 900
const PLOT_LEFT = 96
const PLOT_RIGHT = 620
const PLOT_HEIGHT = 240
const HEAD_HEIGHT = 34
const FOOT_HEIGHT = 40
const LABEL_DISTANCE = 17
/** Dashes and labels distinguish them, too: nothing depends on a colour. Each is readable on white and on black. */
const STYLES = [
  { colour: '#1f6feb', dashes: '' },
  { colour: '#d1495b', dashes: '7 3' },
  { colour: '#2a9d6f', dashes: '2 3' },
  { colour: '#b7791f', dashes: '9 3 2 3' },
  { colour: '#8e5bd0', dashes: '4 3' },
  { colour: '#5f7a8a', dashes: '12 4' },
  { colour: '#b0578d', dashes: '2 6' },
] as const
type Style = (typeof STYLES)[number]
const STYLE = {
  light: '.g{stroke:#ddd}path{fill:none;stroke-width:2}.o{stroke-width:3}',
  dark: '.g{stroke:#333}',
}

/** Draws panels under each other: a line per system through the medians, the spread as a stroke at each, and a scale of powers of ten. */
export function drawLines(texts: PictureTexts, panels: readonly LinePanel[]): string {
  const panelHeight = HEAD_HEIGHT + PLOT_HEIGHT + FOOT_HEIGHT
  const size = { width: WIDTH, height: HEAD_HEIGHT + panels.length * panelHeight }
  const drawn = panels.flatMap((panel, index) => drawPanel(panel, HEAD_HEIGHT + index * panelHeight))
  return drawPicture(texts, { ...size, style: STYLE }, drawn)
}

function drawPanel({ title, places, lines }: LinePanel, top: number): string[] {
  const values = lines.flatMap((line) => line.values.flatMap((value) => (value ? [value.min, value.max] : [])))
  const decades = decadesAround(values.filter((value) => value > 0))
  const plotTop = top + HEAD_HEIGHT
  const bottom = plotTop + PLOT_HEIGHT
  const [least = 0, most = 1] = [decades[0], decades.at(-1)]
  const y = (value: number) => bottom - ((Math.log10(Math.max(value, 10 ** least)) - least) / (most - least)) * PLOT_HEIGHT
  const x = (place: number) => PLOT_LEFT + ((place + 0.5) / places.length) * (PLOT_RIGHT - PLOT_LEFT)
  const drawn = lines.map((line) => drawLine(line, { x, y }))
  return [
    `<text x="${PLOT_LEFT}" y="${top + 20}">${escapeXml(title)}</text>`,
    ...decades.flatMap((decade) => [
      `<line class="g" x1="${PLOT_LEFT}" y1="${y(10 ** decade)}" x2="${PLOT_RIGHT}" y2="${y(10 ** decade)}"/>`,
      `<text x="${PLOT_LEFT - 8}" y="${y(10 ** decade) + 4}" text-anchor="end">${formatNumber(10 ** decade, Math.max(0, -decade))}</text>`,
    ]),
    ...places.map((text, place) => `<text x="${x(place)}" y="${bottom + 20}" text-anchor="middle">${escapeXml(text)}</text>`),
    ...drawn.flatMap(({ shapes }) => shapes),
    ...placeLabels(drawn.map(({ label }) => label)),
  ]
}

interface Label {
  readonly text: string
  readonly style: Style
  readonly y: number
}

interface Drawing {
  readonly x: (place: number) => number
  readonly y: (value: number) => number
}

function drawLine({ title, style: number, values }: Line, { x, y }: Drawing): { shapes: string[]; label: Label } {
  const style = STYLES[number % STYLES.length] ?? STYLES[0]
  const { colour } = style
  const points = values.flatMap((value, place) =>
    value ? [{ ...value, x: x(place).toFixed(1), y: y(value.median).toFixed(1) }] : [],
  )
  const last = points.at(-1)
  const path = points.map((point, index) => `${index === 0 ? 'M' : 'L'}${point.x} ${point.y}`).join('')
  const shapes = [
    `<path class="${number === 0 ? 'o' : ''}" stroke="${colour}" stroke-dasharray="${style.dashes}" d="${path}"/>`,
    ...points.flatMap((point) => [
      `<line stroke="${colour}" x1="${point.x}" y1="${y(point.min).toFixed(1)}" x2="${point.x}" y2="${y(point.max).toFixed(1)}"/>`,
      `<circle fill="${colour}" cx="${point.x}" cy="${point.y}" r="3"/>`,
    ]),
  ]
  const value = last ? formatNumber(last.median, last.median < 10 ? 1 : 0) : ''
  return { shapes, label: { text: `${title}: ${value}`, style, y: Number(last?.y ?? 0) } }
}

/** Beside the ends of their lines, and never over each other. */
function placeLabels(labels: readonly Label[]): string[] {
  let free = 0
  return [...labels]
    .sort((one, other) => one.y - other.y)
    .map(({ text, style: { colour, dashes }, y }) => {
      const at = Math.max(y, free)
      free = at + LABEL_DISTANCE
      const line = `<path stroke="${colour}" stroke-dasharray="${dashes}" d="M${PLOT_RIGHT + 8} ${at.toFixed(1)}h24"/>`
      return `${line}<text x="${PLOT_RIGHT + 38}" y="${(at + 4).toFixed(1)}">${escapeXml(text)}</text>`
    })
}

/** Powers of ten from below the least to above the greatest value. */
function decadesAround(values: readonly number[]): number[] {
  if (values.length === 0) return [0, 1]
  const least = Math.floor(Math.log10(Math.min(...values)))
  const most = Math.max(least + 1, Math.ceil(Math.log10(Math.max(...values))))
  return Array.from({ length: most - least + 1 }, (_, index) => least + index)
}
