/**
 * Pipeline: A -> B -> C. A appends numbers, B squares them, C adds them up. B is killed three times at the worst instant: after its append downstream, before its commit upstream.
 *
 * At least once: B does nothing about it. Each crash puts one message into C's queue twice, and C recognises it by the source sequence that it carries.
 * Exactly once: when B starts, it reads the last message of its own output and skips what that was made from. No transaction over both queues is needed.
 *
 *     node examples/dist/pipeline.js [numbers]
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openObserver, openReader, openWriter } from '@chronicle-ts/core'

type Guarantee = 'at-least-once' | 'exactly-once'

const NUMBER = 1
/** Of both queues' messages: a float64 and, in C's queue, the sequence in A's queue that it was made from. */
const [VALUE, SOURCE] = [0, 8]

const [numbers = '1000', root, guarantee, crashAt] = process.argv.slice(2)
if (root === undefined) await main(Number(numbers))
else runB(root, { count: Number(numbers), guarantee: guarantee as Guarantee, crashAt: Number(crashAt) })

async function main(count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-'))
  try {
    const results = {
      atLeastOnce: await runPipeline(join(folder, 'at-least-once'), count, 'at-least-once'),
      exactlyOnce: await runPipeline(join(folder, 'exactly-once'), count, 'exactly-once'),
    }
    console.log(JSON.stringify({ numbers: count, expectedSum: (count * (count + 1) * (2 * count + 1)) / 6, ...results }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function runPipeline(folder: string, count: number, guarantee: Guarantee) {
  runA(folder, count)
  const crashes = [...new Set([0.25, 0.5, 0.75].map((part) => Math.floor(count * part)))]
  for (const sequence of [...crashes, -1]) {
    const b = promisify(execFile)(process.execPath, [import.meta.filename, String(count), folder, guarantee, String(sequence)])
    await b.catch((error) => {
      if (error.signal !== 'SIGKILL') throw error
    })
  }
  return { crashes: crashes.length, ...runC(folder) }
}

/** A: the numbers from 1 on. */
function runA(folder: string, count: number): void {
  using output = openWriter(join(folder, 'a-to-b'), { segmentSize: 64 * 1024 })
  const payload = Buffer.alloc(8)
  for (let value = 1; value <= count; value++) {
    payload.writeDoubleLE(value, VALUE)
    output.append(NUMBER, payload)
  }
}

/** B: appends downstream, then commits upstream. The other order would lose the message of a crash, which no reader can repair. */
function runB(folder: string, { count, guarantee, crashAt }: { count: number; guarantee: Guarantee; crashAt: number }): void {
  using input = openReader(join(folder, 'a-to-b'), 'b')
  using output = openWriter(join(folder, 'b-to-c'), { segmentSize: 64 * 1024 })
  const lastDone = guarantee === 'exactly-once' ? lastSource(output.directory, output.nextSequence) : -1
  const payload = Buffer.alloc(16)
  for (let message = input.next(); message !== undefined; message = input.next()) {
    const { sequence } = message
    if (sequence > lastDone) {
      payload.writeDoubleLE(message.payload.readDoubleLE(VALUE) ** 2, VALUE)
      payload.writeDoubleLE(sequence, SOURCE)
      output.append(NUMBER, payload)
    }
    if (sequence === crashAt) process.kill(process.pid, 'SIGKILL')
    input.commit()
    if (sequence === count - 1) return
  }
}

/** The source of the last message in B's output: how far B really came, independent of its saved position. */
function lastSource(directory: string, nextSequence: number): number {
  if (nextSequence === 0) return -1
  using written = openObserver(directory, { start: { sequence: nextSequence - 1 } })
  return written.next()?.payload.readDoubleLE(SOURCE) ?? -1
}

/** C: adds up, each source once. */
function runC(folder: string) {
  using input = openReader(join(folder, 'b-to-c'), 'c')
  const total = { messages: 0, repeats: 0, missing: 0, sum: 0 }
  let nextSource = 0
  for (let message = input.next(); message !== undefined; message = input.next()) {
    const source = message.payload.readDoubleLE(SOURCE)
    total.messages++
    if (source < nextSource) total.repeats++
    else {
      total.missing += source - nextSource
      total.sum += message.payload.readDoubleLE(VALUE)
      nextSource = source + 1
    }
    input.commit()
  }
  return total
}
