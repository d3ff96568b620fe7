/** Reads a replica as a program on the other host does, and prints how old its messages are. */
import { monotonicNs } from '@chronicle-ts/cli/bench'
import { openReader } from '@chronicle-ts/core'
import { LatencyRecorder } from '../latency/latency-recorder.js'
import type { ReplicaTask } from './source-task.js'

const { queue, warmUpCount, count }: ReplicaTask = JSON.parse(process.argv[2] ?? '')
const recorder = new LatencyRecorder(warmUpCount, count)
// Not an observer, which polls every few milliseconds when it waits.
using reader = openReader(queue, 'bench', { start: { sequence: 1 } })
while (recorder.received < count) {
  const message = reader.next()
  if (message === undefined) {
    reader.wait({ timeoutMs: 1000 })
    continue
  }
  recorder.record(monotonicNs() - message.payload.readDoubleLE(0), message.payload.readUInt32LE(8))
}
console.log(JSON.stringify(recorder.figures()))
