/** `npm run bench:compare`: the queue beside what npm users have, in one run. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BenchPlace, readEnvironment, runSuite, spreadOf, TemporaryFolders } from '@chronicle-ts/cli/bench'
import { COMPARE_USAGE, type CompareOptions, parseCompareOptions } from './compare-options.js'
import { drawChart } from './draw-chart.js'
import { type Figures, measureWorkload } from './measure-workload.js'
import { findPeer, NOT_BUILT, type Peer } from './peers.js'
import { type CompareReport, formatCompareMarkdown, formatCompareText, type PeerResult, type WorkloadResult } from './report.js'
import { WORKLOADS, type Workload } from './workloads.js'
import { writeTables } from './write-tables.js'

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseCompareOptions(args)
    if (options.help) process.stdout.write(COMPARE_USAGE)
    else await compare(options)
    return 0
  } catch (error) {
    console.error(error instanceof Error ? error.message.split('\n')[0] : error)
    return 1
  }
}

async function compare(options: CompareOptions): Promise<void> {
  if (options.svg !== undefined) mkdirSync(options.svg, { recursive: true })
  const environment = readEnvironment(options.directory)
  const peers = options.peers.flatMap((id) => findPeer(id) ?? [])
  const missing = new Map(peers.map((peer) => [peer.id, peer.findMissing()]))
  const workloads: WorkloadResult[] = []
  for (const workload of WORKLOADS.filter(({ id }) => options.workloads.includes(id))) {
    workloads.push(await compareIn(workload, peers, missing, options))
  }
  const report: CompareReport = { schemaVersion: 1, environment, rounds: options.rounds, workloads, notes: NOT_BUILT }
  const format = { json: formatJson, markdown: formatCompareMarkdown, text: formatCompareText }[options.format]
  console.log(format(report))
  if (options.write) writeTables(report)
  if (options.svg === undefined) return
  for (const workload of workloads) writeFileSync(join(options.svg, `${workload.id.toLowerCase()}.svg`), drawChart(workload))
}

function formatJson(report: CompareReport): string {
  return JSON.stringify(report, undefined, 2)
}

/** A peer that fails is skipped with its reason, and the others go on; a failure of our own queue ends the run. */
async function compareIn(
  workload: Workload,
  peers: readonly Peer[],
  missing: ReadonlyMap<string, string | undefined>,
  options: CompareOptions,
): Promise<WorkloadResult> {
  const payloadLength = workload.payloadLength ?? options.payloadLength
  const count = Math.max(workload.group, Math.round(workload.count * options.scale))
  const skipped = new Map<string, string>()
  for (const peer of peers) {
    const reason = missing.get(peer.id) ?? (workload.durable && peer.durability === undefined ? peer.notDurable : undefined)
    if (reason !== undefined) skipped.set(peer.id, reason)
  }
  const candidates = peers.map((peer) => ({
    name: `${workload.id} ${peer.title}`,
    measure: async ({ directory, round }: BenchPlace): Promise<Figures | undefined> => {
      if (skipped.has(peer.id)) return undefined
      try {
        return await measureWorkload(peer, workload, { folder: directory, count, payloadLength })
      } catch (error) {
        if (peer.id.startsWith('ours')) throw error
        skipped.set(peer.id, `failed in round ${round + 1}: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
        return undefined
      }
    },
  }))
  const folders = new TemporaryFolders(options.directory)
  const rounds = await runSuite({ candidates, rounds: options.rounds }, { folders })
  const results = peers.map((peer, index) => {
    const figures = skipped.has(peer.id) ? [] : (rounds[index] ?? []).flatMap((round) => round ?? [])
    return summarize(peer, workload, figures, skipped.get(peer.id))
  })
  const { id, title, durable } = workload
  return { id, title, durable, messagesPerRound: count, payloadLength, peers: results }
}

function summarize({ id, title }: Peer, workload: Workload, rounds: readonly Figures[], skipped: string | undefined): PeerResult {
  if (rounds.length === 0) return { peer: id, title, figures: [], skipped: skipped ?? 'not measured' }
  const figures = workload.figures.map((figure) => {
    const values = rounds.map((round) => round[figure.key] ?? Number.NaN)
    return { ...figure, ...spreadOf(values) }
  })
  return { peer: id, title, figures }
}
