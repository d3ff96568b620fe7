// What one call of each hot function costs, in nanoseconds: the best, the median and the worst of some rounds. Run it on a quiet machine and compare
// figures of one run only. `node bench/hot-paths.mjs [rounds]`
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  binding,
  POSITION_OFFSET,
  POSITION_SEGMENT_ID,
  STATUS_LIMIT,
  STATUS_OK,
  VERIFIER_END,
  VERIFIER_SEQUENCE,
} from '../dist/index.js'

const rounds = Number(process.argv[2] ?? 15)
const COUNT = 200_000
const BATCH = 100
const folder = mkdtempSync(join(tmpdir(), 'chronicle-bench-'))

function map(name, length) {
  const fd = openSync(join(folder, name), 'w+')
  ftruncateSync(fd, length)
  const mapping = binding.mapFile(fd, length, true)
  closeSync(fd)
  binding.populate(mapping, 0, length)
  return mapping
}

function measure(name, count, round) {
  const figures = []
  for (let index = 0; index < rounds; index++) {
    const begin = process.hrtime.bigint()
    round()
    figures.push(Number(process.hrtime.bigint() - begin) / count)
  }
  figures.sort((a, b) => a - b)
  const [best, median, worst] = [0, figures.length >> 1, figures.length - 1].map((index) => figures[index].toFixed(1).padStart(8))
  console.log(`${name.padEnd(28)} ${best} ${median} ${worst}`)
}

function expect(status, wanted) {
  if (status !== wanted) throw new Error(`status ${status}, not ${wanted}`)
}

const control = map('control', 512)
const segment = map('segment', 64 << 20)
const meta = map('meta', 80)
const appender = binding.createAppender({ control, writerEpoch: 1, extensions: true })
const basic = binding.createAppender({ control, writerEpoch: 1, extensions: false })
const verifier = binding.createVerifier()
verifier.attach(segment)
const payload = Buffer.alloc(64, 7)

console.log(`node ${process.version}, ${rounds} rounds of ${COUNT} calls, 64-byte payload, ns per call or message`)
console.log(`${''.padEnd(28)} ${['best', 'median', 'worst'].map((word) => word.padStart(8)).join(' ')}`)
measure('empty call', COUNT, () => {
  for (let index = 0; index < COUNT; index++) binding.hasFutexWaitv()
})
measure('append', COUNT, () => {
  appender.attach(segment, 0, 64, 0)
  for (let index = 0; index < COUNT; index++) expect(appender.append(1, payload), STATUS_OK)
})
measure('append, base format', COUNT, () => {
  basic.attach(segment, 0, 64, 0)
  for (let index = 0; index < COUNT; index++) expect(basic.append(1, payload), STATUS_OK)
})
measure('appendAt', COUNT, () => {
  appender.attach(segment, 0, 64, 0)
  for (let index = 0; index < COUNT; index++) expect(appender.appendAt(1, payload, 1_700_000_000_000_000_000n), STATUS_OK)
})
const payloads = Array.from({ length: BATCH }, () => Buffer.alloc(64, 7))
const typeIds = new Uint16Array(BATCH).fill(1)
measure(`appendBatch(${BATCH})`, COUNT, () => {
  appender.attach(segment, 0, 64, 0)
  for (let index = 0; index < COUNT; index += BATCH) expect(appender.appendBatch(typeIds, payloads, 0), STATUS_OK)
})
const numbers = new Float64Array(segment)
measure('claim, fill, publishNow', COUNT, () => {
  appender.attach(segment, 0, 64, 0)
  for (let index = 0; index < COUNT; index++) {
    expect(appender.claim(1, 64), STATUS_OK)
    const at = appender.state[3] >> 3
    numbers[at] = index
    numbers[at + 1] = index
    expect(appender.publishNow(), STATUS_OK)
  }
})
measure(`verify(${BATCH})`, COUNT, () => {
  verifier.state[VERIFIER_SEQUENCE] = -1
  let offset = 64
  for (let index = 0; index < COUNT; index += BATCH) {
    expect(verifier.verify(offset, BATCH, Infinity), STATUS_LIMIT)
    offset = verifier.state[VERIFIER_END]
  }
})
const saver = binding.createPositionSaver(meta)
measure('save a position', COUNT, () => {
  for (let index = 0; index < COUNT; index++) {
    saver.state[POSITION_SEGMENT_ID] = 1
    saver.state[POSITION_OFFSET] = 64
    saver.save()
  }
})
for (const length of [16, 64, 256, 1024, 4096]) {
  const bytes = Buffer.alloc(length, 7)
  measure(`crc32 ${length} B`, COUNT, () => {
    for (let index = 0; index < COUNT; index++) binding.crc32(bytes)
  })
}
rmSync(folder, { recursive: true })
