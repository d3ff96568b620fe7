import { createHash } from 'node:crypto'
import { whenQueueAppears } from '@chronicle-ts/bus'
import { openReader } from '@chronicle-ts/core'
import { FanInReader } from '@chronicle-ts/fanin'
import { report } from '../process/role.js'
import { runRole } from '../process/run-role.js'
import { decodeNumber } from './number-message.js'

const READER = 'merger'

export interface MergerResult {
  /** Times for which the fast and then the slow average came. */
  readonly pairs: number
  readonly unpaired: number
  /** How often the fast average crossed the slow one. */
  readonly crossings: number
  /** Messages that the merge delivered behind their time. */
  readonly late: number
  /** Of the merged stream: keys, times and payloads. */
  readonly hash: string
}

/** Puts the two streams back together, knowing nothing but the order in which they come. */
class Pairing {
  readonly #hash = createHash('sha256')
  #pairs = 0
  #unpaired = 0
  #crossings = 0
  #fast: { readonly timestampNs: bigint; readonly average: number } | undefined
  #wasAbove: boolean | undefined

  take(key: string, timestampNs: bigint, payload: Buffer): void {
    this.#hash.update(`${key} ${timestampNs} `).update(payload)
    const average = decodeNumber(payload)
    if (key === 'fast') {
      if (this.#fast !== undefined) this.#unpaired++
      this.#fast = { timestampNs, average }
      return
    }
    if (this.#fast?.timestampNs !== timestampNs) this.#unpaired++
    else this.#pair(this.#fast.average > average)
    this.#fast = undefined
  }

  get result(): Omit<MergerResult, 'late'> {
    const hash = this.#hash.copy().digest('hex').slice(0, 16)
    return { pairs: this.#pairs, unpaired: this.#unpaired, crossings: this.#crossings, hash }
  }

  #pair(isAbove: boolean): void {
    this.#pairs++
    if (this.#wasAbove !== undefined && this.#wasAbove !== isAbove) this.#crossings++
    this.#wasAbove = isAbove
  }
}

/**
 * D: both averages of every price, side by side.
 *
 * The messages carry the time of their price and not that of their append, so the heartbeats of B and C say nothing about what is still to come: `unbounded`. The merge
 * then waits for the message itself, for ever if need be, and is never late.
 */
await runRole(async ([fast = '', slow = '', count]) => {
  using merged = new FanInReader({
    mode: 'ordered',
    allowedLatenessNs: 'unbounded',
    holdBackMs: Number.POSITIVE_INFINITY,
    ownsSources: true,
    onSourceError: ({ error }) => {
      throw error
    },
  })
  for (const [key, directory] of [
    ['fast', fast],
    ['slow', slow],
  ] as const) {
    await whenQueueAppears(directory)
    merged.add(key, openReader(directory, READER))
  }
  const pairing = new Pairing()
  let late = 0
  let delivered = 0
  for await (const delivery of merged.messages()) {
    const { timestampNs, payload } = delivery.message
    if (delivery.late) late++
    pairing.take(delivery.key, timestampNs, payload)
    merged.commit()
    if (++delivered === 2 * Number(count)) break
  }
  const result: MergerResult = { ...pairing.result, late }
  await report(result)
})
