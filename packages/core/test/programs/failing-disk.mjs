// Appends and syncs on a disk that its parent breaks and repairs: `node failing-disk.mjs <directory> <how>`.
// Prints a JSON line per step, and waits for a line on stdin before each step after the first.
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { openObserver, openWriter } from '@chronicle-ts/core'

const [directory, how] = process.argv.slice(2)
const SEGMENT_SIZE = how === 'rolled' ? 2 << 20 : 8 << 20
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const report = (step) => console.log(JSON.stringify(step))
const flushPolicy = how === 'by time' ? { everyMs: 5 } : undefined
let writer = openWriter(directory, { segmentSize: SEGMENT_SIZE, flushPolicy })
let sequence = 0
let isMended = false

function append(count) {
  for (let i = 0; i < count; i++, sequence++) writer.append(1, Buffer.alloc(960, 1 + (sequence % 255)))
}

/** On a repaired disk, the first flush may still report a write that the kernel tried while it was broken. */
async function flush() {
  for (let tries = isMended ? 3 : 1; ; tries--) {
    const outcome = await flushOnce()
    if (outcome === 'resolved' || tries === 1) return outcome
  }
}

async function flushOnce() {
  try {
    if (how === 'by time' && isMended) {
      while (durable() !== sequence) await sleep(5)
      return 'resolved'
    }
    if (how === 'in the calling thread') writer.flushSync()
    else await writer.flush()
    return 'resolved'
  } catch (error) {
    return error.code
  }
}

function durable() {
  const observer = openObserver(directory)
  try {
    return observer.durableSequence
  } finally {
    observer.close()
  }
}

append(500)
report({ flushed: await flush() })
await lines.next()
append(1_000)
report({ flushed: await flush() })
await lines.next()
isMended = true
append(how === 'rolled' ? 2_000 : 10)
if (how === 'reopened') {
  writer.close()
  writer = openWriter(directory)
}
report({ flushed: await flush(), appended: sequence, durable: durable() })
await lines.next()
