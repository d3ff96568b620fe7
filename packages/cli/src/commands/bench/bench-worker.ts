import { parentPort, workerData } from 'node:worker_threads'
import {
  type Message,
  openReader,
  openWriter,
  type QueueReader,
  type QueueWriter,
  realtimeNs,
  type WriterOptions,
} from '@chronicle-ts/core'
import type { BenchPlan } from './bench-plan.js'
import { LatencyRecorder, type LatencySummary } from './latency-recorder.js'

/** One half of a run, in a thread of its own. */
export interface WorkerTask {
  readonly role: 'write-throughput' | 'read-throughput' | 'write-latency' | 'read-latency'
  readonly queue: string
  readonly plan: BenchPlan
  /** Of readers: their number. */
  readonly index: number
}

/** What a worker tells: that it can begin, and later what it measured. */
export type WorkerReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'throughput'; readonly messages: number; readonly elapsedNs: number; readonly outOfOrder: number }
  | { readonly kind: 'written'; readonly messages: number; readonly write: LatencySummary; readonly late: number }
  | {
      readonly kind: 'read'
      readonly total: LatencySummary
      readonly transport: LatencySummary
      readonly read: LatencySummary
      readonly series: readonly SeriesPoint[]
      readonly outOfOrder: number
    }

/** A tenth of a second of a latency run. */
export interface SeriesPoint {
  readonly atMs: number
  readonly count: number
  readonly p50: number
  readonly max: number
}

const SERIES_STEP_NS = 100_000_000
/** Readers look again after this long, whatever happens. */
const WAIT_SLICE_MS = 100
/** Messages before the measurement begins, while the compiler still works: a fifth of a second, ten thousand at most. */
const WARM_UP_MESSAGES_MAX = 10_000

const FLUSH: Readonly<Record<BenchPlan['durability'], Pick<WriterOptions, 'flushPolicy'>>> = {
  none: {},
  background: { flushPolicy: { everyMessages: 1000 } },
  each: { flushPolicy: { everyMessages: 1, wait: true } },
}

/** Messages of a latency run. */
function latencyMessages({ rate, durationMs }: BenchPlan): number {
  return Math.max(1, Math.round((rate * durationMs) / 1000))
}

function warmUpMessages({ rate }: BenchPlan): number {
  return Math.min(WARM_UP_MESSAGES_MAX, Math.ceil(rate / 5))
}

const task = workerData as WorkerTask
const port = parentPort
if (port !== null) {
  const work = prepare(task)
  port.once('message', () => {
    port.postMessage(work())
    port.close()
  })
  port.postMessage({ kind: 'ready' } satisfies WorkerReport)
}

/** Opens what the task needs; what it returns does the work. */
function prepare({ role, queue, plan, index }: WorkerTask): () => WorkerReport {
  if (role === 'read-throughput' || role === 'read-latency') {
    const reader = openReader(queue, `bench-${index}`, { start: 'earliest', wait: plan.wait })
    return () => (role === 'read-throughput' ? readThroughput(reader, plan) : readLatency(reader, plan))
  }
  const cpu = plan.cpus.length === 0 ? {} : { cpu: plan.cpus }
  const writer = openWriter(queue, { segmentSize: plan.segmentSize, ...FLUSH[plan.durability], ...cpu })
  return () => (role === 'write-throughput' ? writeThroughput(writer, plan) : writeLatency(writer, plan))
}

function writeThroughput(writer: QueueWriter, plan: BenchPlan): WorkerReport {
  const payload = Buffer.alloc(plan.size, 0x61)
  const startedNs = process.hrtime.bigint()
  for (let index = 0; index < plan.messages; index += 1) writer.append(1, payload)
  const elapsedNs = Number(process.hrtime.bigint() - startedNs)
  writer.close()
  return { kind: 'throughput', messages: plan.messages, elapsedNs, outOfOrder: 0 }
}

function readThroughput(reader: QueueReader, plan: BenchPlan): WorkerReport {
  let expected = 0
  let outOfOrder = 0
  let startedNs = 0n
  while (expected < plan.messages) {
    const message = reader.next()
    if (message === undefined) {
      reader.wait({ timeoutMs: WAIT_SLICE_MS })
      continue
    }
    if (expected === 0) startedNs = process.hrtime.bigint()
    if (message.sequence !== expected) outOfOrder += 1
    expected += 1
  }
  const elapsedNs = Number(process.hrtime.bigint() - startedNs)
  reader.commit()
  reader.close()
  return { kind: 'throughput', messages: expected, elapsedNs, outOfOrder }
}

/** Open loop: message i is due at a fixed instant, whatever became of those before it, and carries that instant. */
function writeLatency(writer: QueueWriter, plan: BenchPlan): WorkerReport {
  const payload = Buffer.alloc(plan.size)
  const recorder = new LatencyRecorder()
  const intervalNs = 1e9 / plan.rate
  const messages = latencyMessages(plan)
  const startNs = realtimeNs() + 1_000_000n + BigInt(Math.round(warmUpMessages(plan) * intervalNs))
  let late = 0
  for (let index = -warmUpMessages(plan); index < messages; index += 1) {
    const dueNs = startNs + BigInt(Math.round(index * intervalNs))
    let nowNs = realtimeNs()
    if (index >= 0 && nowNs > dueNs) late += 1
    while (nowNs < dueNs) nowNs = realtimeNs()
    payload.writeBigInt64LE(dueNs, 0)
    writer.append(1, payload)
    if (index >= 0) recorder.record(Number(realtimeNs() - nowNs))
  }
  writer.close()
  return { kind: 'written', messages, write: recorder.summary(), late }
}

function readLatency(reader: QueueReader, plan: BenchPlan): WorkerReport {
  const total = new LatencyRecorder()
  const transport = new LatencyRecorder()
  const read = new LatencyRecorder()
  const series = new Series()
  const warmUp = warmUpMessages(plan)
  const messages = warmUp + latencyMessages(plan)
  let outOfOrder = 0
  for (let expected = 0; expected < messages; ) {
    const beforeNs = realtimeNs()
    const message: Message | undefined = reader.next()
    if (message === undefined) {
      reader.wait({ timeoutMs: WAIT_SLICE_MS })
      continue
    }
    const nowNs = realtimeNs()
    const dueNs = message.payload.readBigInt64LE(0)
    const latency = Number(nowNs - dueNs)
    if (expected >= warmUp) {
      total.record(latency)
      transport.record(Number(nowNs - message.timestampNs))
      read.record(Number(nowNs - beforeNs))
      series.record(Number(dueNs), latency)
    }
    if (message.sequence !== expected) outOfOrder += 1
    expected += 1
  }
  reader.close()
  return {
    kind: 'read',
    total: total.summary(),
    transport: transport.summary(),
    read: read.summary(),
    series: series.points(),
    outOfOrder,
  }
}

/** Latencies over time, one point per step. */
class Series {
  readonly #steps = new Map<number, { recorder: LatencyRecorder }>()
  #firstNs: number | undefined

  record(dueNs: number, latencyNs: number): void {
    this.#firstNs ??= dueNs
    const step = Math.floor((dueNs - this.#firstNs) / SERIES_STEP_NS)
    let at = this.#steps.get(step)
    if (at === undefined) {
      at = { recorder: new LatencyRecorder() }
      this.#steps.set(step, at)
    }
    at.recorder.record(latencyNs)
  }

  points(): SeriesPoint[] {
    return [...this.#steps].map(([step, { recorder }]) => {
      const { count, p50, max } = recorder.summary()
      return { atMs: (step * SERIES_STEP_NS) / 1e6, count, p50, max }
    })
  }
}
