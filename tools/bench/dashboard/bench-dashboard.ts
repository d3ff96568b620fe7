import { type BenchEnvironment, readEnvironment } from '@chronicle-ts/cli/bench'
import type { BenchOptions } from '../bench-options.js'
import { formatSection } from '../budgets/bench-budgets.js'
import type { BudgetSection } from '../budgets/budget-rows.js'
import { type BudgetSectionResult, measureRounds, summarizeBudgets } from '../budgets/measure-budgets.js'
import type { Figures } from '../budgets/probe.js'
import { formatEnvironment } from '../report.js'
import { bundle } from './bundle.js'
import { firstPaint } from './first-paint.js'
import { newestMessages } from './newest-messages.js'
import { search } from './search.js'
import { watching } from './watching.js'

/** Bars of the dashboard. */
const SECTIONS: readonly BudgetSection[] = [
  {
    title: 'the dashboard',
    rows: [
      { name: 'CPU of a core, 200 queues at 1/s, one browser', key: 'watchingPercent', unit: '%', must: 5, aim: 2 },
      { name: 'the same when no browser watches', key: 'unwatchedPercent', unit: '%', must: 0.5, aim: 0.1 },
      { name: 'first paint, 200 queues', key: 'firstPaintMs', unit: 'ms', must: 500, aim: 200 },
      { name: 'until the table of 200 queues stands', key: 'tableMs', unit: 'ms' },
      { name: 'page, script and style, gzipped', key: 'bundleKb', unit: 'kB', must: 60, aim: 40 },
      { name: 'newest 100 messages of 10 GiB, first request', key: 'newestFirstMs', unit: 'ms', must: 50, aim: 20 },
      { name: 'newest 100 messages of 10 GiB, later requests', key: 'newestMs', unit: 'ms', must: 50, aim: 20 },
      { name: 'search, per message (2,000 ns are 500,000/s)', key: 'searchNs', unit: 'ns', must: 2000, aim: 1000 },
    ],
  },
]

const PROBES = { watching, paint: firstPaint, bundle, newest: newestMessages, search }

/** The object that `dashboard --json` prints. */
export interface DashboardReport {
  readonly schemaVersion: 1
  readonly environment: BenchEnvironment
  readonly sections: readonly BudgetSectionResult[]
  readonly rounds: readonly Figures[]
}

/** Measures the dashboard with its own program and a real browser, in rounds, and prints a table. */
export async function benchDashboard(
  options: BenchOptions,
  directory: string,
  print: (text: string) => void,
): Promise<DashboardReport> {
  const environment = readEnvironment(directory)
  print(formatEnvironment(environment, options.payloadLength))
  const { only } = options
  const probes = Object.entries(PROBES).flatMap(([key, probe]) => (only.length === 0 || only.includes(key) ? [probe] : []))
  if (probes.length === 0) throw new Error(`--only must name some of ${Object.keys(PROBES).join(', ')}`)
  const { payloadLength, quick, rounds: count } = options
  const placed = probes.map(({ name, measure }) => ({
    name,
    measure: (place: { readonly directory: string }) => measure({ payloadLength, quick, ...place }),
  }))
  const told = (text: string) => process.stderr.isTTY && console.error(text)
  const rounds = await measureRounds(placed, { directory, rounds: count }, told)
  const sections = summarizeBudgets(SECTIONS, rounds)
  for (const section of sections) print(formatSection(section, rounds.length))
  return { schemaVersion: 1, environment, sections, rounds }
}
