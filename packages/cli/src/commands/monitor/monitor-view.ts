import type { Palette } from '../../output/palette.js'
import { printable } from '../../output/printable.js'
import { formatBytes, formatCount, formatDuration, formatRate } from '../../output/quantities.js'
import { type Cell, type Column, fit, renderTable } from '../../output/table.js'
import { wrapText } from '../../output/wrap.js'
import { renderInspection, worstFirst } from '../inspect/render-inspection.js'
import { displayName } from './display-name.js'
import { type MonitorState, mostBehind, visibleRows } from './monitor-state.js'
import { longestWaitNs, oldestUnreadNs } from './oldest-unread.js'
import type { BoardEvent, QueueRow } from './queue-board.js'

const SPARKS = '▁▂▃▄▅▆▇█'
const SPARKLINE_LENGTH = 16
const NARROW_SPARKLINE_LENGTH = 8
const NARROW_WIDTH = 100
/** Lines that are not queues: title, column titles, a blank, events, keys. */
const EVENT_LINES = 4
const FIXED_LINES = 4 + EVENT_LINES

const COLUMNS: readonly Column[] = [
  { title: 'QUEUE', cut: 'middle' },
  { title: 'WRITER', optional: 1 },
  { title: 'RATE', align: 'right' },
  { title: '', optional: 3 },
  { title: 'NEXT', align: 'right', optional: 5 },
  { title: 'BEHIND', align: 'right' },
  { title: 'WAITING', align: 'right', optional: 2 },
  { title: 'READERS', align: 'right', optional: 6 },
  { title: 'SIZE', align: 'right', optional: 4 },
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
  if (picture.state.isHelping) return renderHelp(picture, palette)
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
  const count = `${rows.length} ${rows.length === 1 ? 'queue' : 'queues'}`
  return palette.heading(fit(`${time}  ${count}  ${formatRate(total)}  ${printable(root)}${paused}`, width))
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

function boardRow(row: QueueRow, { root, width }: MonitorPicture, palette: Palette): Cell[] {
  const sparkLength = width < NARROW_WIDTH ? NARROW_SPARKLINE_LENGTH : SPARKLINE_LENGTH
  const { inspection, rate, history } = row
  const { head, readers, segments } = inspection
  return [
    printable(displayName(root, row.directory)),
    writerCell(row, palette),
    formatRate(rate),
    sparkline(history, sparkLength).padStart(sparkLength),
    head.nextSequence === undefined ? '?' : formatCount(head.nextSequence),
    readers.length === 0 ? '' : formatCount(mostBehind(row)),
    waiting(row),
    String(readers.length),
    formatBytes(segments.bytes),
    stateCell(row, palette),
  ]
}

/** How long the slowest reader lets messages wait. */
function waiting({ inspection }: QueueRow): string {
  const ns = longestWaitNs(inspection)
  return ns === undefined ? '' : ns === 0n ? '-' : formatDuration(ns)
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
  const text = `  ${time}  ${event.kind}  ${printable(displayName(root, event.directory))}  ${event.detail}`
  return palette.faint(fit(text.trimEnd(), width))
}

function keysLine(state: MonitorState, width: number, palette: Palette): string {
  if (state.isTyping) return fit(`filter: ${printable(state.filter)}_`, width)
  const filter = state.filter === '' ? '' : `  filter "${printable(state.filter)}"`
  return palette.faint(fit(`q quit  ? help  s sort by ${state.sort}  / filter  enter open  space pause${filter}`, width))
}

function renderOpened(row: QueueRow, { width, height }: MonitorPicture, palette: Palette): string[] {
  const { inspection, history, rate } = row
  const lines = [
    '',
    ...renderInspection(inspection, { palette, width }),
    '',
    ...waitingLines(row, width, palette),
    `  rate      ${formatRate(rate)}  ${sparkline(history, Math.max(1, width - 30))}`,
  ]
  const shown = lines.slice(0, height - 2)
  while (shown.length < height - 2) shown.push('')
  return [...shown, palette.faint(fit('escape back  ? help  q quit', width))]
}

/** How long each reader's oldest unread message has been waiting, now and over the last looks. */
function waitingLines({ inspection, waits }: QueueRow, width: number, palette: Palette): string[] {
  if (inspection.readers.length === 0) return []
  const columns: Column[] = [
    { title: '  READER', cut: 'middle' },
    { title: 'OLDEST UNREAD', align: 'right' },
    { title: '', optional: 1 },
  ]
  const rows = worstFirst(inspection.readers).map((reader): Cell[] => {
    const ns = oldestUnreadNs(inspection, reader)
    const age = ns === undefined ? '?' : ns === 0n ? 'none' : formatDuration(ns)
    return [`  ${printable(reader.name)}`, age, sparkline(waits.get(reader.name) ?? [])]
  })
  return [...renderTable(columns, rows, width, palette.heading), '']
}

const HELP: readonly (readonly [key: string, meaning: string])[] = [
  ['up, down', 'choose a queue (also k and j)'],
  ['enter', 'open the chosen queue: writer, segments, readers, problems'],
  ['escape', 'back; on the board: drop the filter'],
  ['s', 'sort by name, rate, lag, size in turn; highest first'],
  ['/', 'type a filter; enter keeps it, escape drops it'],
  ['space', 'stop looking, and go on'],
  ['?', 'this help, and away with it'],
  ['q', 'quit'],
  ['', ''],
  ['BEHIND', 'messages that the slowest reader has not read'],
  ['WAITING', 'how long the oldest message that a reader has yet to read has been there'],
  ['WRITER', 'dead: it did not close its queue; none: it did'],
]

function renderHelp({ width, height }: MonitorPicture, palette: Palette): string[] {
  const indent = 12
  const lines = HELP.flatMap(([key, meaning]) =>
    wrapText(meaning, width - indent).map((text, index) => `  ${(index === 0 ? key : '').padEnd(indent - 2)}${text}`.trimEnd()),
  )
  const shown = ['', ...lines].slice(0, height - 2)
  while (shown.length < height - 2) shown.push('')
  return [palette.heading('Keys and columns'), ...shown, palette.faint(fit('? back  q quit', width))]
}
