import { type BenchEnvironment, readEnvironment } from '@chronicle-ts/cli/bench'
import type { BenchOptions } from '../bench-options.js'
import { compileFloor } from '../floor/compile-floor.js'
import { formatEnvironment, formatTable } from '../report.js'
import { BUDGET_SECTIONS } from './budget-rows.js'
import { type BudgetResult, type BudgetSectionResult, measureRounds, summarizeBudgets } from './measure-budgets.js'
import type { Figures } from './probe.js'
import { PROBES } from './probes/index.js'

/** The object that `budgets --json` prints. */
export interface BudgetReport {
  readonly schemaVersion: 1
  readonly environment: BenchEnvironment
  readonly payloadLength: number
  readonly messages: number
  readonly sections: readonly BudgetSectionResult[]
  /** Every figure of every round, those without a row included. */
  readonly rounds: readonly Figures[]
}

/** Measures every probe that was chosen, in rounds, and prints one table per section. */
export async function benchBudgets(
  options: BenchOptions,
  directory: string,
  print: (text: string) => void,
): Promise<BudgetReport> {
  const { payloadLength, messages } = options
  const environment = readEnvironment(directory)
  print(formatEnvironment(environment, payloadLength))
  const chosen = Object.keys(PROBES).filter((key) => options.only.length === 0 || options.only.includes(key))
  const probes = chosen.flatMap((key) => PROBES[key] ?? [])
  if (probes.length === 0) throw new Error(`--only must name some of ${Object.keys(PROBES).join(', ')}`)
  const context = { ...options, directory, seconds: options.secondsPerRound, floor: compileFloor() }
  // To stderr, which leaves stdout to the tables.
  const told = (text: string) => {
    if (process.stderr.isTTY) console.error(text)
  }
  const placed = probes.map(({ name, measure }) => ({
    name,
    measure: (place: { readonly directory: string; readonly round: number }) => measure({ ...context, ...place }),
  }))
  const rounds = await measureRounds(placed, context, told)
  const sections = summarizeBudgets(BUDGET_SECTIONS, rounds)
  for (const section of sections) print(formatSection(section, rounds.length))
  return { schemaVersion: 1, environment, payloadLength, messages, sections, rounds }
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
