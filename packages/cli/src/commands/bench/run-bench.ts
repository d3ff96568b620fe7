import { statfsSync } from 'node:fs'
import type { BenchDirectory } from './bench-directory.js'
import type { BenchOptions, LatencyResult, SizeResult, Throughput } from './bench-report.js'
import type { LatencyPoint, ReceivedNote, SentNote, ThroughputNote } from './bench-task.js'
import { latencyFigures } from './latency-samples.js'
import { type BenchCandidate, runSuite } from './run-suite.js'
import { spreadOf } from './spread.js'
import { WorkerProcess } from './worker-process.js'

const RECORD_ALIGNMENT = 64
/** The share of an open-loop run that is sent before the part that counts. */
const WARM_UP_SHARE = 0.25

/** What measuring needs to know. */
export interface BenchRun {
  readonly directory: BenchDirectory
  readonly options: BenchOptions
  readonly signal: AbortSignal
  /** Called with what begins. */
  readonly onPhase: (phase: string) => void
}

/** Measures one payload length: rounds of writing and reading, then the open loop. @throws WrongResultError when what was read is not what was written. */
export async function measureSize(run: BenchRun, payloadLength: number): Promise<SizeResult> {
  const { rounds } = run.options
  const throughput = await measureInTurns(run, rounds, {
    name: `${payloadLength} B  write and read`,
    measure: async ({ directory: queue }) => {
      const written = await measureWrite(run, queue, payloadLength)
      return { written, read: await measureRead(run, { queue, payloadLength, messages: written.messages }) }
    },
  })
  const [latency] = await measureInTurns(run, 1, {
    name: `${payloadLength} B  one way at ${run.options.rate}/s`,
    measure: ({ directory: queue }) => measureLatency(run, queue, payloadLength),
  })
  const written = throughput.map((round) => round.written)
  const read = throughput.map((round) => round.read)
  return {
    payloadLength,
    write: summarise(written, payloadLength),
    read: summarise(read, payloadLength),
    latency: latency as LatencyResult,
  }
}

async function measureInTurns<Figures>(run: BenchRun, rounds: number, candidate: BenchCandidate<Figures>): Promise<Figures[]> {
  const figures = await runSuite({ candidates: [candidate], rounds }, { folders: run.directory, onTurn: run.onPhase })
  return figures.flat()
}

async function measureWrite(
  { options, signal, directory }: BenchRun,
  queue: string,
  payloadLength: number,
): Promise<ThroughputNote> {
  const messagesMax = Math.min(
    options.messages ?? Number.POSITIVE_INFINITY,
    messagesThatFit(directory.path, options, payloadLength),
  )
  using worker = new WorkerProcess({
    kind: 'write',
    queue,
    payloadLength,
    messagesMax,
    seconds: options.seconds,
    preset: options.durability,
    cpu: options.cpu[0],
  })
  return await worker.note('throughput', signal)
}

async function measureRead(
  { options, signal }: BenchRun,
  of: { queue: string; payloadLength: number; messages: number },
): Promise<ThroughputNote> {
  using worker = new WorkerProcess({ kind: 'read', ...of }, readerCpu(options, 0))
  return await worker.note('throughput', signal)
}

async function measureLatency(
  { options, signal, directory }: BenchRun,
  queue: string,
  payloadLength: number,
): Promise<LatencyResult> {
  const room = messagesThatFit(directory.path, options, payloadLength)
  const wanted = Math.min(
    options.messages ?? Number.POSITIVE_INFINITY,
    options.rate * options.seconds,
    room / (1 + WARM_UP_SHARE),
  )
  const count = Math.max(1, Math.floor(wanted))
  const warmUpCount = Math.ceil(count * WARM_UP_SHARE)
  const common = { queue, payloadLength, warmUpCount, count }
  const workers: WorkerProcess[] = []
  try {
    const sender = new WorkerProcess({
      kind: 'send',
      ...common,
      ratePerSecond: options.rate,
      preset: options.durability,
      cpu: options.cpu[0],
    })
    workers.push(sender)
    await sender.note('ready', signal)
    const receivers: WorkerProcess[] = []
    for (let index = 0; index < options.readers; index++) {
      const task = {
        kind: 'receive',
        ...common,
        reader: `reader-${index + 1}`,
        wait: options.wait,
        seconds: count / options.rate,
      } as const
      const receiver = new WorkerProcess(task, readerCpu(options, index))
      workers.push(receiver)
      receivers.push(receiver)
      await receiver.note('ready', signal)
    }
    sender.go()
    const [sent, ...received] = await Promise.all([
      sender.note('sent', signal),
      ...receivers.map((receiver) => receiver.note('received', signal)),
    ])
    return latencyResult(options.rate, count, sent, received)
  } finally {
    // A process that fails ends the others, too.
    for (const worker of workers) worker[Symbol.dispose]()
  }
}

function latencyResult(rate: number, count: number, sent: SentNote, received: readonly ReceivedNote[]): LatencyResult {
  return {
    ratePerSecond: rate,
    achievedPerSecond: Math.round((count / sent.elapsedNs) * 1e9),
    messages: count,
    write: latencyFigures([sent.write]),
    transport: latencyFigures(received.map(({ transport }) => transport)),
    read: latencyFigures(received.map((note) => note.read)),
    endToEnd: latencyFigures(received.map(({ endToEnd }) => endToEnd)),
    series: worstOf(received),
  }
}

function messagesThatFit(path: string, { disk }: BenchOptions, payloadLength: number): number {
  const { bavail, bsize } = statfsSync(path)
  const recordBytes = Math.ceil((64 + payloadLength) / RECORD_ALIGNMENT) * RECORD_ALIGNMENT
  return Math.max(1, Math.floor(Math.min(disk, (bavail * bsize) / 2) / recordBytes))
}

function readerCpu({ cpu }: BenchOptions, index: number): number | undefined {
  const own = cpu.slice(1)
  return own.length === 0 ? undefined : own[index % own.length]
}

function summarise(notes: readonly ThroughputNote[], payloadLength: number): Throughput {
  const rounds = notes.map(({ elapsedNs, messages }) => elapsedNs / messages)
  const { median, min, max } = spreadOf(rounds)
  return {
    nsPerMessage: { median: tenth(median), min: tenth(min), max: tenth(max) },
    messagesPerSecond: Math.round(1e9 / median),
    payloadBytesPerSecond: Math.round((1e9 / median) * payloadLength),
    messages: notes.reduce((sum, { messages }) => sum + messages, 0),
    roundsNsPerMessage: rounds.map(tenth),
    series: notes.at(-1)?.series ?? [],
  }
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10
}

function worstOf(received: readonly ReceivedNote[]): LatencyPoint[] {
  const [first] = received
  if (first === undefined) return []
  return first.series.map((point, index) => {
    const all = received.map(({ series }) => series[index] ?? point)
    const worst = (of: (point: LatencyPoint) => number) => Math.max(...all.map(of))
    return {
      atSeconds: point.atSeconds,
      p50Ns: worst(({ p50Ns }) => p50Ns),
      p99Ns: worst(({ p99Ns }) => p99Ns),
      maxNs: worst(({ maxNs }) => maxNs),
    }
  })
}
