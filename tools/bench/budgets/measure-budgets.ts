import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { spreadOf } from '@chronicle-ts/cli/bench'
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

/** What is measured in each round, in a folder of its own. */
export interface RoundProbe {
  readonly name: string
  measure(place: { readonly directory: string; readonly round: number }): Figures | Promise<Figures>
}

/** Every probe once per round, so that what disturbs the machine for a while disturbs all of them. `told` is called with each before it runs. */
export async function measureRounds(
  probes: readonly RoundProbe[],
  options: { readonly directory: string; readonly rounds: number },
  told: (text: string) => void,
): Promise<Figures[]> {
  const rounds: Figures[] = []
  for (let round = 0; round < options.rounds; round++) {
    const figures: Record<string, number> = {}
    for (const probe of probes) {
      told(`round ${round + 1} of ${options.rounds}: ${probe.name}`)
      const directory = mkdtempSync(join(options.directory, 'probe-'))
      try {
        Object.assign(figures, await probe.measure({ directory, round }))
      } finally {
        rmSync(directory, { recursive: true, force: true })
      }
    }
    rounds.push({ ...figures, ...ratios(figures) })
  }
  return rounds
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
