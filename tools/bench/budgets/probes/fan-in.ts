import { join } from 'node:path'
import { openObserver, openWriter } from '@chronicle-ts/core'
import { lowHalf } from '@chronicle-ts/core/internal'
import { type FanInMode, FanInReader } from '@chronicle-ts/fanin'
import type { Probe, ProbeContext } from '../probe.js'

const SOURCES = 16
const SEGMENT_SIZE = 16 * 1024 * 1024
const FIRST_TIMESTAMP_NS = 1_700_000_000_000_000_000n

/** Sixteen queues merged into one order; which of them has the next message is pseudo-random. */
export const fanIn: Probe = {
  name: 'fan-in of 16 queues',
  measure: (context) => {
    const messages = context.quick ? 10_000 : 400_000
    fill(context, messages)
    return { fanInEagerNs: merge(context, 'eager', messages), fanInOrderedNs: merge(context, 'ordered', messages) }
  },
}

function fill({ directory, payloadLength }: ProbeContext, messages: number): void {
  const writers = Array.from({ length: SOURCES }, (_, index) =>
    openWriter(join(directory, `source-${index}`), { segmentSize: SEGMENT_SIZE, heartbeatIntervalMs: 0 }),
  )
  const payload = Buffer.alloc(payloadLength, 7)
  let state = 1
  for (let index = 0; index < messages; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    writers[state >>> 28]?.append(1, payload, { timestampNs: FIRST_TIMESTAMP_NS + BigInt(index) })
  }
  for (const writer of writers) writer.close()
}

function merge({ directory }: ProbeContext, mode: FanInMode, messages: number): number {
  const reader = new FanInReader({ mode, ownsSources: true, holdBackMs: Number.POSITIVE_INFINITY })
  for (let index = 0; index < SOURCES; index++) {
    reader.add(`source-${index}`, openObserver(join(directory, `source-${index}`), { start: 'earliest' }))
  }
  const firstLow = lowHalf(FIRST_TIMESTAMP_NS)
  let count = 0
  const beginNs = process.hrtime.bigint()
  for (let next = reader.next(); next !== undefined; next = reader.next()) {
    // Timestamps count up by one, from any queue.
    if (next.message.timestampLow !== ((firstLow + count++) | 0)) throw new Error(`out of order at message ${count - 1}`)
  }
  const ns = Number(process.hrtime.bigint() - beginNs) / count
  reader.close()
  if (count !== messages) throw new Error(`${count} messages instead of ${messages}`)
  return ns
}
