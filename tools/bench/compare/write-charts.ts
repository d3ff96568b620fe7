import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeMachine, wasBusy } from '@chronicle-ts/cli/bench'
import { drawChart } from './draw-chart.js'
import { drawPrograms } from './programs/program-charts.js'
import type { CompareReport } from './report.js'

/** Writes a picture per row into the folder. */
export function writeCharts(report: CompareReport, folder: string): void {
  mkdirSync(folder, { recursive: true })
  for (const [name, picture] of drawCharts(report)) writeFileSync(join(folder, name), picture)
}

/** The pictures of a report by the names of their files. */
export function drawCharts({ workloads, programs, environment, rounds }: CompareReport): Map<string, string> {
  const busy = wasBusy(environment) ? ', busy' : ''
  const source = `${environment.date.slice(0, 10)}, ${describeMachine(environment)}${busy}; medians of ${rounds} rounds with their spread`
  const measured = workloads.filter(({ peers }) => peers.some(({ figures }) => figures.length > 0))
  const bars = measured.map((workload) => [`${workload.id.toLowerCase()}.svg`, drawChart(workload, source)] as const)
  return new Map([...bars, ...drawPrograms(programs, source)])
}
