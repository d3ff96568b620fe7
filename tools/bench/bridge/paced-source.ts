/** Appends to a queue at a fixed rate, sleeping between messages, and prints how long the appends took. */
import { monotonicNs } from '@chronicle-ts/cli/bench'
import { openWriter } from '@chronicle-ts/core'
import { LatencyRecorder } from '../latency/latency-recorder.js'
import type { SourceTask } from './source-task.js'

const LEAD_NS = 50e6

const { queue, payloadLength, messagesPerSecond, warmUpCount, count }: SourceTask = JSON.parse(process.argv[2] ?? '')
const recorder = new LatencyRecorder(warmUpCount, count)
const sleeper = new Int32Array(new SharedArrayBuffer(4))
const payload = Buffer.alloc(payloadLength)
using writer = openWriter(queue)
const intervalNs = 1e9 / messagesPerSecond
const startNs = monotonicNs() + LEAD_NS
for (let index = 0; index < count; index++) {
  const dueNs = startNs + index * intervalNs
  const restNs = dueNs - monotonicNs()
  if (restNs > 0) Atomics.wait(sleeper, 0, 0, restNs / 1e6)
  payload.writeDoubleLE(dueNs, 0)
  payload.writeUInt32LE(index, 8)
  const before = monotonicNs()
  writer.append(1, payload)
  recorder.record(monotonicNs() - before, index)
}
console.log(JSON.stringify(recorder.figures()))
