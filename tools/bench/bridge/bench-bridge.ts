import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { readIdentity } from '@chronicle-ts/bridge'
import { type BenchCandidate, median, runSuite, spreadOf, TemporaryFolders } from '@chronicle-ts/cli/bench'
import { openObserver, openWriter } from '@chronicle-ts/core'
import { findNatsServer, type NatsBinary, NatsServer } from '@chronicle-ts/testing'
import type { Bench } from '../bench.js'
import type { BenchOptions } from '../bench-options.js'
import { formatTable } from '../report.js'
import { touchMemory } from '../touch-memory.js'
import { BridgeEnd, cpuSecondsOf, type PeakMemory } from './bridge-ends.js'
import type { AppendFigures, BridgeFigures, PublisherFigures, PublisherTask, ReplicaTask, SourceTask } from './source-task.js'

const run = promisify(execFile)
const MESSAGES_PER_SECOND = 10_000
/** The first version that knows `sync_interval`. */
const SYNC_SINCE = 10
const LOOK_INTERVAL_MS = 200
/** Part of a transfer that counts as steady. */
const STEADY = { from: 0.2, to: 0.9 }

/** CPU of the three processes between two queues. */
type CpuOfEnds = readonly [push: number, server: number, pull: number]

/** Records per second that arrive in a replica while the source has more. */
export interface BridgeThroughput {
  readonly server: string
  readonly recordsPerSecond: readonly number[]
  readonly megabytesPerSecond: readonly number[]
  /** What the server takes from one publisher when no bridge uses it, in rounds that take turns with those of the bridge. */
  readonly serverAlone: readonly number[]
  readonly push: PeakMemory
  readonly pull: PeakMemory
  /** Seconds of CPU per million records of push, server and pull, per round: on a machine that has other work, too, they say what the rate cannot. */
  readonly cpuSeconds: readonly CpuOfEnds[]
}

/** What the object that `bridge --json` prints says of the bridge. */
export interface BridgeReport {
  readonly messages: number
  readonly throughput: readonly BridgeThroughput[]
  /** Nanoseconds from the instant at which a message was due at the source to a reader of the replica, per round. */
  readonly latency: readonly BridgeFigures[]
  /** Part of a CPU that push, server and pull take in these rounds. */
  readonly cpuShares: readonly CpuOfEnds[]
  /** Nanoseconds of an append to the source and to a queue beside it, in alternating rounds without and with a bridge. */
  readonly appends: { readonly without: readonly AppendFigures[]; readonly with: readonly AppendFigures[] }
  readonly notes: readonly string[]
}

/** A queue that is carried by `chron-cli bridge` and a real server, all on this machine. */
export const benchBridge: Bench = async (options, print): Promise<BridgeReport> => {
  const binary = findNatsServer(options.natsServer)
  if (binary === undefined) throw new Error('nats-server is missing (Debian: apt-get install nats-server, or --nats-server PATH)')
  const { messages } = options
  print(`server    nats-server ${binary.version.join('.')}`)
  if (!options.quick) touchMemory(2 ** 31)
  const bench = new BridgeBench(binary, options)
  const notes: string[] = []
  const throughput: BridgeThroughput[] = []
  if (isChosen('throughput', options)) throughput.push(await bench.throughput(''))
  if (isChosen('sync', options)) {
    if (binary.version[1] >= SYNC_SINCE) throughput.push(await bench.throughput('sync_interval: always'))
    else notes.push(`nats-server ${binary.version.join('.')} does not know sync_interval: not measured`)
  }
  if (throughput.length > 0) print(formatThroughput(throughput, messages))
  const followed = isChosen('latency', options)
    ? await bench.latency()
    : { latency: [], cpuShares: [], appends: { without: [], with: [] } }
  if (followed.latency.length > 0) print(formatLatency(followed))
  for (const note of notes) print(note)
  return { messages, throughput, ...followed, notes }
}

function isChosen(name: string, { only }: BenchOptions): boolean {
  return only.length === 0 || only.includes(name)
}

