/** Appends at a fixed rate for as long as asked, and keeps the queue open until it is asked to end. */
import { openWriter } from '@chronicle-ts/core'
import { MEASURE, type MemoryReport, sampleMemory } from '../resources/memory-sample.js'
import { fillPayload, PAYLOAD_LENGTH_MAX, Sum } from './payload.js'
import type { WriterCommand, WriterReport } from './report.js'

const TURN_MS = 2
const SEGMENT_SIZE = 1024 * 1024
/** Far more than the slowest reader is ever behind: the rule is on, and must not strike. */
const READER_LAG_BYTES_MAX = 512 * 1024 * 1024

const [directory = '', seconds = '0', rate = '0'] = process.argv.slice(2)
const writer = openWriter(directory, {
  segmentSize: SEGMENT_SIZE,
  retention: { consumed: true, maxReaderLagBytes: READER_LAG_BYTES_MAX },
})
const sum = new Sum()
const payload = Buffer.alloc(PAYLOAD_LENGTH_MAX)

process.on('message', (command: WriterCommand) => {
  if (command === MEASURE) process.send?.({ memory: sampleMemory() } satisfies MemoryReport)
  else if (command === 'begin') begin()
  else end()
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')

function begin(): void {
  const beganMs = performance.now()
  const timer = setInterval(() => {
    const elapsedMs = Math.min(performance.now() - beganMs, Number(seconds) * 1000)
    appendUntil(Math.floor((elapsedMs / 1000) * Number(rate)))
    if (elapsedMs < Number(seconds) * 1000) return
    clearInterval(timer)
    const { rolls, segmentsDeleted, readersReleased } = writer.metrics()
    const report: WriterReport = { count: sum.count, digest: sum.digest, rolls, segmentsDeleted, readersReleased }
    process.send?.(report)
  }, TURN_MS)
}

function appendUntil(count: number): void {
  while (sum.count < count) {
    const sequence = sum.count
    const message = payload.subarray(0, fillPayload(payload, sequence, process.hrtime.bigint()))
    const given = writer.append(1, message)
    if (given !== sequence) throw new Error(`append answered ${given} instead of ${sequence}`)
    sum.add(sequence, message)
  }
}

function end(): void {
  writer.close()
  process.disconnect()
}
