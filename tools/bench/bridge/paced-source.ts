/** Appends to a queue, and to one that no bridge carries, at a fixed rate, sleeping between messages. Prints how long the appends took. */
import { monotonicNs } from '@chronicle-ts/cli/bench'
import { openWriter, type QueueWriter } from '@chronicle-ts/core'
import { LatencyRecorder } from '../latency/latency-recorder.js'
import type { AppendFigures, SourceTask } from './source-task.js'

const LEAD_NS = 50e6

const { queue, control, payloadLength, messagesPerSecond, warmUpCount, count }: SourceTask = JSON.parse(process.argv[2] ?? '')
const sleeper = new Int32Array(new SharedArrayBuffer(4))
const payload = Buffer.alloc(payloadLength)
using writer = openWriter(queue)
using controlWriter = openWriter(control)
const source = { writer, recorder: new LatencyRecorder(warmUpCount, count) }
const beside = { writer: controlWriter, recorder: new LatencyRecorder(warmUpCount, count) }
const intervalNs = 1e9 / messagesPerSecond
const startNs = monotonicNs() + LEAD_NS
for (let index = 0; index < count; index++) {
  const dueNs = startNs + index * intervalNs
  const restNs = dueNs - monotonicNs()
  if (restNs > 0) Atomics.wait(sleeper, 0, 0, restNs / 1e6)
  payload.writeDoubleLE(dueNs, 0)
  payload.writeUInt32LE(index, 8)
  // The first one after a sleep finds colder caches: they take turns.
  const [first, second] = index % 2 === 0 ? [source, beside] : [beside, source]
  append(first, index)
  append(second, index)
}
const figures: AppendFigures = { source: source.recorder.figures(), control: beside.recorder.figures() }
console.log(JSON.stringify(figures))

function append({ writer, recorder }: { readonly writer: QueueWriter; readonly recorder: LatencyRecorder }, index: number): void {
  const before = monotonicNs()
  writer.append(1, payload)
  recorder.record(monotonicNs() - before, index)
}
