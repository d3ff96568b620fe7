import { drawPicture, escapeXml } from './draw-picture.js'
import { formatNumber } from './format-cells.js'
import type { Spread, WorkloadResult } from './report.js'

const WIDTH = 860
const LABEL_WIDTH = 300
const VALUE_WIDTH = 110
const BAR_HEIGHT = 16
const ROW_HEIGHT = 26
const TITLE_HEIGHT = 30
const STYLE = { light: '.b{fill:#9db4c8}.o{fill:#1f6feb}.s{stroke:#222}', dark: '.s{stroke:#ddd}.b{fill:#56697a}' }

/**
 * Draws one row of the comparison: a bar per peer and figure for the median, a line for the spread.
 *
 * Colours follow the scheme of the reader's browser; values stand beside the bars, so that nothing depends on a colour.
 */
export function drawChart(workload: WorkloadResult, source: string): string {
  const measured = workload.peers.filter(({ figures }) => figures.length > 0)
  const panels = (measured[0]?.figures ?? []).map(({ key }) =>
    measured.flatMap(({ title, figures }) => figures.filter((figure) => figure.key === key).map((figure) => ({ title, figure }))),
  )
  const panelHeight = TITLE_HEIGHT + measured.length * ROW_HEIGHT
  const size = { width: WIDTH, height: TITLE_HEIGHT + panels.length * panelHeight }
  const title = `${workload.id}: ${workload.title}`
  const drawn = panels.flatMap((bars, index) => drawPanel(bars, TITLE_HEIGHT + index * panelHeight))
  return drawPicture({ title, source }, { ...size, style: STYLE }, drawn)
}

function drawPanel(bars: readonly { readonly title: string; readonly figure: Spread }[], top: number): string[] {
  const most = Math.max(...bars.map(({ figure }) => figure.max), Number.MIN_VALUE)
  const x = (value: number) => (LABEL_WIDTH + (value / most) * (WIDTH - LABEL_WIDTH - VALUE_WIDTH)).toFixed(1)
  const rows = bars.flatMap(({ title, figure }, index) => {
    const y = top + TITLE_HEIGHT + index * ROW_HEIGHT
    const middle = y + BAR_HEIGHT / 2
    const width = (Number(x(figure.median)) - LABEL_WIDTH).toFixed(1)
    const kind = title.startsWith('ours') ? 'o' : 'b'
    return [
      `<text x="${LABEL_WIDTH - 8}" y="${y + 13}" text-anchor="end">${escapeXml(title)}</text>`,
      `<rect class="${kind}" x="${LABEL_WIDTH}" y="${y}" width="${width}" height="${BAR_HEIGHT}"/>`,
      `<line class="s" x1="${x(figure.min)}" y1="${middle}" x2="${x(figure.max)}" y2="${middle}"/>`,
      `<text x="${WIDTH - 8}" y="${y + 13}" text-anchor="end">${formatNumber(figure.median, figure.digits)}</text>`,
    ]
  })
  return [`<text x="${LABEL_WIDTH}" y="${top + 18}">${escapeXml(bars[0]?.figure.title ?? '')}</text>`, ...rows]
}
