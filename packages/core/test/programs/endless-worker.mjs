// A worker thread that never ends by itself: `appends` without a turn of its event loop, `flushes`, `waits` in the kernel, or `waits by event loop`. Worker data: what, directory, and a
// shared word that counts its steps.
import { workerData } from 'node:worker_threads'
import { openReader, openWriter } from '@chronicle-ts/core'

const { what, directory, steps } = workerData
const payload = Buffer.alloc(200)

async function write(afterAppend) {
  const writer = openWriter(directory, { segmentSize: 4096, flushPolicy: { everyMessages: 50 }, heartbeatIntervalMs: 1 })
  for (;;) {
    writer.append(1, payload)
    Atomics.store(steps, 0, writer.nextSequence)
    await afterAppend?.(writer)
  }
}

async function wait(once) {
  const reader = openReader(directory, 'r', { wait: 'park' })
  for (;;) {
    Atomics.add(steps, 0, 1)
    if ((await once(reader)) === 'message') reader.poll(1000, () => undefined)
  }
}

const acts = {
  appends: () => write(),
  flushes: () => write((writer) => writer.flush()),
  waits: () => wait((reader) => reader.wait({ timeoutMs: 50 })),
  'waits by event loop': () => wait((reader) => reader.waitAsync({ timeoutMs: 10_000 })),
}
await acts[what]()