class BridgeBench {
  readonly #binary: NatsBinary
  readonly #options: BenchOptions

  constructor(binary: NatsBinary, options: BenchOptions) {
    this.#binary = binary
    this.#options = options
  }

  async throughput(sync: string): Promise<BridgeThroughput> {
    const { messages } = this.#options
    const [found, alone] = await this.#pair(
      this.#candidate('throughput', sync, (folder, server) => this.#transfer(folder, server)),
      this.#candidate('server alone', sync, (_, server) => this.#publish(server)),
    )
    const recordsPerSecond = found.map(({ rate }) => rate)
    const highest = (peaks: readonly PeakMemory[]): PeakMemory => ({
      resident: Math.max(...peaks.map(({ resident }) => resident)),
      anonymous: Math.max(...peaks.map(({ anonymous }) => anonymous)),
    })
    return {
      server: sync === '' ? 'as installed' : sync,
      recordsPerSecond,
      megabytesPerSecond: found.map(({ rate, bytes }) => (rate * bytes) / messages / 1e6),
      serverAlone: alone.map(({ megabytesPerSecond }) => megabytesPerSecond),
      push: highest(found.map(({ push }) => push)),
      pull: highest(found.map(({ pull }) => pull)),
      cpuSeconds: found.map(({ cpuSeconds }) => cpuSeconds),
    }
  }

  /** Rounds without and with a bridge take turns. */
  async latency(): Promise<Followed> {
    const [without, along] = await this.#pair(
      {
        name: 'append, no bridge',
        measure: async ({ directory }): Promise<AppendFigures> => await runProgram('paced-source', this.#task(directory)),
      },
      this.#candidate('append, with the bridge', '', (folder, server) => this.#follow(folder, server)),
    )
    return {
      latency: along.map(({ arrival }) => arrival),
      cpuShares: along.map(({ cpuShares }) => cpuShares),
      appends: { without, with: along.map(({ append }) => append) },
    }
  }

  /** Rounds of both, taking turns. */
  async #pair<One, Other>(one: BenchCandidate<One>, other: BenchCandidate<Other>): Promise<[One[], Other[]]> {
    const { rounds, directory } = this.#options
    const candidates: BenchCandidate<One | Other>[] = [one, other]
    const [first = [], second = []] = await runSuite({ candidates, rounds }, { folders: new TemporaryFolders(directory) })
    return [first as One[], second as Other[]]
  }

  #task(folder: string): SourceTask {
    const count = Math.ceil(MESSAGES_PER_SECOND * this.#options.latencySeconds * 2)
    const { payloadLength } = this.#options
    const queues = { queue: join(folder, 'source'), control: join(folder, 'control') }
    return { ...queues, payloadLength, messagesPerSecond: MESSAGES_PER_SECOND, warmUpCount: count >> 2, count }
  }

  /** Something that is measured beside a server of its own. */
  #candidate<Figures>(
    name: string,
    settings: string,
    work: (folder: string, server: NatsServer) => Promise<Figures>,
  ): BenchCandidate<Figures> {
    return {
      name,
      measure: async ({ directory }) => {
        const jetstream = settings === '' ? '' : `jetstream: { store_dir: "${join(directory, 'nats', 'store')}", ${settings} }`
        const server = await NatsServer.start({ folder: join(directory, 'nats'), binary: this.#binary, settings: jetstream })
        try {
          return await work(directory, server)
        } finally {
          await server.kill()
        }
      },
    }
  }

  /** Carries a queue that is full already. */
  async #transfer(folder: string, server: NatsServer): Promise<Round> {
    const queues = { source: join(folder, 'source'), replica: join(folder, 'replica') }
    const { messages, payloadLength } = this.#options
    fill(queues.source, messages, payloadLength)
    return await this.#withBridge(queues, server, async (push, pull) => {
      // What their start costs is not part of it.
      while (nextSequenceOf(queues.replica) === 0) await sleep(LOOK_INTERVAL_MS)
      const begun = nextSequenceOf(queues.replica)
      const before = [push.cpuSeconds, cpuSecondsOf(server.pid), pull.cpuSeconds] as const
      const samples: { readonly atMs: number; readonly records: number }[] = []
      for (let records = 0; records < messages; ) {
        await sleep(LOOK_INTERVAL_MS)
        push.assertRunning()
        pull.assertRunning()
        records = nextSequenceOf(queues.replica)
        samples.push({ atMs: performance.now(), records })
      }
      const steady = samples.filter(({ records }) => records >= messages * STEADY.from && records <= messages * STEADY.to)
      const [first, last] = [steady[0] ?? samples[0], steady.at(-1) ?? samples.at(-1)]
      const rate = (((last?.records ?? 0) - (first?.records ?? 0)) / ((last?.atMs ?? 0) - (first?.atMs ?? 0))) * 1000
      const bytes = bytesOf(messages, payloadLength)
      const used = [push.cpuSeconds, cpuSecondsOf(server.pid), pull.cpuSeconds] as const
      const perMillion = (index: 0 | 1 | 2): number => ((used[index] - before[index]) / (messages - begun)) * 1e6
      const cpuSeconds = [perMillion(0), perMillion(1), perMillion(2)] as const
      return { rate, bytes, push: push.peak, pull: pull.peak, cpuSeconds }
    })
  }

  /** Carries a queue to which messages are appended at a fixed rate. */
  async #follow(
    folder: string,
    server: NatsServer,
  ): Promise<{ append: AppendFigures; arrival: BridgeFigures; cpuShares: CpuOfEnds }> {
    const queues = { source: join(folder, 'source'), replica: join(folder, 'replica') }
    // The first message opens everything: those that are timed follow it.
    fill(queues.source, 1, this.#options.payloadLength)
    return await this.#withBridge(queues, server, async (push, pull) => {
      while (nextSequenceOf(queues.replica) === 0) await sleep(LOOK_INTERVAL_MS)
      const cpu = (): CpuOfEnds => [push.cpuSeconds, cpuSecondsOf(server.pid), pull.cpuSeconds]
      const before = cpu()
      const task = this.#task(folder)
      const { warmUpCount, count } = task
      const reading = runProgram<BridgeFigures>('replica-reader', { queue: queues.replica, warmUpCount, count })
      const appending = runProgram<AppendFigures>('paced-source', task)
      const [append, arrival] = await Promise.all([appending, reading])
      const used = cpu()
      const share = (index: 0 | 1 | 2): number => ((used[index] - before[index]) * MESSAGES_PER_SECOND) / count
      return { append, arrival, cpuShares: [share(0), share(1), share(2)] }
    })
  }

  /** The same number of bytes into the server alone. */
  async #publish({ url }: NatsServer): Promise<PublisherFigures> {
    const { messages, payloadLength } = this.#options
    return await runProgram('raw-publisher', { url, bytes: bytesOf(messages, payloadLength) })
  }

  async #withBridge<Result>(
    { source, replica }: { readonly source: string; readonly replica: string },
    { url }: NatsServer,
    work: (push: BridgeEnd, pull: BridgeEnd) => Promise<Result>,
  ): Promise<Result> {
    const push = new BridgeEnd(['push', source, '--to', url])
    const pull = new BridgeEnd([
      'pull',
      replica,
      '--from',
      url,
      '--queue-id',
      readIdentity(source)?.queueId ?? '',
      '--name',
      'bench',
    ])
    try {
      return await work(push, pull)
    } finally {
      await Promise.all([push.end(), pull.end()])
    }
  }
}

