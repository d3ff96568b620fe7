import type { QueueInspection, QueueState } from '@chronicle-ts/inspect'
import type { Output } from '../../output/output.js'
import type { Palette } from '../../output/palette.js'
import { printable } from '../../output/printable.js'
import { formatBytes, formatCount, formatRate } from '../../output/quantities.js'
import { stateCell, summaryCell } from '../../output/states.js'
import { type Cell, type Column, renderTable } from '../../output/table.js'

const COLUMNS: readonly Column[] = [
  { title: 'QUEUE', cut: 'middle' },
  { title: 'WRITER', optional: 1 },
  { title: 'SEGMENTS', align: 'right', optional: 5 },
  { title: 'SIZE', align: 'right', optional: 4 },
  { title: 'NEXT', align: 'right', optional: 2 },
  { title: 'RATE', align: 'right', optional: 3 },
  { title: 'READERS', align: 'right', optional: 6 },
  { title: 'MOST BEHIND', align: 'right' },
  { title: 'STATE' },
]

/** One line per queue, as for a bus root. On a terminal the directory that all of them are in is named once. */
export function renderQueueList(
  queues: readonly { readonly inspection: QueueInspection; readonly state: QueueState }[],
  output: Pick<Output, 'palette' | 'width'>,
): string[] {
  const root = output.width === undefined ? '' : commonDirectory(queues.map(({ inspection }) => inspection.directory))
  const rows = queues.map(({ inspection, state }) =>
    queueRow(inspection, state, { name: inspection.directory.slice(root.length), palette: output.palette }),
  )
  const table = renderTable(COLUMNS, rows, output.width, output.palette.heading)
  return root === '' ? table : [output.palette.faint(printable(root)), ...table]
}

/** The directory that all paths have in common, with the slash at its end; empty when there is none. */
function commonDirectory([first = '', ...others]: readonly string[]): string {
  let length = first.lastIndexOf('/') + 1
  for (const path of others) while (!path.startsWith(first.slice(0, length))) length = first.lastIndexOf('/', length - 2) + 1
  return first.slice(0, length)
}

function queueRow(
  inspection: QueueInspection,
  state: QueueState,
  { name, palette }: { readonly name: string; readonly palette: Palette },
): Cell[] {
  const { segments, head, readers } = inspection
  return [
    printable(name),
    stateCell(state.writer, palette),
    formatCount(segments.count),
    formatBytes(segments.bytes),
    head.nextSequence === undefined ? '?' : formatCount(head.nextSequence),
    head.rate === undefined ? '' : formatRate(head.rate.messagesPerSecond),
    String(readers.length),
    mostBehind(inspection),
    summaryCell(state, palette),
  ]
}

function mostBehind({ readers }: QueueInspection): string {
  if (readers.length === 0) return ''
  const known = readers.flatMap((reader) => (reader.lag?.messages === undefined ? [] : [reader.lag.messages]))
  return known.length === 0 ? '?' : formatCount(Math.max(...known))
}
