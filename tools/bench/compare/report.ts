import { type BenchEnvironment, describeMachine } from '@chronicle-ts/cli/bench'
import { formatTable } from '../report.js'
import { formatNumber, markdownTable } from './format-cells.js'
import { PEERS } from './peers.js'
import type { ProgramResult } from './programs/measure-programs.js'
import { PAYLOAD_LENGTH } from './programs/program-rows.js'
import { programsSkipped, programTable } from './programs/program-tables.js'
import type { FigureKey } from './workloads.js'

/** A figure over all rounds. */
export interface Spread {
  readonly key: FigureKey
  readonly title: string
  readonly digits: number
  readonly median: number
  readonly min: number
  readonly max: number
}

export interface PeerResult {
  readonly peer: string
  readonly title: string
  /** Empty if the peer was skipped. */
  readonly figures: readonly Spread[]
  readonly skipped?: string
}

export interface WorkloadResult {
  readonly id: string
  readonly title: string
  readonly durable: boolean
  readonly messagesPerRound: number
  readonly payloadLength: number
  readonly peers: readonly PeerResult[]
}

/** Everything that one run found; the object that `--json` prints. */
export interface CompareReport {
  readonly schemaVersion: 1
  readonly environment: BenchEnvironment
  readonly rounds: number
  readonly workloads: readonly WorkloadResult[]
  /** What programs in other languages were measured in, too. */
  readonly programs: readonly ProgramResult[]
  readonly notes: readonly string[]
}

/** The durability of each row in words: equal within a row. */
function durabilityNote(durable: boolean): string {
  if (!durable) return 'durability: none; messages may be lost with the machine'
  const ways = PEERS.flatMap(({ title, durability }) => (durability === undefined ? [] : [`${title}: ${durability}`]))
  return `durability: each group survives a power loss before the next is sent (${ways.join('; ')})`
}

const PROGRAMS_NOTE = `payload ${PAYLOAD_LENGTH} B; nothing is synced, nothing survives a power loss for sure`

export function formatCompareText(report: CompareReport): string {
  const tables = report.workloads.map((workload) => {
    const measured = workload.peers.filter(({ figures }) => figures.length > 0)
    const [heading = [], ...rows] = tableOf({ ...workload, peers: measured })
    const skipped = workload.peers.flatMap((peer) =>
      measured.includes(peer) ? [] : [`  ${peer.title}: skipped, ${peer.skipped}`],
    )
    return [headingOf(workload), durabilityNote(workload.durable), formatTable(heading, rows), ...skipped].join('\n')
  })
  const [heading = [], ...rows] = programTable(report.programs, { isShort: false })
  const programs = rows.length === 0 ? [] : [`programs: ${PROGRAMS_NOTE}\n${formatTable(heading, rows)}`]
  const skipped = programsSkipped(report.programs)
  return [environmentText(report).join('\n'), ...tables, ...programs, ...(skipped ? [skipped] : []), ...report.notes].join('\n\n')
}

export function formatCompareMarkdown(report: CompareReport): string {
  const tables = report.workloads.map((workload) => {
    const [heading = [], ...rows] = tableOf(workload)
    return `**${headingOf(workload)}** ${sentence(durabilityNote(workload.durable))}\n\n${markdownTable([heading, ...rows])}`
  })
  const environment = environmentText(report).map(sentence).join(' ')
  const programs = programTable(report.programs, { isShort: false })
  const table = programs.length === 0 ? [] : [`**Programs.** ${sentence(PROGRAMS_NOTE)}\n\n${markdownTable(programs)}`]
  const skipped = programsSkipped(report.programs)
  return [
    environment,
    ...tables,
    ...table,
    ...(skipped ? [skipped] : []),
    report.notes.map((note) => `- ${note}`).join('\n'),
  ].join('\n\n')
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function headingOf({ id, title, messagesPerRound, payloadLength }: WorkloadResult): string {
  return `${id}: ${title} (${payloadLength} B, ${messagesPerRound.toLocaleString('en-US')} a round)`
}

function tableOf({ peers }: WorkloadResult): string[][] {
  const columns = peers.find(({ figures }) => figures.length > 0)?.figures ?? []
  const heading = ['', ...columns.flatMap(({ title }) => [title, 'spread'])]
  const rows = peers.map(({ title, figures, skipped }) => {
    if (figures.length === 0) return [title, `skipped: ${skipped}`, ...heading.slice(2).map(() => '')]
    const cells = figures.flatMap(({ median, min, max, digits }) => [
      formatNumber(median, digits),
      `${formatNumber(min, digits)} to ${formatNumber(max, digits)}`,
    ])
    return [title, ...cells]
  })
  return [heading, ...rows]
}

function environmentText({ environment, rounds }: CompareReport): string[] {
  const { node, commit, loadPerCpu, date } = environment
  return [
    `machine: ${describeMachine(environment)}, load per CPU ${loadPerCpu.toFixed(2)} before the run`,
    `software: Node.js ${node}, commit ${commit ?? 'unknown'}, ${date}`,
    `figures: medians of ${rounds} rounds in which the peers took turns, with the lowest and the highest; every message was checked`,
  ]
}
