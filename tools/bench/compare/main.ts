/** `npm run bench:compare`: the queue beside what npm users have, in one run. */
import { type BenchPlace, readEnvironment, runSuite, spreadOf, TemporaryFolders } from '@chronicle-ts/cli/bench'
import { COMPARE_USAGE, type CompareOptions, parseCompareOptions } from './compare-options.js'
import { type Figures, measureWorkload } from './measure-workload.js'
import { findPeer, NOT_BUILT, type Peer } from './peers.js'
import { measurePrograms } from './programs/measure-programs.js'
import { NOT_PUBLISHED, PROGRAM_PEERS } from './programs/program-peers.js'
import { type CompareReport, formatCompareMarkdown, formatCompareText, type PeerResult, type WorkloadResult } from './report.js'
import { WORKLOADS, type Workload } from './workloads.js'
import { writeCharts } from './write-charts.js'
import { CHARTS_FOLDER, writeTables } from './write-tables.js'

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseCompareOptions(args)
    if (options.help) process.stdout.write(COMPARE_USAGE)
    else if (options.install) install(options)
    else await compare(options)
    return 0
  } catch (error) {
    console.error(error instanceof Error ? error.message.split('\n')[0] : error)
    return 1
  }
}

/** Says what every peer misses. */
function install({ peers }: CompareOptions): void {
  const missing = new Map<string, string>()
  for (const { id, findMissing } of peers.flatMap((peer) => findPeer(peer) ?? [])) missing.set(id, findMissing() ?? 'is there')
  for (const { id, build } of PROGRAM_PEERS.filter((peer) => peers.includes(peer.id))) {
    const built = build()
    missing.set(id, 'missing' in built ? built.missing : 'is there')
  }
  for (const [id, state] of missing) console.log(`${id}: ${state}`)
}

async function compare(options: CompareOptions): Promise<void> {
  const environment = readEnvironment(options.directory)
  const peers = options.peers.flatMap((id) => findPeer(id) ?? [])
  const chosen = WORKLOADS.filter(({ id }) => options.workloads.includes(id))
  const missing = new Map(chosen.length === 0 ? [] : peers.map((peer) => [peer.id, peer.findMissing()]))
  const workloads: WorkloadResult[] = []
  for (const workload of chosen) workloads.push(await compareIn(workload, peers, missing, options))
  const programs = await measurePrograms({ ...options, rows: options.workloads })
  const notes = [...NOT_BUILT, NOT_PUBLISHED]
  const report: CompareReport = { schemaVersion: 1, environment, rounds: options.rounds, workloads, programs, notes }
  const format = { json: formatJson, markdown: formatCompareMarkdown, text: formatCompareText }[options.format]
  console.log(format(report))
  if (options.svg !== undefined) writeCharts(report, options.svg)
  if (!options.write) return
  writeCharts(report, CHARTS_FOLDER)
  writeTables(report)
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
  const count = countOf(workload, options.scale)
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
        return await measureWorkload(peer, workload, {
          folder: directory,
          count: countFor(peer, workload, options.scale),
          payloadLength,
        })
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

function countOf({ group, count }: Workload, scale: number): number {
  return Math.max(group, Math.round(count * scale))
}

/** A rate is the same for fewer messages; latencies need all of them. */
function countFor({ share = 1 }: Peer, workload: Workload, scale: number): number {
  const isRate = workload.figures.every(({ key }) => key === 'perSecond')
  return countOf(workload, isRate ? scale * share : scale)
}

function summarize({ id, title }: Peer, workload: Workload, rounds: readonly Figures[], skipped: string | undefined): PeerResult {
  if (rounds.length === 0) return { peer: id, title, figures: [], skipped: skipped ?? 'not measured' }
  const figures = workload.figures.map((figure) => {
    const values = rounds.map((round) => round[figure.key] ?? Number.NaN)
    return { ...figure, ...spreadOf(values) }
  })
  return { peer: id, title, figures }
}
