// Lives through steps of the system's clock, there and back, and prints findings as a JSON array. Argument: directory. Needs step-clock.cc preloaded.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { openObserver, openReader, openWriter } from '@chronicle-ts/core'

const [, , directory] = process.argv
const DAY_S = 86_400
/** Longer than anything here may take on any machine, shorter than any of the steps. */
const PATIENCE_MS = 20_000
const STEPS_S = [DAY_S, 0, -DAY_S, 3650 * DAY_S, -3650 * DAY_S, 0]
const findings = []

function expect(name, actual, expected) {
  if (actual !== expected) findings.push(`${name}: ${actual} instead of ${expected}`)
}

function stepTo(seconds) {
  const before = Date.now()
  writeFileSync(process.env.CLOCK_STEP, String(seconds))
  return Date.now() - before
}

async function timed(name, timeoutMs, wait) {
  const begun = performance.now()
  const outcome = await wait()
  const elapsed = performance.now() - begun
  if (outcome === 'timeout' && elapsed < timeoutMs - 1) findings.push(`${name} ends after ${elapsed} ms of ${timeoutMs}`)
  if (elapsed > timeoutMs + PATIENCE_MS) findings.push(`${name} takes ${elapsed} ms instead of ${timeoutMs}`)
  return outcome
}

const writer = openWriter(directory, {
  segmentSize: 4096,
  heartbeatIntervalMs: 5,
  rollAfterMs: 20,
  flushPolicy: { everyMs: 5 },
  backpressure: 'block',
  retention: { maxAgeMs: 3_600_000, readerTtlMs: 60_000 },
})
const payload = Buffer.alloc(500)
const append = (count) => {
  for (let number = 0; number < count; number++) writer.append(1, payload)
}

append(10)
// It has read nothing and does not run: no more than its TTL keeps what it needs.
openReader(directory, 'stopped').close()
const reader = openReader(directory, 'r')
const running = openReader(directory, 'running')
const PER_STEP = 30
const total = 10 + STEPS_S.length * (PER_STEP + 1)
const parked = spawn(process.execPath, [join(import.meta.dirname, 'parked-reader.mjs'), directory, 'parked', total])
const lines = createInterface({ input: parked.stdout })[Symbol.asyncIterator]()
await lines.next()

let next = 0
function readOn() {
  for (let message = reader.next(); message !== undefined; message = reader.next()) expect('sequence', message.sequence, next++)
  reader.commit()
}

for (const step of STEPS_S) {
  const change = stepTo(step)
  if (Math.abs(change) < DAY_S * 500) findings.push(`the clock did not step: ${change} ms`)
  const waiting = timed('a wait for a message', PATIENCE_MS, () => reader.waitAsync({ timeoutMs: PATIENCE_MS }))
  append(PER_STEP)
  expect('the wait', await waiting, 'message')
  readOn()
  expect('a wait for nothing', await timed('wait', 30, () => reader.wait({ timeoutMs: 30 })), 'timeout')
  expect('waiting for nothing', await timed('waitAsync', 30, () => reader.waitAsync({ timeoutMs: 30 })), 'timeout')
  await timed('flush', 0, () => writer.flush())
  expect('durable', writer.durableSequence, writer.nextSequence)
  expect('the writer lives', reader.writerStatus().alive, true)
  // It runs and has read nothing: for any step of the clock it is never too old.
  const [lowest] = writer.explainRetention()
  if (!lowest.pinnedBy.includes('running')) findings.push(`the running reader pins nothing at ${step}: ${JSON.stringify(lowest)}`)
  append(1)
  const { segmentId } = writer.position
  await timed('a roll by age', 0, async () => {
    while (writer.position.segmentId === segmentId) await sleep(5)
  })
}
readOn()
expect('messages', next, total)
expect('the parked reader', (await lines.next()).value, String(total))
if (parked.exitCode === null) await once(parked, 'exit')

// Everything but the last two segments is consumed; an hour before it was written it cannot be an hour old.
for (const gone of [reader, running]) {
  gone.poll(total, () => undefined)
  gone.commit()
}
stepTo(-DAY_S)
expect(
  'what is younger than nothing',
  writer.explainRetention().some(({ deletable }) => deletable),
  false,
)
// The stopped reader is let go when the clock says that its time is over, and it gets what it lost: that is what a clock can do.
stepTo(DAY_S)
append(20)
await timed('retention by age', 0, async () => {
  while (existsSync(join(directory, '000000000.q'))) await sleep(5)
})
expect('readers that were let go', writer.metrics().readersReleased, 1)
let code
try {
  openReader(directory, 'stopped').close()
} catch (error) {
  code = error.code
}
expect('the reader that was let go', code, 'ERR_DATA_LOST')
const observer = openObserver(directory)
expect('the age of a message', observer.lag().ns >= 0n, true)
for (const open of [observer, reader, running, writer]) open.close()
const again = openWriter(directory)
expect('the next writer goes on', again.nextSequence, total + 20)
again.close()
console.log(JSON.stringify(findings))
