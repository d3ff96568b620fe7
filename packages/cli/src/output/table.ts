import { cutNames } from './cut-names.js'
import { cutText, padText, textWidth } from './text-width.js'

/** A column of a text table. */
export interface Column {
  readonly title: string
  /** Where a cell that is too wide is cut; both ends distinguish names. Default: `end`. */
  readonly cut?: 'end' | 'middle'
  readonly align?: 'left' | 'right'
  /** Left out on narrow terminals; the highest number goes first. Columns without it always stay. */
  readonly optional?: number
}

/** A cell is its text and, when it should be coloured, how. Colouring happens after the layout, so that escapes do not count as width. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string }

const GAP = '  '

/** Names are cut to this width before a column is left out for them. */
const NAME_WIDTH = 32

/**
 * Lays rows out under titles. With a `width` the table fits into it: long names are cut to a width that still distinguishes them, then optional columns are dropped, then names are cut further.
 * Without one (not a terminal) nothing is left out.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width?: number,
  heading = same,
): string[] {
  let shown = columns.map((_, index) => index)
  let widths = naturalWidths(columns, rows)
  if (width !== undefined) {
    shown = columnsThatFit(columns, widths, width)
    widths = squeeze(columns, widths, shown, width)
  }
  const cut = rows.map((row) => [...row])
  for (const index of shown) cutColumn(cut, { index, width: widths[index] ?? 0, where: columns[index]?.cut })
  const lines = [heading(layoutLine(columns, shown, widths, (index) => columns[index]?.title ?? ''))]
  for (const row of cut) lines.push(layoutLine(columns, shown, widths, (index) => row[index] ?? ''))
  return lines
}

/** Cuts text to a width, with an ellipsis in place of what is gone. */
export function fit(text: string, width: number): string {
  return cutText(text, width)
}

function naturalWidths(columns: readonly Column[], rows: readonly (readonly Cell[])[]): number[] {
  return columns.map((column, index) =>
    rows.reduce((widest, row) => Math.max(widest, textWidth(textOf(row[index] ?? ''))), column.title.length),
  )
}

function totalWidth(shown: readonly number[], widths: readonly number[]): number {
  return shown.reduce((sum, index) => sum + (widths[index] ?? 0), 0) + GAP.length * Math.max(0, shown.length - 1)
}

function columnsThatFit(columns: readonly Column[], widths: readonly number[], width: number): number[] {
  const least = widths.map((natural, index) => (columns[index]?.cut === 'middle' ? Math.min(natural, NAME_WIDTH) : natural))
  let shown = columns.map((_, index) => index)
  while (totalWidth(shown, least) > width) {
    const victim = shown.reduce(
      (worst, index) => ((columns[index]?.optional ?? 0) > (columns[worst]?.optional ?? 0) ? index : worst),
      -1,
    )
    if (victim < 0) break
    shown = shown.filter((index) => index !== victim)
  }
  return shown
}

function squeeze(columns: readonly Column[], widths: readonly number[], shown: readonly number[], width: number): number[] {
  const squeezed = [...widths]
  const excess = totalWidth(shown, widths) - width
  if (excess <= 0) return squeezed
  const names = shown.filter((index) => columns[index]?.cut === 'middle')
  const candidates = names.length > 0 ? names : shown.filter((index) => columns[index]?.align !== 'right')
  const widest = candidates.reduce(
    (best, index) => ((squeezed[index] ?? 0) > (squeezed[best] ?? 0) ? index : best),
    candidates[0] ?? -1,
  )
  if (widest >= 0) squeezed[widest] = Math.max(8, (squeezed[widest] ?? 0) - excess)
  return squeezed
}

/** Cuts the cells of one column to its width. */
function cutColumn(rows: Cell[][], { index, width, where }: { index: number; width: number; where: Column['cut'] }): void {
  const texts = rows.map((row) => textOf(row[index] ?? ''))
  const cut = where === 'middle' ? cutNames(texts, width) : texts.map((text) => cutText(text, width, where))
  rows.forEach((row, at) => {
    const cell = row[index] ?? ''
    const text = cut[at] ?? ''
    row[index] = typeof cell === 'string' ? text : { ...cell, text }
  })
}

function layoutLine(
  columns: readonly Column[],
  shown: readonly number[],
  widths: readonly number[],
  cellAt: (index: number) => Cell,
): string {
  const parts = shown.map((index) => {
    const cell = cellAt(index)
    const width = widths[index] ?? 0
    // A title may be wider than its squeezed column.
    const text = cutText(textOf(cell), width)
    const padded = padText(text, width, columns[index]?.align)
    return typeof cell === 'string' ? padded : padded.replace(text, () => cell.paint(text))
  })
  return parts.join(GAP).trimEnd()
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text
}

function same(text: string): string {
  return text
}
