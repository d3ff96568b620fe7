import type { ProblemSeverity, QueueInspection } from '@chronicle-ts/core'
import type { Output } from '../../output/output.js'
import type { Palette } from '../../output/palette.js'
import { printable } from '../../output/printable.js'
import { formatBytes, formatCount, formatRate } from '../../output/quantities.js'
import { type Cell, type Column, renderTable } from '../../output/table.js'

const COLUMNS: readonly Column[] = [
  { title: 'QUEUE' },
  { title: 'WRITER' },
  { title: 'SEGMENTS', align: 'right', optional: 3 },
  { title: 'SIZE', align: 'right', optional: 2 },
  { title: 'NEXT', align: 'right' },
  { title: 'RATE', align: 'right', optional: 1 },
  { title: 'READERS', align: 'right', optional: 4 },
  { title: 'MOST BEHIND', align: 'right' },
  { title: 'STATE' },
]

/** One line per queue, as for a bus root. */
export function renderQueueList(inspections: readonly QueueInspection[], output: Pick<Output, 'palette' | 'width'>): string[] {
  const rows = inspections.map((inspection) => queueRow(inspection, output.palette))
  return renderTable(COLUMNS, rows, output.width, output.palette.heading)
}

function queueRow(inspection: QueueInspection, palette: Palette): Cell[] {
  const { segments, head, readers } = inspection
  return [
    printable(inspection.directory),
    writerState(inspection, palette),
    formatCount(segments.count),
    formatBytes(segments.bytes),
    head.nextSequence === undefined ? '?' : formatCount(head.nextSequence),
    head.rate.windowNs > 0n ? formatRate(head.rate.messagesPerSecond) : '',
    String(readers.length),
    mostBehind(inspection),
    state(inspection, palette),
  ]
}

function writerState({ writer }: QueueInspection, palette: Palette): Cell {
  if (writer.alive === true) return { text: 'alive', paint: palette.good }
  if (writer.alive === undefined) return '?'
  return writer.record === undefined ? 'none' : { text: 'dead', paint: palette.warning }
}

function mostBehind({ readers }: QueueInspection): string {
  if (readers.length === 0) return ''
  const known = readers.flatMap((reader) => (reader.lag?.messages === undefined ? [] : [reader.lag.messages]))
  return known.length === 0 ? '?' : formatCount(Math.max(...known))
}

function state({ problems }: QueueInspection, palette: Palette): Cell {
  const count = (severity: ProblemSeverity) => problems.filter((problem) => problem.severity === severity).length
  if (count('critical') > 0) return { text: `${count('critical')} critical`, paint: palette.critical }
  if (count('warning') > 0) return { text: `${count('warning')} warning`, paint: palette.warning }
  return { text: 'ok', paint: palette.good }
}
