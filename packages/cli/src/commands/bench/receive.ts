import { openReader, type QueueReader } from '@chronicle-ts/core'
import { DUE_NS_OFFSET, INDEX_OFFSET, SENT_NS_OFFSET } from './bench-message.js'
import { type LatencyPoint, type ReceivedNote, type ReceiveTask, WrongResultError } from './bench-task.js'
import { LatencySamples } from './latency-samples.js'
import { monotonicNs } from './monotonic-clock.js'
import { SERIES_LENGTH } from './throughput-series.js'

/** Longer than any stall that a working machine has: a message that takes longer is lost. */
const SILENCE_MS = 30_000

/** Opens the reader before anything is sent. */
export function openReceiver(task: ReceiveTask): QueueReader {
  return openReader(task.queue, task.reader, { start: 'earliest', wait: task.wait })
}

/** Takes every message as it comes, and checks that each is the one that must come. */
export function receive(reader: QueueReader, task: ReceiveTask): ReceivedNote {
  const { warmUpCount } = task
  const total = warmUpCount + task.count
  const transport = new LatencySamples(task.count)
  const read = new LatencySamples(task.count)
  const endToEnd = new LatencySamples(task.count)
  for (let received = 0; received < total; ) {
    const askedNs = monotonicNs()
    const message = reader.next()
    if (message === undefined) {
      if (reader.wait({ timeoutMs: SILENCE_MS }) === 'timeout')
        throw new WrongResultError(`nothing came after message ${received}`)
      continue
    }
    const { view, payloadOffset } = message
    const index = view.getFloat64(payloadOffset + INDEX_OFFSET, true)
    const dueNs = view.getFloat64(payloadOffset + DUE_NS_OFFSET, true)
    const sentNs = view.getFloat64(payloadOffset + SENT_NS_OFFSET, true)
    const inHandNs = monotonicNs()
    if (index !== received || message.sequence !== received) {
      throw new WrongResultError(`received message ${index} with sequence ${message.sequence} where ${received} belongs`)
    }
    received += 1
    if (received <= warmUpCount) continue
    transport.record(inHandNs - sentNs)
    read.record(inHandNs - askedNs)
    endToEnd.record(inHandNs - dueNs)
  }
  const series = latencySeries(endToEnd.recorded, task.seconds)
  return { kind: 'received', transport: transport.counts(), read: read.counts(), endToEnd: endToEnd.counts(), series }
}

/** Percentiles of consecutive pieces: messages are due evenly, so the place in the run gives the time. */
export function latencySeries(samples: Float32Array, seconds: number): LatencyPoint[] {
  const pieces = Math.min(SERIES_LENGTH, Math.max(1, Math.floor(samples.length / 100)))
  return Array.from({ length: pieces }, (_, piece) => {
    const from = Math.floor((piece * samples.length) / pieces)
    const sorted = samples.slice(from, Math.floor(((piece + 1) * samples.length) / pieces)).sort()
    const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)
    return { atSeconds: (piece / pieces) * seconds, p50Ns: at(0.5), p99Ns: at(0.99), maxNs: at(1) }
  })
}
