import { type BenchCandidate, runSuite, spreadOf, TemporaryFolders } from '@chronicle-ts/cli/bench'
import type { BudgetRow, BudgetSection } from './budget-rows.js'
import type { Figures } from './probe.js'

export type Verdict = 'aim' | 'must' | 'missed' | ''

export interface BudgetResult extends BudgetRow {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly rounds: readonly number[]
  /** What the median keeps to; empty for rows without a budget. */
  readonly verdict: Verdict
}

export interface BudgetSectionResult {
  readonly title: string
  readonly rows: readonly BudgetResult[]
}

/** Measures every probe once per round, and returns all figures of each round. `onTurn` is called with each probe before it runs. */
export async function measureRounds(
  probes: readonly BenchCandidate<Figures>[],
  { directory, rounds }: { readonly directory: string; readonly rounds: number },
  onTurn: (turn: string) => void,
): Promise<Figures[]> {
  const measured = await runSuite({ candidates: probes, rounds }, { folders: new TemporaryFolders(directory), onTurn })
  return Array.from({ length: rounds }, (_, round) => {
    const figures: Figures = Object.assign({}, ...measured.map((ofProbe) => ofProbe[round]))
    return { ...figures, ...ratios(figures) }
  })
}

/** Quotients of what was measured in one round: they say the same on every machine. */
function ratios(figures: Figures): Figures {
  const { appendNs, crcNs, notifyNs, emptyCallNs } = figures
  if (appendNs === undefined || crcNs === undefined || notifyNs === undefined || emptyCallNs === undefined) return {}
  return { appendPerCrc: appendNs / crcNs, appendPerFloor: appendNs / (notifyNs + emptyCallNs) }
}

/** The rows for which there are figures, each with the median of the rounds and what that keeps to. */
export function summarizeBudgets(sections: readonly BudgetSection[], rounds: readonly Figures[]): BudgetSectionResult[] {
  return sections
    .map(({ title, rows }) => ({ title, rows: rows.flatMap((row) => summarizeRow(row, rounds)) }))
    .filter(({ rows }) => rows.length > 0)
}

function summarizeRow(row: BudgetRow, rounds: readonly Figures[]): BudgetResult[] {
  const values = rounds.flatMap(({ [row.key]: value }) => (value === undefined ? [] : [value]))
  if (values.length === 0) return []
  const spread = spreadOf(values)
  return [{ ...row, ...spread, rounds: values, verdict: judge(spread.median, row) }]
}

function judge(value: number, { must, aim }: BudgetRow): Verdict {
  if (aim !== undefined && value <= aim) return 'aim'
  if (must !== undefined) return value <= must ? 'must' : 'missed'
  return aim === undefined ? '' : 'missed'
}
