import { openWriter, type QueueWriter } from '@chronicle-ts/core'
import { DUE_NS_OFFSET, INDEX_OFFSET, SENT_NS_OFFSET } from './bench-message.js'
import type { SendTask, SentNote } from './bench-task.js'
import { LatencySamples } from './latency-samples.js'
import { monotonicNs } from './monotonic-clock.js'

/** The first message is due this long after the start. */
const LEAD_NS = 10e6
const TYPE_ID = 1

/** Opens the queue that is sent to; receivers may open it afterwards. */
export function openSender(task: SendTask): QueueWriter {
  return openWriter(task.queue, { preset: task.preset, ...(task.cpu === undefined ? {} : { cpu: task.cpu }) })
}

/**
 * Sends in the open loop: message n is due at a fixed instant whatever happened to those before it, and latencies count from then, so that a stall is charged to everything it held
 * up. Spins between messages: a sleeping sender would add its own waking up to every latency.
 */
export function sendAtRate(writer: QueueWriter, task: SendTask): SentNote {
  const { warmUpCount } = task
  const total = warmUpCount + task.count
  const payload = Buffer.alloc(task.payloadLength)
  const samples = new LatencySamples(task.count)
  const intervalNs = 1e9 / task.ratePerSecond
  const startNs = monotonicNs() + LEAD_NS
  for (let index = 0; index < total; index++) {
    const dueNs = startNs + index * intervalNs
    payload.writeDoubleLE(dueNs, DUE_NS_OFFSET)
    payload.writeDoubleLE(index, INDEX_OFFSET)
    let nowNs = monotonicNs()
    while (nowNs < dueNs) nowNs = monotonicNs()
    payload.writeDoubleLE(nowNs, SENT_NS_OFFSET)
    writer.append(TYPE_ID, payload)
    if (index >= warmUpCount) samples.record(monotonicNs() - dueNs)
  }
  return { kind: 'sent', write: samples.counts(), elapsedNs: monotonicNs() - startNs - warmUpCount * intervalNs }
}
