import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeMachine, wasBusy } from '@chronicle-ts/cli/bench'
import { checkoutRoot } from './checkout-root.js'
import { formatMedian, formatNumber, markdownTable } from './format-cells.js'
import { programsSkipped, programTable } from './programs/program-tables.js'
import type { CompareReport, PeerResult, WorkloadResult } from './report.js'
import type { FigureKey } from './workloads.js'
import { drawCharts } from './write-charts.js'

/** The documents with a table of this comparison stand between two comments, so that one command replaces it. */
const BEGIN = '<!-- bench:compare begin: npm run bench:compare -- --write -->'
const END = '<!-- bench:compare end -->'

/** The pictures that docs/performance.md shows. */
export const CHARTS_FOLDER = join(checkoutRoot, 'docs', 'charts')

/** What fits into the README: workload and figure, and what the column is called there. */
const SHORT_COLUMNS: readonly { readonly workload: string; readonly key: FigureKey; readonly title: string }[] = [
  { workload: 'W1', key: 'perSecond', title: 'to three receivers, messages/s' },
  { workload: 'W2', key: 'p50Us', title: '20,000 messages/s: p50, us' },
  { workload: 'W2', key: 'p99Us', title: 'p99, us' },
  { workload: 'W3', key: 'perSecond', title: 'round trips/s' },
  { workload: 'W4', key: 'perSecond', title: 'durable one by one, events/s' },
]

/** Replaces the tables of docs/performance.md and README.md. @throws when a document has no place for one. */
export function writeTables(report: CompareReport, root = checkoutRoot): void {
  const long = programTable(report.programs, { isShort: false })
  const short = programTable(report.programs, { isShort: true })
  const ofPrograms = [markdownTable(long), programsSkipped(report.programs)].filter(Boolean)
  const pictures = [...drawCharts(report).keys()].map((name) => `![${name.replace('.svg', '')}](charts/${name})`)
  const parts = [
    provenance(report),
    longTable(report),
    skippedOf(report),
    ...(long.length > 0 ? ofPrograms : []),
    pictures.join('\n'),
  ]
  replaceIn(join(root, 'docs/performance.md'), parts.join('\n\n'))
  const tables = [shortTable(report), ...(short.length > 0 ? [markdownTable(short)] : [])]
  replaceIn(join(root, 'README.md'), [...tables, provenance(report)].join('\n\n'))
}

/** The document with other text between the two comments. */
export function between(document: string, text: string): string {
  const begin = document.indexOf(BEGIN)
  const end = document.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`the document has no place for the table: ${BEGIN} and ${END}`)
  return `${document.slice(0, begin + BEGIN.length)}\n${text}\n${document.slice(end)}`
}

function replaceIn(path: string, text: string): void {
  writeFileSync(path, between(readFileSync(path, 'utf8'), text))
}

/** When, where and how: a figure cannot be compared without them. */
function provenance({ environment, rounds, workloads }: CompareReport): string {
  const { node, commit, loadPerCpu, date } = environment
  const machine = `${describeMachine(environment)}, Node.js ${node}`
  const counts = workloads.map(({ id, messagesPerRound }) => `${id} ${formatNumber(messagesPerRound, 0)}`).join(', ')
  const busy = wasBusy(environment)
    ? ` **The machine was busy** (load per CPU ${loadPerCpu.toFixed(1)} before the run): compare rows of this table with each other only.`
    : ` Load per CPU ${loadPerCpu.toFixed(1)} before the run.`
  return `Measured on ${date.slice(0, 10)}: ${machine}, commit \`${commit ?? 'unknown'}\`. Medians of ${rounds} rounds.${busy}\nMessages of a round: ${counts}.`
}

function longTable({ workloads }: CompareReport): string {
  const columns = workloads.flatMap((workload) =>
    figuresOf(workload).map(({ key, title }) => ({ workload, key, title: `${workload.id}, ${title}` })),
  )
  return tableOf(
    titlesOf(workloads),
    columns.map(({ workload, key, title }) => ({ title, cellOf: (peer) => cellOf(workload, peer, key, true) })),
  )
}

function shortTable({ workloads }: CompareReport): string {
  const columns = SHORT_COLUMNS.flatMap(({ workload: id, key, title }) => {
    const workload = workloads.find((one) => one.id === id)
    return workload === undefined ? [] : [{ title, cellOf: (peer: string) => cellOf(workload, peer, key, false) }]
  })
  return tableOf(titlesOf(workloads), columns)
}

function figuresOf({ peers }: WorkloadResult) {
  return peers.find(({ figures }) => figures.length > 0)?.figures ?? []
}

/** Peers that any workload measured. */
function titlesOf(workloads: readonly WorkloadResult[]): string[] {
  const measured = workloads.flatMap(({ peers }) => peers.filter(({ figures }) => figures.length > 0))
  return [...new Set(measured.map(({ title }) => title))]
}

function cellOf({ peers }: WorkloadResult, title: string, key: FigureKey, withSpread: boolean): string {
  const figure = peers.find((peer) => peer.title === title)?.figures.find((one) => one.key === key)
  return figure === undefined ? '' : formatMedian(figure, figure.digits, withSpread)
}

function tableOf(
  rows: readonly string[],
  columns: readonly { readonly title: string; readonly cellOf: (row: string) => string }[],
): string {
  const heading = ['', ...columns.map(({ title }) => title)]
  return markdownTable([heading, ...rows.map((row) => [row, ...columns.map(({ cellOf: cell }) => cell(row))])])
}

function skippedOf({ workloads }: CompareReport): string {
  const reasons = new Map<string, string[]>()
  for (const { id, peers } of workloads)
    for (const { title, figures, skipped } of peers as readonly PeerResult[])
      if (figures.length === 0) reasons.set(`${title}: ${skipped}`, [...(reasons.get(`${title}: ${skipped}`) ?? []), id])
  if (reasons.size === 0) return 'Nothing was skipped.'
  return `Skipped: ${[...reasons].map(([reason, ids]) => `${reason} (${ids.join(', ')})`).join('; ')}.`
}
