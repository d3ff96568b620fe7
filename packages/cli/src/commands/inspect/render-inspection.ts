import type {
  LagState,
  QueueInspection,
  QueueState,
  ReaderInspection,
  ReaderState,
  WriterInspection,
} from '@chronicle-ts/inspect'
import type { Output } from '../../output/output.js'
import type { Palette } from '../../output/palette.js'
import { printable } from '../../output/printable.js'
import { renderProblems } from '../../output/problems.js'
import { formatBytes, formatCount, formatCountOf, formatDuration, formatRate } from '../../output/quantities.js'
import { acknowledgedText, describeCondition, paintOf, stateCell } from '../../output/states.js'
import { type Cell, type Column, renderTable } from '../../output/table.js'
import { formatTime, nowNs } from '../../output/times.js'
import { wrapText } from '../../output/wrap.js'

const LABEL_WIDTH = 10

/** A look at a queue: what its files say, and what that means. */
interface Looked {
  readonly inspection: QueueInspection
  readonly state: QueueState
}

/** A queue as a person reads it: its state, facts, readers, problems. */
export function renderInspection({ inspection, state }: Looked, output: Pick<Output, 'palette' | 'width'>): string[] {
  const { palette, width } = output
  const lines = [palette.heading(printable(inspection.directory)), ...stateLines(state, output)]
  for (const [label, text] of facts({ inspection, state }, palette)) lines.push(...labelled(label, text, width))
  if (inspection.readers.length > 0) lines.push('', ...renderReaders({ inspection, state }, output))
  if (inspection.problems.length > 0) lines.push('', ...renderProblems(inspection.problems, output))
  return lines
}

/** One line per condition, worst first; `ok` when there is none. */
function stateLines({ conditions, acknowledged }: QueueState, { palette, width }: Pick<Output, 'palette' | 'width'>): string[] {
  const known = palette.faint(acknowledgedText(acknowledged))
  if (conditions.length === 0) return [`  ${'state'.padEnd(LABEL_WIDTH)}${palette.good('ok')}${known}`]
  return conditions.flatMap((condition, index) =>
    labelled(index === 0 ? 'state' : '', describeCondition(condition), width, paintOf(condition, palette)),
  )
}

/** A line per reader: state, position, lag. */
export function renderReaders({ inspection, state }: Looked, { palette, width }: Pick<Output, 'palette' | 'width'>): string[] {
  const states = new Map(state.readers.map((reader) => [reader.name, reader]))
  const rows = worstFirst(inspection.readers, states).map((reader) => readerRow(reader, states.get(reader.name), palette))
  return renderTable(READER_COLUMNS, rows, width, palette.heading)
}

const SEVERITIES = { critical: 2, warning: 1, ok: 0 } as const

/** Readers in the order in which they need to be looked at: by severity, then by how far they are behind. */
export function worstFirst(readers: readonly ReaderInspection[], states: ReadonlyMap<string, ReaderState>): ReaderInspection[] {
  const severity = ({ name }: ReaderInspection) => SEVERITIES[states.get(name)?.severity ?? 'ok']
  const behind = ({ lag }: ReaderInspection) => lag?.messages ?? Number.MAX_SAFE_INTEGER
  return [...readers].sort((a, b) => severity(b) - severity(a) || behind(b) - behind(a) || (a.name < b.name ? -1 : 1))
}

/** `running, pid 7`, with how it is known; the same words for writers everywhere. */
function describeWriter(writer: WriterInspection, state: QueueState['writer']): string {
  const known = writer.knownBy === 'absent' ? 'no lock file' : `known by ${writer.knownBy}`
  const pid = writer.alive === true && writer.pid !== undefined ? `, pid ${writer.pid}` : ''
  const epoch = writer.epoch === undefined ? '' : `, epoch ${writer.epoch}`
  const beat = writer.lastHeartbeatNs === undefined ? '' : `, last heartbeat ${ago(writer.lastHeartbeatNs)}`
  if (writer.alive === undefined) return `unknown: the lock file cannot be read${epoch}${beat}`
  const left = state.word === 'dead' && writer.record !== undefined ? `, pid ${writer.record.pid} did not close the queue` : ''
  const blocked = state.word === 'blocked' ? ` ${printable(state.detail)}` : ''
  return `${state.word}${blocked}${pid}${left}${epoch}${beat} (${known})`
}

