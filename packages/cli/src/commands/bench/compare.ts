import { readFileSync } from 'node:fs'
import { UsageError } from '../../error-report.js'
import type { BenchResult } from './run-bench.js'

/** One figure of two results; higher is worse for all of them. */
export interface Comparison {
  readonly name: string
  readonly base: number
  readonly now: number
  /** 0.1: ten percent worse. */
  readonly change: number
  readonly regressed: boolean
}

/** Reads what an earlier run printed with --json. */
export function readBase(path: string): BenchResult {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8')) as { command?: string; result?: BenchResult }
    if (report.command === 'bench' && report.result?.write !== undefined) return report.result
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  throw new UsageError(`${path} is not what chron-cli bench --json prints`)
}

/** Compares figures of two runs with the same plan. */
export function compareResults(base: BenchResult, now: BenchResult, maxRegression: number): Comparison[] {
  if (JSON.stringify(base.plan) !== JSON.stringify(now.plan)) {
    throw new UsageError(`the base was measured with another plan: ${JSON.stringify(base.plan)}`)
  }
  const figures: [string, number | undefined, number | undefined][] = [
    ['write, ns per message', base.write.nsPerMessage, now.write.nsPerMessage],
    ['read, ns per message', base.read?.nsPerMessage, now.read?.nsPerMessage],
    ['latency p50, ns', base.latency?.total.p50, now.latency?.total.p50],
    ['latency p99, ns', base.latency?.total.p99, now.latency?.total.p99],
  ]
  return figures.flatMap(([name, before, after]) => {
    if (before === undefined || after === undefined || before === 0) return []
    const change = after / before - 1
    return { name, base: before, now: after, change, regressed: change > maxRegression }
  })
}
