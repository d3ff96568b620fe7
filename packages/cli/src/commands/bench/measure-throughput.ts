import { openObserver, openWriter } from '@chronicle-ts/core'
import { INDEX_OFFSET } from './bench-message.js'
import { type ReadTask, type ThroughputNote, type WriteTask, WrongResultError } from './bench-task.js'
import { monotonicNs } from './monotonic-clock.js'
import { ThroughputSeries } from './throughput-series.js'

/** Messages between two looks at the clock, so that looking costs nothing per message. */
const CHUNK_COUNT = 1000
const TYPE_ID = 1

/** Appends until a limit is met. The clock stops when everything is as durable as the preset promises. */
export function measureWriting(task: WriteTask): ThroughputNote {
  using writer = openWriter(task.queue, { preset: task.preset, ...(task.cpu === undefined ? {} : { cpu: task.cpu }) })
  const payload = Buffer.alloc(task.payloadLength)
  // A synced append takes milliseconds: the limit of time is looked at after each.
  const chunkCount = task.preset === 'durable' ? 1 : CHUNK_COUNT
  const series = new ThroughputSeries(100_000)
  const limitNs = task.seconds * 1e9
  const startNs = monotonicNs()
  let elapsedNs = 0
  let messages = 0
  while (messages < task.messagesMax && elapsedNs < limitNs) {
    const end = Math.min(messages + chunkCount, task.messagesMax)
    for (; messages < end; messages++) {
      payload.writeDoubleLE(messages, INDEX_OFFSET)
      writer.append(TYPE_ID, payload)
    }
    elapsedNs = monotonicNs() - startNs
    series.note(elapsedNs, messages)
  }
  if (writer.nextSequence !== messages)
    throw new WrongResultError(`the writer counted ${writer.nextSequence} messages, not ${messages}`)
  return { kind: 'throughput', messages, elapsedNs, series: series.points() }
}

/** Reads everything with every checksum verified, and checks that nothing is missing, doubled or out of order. */
export function measureReading(task: ReadTask): ThroughputNote {
  using observer = openObserver(task.queue, { start: 'earliest' })
  const series = new ThroughputSeries(100_000)
  const startNs = monotonicNs()
  let elapsedNs = 0
  let messages = 0
  for (let message = observer.next(); message !== undefined; message = observer.next()) {
    const index = message.view.getFloat64(message.payloadOffset + INDEX_OFFSET, true)
    if (message.sequence !== messages || index !== messages || message.length !== task.payloadLength) {
      throw new WrongResultError(`found message ${index} with sequence ${message.sequence} where ${messages} belongs`)
    }
    messages += 1
    if (messages % CHUNK_COUNT !== 0) continue
    elapsedNs = monotonicNs() - startNs
    series.note(elapsedNs, messages)
  }
  elapsedNs = monotonicNs() - startNs
  if (messages !== task.messages) throw new WrongResultError(`read ${messages} messages of ${task.messages}`)
  return { kind: 'throughput', messages, elapsedNs, series: series.points() }
}