type Followed = Pick<BridgeReport, 'latency' | 'cpuShares' | 'appends'>

interface Round {
  readonly rate: number
  readonly bytes: number
  readonly push: PeakMemory
  readonly pull: PeakMemory
  readonly cpuSeconds: CpuOfEnds
}

/** A record is a header of 64 bytes and the payload, up to a multiple of 64. */
function bytesOf(messages: number, payloadLength: number): number {
  return messages * (64 + Math.ceil(payloadLength / 64) * 64)
}

async function runProgram<Figures>(name: string, task: SourceTask | ReplicaTask | PublisherTask): Promise<Figures> {
  const program = join(import.meta.dirname, `${name}.js`)
  const { stdout } = await run(process.execPath, [program, JSON.stringify(task)])
  return JSON.parse(stdout)
}

function fill(queue: string, messages: number, payloadLength: number): void {
  using writer = openWriter(queue)
  const batch = Array.from({ length: 1000 }, () => ({ typeId: 1, payload: Buffer.alloc(payloadLength, 1) }))
  for (let left = messages; left > 0; left -= batch.length) writer.appendBatch(batch.slice(0, left))
}

function nextSequenceOf(queue: string): number {
  if (readIdentity(queue) === undefined) return 0
  using observer = openObserver(queue, { start: 'latest' })
  return observer.nextSequence
}

