import { readProgress } from '@chronicle-ts/bridge/progress'
import { HISTORY_MS, type ReaderState, type TrendPoint } from '@chronicle-ts/inspect'
import type { Palette } from '../../output/palette.js'
import { printable } from '../../output/printable.js'
import { formatBytes, formatCount, formatDuration, formatRate } from '../../output/quantities.js'
import { stateCell, summaryCell } from '../../output/states.js'
import { type Cell, type Column, fit, renderTable } from '../../output/table.js'
import { wrapText } from '../../output/wrap.js'
import { displayName } from '../../queues/queue-names.js'
import { renderInspection, unreadFor, worstFirst } from '../inspect/render-inspection.js'
import { type MonitorState, mostBehind, visibleRows } from './monitor-state.js'
import { type BoardEvent, type QueueRow, rateOf } from './queue-board.js'

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
  { title: 'UNREAD FOR', align: 'right', optional: 2 },
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
  /** Directories that are not shown: those that could not be read, and those that were not searched. */
  readonly unreadable?: number
  readonly leftOut?: number
  readonly state: MonitorState
  readonly width: number
  readonly height: number
  /** The first look is not over. */
  readonly isLooking?: boolean
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

function titleLine(picture: MonitorPicture, palette: Palette): string {
  const { root, nowMs, rows, state, width, isLooking, unreadable = 0, leftOut = 0 } = picture
  const rates = rows.map(rateOf).filter((rate) => rate !== undefined)
  const total = rates.length === 0 ? '' : `  ${formatRate(rates.reduce((sum, rate) => sum + rate, 0))}`
  const time = `${new Date(nowMs).toISOString().slice(11, 19)}Z`
  const paused = state.isPaused ? '  paused' : ''
  if (isLooking === true) return palette.heading(fit(`${time}  looking...  ${printable(root)}`, width))
  const count = `${rows.length} ${rows.length === 1 ? 'queue' : 'queues'}`
  const bad = rows.filter(({ state: { severity } }) => severity !== 'ok').length
  const notOk = bad === 0 ? '' : `  ${bad} not ok`
  const hidden = `${unreadable === 0 ? '' : `  ${unreadable} unreadable`}${leftOut === 0 ? '' : `  ${leftOut} not searched`}`
  return palette.heading(fit(`${time}  ${count}${notOk}${hidden}${total}  ${printable(root)}${paused}`, width))
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
  const { inspection, state, trend } = row
  const { head, readers, segments } = inspection
  return [
    printable(displayName(root, row.directory)),
    stateCell(state.writer, palette),
    formatRateOf(row),
    trendLine(trend, sparkLength).padStart(sparkLength),
    head.nextSequence === undefined ? '?' : formatCount(head.nextSequence),
    readers.length === 0 ? '' : formatCount(mostBehind(row)),
    readers.length === 0 ? '' : unreadFor(longestWaiting(state.readers)?.lag),
    String(readers.length),
    formatBytes(segments.bytes),
    summaryCell(state, palette),
  ]
}

/** Of the readers of a queue the one whose oldest unread message has been there longest. */
function longestWaiting(readers: readonly ReaderState[]): ReaderState | undefined {
  const age = ({ lag }: ReaderState) => lag.arrivalNs ?? -1n
  return readers.reduce<ReaderState | undefined>(
    (longest, reader) => (longest === undefined || age(reader) > age(longest) ? reader : longest),
    undefined,
  )
}

/** The rates of a trend as bars: all of its time, fifteen minutes at most. */
export function trendLine(trend: readonly TrendPoint[], length = SPARKLINE_LENGTH): string {
  const last = trend.at(-1)?.atMs ?? 0
  const first = Math.max(trend[0]?.atMs ?? 0, last - HISTORY_MS)
  const sums = Array.from({ length }, () => ({ sum: 0, count: 0 }))
  for (const { atMs, perSecond } of trend) {
    const slot = sums[Math.min(length - 1, Math.floor(((atMs - first) / Math.max(1, last - first)) * length))]
    if (slot === undefined || atMs < first || perSecond === null) continue
    slot.sum += perSecond
    slot.count += 1
  }
  return sparkline(
    sums.flatMap(({ sum, count }) => (count === 0 ? [] : [sum / count])),
    length,
  )
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
  const filter = state.filter === '' ? '' : `filter "${printable(state.filter)}"  `
  return palette.faint(fit(`${filter}q quit  ? help  s sort by ${state.sort}  / filter  enter open  space pause`, width))
}