function facts({ inspection, state }: Looked, palette: Palette): [string, string][] {
  const { segments, head, first, writer, durable } = inspection
  const rows: [string, string][] = [['writer', paintOf(state.writer, palette)(describeWriter(writer, state.writer))]]
  const size = inspection.segmentSize === undefined ? 'of unknown size' : `of ${formatBytes(inspection.segmentSize)}`
  const range = segments.count === 0 ? '' : `, ${segments.firstId} to ${segments.lastId}`
  const sizes = `${formatBytes(segments.bytes)} in all, ${formatBytes(segments.allocatedBytes)} on disk`
  rows.push(['segments', `${formatCount(segments.count)} ${size}${range}, ${sizes}`])
  if (head.segmentId !== undefined) rows.push(['head', `segment ${head.segmentId}, offset ${formatCount(head.offset ?? 0)}`])
  rows.push(['records', recordRange(inspection)])
  if (first !== undefined && head.lastTimestampNs !== undefined) {
    rows.push(['time', `${formatTime(first.timestampNs)} to ${formatTime(head.lastTimestampNs)}`])
  }
  if (durable !== undefined) {
    const behind =
      head.nextSequence === undefined
        ? ''
        : `, ${formatCountOf(Math.max(0, head.nextSequence - durable.sequence), 'message')} behind`
    rows.push(['durable', `before sequence ${formatCount(durable.sequence)}${behind}`])
  }
  if (head.rate !== undefined) {
    const { messagesPerSecond, bytesPerSecond, windowNs } = head.rate
    rows.push([
      'rate',
      `${formatRate(messagesPerSecond)}, ${formatBytes(Math.round(bytesPerSecond))}/s over the last ${formatDuration(windowNs)}`,
    ])
  }
  return rows
}

function recordRange({ first, head }: QueueInspection): string {
  if (first === undefined || head.nextSequence === undefined) return 'none'
  return `sequence ${formatCount(first.sequence)} to ${formatCount(head.nextSequence - 1)}`
}

const READER_COLUMNS: readonly Column[] = [
  { title: 'READER', cut: 'middle' },
  { title: 'STATE' },
  { title: 'POSITION', align: 'right', optional: 4 },
  { title: 'BEHIND', align: 'right' },
  { title: 'BYTES', align: 'right', optional: 2 },
  { title: 'UNREAD FOR', align: 'right', optional: 1 },
  { title: 'OWN TIME', align: 'right', optional: 3 },
  { title: 'COMMITTED', align: 'right', optional: 5 },
  { title: 'PINS FROM', align: 'right', optional: 6 },
]

function readerRow(reader: ReaderInspection, state: ReaderState | undefined, palette: Palette): Cell[] {
  const { position, lag } = reader
  return [
    printable(reader.name),
    state === undefined ? '?' : stateCell(state, palette),
    position === undefined ? '?' : `${position.segmentId}:${position.offset}`,
    lag?.messages === undefined ? '?' : formatCount(lag.messages),
    lag?.bytes === undefined ? '?' : formatBytes(lag.bytes),
    unreadFor(state?.lag),
    lag?.ns === undefined ? '?' : formatDuration(lag.ns),
    reader.lastCommitNs === undefined ? '?' : ago(reader.lastCommitNs),
    reader.pinsFrom === undefined ? '' : `segment ${reader.pinsFrom}`,
  ]
}

/** How long the oldest unread message has been there; a dash when there is none. */
export function unreadFor(lag: LagState | undefined): string {
  if (lag?.arrivalNs === undefined || lag.arrivalNs === null) return '?'
  return lag.messages === 0 || lag.bytes === 0 ? '-' : formatDuration(lag.arrivalNs)
}

function ago(timestampNs: bigint): string {
  const ns = nowNs() - timestampNs
  return ns < 1_000_000n ? 'now' : `${formatDuration(ns)} ago`
}

function labelled(label: string, text: string, width: number | undefined, paint = (line: string) => line): string[] {
  const indent = LABEL_WIDTH + 2
  const [first = '', ...rest] = wrapText(text, width === undefined ? undefined : width - indent)
  return [`  ${label.padEnd(LABEL_WIDTH)}${paint(first)}`, ...rest.map((line) => `${' '.repeat(indent)}${paint(line)}`)]
}
