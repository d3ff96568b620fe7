import type { QueueInspection, ReaderInspection, WriterInspection } from '@chronicle-ts/inspect'
import type { Output } from '../../output/output.js'
import type { Palette } from '../../output/palette.js'
import { printable } from '../../output/printable.js'
import { renderProblems } from '../../output/problems.js'
import { formatBytes, formatCount, formatCountOf, formatDuration, formatRate } from '../../output/quantities.js'
import { type Cell, type Column, renderTable } from '../../output/table.js'
import { formatTime, nowNs } from '../../output/times.js'
import { wrapText } from '../../output/wrap.js'

const LABEL_WIDTH = 10

/** A queue as a person reads it: facts, readers, problems. */
export function renderInspection(inspection: QueueInspection, output: Pick<Output, 'palette' | 'width'>): string[] {
  const { palette, width } = output
  const lines = [palette.heading(printable(inspection.directory))]
  for (const [label, text] of facts(inspection, palette)) lines.push(...labelled(label, text, width))
  if (inspection.readers.length > 0) lines.push('', ...renderReaders(inspection.readers, output))
  if (inspection.problems.length > 0) lines.push('', ...renderProblems(inspection.problems, output))
  return lines
}

/** A line per reader: state, position, lag. */
export function renderReaders(
  readers: readonly ReaderInspection[],
  { palette, width }: Pick<Output, 'palette' | 'width'>,
): string[] {
  const rows = worstFirst(readers).map((reader) => readerRow(reader, palette))
  return renderTable(READER_COLUMNS, rows, width, palette.heading)
}

/** Readers in the order in which they need to be looked at: bad files first, then who is furthest behind. */
export function worstFirst(readers: readonly ReaderInspection[]): ReaderInspection[] {
  const weight = ({ problem, lag }: ReaderInspection) =>
    problem !== undefined ? Number.POSITIVE_INFINITY : (lag?.messages ?? Number.MAX_SAFE_INTEGER)
  return [...readers].sort((a, b) => {
    const [one, other] = [weight(a), weight(b)]
    return one === other ? (a.name < b.name ? -1 : 1) : other - one
  })
}

/** `alive`, with how it is known; the same words for writers everywhere. */
export function describeWriter(writer: WriterInspection): string {
  const known = writer.knownBy === 'absent' ? 'no lock file' : `known by ${writer.knownBy}`
  const pid = writer.pid === undefined ? '' : `, pid ${writer.pid}`
  const epoch = writer.epoch === undefined ? '' : `, epoch ${writer.epoch}`
  const beat = writer.lastHeartbeatNs === undefined ? '' : `, last heartbeat ${ago(writer.lastHeartbeatNs)}`
  if (writer.alive === undefined) return `unknown: the lock file cannot be read${epoch}${beat}`
  if (writer.alive) return `alive${pid}${epoch}${beat} (${known})`
  const left = writer.record === undefined ? 'none' : `dead, pid ${writer.record.pid} did not close the queue`
  return `${left}${epoch}${beat} (${known})`
}

function facts(inspection: QueueInspection, palette: Palette): [string, string][] {
  const { segments, head, first, writer, durable } = inspection
  const rows: [string, string][] = [['writer', paintWriter(describeWriter(writer), writer, palette)]]
  const size = inspection.segmentSize === undefined ? 'of unknown size' : `of ${formatBytes(inspection.segmentSize)}`
  const range = segments.count === 0 ? '' : `, ${segments.firstId} to ${segments.lastId}`
  rows.push(['segments', `${formatCount(segments.count)} ${size}${range}, ${formatBytes(segments.bytes)} in all`])
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
    rows.push(['durable', `up to sequence ${formatCount(durable.sequence)}${behind}`])
  }
  if (head.rate.windowNs > 0n) {
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

function paintWriter(text: string, writer: WriterInspection, palette: Palette): string {
  if (writer.alive === true) return palette.good(text)
  return writer.alive === false && writer.record === undefined ? text : palette.warning(text)
}

const READER_COLUMNS: readonly Column[] = [
  { title: 'READER', cut: 'middle' },
  { title: 'STATE' },
  { title: 'POSITION', align: 'right', optional: 3 },
  { title: 'BEHIND', align: 'right' },
  { title: 'BYTES', align: 'right' },
  { title: 'TIME', align: 'right', optional: 2 },
  { title: 'COMMITTED', align: 'right', optional: 1 },
  { title: 'PINS FROM', align: 'right', optional: 4 },
]

function readerRow(reader: ReaderInspection, palette: Palette): Cell[] {
  const { position, lag } = reader
  return [
    printable(reader.name),
    readerState(reader, palette),
    position === undefined ? '?' : `${position.segmentId}:${position.offset}`,
    lag?.messages === undefined ? '?' : formatCount(lag.messages),
    lag?.bytes === undefined ? '?' : formatBytes(lag.bytes),
    lag?.ns === undefined ? '?' : formatDuration(lag.ns),
    reader.lastHeartbeatNs === undefined ? '?' : ago(reader.lastHeartbeatNs),
    reader.pinsFrom === undefined ? '' : `segment ${reader.pinsFrom}`,
  ]
}

function readerState(reader: ReaderInspection, palette: Palette): Cell {
  if (reader.problem !== undefined) return { text: 'bad file', paint: palette.critical }
  if (reader.lock.held === true) return { text: 'alive', paint: palette.good }
  return reader.lock.held === false ? { text: 'not running', paint: palette.faint } : '?'
}

function ago(timestampNs: bigint): string {
  const ns = nowNs() - timestampNs
  return ns < 1_000_000n ? 'now' : `${formatDuration(ns)} ago`
}

function labelled(label: string, text: string, width: number | undefined): string[] {
  const indent = LABEL_WIDTH + 2
  const [first = '', ...rest] = wrapText(text, width === undefined ? undefined : width - indent)
  return [`  ${label.padEnd(LABEL_WIDTH)}${first}`, ...rest.map((line) => `${' '.repeat(indent)}${line}`)]
}
