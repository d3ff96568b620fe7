import { statfsSync } from 'node:fs'
import type { BenchDirectory } from './bench-directory.js'
import type { BenchOptions, LatencyResult, SizeResult, Throughput } from './bench-report.js'
import type { LatencyPoint, ReceivedNote, SentNote, ThroughputNote } from './bench-task.js'
import { latencyFigures } from './latency-samples.js'
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
  const writes: ThroughputNote[] = []
  const reads: ThroughputNote[] = []
  for (let round = 1; round <= run.options.rounds; round++) {
    const queue = run.directory.newQueue()
    run.onPhase(`${payloadLength} B  write  round ${round} of ${run.options.rounds}`)
    const written = await write(run, queue, payloadLength)
    run.onPhase(`${payloadLength} B  read  round ${round} of ${run.options.rounds}`)
    writes.push(written)
    reads.push(await read(run, { queue, payloadLength, messages: written.messages }))
    run.directory.removeQueue(queue)
  }
  run.onPhase(`${payloadLength} B  one way at ${run.options.rate}/s`)
  const latency = await measureLatency(run, payloadLength)
  return { payloadLength, write: summarise(writes, payloadLength), read: summarise(reads, payloadLength), latency }
}

async function write({ options, signal, directory }: BenchRun, queue: string, payloadLength: number): Promise<ThroughputNote> {
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

async function read(
  { options, signal }: BenchRun,
  of: { queue: string; payloadLength: number; messages: number },
): Promise<ThroughputNote> {
  using worker = new WorkerProcess({ kind: 'read', ...of }, readerCpu(options, 0))
  return await worker.note('throughput', signal)
}

async function measureLatency({ options, signal, directory }: BenchRun, payloadLength: number): Promise<LatencyResult> {
  const queue = directory.newQueue()
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
    directory.removeQueue(queue)
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
