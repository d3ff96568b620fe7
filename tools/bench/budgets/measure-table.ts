import type { BenchOptions } from '../bench-options.js'
import { formatTable } from '../report.js'
import type { BudgetSection } from './budget-rows.js'
import { type BudgetResult, type BudgetSectionResult, measureRounds, summarizeBudgets } from './measure-budgets.js'
import type { Figures } from './probe.js'

/** A table of budgets as data: its rows, and the probes that measure the figures in them, by the names that `--only` takes. */
export interface BudgetTable<Context> {
  readonly sections: readonly BudgetSection[]
  readonly probes: Readonly<Record<string, TableProbe<Context>>>
}

interface TableProbe<Context> {
  readonly name: string
  measure(context: Context): Figures | Promise<Figures>
}

/** What was measured for a table. */
export interface TableReport {
  readonly sections: readonly BudgetSectionResult[]
  /** Every figure of every round, those without a row included. */
  readonly rounds: readonly Figures[]
}

/** What stays the same from probe to probe: all of its context but where it works, and in which round. */
type Shared<Context> = Omit<Context, 'directory' | 'round'>

/** Measures every probe that was chosen, in rounds, and prints one table per section. */
export async function measureTable<Context>(
  { sections, probes }: BudgetTable<Context>,
  { only, rounds: count, directory }: Pick<BenchOptions, 'only' | 'rounds' | 'directory'>,
  { shared, print }: { readonly shared: Shared<Context>; readonly print: (text: string) => void },
): Promise<TableReport> {
  const chosen = Object.entries(probes).filter(([key]) => only.length === 0 || only.includes(key))
  if (chosen.length === 0) throw new Error(`--only must name some of ${Object.keys(probes).join(', ')}`)
  const candidates = chosen.map(([, probe]) => ({
    name: probe.name,
    measure: (place: { readonly directory: string; readonly round: number }) => probe.measure({ ...shared, ...place } as Context),
  }))
  // To stderr, which leaves stdout to the tables.
  const onTurn = (turn: string) => process.stderr.isTTY && console.error(turn)
  const rounds = await measureRounds(candidates, { directory, rounds: count }, onTurn)
  const results = summarizeBudgets(sections, rounds)
  for (const section of results) print(formatSection(section, rounds.length))
  return { sections: results, rounds }
}

/** One table: the median of the rounds, the best and the worst of them, the budget, and what the median keeps to. */
export function formatSection({ title, rows }: BudgetSectionResult, rounds: number): string {
  const cells = rows.map((row) => [
    row.name,
    `${formatFigure(row.median)} ${row.unit}`.trimEnd(),
    `${formatFigure(row.min)} to ${formatFigure(row.max)}`,
    row.must === undefined ? '' : String(row.must),
    row.aim === undefined ? '' : String(row.aim),
    VERDICTS[row.verdict],
  ])
  return `${title} (median of ${rounds})\n${formatTable(['', 'ours', 'spread', 'must', 'aim', ''], cells)}`
}

const VERDICTS: Readonly<Record<BudgetResult['verdict'], string>> = {
  aim: 'aim met',
  must: 'must met',
  missed: 'MISSED',
  '': '',
}

/** Three digits are more than a spread leaves meaning for. */
function formatFigure(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en-US')
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(value >= 10 ? 1 : 2)
}