function renderOpened(row: QueueRow, { nowMs, width, height }: MonitorPicture, palette: Palette): string[] {
  const lines = [
    '',
    ...renderInspection(row, { palette, width }),
    '',
    ...paceLines(row, width, palette),
    ...bridgeLines(row, { nowMs, width }, palette),
    ...rateLines(row, width),
  ]
  const shown = lines.slice(0, height - 2)
  while (shown.length < height - 2) shown.push('')
  return [...shown, palette.faint(fit('escape back  ? help  q quit', width))]
}

function formatRateOf(row: QueueRow): string {
  const rate = rateOf(row)
  return rate === undefined ? '?' : formatRate(rate)
}

function rateLines(row: QueueRow, width: number): string[] {
  const { trend, state } = row
  const window = state.measured === null ? '' : ` over ${formatDuration(state.measured.windowNs)}`
  const span = (trend.at(-1)?.atMs ?? 0) - (trend[0]?.atMs ?? 0)
  const bars = trendLine(trend, Math.max(1, Math.min(90, width - 24)))
  return [`  rate      ${formatRateOf(row)}${window}`, `  ${formatDuration(span * 1e6).padEnd(10)}${bars}`]
}

/** How fast each reader reads, and when it will have caught up. */
function paceLines({ inspection, state }: QueueRow, width: number, palette: Palette): string[] {
  if (inspection.readers.length === 0) return []
  const columns: Column[] = [
    { title: '  READER', cut: 'middle' },
    { title: 'RATE', align: 'right' },
    { title: 'CATCHES UP IN', align: 'right' },
  ]
  const states = new Map(state.readers.map((reader) => [reader.name, reader]))
  const rows = worstFirst(inspection.readers, states).map(({ name }): Cell[] => {
    const reader = states.get(name)
    return [`  ${printable(name)}`, reader?.perSecond == null ? '?' : formatRate(reader.perSecond), catchUp(reader)]
  })
  return [...renderTable(columns, rows, width, palette.heading), '']
}

/** Where the ends of bridges are that carry the queue, and how long ago they said so. */
function bridgeLines({ directory }: QueueRow, { nowMs, width }: { nowMs: number; width: number }, palette: Palette): string[] {
  const bridges = readProgress(directory)
  if (bridges.length === 0) return []
  const columns: Column[] = [
    { title: '  BRIDGE', cut: 'middle' },
    { title: 'STATE' },
    { title: 'BEHIND', align: 'right' },
    { title: 'BYTES', align: 'right' },
    { title: 'FOR', align: 'right' },
    { title: 'SAID', align: 'right' },
  ]
  const rows = bridges.map(({ role, name, state, lag, updatedMs }): Cell[] => [
    `  ${role} ${printable(name)}`,
    state,
    lag.messages === null ? '?' : formatCount(lag.messages),
    lag.bytes === null ? '?' : formatBytes(lag.bytes),
    lag.seconds === null ? '?' : formatDuration(lag.seconds * 1e9),
    `${formatDuration(Math.max(0, nowMs - updatedMs) * 1e6)} ago`,
  ])
  return [...renderTable(columns, rows, width, palette.heading), '']
}

function catchUp(reader: ReaderState | undefined): string {
  if (reader === undefined || reader.lag.messages === null || reader.perSecond === null) return '?'
  if (reader.lag.messages === 0) return '-'
  return reader.catchUpSeconds === null ? 'never at this rate' : formatDuration(reader.catchUpSeconds * 1e9)
}

const HELP: readonly (readonly [key: string, meaning: string])[] = [
  ['up, down', 'choose a queue (also k and j)'],
  ['enter', 'open the chosen queue: writer, segments, readers, problems'],
  ['escape', 'back; on the board: drop the filter'],
  ['s', 'sort by state, name, rate, lag, size in turn; worst or highest first'],
  ['/', 'type a filter; enter keeps it, escape drops it'],
  ['space', 'stop looking, and go on'],
  ['?', 'this help, and away with it'],
  ['q', 'quit'],
  ['', ''],
  ['BEHIND', 'messages that the slowest reader has not read'],
  ['UNREAD FOR', 'how long the oldest message that a reader has not read has been there'],
  ['WRITER', 'running, idle, BLOCKED, STOPPED, dead, closed'],
  ['STATE', 'the worst condition, and how many there are besides; enter shows all of them'],
]

function renderHelp({ width, height }: MonitorPicture, palette: Palette): string[] {
  const indent = 14
  const lines = HELP.flatMap(([key, meaning]) =>
    wrapText(meaning, width - indent).map((text, index) => `  ${(index === 0 ? key : '').padEnd(indent - 2)}${text}`.trimEnd()),
  )
  const shown = ['', ...lines].slice(0, height - 2)
  while (shown.length < height - 2) shown.push('')
  return [palette.heading('Keys and columns'), ...shown, palette.faint(fit('? back  q quit', width))]
}