function formatSpread(values: readonly number[], digits: number): string {
  const { median, min, max } = spreadOf(values)
  return `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`
}

function formatCpu(used: readonly CpuOfEnds[]): string {
  return [0, 1, 2].map((index) => median(used.map((one) => one[index] ?? 0)).toFixed(2)).join(' + ')
}

function formatThroughput(results: readonly BridgeThroughput[], messages: number): string {
  const memory = ({ resident, anonymous }: PeakMemory): string => `${resident.toFixed(0)} (${anonymous.toFixed(0)})`
  const rows = results.map(({ server, recordsPerSecond, megabytesPerSecond, serverAlone, push, pull, cpuSeconds }) => [
    server,
    formatSpread(
      recordsPerSecond.map((rate) => rate / 1e6),
      2,
    ),
    formatSpread(megabytesPerSecond, 0),
    formatSpread(serverAlone, 0),
    memory(push),
    memory(pull),
    formatCpu(cpuSeconds),
  ])
  const heading = [
    'server',
    'M records/s',
    'MB/s of records',
    'the server alone',
    'push: RSS (anonymous) MB',
    'pull: RSS (anonymous) MB',
    'CPU s per M records: push + server + pull',
  ]
  return `throughput: ${messages.toLocaleString('en-US')} records that the source has already\n${formatTable(heading, rows)}`
}

function formatLatency({ latency, cpuShares, appends: { without, with: along } }: Followed): string {
  const row = (name: string, figures: readonly BridgeFigures[]): string[] => {
    const micros = (pick: (one: BridgeFigures) => number): string =>
      formatSpread(
        figures.map((one) => pick(one) / 1e3),
        2,
      )
    return [
      name,
      micros(({ p50Ns }) => p50Ns),
      micros(({ p90Ns }) => p90Ns),
      micros(({ p99Ns }) => p99Ns),
      micros(({ p999Ns }) => p999Ns),
    ]
  }
  const rows = [
    row('from due to a reader of the replica', latency),
    row(
      'append, no bridge',
      without.map(({ source }) => source),
    ),
    row(
      'append, with the bridge',
      along.map(({ source }) => source),
    ),
    row(
      'append to another queue of the program, with the bridge',
      along.map(({ control }) => control),
    ),
  ]
  const ratio = (pick: (one: BridgeFigures) => number): string =>
    formatSpread(
      along.map(({ source, control }) => pick(source) / pick(control)),
      2,
    )
  const ratios = `p50 ${ratio(({ p50Ns }) => p50Ns)}, p99 ${ratio(({ p99Ns }) => p99Ns)}`
  const heading = ['microseconds', 'p50', 'p90', 'p99', 'p99.9']
  return `latency: ${MESSAGES_PER_SECOND.toLocaleString('en-US')} messages/s (median of ${latency.length} rounds)\n${formatTable(heading, rows)}
an append to the queue that is carried takes so many times that of one to another queue of the same program: ${ratios}
push, server and pull take ${formatCpu(cpuShares)} of a CPU`
}
