import { openWriter, type QueueWriter } from '@chronicle-ts/core'
import { DUE_NS_OFFSET, INDEX_OFFSET, SENT_NS_OFFSET } from './bench-message.js'
import type { SendTask, SentNote } from './bench-task.js'
import { LatencySamples } from './latency-samples.js'
import { monotonicNs } from './monotonic-clock.js'
import { sendInOpenLoop } from './open-loop.js'

const TYPE_ID = 1

/** Opens the queue that is sent to; receivers may open it afterwards. */
export function openSender(task: SendTask): QueueWriter {
  return openWriter(task.queue, { preset: task.preset, ...(task.cpu === undefined ? {} : { cpu: task.cpu }) })
}

/** Sends in the open loop of {@link sendInOpenLoop}. What is measured here is the way from the instant at which a message was due to the return of its append. */
export function sendAtRate(writer: QueueWriter, task: SendTask): SentNote {
  const { warmUpCount, ratePerSecond } = task
  const payload = Buffer.alloc(task.payloadLength)
  const samples = new LatencySamples(task.count)
  const startNs = sendInOpenLoop({
    count: warmUpCount + task.count,
    messagesPerSecond: ratePerSecond,
    send(index, dueNs, nowNs) {
      payload.writeDoubleLE(dueNs, DUE_NS_OFFSET)
      payload.writeDoubleLE(index, INDEX_OFFSET)
      payload.writeDoubleLE(nowNs, SENT_NS_OFFSET)
      writer.append(TYPE_ID, payload)
      if (index >= warmUpCount) samples.record(monotonicNs() - dueNs)
    },
  })
  return { kind: 'sent', write: samples.counts(), elapsedNs: monotonicNs() - startNs - (warmUpCount * 1e9) / ratePerSecond }
}
