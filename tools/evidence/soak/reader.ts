/** Reads everything at its own pace, and says what it has read. */
import { createHistogram } from 'node:perf_hooks'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { openReader, type QueueReader } from '@chronicle-ts/core'
import { MEASURE, type MemoryReport, sampleMemory } from '../resources/memory-sample.js'
import { Sum, sentNsOf } from './payload.js'
import type { ReaderCommand, ReaderReport } from './report.js'

const BATCH_COUNT = 1000
const HIGHEST_NS = 60e9
/** How long the slow one sleeps between two looks. */
const SLOW_MS = 250
/** Messages after which the restarting one closes and opens again. */
const LIFE_COUNT = 5000
/** Openings after which an engine has compiled what an opening takes: until then each of them makes the heap grow. */
const WARM_OPENINGS = 200
/** Longest wait before the total is looked at again. */
const WAIT_MS = 100

const [directory = '', name = ''] = process.argv.slice(2)
const sum = new Sum()
const latencies = createHistogram({ lowest: 1, highest: HIGHEST_NS, figures: 3 })
let total = Number.POSITIVE_INFINITY
let restarts = 0

process.on('message', (command: ReaderCommand) => {
  if (command === MEASURE) process.send?.({ memory: sampleMemory() } satisfies MemoryReport)
  else total = command.total
})
process.on('disconnect', () => process.exit(0))

let reader = openReader(directory, name)
for (let openings = 0; name === 'restarting' && openings < WARM_OPENINGS; openings++) reader = openAgain(reader)
process.send?.('ready')
while (sum.count < total) {
  const count = take(reader)
  if (count > 0) reader.commit()
  if (name === 'restarting' && sum.count >= (restarts + 1) * LIFE_COUNT) reader = restart(reader)
  if (count === BATCH_COUNT) await setImmediate()
  else await pause(reader)
}
report()

/** Each message counts from its append: one that waited for a slow reader was on its way that long. */
function take(from: QueueReader): number {
  return from.poll(BATCH_COUNT, ({ sequence, payload }) => {
    latencies.record(Math.min(Math.max(Number(process.hrtime.bigint() - sentNsOf(payload)), 1), HIGHEST_NS))
    sum.add(sequence, payload)
  })
}

async function pause(idle: QueueReader): Promise<void> {
  if (name === 'busy') await setImmediate()
  else if (name === 'slow') await setTimeout(SLOW_MS)
  else await idle.waitAsync({ timeoutMs: WAIT_MS })
}

function restart(old: QueueReader): QueueReader {
  restarts++
  return openAgain(old)
}

function openAgain(old: QueueReader): QueueReader {
  old.close()
  return openReader(directory, name)
}

function report(): void {
  const at = (percentile: number) => latencies.percentile(percentile)
  const latencyNs = { p50: at(50), p99: at(99), p999: at(99.9), max: latencies.max }
  const said: ReaderReport = { count: sum.count, digest: sum.digest, restarts, latencyNs }
  reader.close()
  process.send?.(said, () => process.disconnect())
}
