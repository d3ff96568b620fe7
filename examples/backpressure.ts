/**
 * Backpressure: a fast producer and a slow consumer share a queue of at most four segments. While it is full, `append` waits in the kernel, and the consumer's commit wakes it.
 *
 *     node examples/dist/backpressure.js [orders]
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { openReader, openWriter } from '@chronicle-ts/core'

const SEGMENT_SIZE = 16 * 1024
const MAX_SEGMENTS = 4
/** A segment begins with 64 bytes of header; an order of 8 bytes takes 128 with its own header. */
const CAPACITY = MAX_SEGMENTS * Math.floor((SEGMENT_SIZE - 64) / 128)
const ORDER = 1

const [orders = '5000', queue] = process.argv.slice(2)
if (queue === undefined) await main(Number(orders))
else await consume(queue, Number(orders))

/** The producer, which starts the consumer as a process of its own. */
async function main(count: number): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'backpressure-'))
  const directory = join(root, 'orders')
  try {
    // With `fail` instead of `block` an append that finds the queue full throws `ERR_QUEUE_FULL`; `tryAppend` returns instead.
    using writer = openWriter(directory, {
      segmentSize: SEGMENT_SIZE,
      maxSegments: MAX_SEGMENTS,
      retention: { consumed: true },
      backpressure: 'block',
      backpressureTimeoutMs: 60_000,
    })
    const consumer = promisify(execFile)(process.execPath, [import.meta.filename, String(count), directory])
    const payload = Buffer.alloc(8)
    for (let order = 1; order <= count; order++) {
      payload.writeDoubleLE(order)
      writer.append(ORDER, payload)
    }
    const { blockedRolls, segmentsDeleted } = writer.metrics()
    const received = JSON.parse((await consumer).stdout)
    console.log(JSON.stringify({ sent: count, waits: blockedRolls, segmentsDeleted, capacity: CAPACITY, ...received }))
  } finally {
    rmSync(root, { recursive: true })
  }
}

/** The consumer. The writer waits for its reader because it is registered, under the name `consumer`. */
async function consume(directory: string, count: number): Promise<void> {
  using reader = openReader(directory, 'consumer')
  let [received, gaps, largestLag] = [0, 0, 0]
  for await (const { payload } of reader.messages()) {
    received++
    if (payload.readDoubleLE() !== received) gaps++
    largestLag = Math.max(largestLag, reader.lag().messages + 1)
    // Deletes what the consumer has read, once it fills a segment, and lets the producer go on.
    reader.commit()
    if (received === count) break
    if (received % 20 === 0) await sleep(2)
  }
  console.log(JSON.stringify({ received, gaps, largestLag }))
}
