/** The appending process of the sustained run: reads its task from the command line, prints its figures as JSON. */
import { openObserver, openWriter } from '@chronicle-ts/core'
import { readThreadCounters } from '../../thread-counters.js'

export interface SustainedTask {
  readonly directory: string
  readonly payloadLength: number
  readonly messages: number
}

export interface SustainedFigures {
  readonly nsPerMessage: number
  readonly worstInSegmentNs: number
  readonly worstRollNs: number
  readonly rolls: number
  readonly unpreparedRolls: number
  readonly sleeps: number
  readonly preemptions: number
}

const task: SustainedTask = JSON.parse(process.argv[2] ?? '{}')
process.stdout.write(JSON.stringify({ ...append(task), ...findWorst(task) } satisfies SustainedFigures))

function append({ directory, payloadLength, messages }: SustainedTask) {
  const payload = Buffer.alloc(payloadLength, 7)
  const writer = openWriter(directory)
  const before = readThreadCounters()
  const beginNs = process.hrtime.bigint()
  for (let index = 0; index < messages; index++) writer.append(1, payload)
  const nsPerMessage = Number(process.hrtime.bigint() - beginNs) / messages
  const after = readThreadCounters()
  const { rolls, unpreparedRolls } = writer.metrics()
  writer.close()
  return {
    nsPerMessage,
    rolls,
    unpreparedRolls,
    sleeps: after.sleeps - before.sleeps,
    preemptions: after.preemptions - before.preemptions,
  }
}

/**
 * Every record carries the time of its append, so the distance of two neighbours is what an append took, measured at no cost. Reading them all back
 * checks every checksum and every sequence, too.
 */
function findWorst({ directory, messages, payloadLength }: SustainedTask) {
  const observer = openObserver(directory, { start: 'earliest' })
  let worstInSegmentNs = 0
  let worstRollNs = 0
  let expected = 0
  let lastHigh = 0
  let lastLow = 0
  let lastSegment = -1
  for (let message = observer.next(); message !== undefined; message = observer.next()) {
    if (message.sequence !== expected || message.length !== payloadLength) throw new Error(`message ${expected} is not there`)
    const { timestampHigh, timestampLow, segmentId } = message
    const gapNs = (timestampHigh - lastHigh) * 2 ** 32 + (timestampLow - lastLow)
    if (expected > 0) {
      if (segmentId === lastSegment) worstInSegmentNs = Math.max(worstInSegmentNs, gapNs)
      else worstRollNs = Math.max(worstRollNs, gapNs)
    }
    lastHigh = timestampHigh
    lastLow = timestampLow
    lastSegment = segmentId
    expected++
  }
  observer.close()
  if (expected !== messages) throw new Error(`${expected} messages instead of ${messages}`)
  return { worstInSegmentNs, worstRollNs }
}
