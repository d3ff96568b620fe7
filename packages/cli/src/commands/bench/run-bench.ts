import { Worker } from 'node:worker_threads'
import type { BenchDirectory } from './bench-directory.js'
import type { BenchPlan } from './bench-plan.js'
import type { SeriesPoint, WorkerReport, WorkerTask } from './bench-worker.js'
import type { LatencySummary } from './latency-recorder.js'

/** What one thread got done. */
export interface Throughput {
  readonly messages: number
  readonly elapsedNs: number
  readonly nsPerMessage: number
  readonly messagesPerSecond: number
  readonly bytesPerSecond: number
}

export interface BenchResult {
  readonly plan: BenchPlan
  readonly machine: { readonly node: string; readonly arch: string; readonly cpus: number }
  readonly write: Throughput
  /** The slowest reader. */
  readonly read: Throughput | undefined
  readonly latency:
    | {
        /** From the instant at which a message was due to its arrival: what a user of the queue sees. */
        readonly total: LatencySummary
        /** The call of append. */
        readonly write: LatencySummary
        /** From the stamp that append gives a message to its arrival. */
        readonly transport: LatencySummary
        /** The call of next that returned the message. */
        readonly read: LatencySummary
        readonly series: readonly SeriesPoint[]
        /** Messages that the writer could not send in time: the rate is too high for this machine when there are many. */
        readonly late: number
      }
    | undefined
  /** Messages that did not come in order; anything but 0 is a defect. */
  readonly outOfOrder: number
}

/** Runs throughput and then, with at least one reader, latency. */
export async function runBench(
  plan: BenchPlan,
  directory: BenchDirectory,
  machine: BenchResult['machine'],
  signal: AbortSignal,
): Promise<BenchResult> {
  const throughput = await runWorkers(
    directory.queue('throughput'),
    { plan, write: 'write-throughput', read: 'read-throughput' },
    signal,
  )
  const [writer, ...readers] = throughput.flatMap((report) => (report.kind === 'throughput' ? [report] : []))
  if (writer === undefined) throw new Error('the writer of the benchmark measured nothing')
  const slowest = readers.sort((a, b) => b.elapsedNs - a.elapsedNs)[0]
  const latency = plan.readers === 0 ? undefined : await runLatency(plan, directory, signal)
  const outOfOrder = readers.reduce((sum, reader) => sum + reader.outOfOrder, latency?.outOfOrder ?? 0)
  return {
    plan,
    machine,
    write: describeThroughput(writer, plan.size),
    read: slowest === undefined ? undefined : describeThroughput(slowest, plan.size),
    latency: latency?.result,
    outOfOrder,
  }
}

async function runLatency(
  plan: BenchPlan,
  directory: BenchDirectory,
  signal: AbortSignal,
): Promise<{ result: NonNullable<BenchResult['latency']>; outOfOrder: number }> {
  const reports = await runWorkers(directory.queue('latency'), { plan, write: 'write-latency', read: 'read-latency' }, signal)
  const written = reports.find((report) => report.kind === 'written')
  const reads = reports.flatMap((report) => (report.kind === 'read' ? [report] : []))
  const slowest = reads.sort((a, b) => b.total.p99 - a.total.p99)[0]
  if (written === undefined || slowest === undefined) throw new Error('the latency run measured nothing')
  const { total, transport, read, series } = slowest
  const outOfOrder = reads.reduce((sum, report) => sum + report.outOfOrder, 0)
  return { result: { total, write: written.write, transport, read, series, late: written.late }, outOfOrder }
}

/** The writer opens first, because it makes the queue; all begin when all are ready. The reports come in the order writer, readers. */
async function runWorkers(
  queue: string,
  run: { plan: BenchPlan; write: WorkerTask['role']; read: WorkerTask['role'] },
  signal: AbortSignal,
): Promise<WorkerReport[]> {
  const { plan } = run
  const workers: BenchThread[] = []
  const stop = () => {
    for (const { worker } of workers) void worker.terminate()
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    workers.push(await startThread({ role: run.write, queue, plan, index: 0 }))
    for (let index = 1; index <= plan.readers; index += 1) workers.push(await startThread({ role: run.read, queue, plan, index }))
    for (const { worker } of [...workers].reverse()) worker.postMessage('go')
    return await Promise.all(workers.map(({ report }) => report))
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}

interface BenchThread {
  readonly worker: Worker
  /** Its measurement; rejected when it ends without one. */
  readonly report: Promise<WorkerReport>
}

function startThread(task: WorkerTask): Promise<BenchThread> {
  const worker = new Worker(new URL('./bench-worker.js', import.meta.url), { workerData: task })
  return new Promise((started, failed) => {
    const report = new Promise<WorkerReport>((resolve, reject) => {
      worker.on('message', (message: WorkerReport) => {
        if (message.kind === 'ready') started({ worker, report })
        else resolve(message)
      })
      worker.on('error', reject)
      worker.on('exit', () => reject(new Error('a thread of the benchmark ended early')))
    })
    report.catch(failed)
  })
}

function describeThroughput({ messages, elapsedNs }: { messages: number; elapsedNs: number }, size: number): Throughput {
  const seconds = Math.max(elapsedNs, 1) / 1e9
  return {
    messages,
    elapsedNs,
    nsPerMessage: elapsedNs / messages,
    messagesPerSecond: messages / seconds,
    bytesPerSecond: (messages * size) / seconds,
  }
}
