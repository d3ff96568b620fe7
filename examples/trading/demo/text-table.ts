/** One column of a table. */
export interface Column {
  readonly title: string
  readonly align: 'left' | 'right'
}

const GAP = '  '

/** Lines of a plain-text table: titles, a rule, rows. Every row has a cell per column. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ title }, index) => Math.max(title.length, ...rows.map((row) => (row[index] ?? '').length)))
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, index) => pad(cells[index] ?? '', widths[index] ?? 0, align))
      .join(GAP)
      .trimEnd()
  return [line(columns.map(({ title }) => title)), widths.map((width) => '-'.repeat(width)).join(GAP), ...rows.map(line)]
}

function pad(text: string, width: number, align: Column['align']): string {
  return align === 'left' ? text.padEnd(width) : text.padStart(width)
}
