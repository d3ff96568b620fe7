// What a message costs in a fan-in, by number of sources and mode: node packages/fanin/bench/merge.mjs [messages] [--json]
//
// Each run reads closed queues from files in a temporary folder, several times in alternation, and reports the best and the median. Counts and sequences are checked
// in the same run. "reader" is a plain reader over the same number of messages in one queue: the floor.
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openObserver, openWriter } from '@chronicle-ts/core'
import { FanInReader } from '@chronicle-ts/fanin'

const ROUNDS = 5
const SOURCE_COUNTS = [2, 16, 128, 1000]
const messageCount = Number(process.argv[2] ?? 400_000)
const isJson = process.argv.includes('--json')
const root = mkdtempSync(join(process.env['CHRONICLE_BENCH_DIR'] ?? tmpdir(), 'fan-in-bench-'))

/** Uneven rates: the sources take part in turns of pseudo-random length, timestamps grow over all of them. */
function fill(folder, sourceCount) {
  const segmentSize = 4096 * Math.ceil((64 + (messageCount / sourceCount) * 2.5 * 128) / 4096)
  const writers = Array.from({ length: sourceCount }, (_, i) =>
    openWriter(join(folder, `source-${i}`), {
      segmentSize: Math.max(65536, Math.min(segmentSize, 32 << 20)),
      heartbeatIntervalMs: 0,
    }),
  )
  const payload = Buffer.alloc(64)
  let state = 1
  for (let i = 0; i < messageCount; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    writers[Math.floor((state / 2 ** 32) * sourceCount)].append(1, payload, {
      timestampNs: 1_700_000_000_000_000_000n + BigInt(i),
    })
  }
  for (const writer of writers) writer.close()
}

function measureReader(folder) {
  const observer = openObserver(join(folder, 'source-0'), { start: 'earliest' })
  let count = 0
  const start = process.hrtime.bigint()
  for (let message = observer.next(); message !== undefined; message = observer.next())
    if (message.timestampLow >= -(2 ** 31)) count++
  const ns = Number(process.hrtime.bigint() - start)
  observer.close()
  if (count !== messageCount) throw new Error(`read ${count} of ${messageCount}`)
  return ns / count
}

function measureFanIn(folder, sourceCount, mode) {
  const fanIn = new FanInReader({ mode, ownsSources: true, holdBackMs: Number.POSITIVE_INFINITY })
  for (let i = 0; i < sourceCount; i++) fanIn.add(`source-${i}`, openObserver(join(folder, `source-${i}`), { start: 'earliest' }))
  let count = 0
  let last = -(2 ** 31)
  let disorder = 0
  const start = process.hrtime.bigint()
  for (let delivery = fanIn.next(); delivery !== undefined; delivery = fanIn.next()) {
    const at = delivery.message.timestampLow
    if (at < last && last - at < 2 ** 31) disorder++
    last = at
    count++
  }
  const ns = Number(process.hrtime.bigint() - start)
  fanIn.close()
  if (count !== messageCount || disorder > 0) throw new Error(`delivered ${count} of ${messageCount}, ${disorder} out of order`)
  return ns / count
}

function summarize(values) {
  values.sort((a, b) => a - b)
  return values.length === 0 ? undefined : { best: values[0], median: values[values.length >> 1] }
}

try {
  const rows = []
  for (const sourceCount of [1, ...SOURCE_COUNTS]) {
    const folder = join(root, String(sourceCount))
    fill(folder, sourceCount)
    const times = { reader: [], eager: [], ordered: [] }
    for (let round = 0; round < ROUNDS; round++) {
      if (sourceCount === 1) times.reader.push(measureReader(folder))
      times.eager.push(measureFanIn(folder, sourceCount, 'eager'))
      times.ordered.push(measureFanIn(folder, sourceCount, 'ordered'))
    }
    const [reader, eager, ordered] = [times.reader, times.eager, times.ordered].map(summarize)
    rows.push({ sources: sourceCount, messages: messageCount, reader, eager, ordered })
    rmSync(folder, { recursive: true })
  }
  if (isJson) console.log(JSON.stringify({ node: process.version, cpu: cpus()[0]?.model, cores: availableParallelism(), rows }))
  else {
    console.log(`${process.version}, ${cpus()[0]?.model}, ${availableParallelism()} cores, ${messageCount} messages of 64 bytes`)
    console.log(`nanoseconds per message, best and median of ${ROUNDS}`)
    console.log('sources          reader           eager         ordered')
    for (const { sources, ...columns } of rows) {
      const cells = [columns.reader, columns.eager, columns.ordered]
      const texts = cells.map((ns) => (ns ? `${ns.best.toFixed(0)} ${ns.median.toFixed(0)}` : '').padStart(16))
      console.log(`${String(sources).padStart(7)}${texts.join('')}`)
    }
  }
} finally {
  rmSync(root, { recursive: true, force: true })
}
