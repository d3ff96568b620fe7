import type { Palette } from '../../output/palette.js'
import { printable } from '../../output/printable.js'
import { formatBytes, formatCount, formatDuration, formatRate } from '../../output/quantities.js'
import { type Cell, type Column, fit, renderTable } from '../../output/table.js'
import { renderInspection } from '../inspect/render-inspection.js'
import { type MonitorState, mostBehind, visibleRows } from './monitor-state.js'
import type { BoardEvent, QueueRow } from './queue-board.js'

const SPARKS = '▁▂▃▄▅▆▇█'
const SPARKLINE_LENGTH = 16
/** Lines that are not queues: title, column titles, a blank, events, keys. */
const EVENT_LINES = 4
const FIXED_LINES = 4 + EVENT_LINES

const COLUMNS: readonly Column[] = [
  { title: 'QUEUE' },
  { title: 'WRITER' },
  { title: 'RATE', align: 'right' },
  { title: '', optional: 3 },
  { title: 'NEXT', align: 'right', optional: 4 },
  { title: 'BEHIND', align: 'right' },
  { title: 'LATENCY', align: 'right', optional: 1 },
  { title: 'READERS', align: 'right', optional: 5 },
  { title: 'SIZE', align: 'right', optional: 2 },
  { title: 'STATE' },
]

/** Everything that is on the screen. */
export interface MonitorPicture {
  readonly root: string
  readonly nowMs: number
  readonly rows: readonly QueueRow[]
  readonly events: readonly BoardEvent[]
  readonly state: MonitorState
  readonly width: number
  readonly height: number
}

/** The screen's lines: never more than its height. */
export function renderMonitor(picture: MonitorPicture, palette: Palette): string[] {
  const opened = picture.rows.find(({ directory }) => directory === picture.state.opened)
  const body = opened === undefined ? renderBoard(picture, palette) : renderOpened(opened, picture, palette)
  return [titleLine(picture, palette), ...body].slice(0, picture.height)
}

/** Rates as a row of bars, the highest one full. */
export function sparkline(history: readonly number[], length = SPARKLINE_LENGTH): string {
  const shown = history.slice(-length)
  const highest = Math.max(...shown, 1e-9)
  return shown
    .map((value) => SPARKS[Math.min(SPARKS.length - 1, Math.floor((value / highest) * (SPARKS.length - 0.01)))])
    .join('')
}

function titleLine({ root, nowMs, rows, state, width }: MonitorPicture, palette: Palette): string {
  const total = rows.reduce((sum, { rate }) => sum + rate, 0)
  const time = `${new Date(nowMs).toISOString().slice(11, 19)}Z`
  const paused = state.isPaused ? '  paused' : ''
  return palette.heading(fit(`${printable(root)}  ${rows.length} queues  ${formatRate(total)}  ${time}${paused}`, width))
}

function renderBoard(picture: MonitorPicture, palette: Palette): string[] {
  const { state, width, height, events } = picture
  const rows = visibleRows(state, picture.rows)
  const room = Math.max(1, height - FIXED_LINES)
  const first = Math.max(0, Math.min(state.selected - room + 1, rows.length - room))
  const shown = rows.slice(first, first + room)
  const table = renderTable(
    COLUMNS,
    shown.map((row) => boardRow(row, picture, palette)),
    width - 2,
    palette.heading,
  )
  const lines = table.map((line, index) => (index > 0 && first + index - 1 === state.selected ? `> ${line}` : `  ${line}`))
  while (lines.length < room + 1) lines.push('')
  lines.push(hiddenLine(rows.length - shown.length, palette))
  for (let index = 0; index < EVENT_LINES; index += 1) lines.push(eventLine(events[index], picture, palette))
  lines.push(keysLine(state, width, palette))
  return lines
}

function boardRow(row: QueueRow, { root }: MonitorPicture, palette: Palette): Cell[] {
  const { inspection, rate, history } = row
  const { head, readers, segments } = inspection
  return [
    printable(nameBelow(root, row.directory)),
    writerCell(row, palette),
    formatRate(rate),
    sparkline(history).padStart(SPARKLINE_LENGTH),
    head.nextSequence === undefined ? '?' : formatCount(head.nextSequence),
    readers.length === 0 ? '' : formatCount(mostBehind(row)),
    latency(row),
    String(readers.length),
    formatBytes(segments.bytes),
    stateCell(row, palette),
  ]
}

/** How old, by the data's own time, what the slowest reader has yet to read is. */
function latency({ inspection }: QueueRow): string {
  const lags = inspection.readers.flatMap(({ lag }) => (lag?.ns === undefined ? [] : [Number(lag.ns)]))
  return lags.length === 0 ? '' : formatDuration(Math.max(...lags))
}

function writerCell({ inspection: { writer } }: QueueRow, palette: Palette): Cell {
  if (writer.alive === true) return { text: 'alive', paint: palette.good }
  return writer.alive === false ? { text: writer.record === undefined ? 'none' : 'dead', paint: palette.warning } : '?'
}

function stateCell({ inspection: { problems } }: QueueRow, palette: Palette): Cell {
  const critical = problems.filter(({ severity }) => severity === 'critical').length
  const warning = problems.filter(({ severity }) => severity === 'warning').length
  if (critical > 0) return { text: `${critical} critical`, paint: palette.critical }
  return warning > 0 ? { text: `${warning} warning`, paint: palette.warning } : { text: 'ok', paint: palette.good }
}

function hiddenLine(count: number, palette: Palette): string {
  return count > 0 ? palette.faint(`  ${count} more`) : ''
}

function eventLine(event: BoardEvent | undefined, { root, width }: MonitorPicture, palette: Palette): string {
  if (event === undefined) return ''
  const time = new Date(event.atMs).toISOString().slice(11, 19)
  const text = `  ${time}  ${event.kind}  ${printable(nameBelow(root, event.directory))}  ${event.detail}`
  return palette.faint(fit(text.trimEnd(), width))
}

function keysLine(state: MonitorState, width: number, palette: Palette): string {
  if (state.isTyping) return fit(`filter: ${printable(state.filter)}_`, width)
  const filter = state.filter === '' ? '' : `  filter "${printable(state.filter)}"`
  return palette.faint(fit(`q quit  s sort by ${state.sort}  / filter  enter open  space pause${filter}`, width))
}

function renderOpened({ inspection, history, rate }: QueueRow, { width, height }: MonitorPicture, palette: Palette): string[] {
  const lines = [
    '',
    ...renderInspection(inspection, { palette, width }),
    '',
    `  ${formatRate(rate)}  ${sparkline(history, Math.max(1, width - 20))}`,
  ]
  const shown = lines.slice(0, height - 2)
  while (shown.length < height - 2) shown.push('')
  return [...shown, palette.faint('escape back  q quit')]
}

function nameBelow(root: string, directory: string): string {
  return directory.startsWith(`${root}/`) ? directory.slice(root.length + 1) : directory
}
