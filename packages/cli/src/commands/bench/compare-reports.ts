import { readFileSync } from 'node:fs'
import { UsageError } from '../../command-error.js'
import { messageOfError } from '../../error-report.js'
import type { BenchReport, SizeResult } from './bench-report.js'

/** One figure, before and now. A higher figure is worse. */
export interface ComparedFigure {
  readonly payloadLength: number
  readonly name: string
  readonly baseNs: number
  readonly nowNs: number
  /** 0.1: ten percent slower. */
  readonly change: number
  readonly isRegression: boolean
}

export interface Comparison {
  readonly maxRegression: number
  readonly figures: readonly ComparedFigure[]
  /** What was measured otherwise then: figures of different machines or options say little about each other. */
  readonly differences: readonly string[]
  readonly regressed: boolean
}

/** The figures that are stable enough from run to run to be held against each other. */
const FIGURES: readonly (readonly [name: string, of: (result: SizeResult) => number])[] = [
  ['write', ({ write }) => write.nsPerMessage.median],
  ['read', ({ read }) => read.nsPerMessage.median],
  ['one way p50', ({ latency }) => latency.endToEnd.p50Ns],
  ['one way p99', ({ latency }) => latency.endToEnd.p99Ns],
]

/** Compares size by size; sizes that only one side has are left out and named among the differences. */
export function compareReports(base: BenchReport, now: BenchReport, maxRegression: number): Comparison {
  const figures: ComparedFigure[] = []
  for (const result of now.results) {
    const before = base.results.find(({ payloadLength }) => payloadLength === result.payloadLength)
    if (before === undefined) continue
    for (const [name, of] of FIGURES) {
      const [baseNs, nowNs] = [of(before), of(result)]
      const change = nowNs / baseNs - 1
      figures.push({ payloadLength: result.payloadLength, name, baseNs, nowNs, change, isRegression: change > maxRegression })
    }
  }
  return {
    maxRegression,
    figures,
    differences: findDifferences(base, now),
    regressed: figures.some(({ isRegression }) => isRegression),
  }
}

/** Reads what `bench --json` printed. @throws UsageError */
export function readReport(path: string): BenchReport {
  let report: Partial<BenchReport> & { schemaVersion?: unknown; command?: unknown }
  try {
    report = JSON.parse(readFileSync(path, 'utf8')) as typeof report
  } catch (error) {
    throw new UsageError(`--compare ${path}: ${messageOfError(error)}`)
  }
  if (report?.command !== 'bench' || report.schemaVersion !== 1 || !isComplete(report)) {
    throw new UsageError(`--compare ${path}: not what chron-cli bench --json prints`)
  }
  return report
}

function isComplete(report: Partial<BenchReport>): report is BenchReport {
  const hasFigures = (result: SizeResult) => FIGURES.every(([, of]) => of(result) > 0)
  try {
    return (
      typeof report.environment === 'object' && typeof report.options === 'object' && report.results?.every(hasFigures) === true
    )
  } catch {
    return false
  }
}

function findDifferences(base: BenchReport, now: BenchReport): string[] {
  const differences: string[] = []
  const compare = (name: string, before: unknown, after: unknown) => {
    const [one, other] = [JSON.stringify(before), JSON.stringify(after)]
    if (one !== other) differences.push(`${name}: ${one} then, ${other} now`)
  }
  for (const name of ['cpu', 'cpuCount', 'node', 'kernel', 'fileSystem'] as const) {
    compare(name, base.environment[name], now.environment[name])
  }
  for (const name of ['sizes', 'rate', 'readers', 'wait', 'durability', 'cpu', 'seconds', 'messages'] as const) {
    compare(name, base.options[name], now.options[name])
  }
  return differences
}
