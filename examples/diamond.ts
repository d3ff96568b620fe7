/**
 * Diamond: A -> {B, C} -> D. B and C read the same prices from A, each in a process of its own and at its own pace. They append an average for each price, stamped with the
 * time of that price. D merges both streams by time, so that the two averages of a price stand side by side. The hash of the merged stream depends on the prices only, not on
 * the timing.
 *
 *     node examples/dist/diamond.js [prices]
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { whenQueueAppears } from '@chronicle-ts/bus'
import { openReader, openWriter } from '@chronicle-ts/core'
import { FanInReader } from '@chronicle-ts/fanin'

const PRICE = 1
const AVERAGE = 2
/** How many prices B and C average over. */
const SPANS = { fast: 5, slow: 50 }
const FIRST_TIMESTAMP_NS = 1_600_000_000_000_000_000n

const [prices = '3000', root, name] = process.argv.slice(2)
if (root === undefined) await main(Number(prices))
else await average(root, name as keyof typeof SPANS, Number(prices))

async function main(count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'diamond-'))
  try {
    const averagers = Object.keys(SPANS).map((span) =>
      promisify(execFile)(process.execPath, [import.meta.filename, String(count), folder, span]),
    )
    appendPrices(folder, count)
    const [merged] = await Promise.all([mergeAverages(folder, count), ...averagers])
    console.log(JSON.stringify({ prices: count, ...merged }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A: a walk of prices, the same in every run, a millisecond apart. */
function appendPrices(folder: string, count: number): void {
  using output = openWriter(join(folder, 'prices'), { segmentSize: 64 * 1024 })
  const payload = Buffer.alloc(8)
  let price = 1000
  let state = 42
  for (let index = 0; index < count; index++) {
    // A linear congruential generator (Numerical Recipes).
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    price += state / 2 ** 32 - 0.5
    payload.writeDoubleLE(price)
    output.append(PRICE, payload, { timestampNs: FIRST_TIMESTAMP_NS + BigInt(index) * 1_000_000n })
  }
}

/** B and C: an exponential average. The time of the price goes along unchanged; random pauses give each run another timing. */
async function average(folder: string, name: keyof typeof SPANS, count: number): Promise<void> {
  await whenQueueAppears(join(folder, 'prices'))
  using input = openReader(join(folder, 'prices'), name)
  using output = openWriter(join(folder, name), { segmentSize: 64 * 1024 })
  const weight = 2 / (SPANS[name] + 1)
  const payload = Buffer.alloc(8)
  let value: number | undefined
  for await (const { sequence, timestampNs, payload: price } of input.messages()) {
    value = value === undefined ? price.readDoubleLE() : value + (price.readDoubleLE() - value) * weight
    payload.writeDoubleLE(value)
    output.append(AVERAGE, payload, { timestampNs })
    input.commit()
    if (sequence === count - 1) break
    if (Math.random() < 0.01) await sleep(Math.random() * 3)
  }
}

/**
 * D: both averages of every price. The messages carry the time of their price, so the heartbeats of B and C say nothing about what is still to come. `unbounded` makes the
 * merge wait for the message itself, for as long as it takes, and then no message is late.
 */
async function mergeAverages(folder: string, count: number) {
  using merge = new FanInReader({
    mode: 'ordered',
    allowedLatenessNs: 'unbounded',
    holdBackMs: Number.POSITIVE_INFINITY,
    ownsSources: true,
    onSourceError: ({ error }) => {
      throw error
    },
  })
  for (const key of Object.keys(SPANS)) {
    await whenQueueAppears(join(folder, key))
    merge.add(key, openReader(join(folder, key), 'd'))
  }
  const hash = createHash('sha256')
  const found = { pairs: 0, unpaired: 0, crossings: 0, late: 0 }
  let fast: { timestampNs: bigint; average: number } | undefined
  let wasAbove: boolean | undefined
  let delivered = 0
  for await (const { key, late, message } of merge.messages()) {
    const { timestampNs, payload } = message
    hash.update(`${key} ${timestampNs} `).update(payload)
    if (late) found.late++
    if (key === 'fast') {
      if (fast !== undefined) found.unpaired++
      fast = { timestampNs, average: payload.readDoubleLE() }
    } else {
      const isAbove = fast !== undefined && fast.average > payload.readDoubleLE()
      if (fast?.timestampNs === timestampNs) found.pairs++
      else found.unpaired++
      if (wasAbove !== undefined && wasAbove !== isAbove) found.crossings++
      wasAbove = isAbove
      fast = undefined
    }
    merge.commit()
    if (++delivered === 2 * count) break
  }
  return { ...found, hash: hash.digest('hex').slice(0, 16) }
}
