import { setTimeout as sleep } from 'node:timers/promises'
import { whenQueueAppears } from '@chronicle-ts/bus'
import { openReader } from '@chronicle-ts/core'
import { report } from '../process/role.js'
import { runRole } from '../process/run-role.js'
import { decodeOrder } from '../trading/order-codec.js'
import { CONSUMER } from './bounded-queue.js'

/** What makes it slow: a pause after so many orders. */
const PAUSE_MS = 2
const PAUSE_EVERY = 20

export interface ConsumerResult {
  readonly orders: number
  /** Orders that did not follow their predecessor. */
  readonly gaps: number
  /** Most orders that were waiting at once. */
  readonly largestLag: number
}

await runRole(async ([directory = '', count]) => {
  await whenQueueAppears(directory)
  using reader = openReader(directory, CONSUMER)
  let orders = 0
  let gaps = 0
  let largestLag = 0
  for await (const { typeId, payload } of reader.messages()) {
    const { orderId } = decodeOrder(typeId, payload)
    orders++
    if (orderId !== orders) gaps++
    largestLag = Math.max(largestLag, reader.lag().messages + 1)
    // Saying how far one has come is what lets the producer go on.
    reader.commit()
    if (orders === Number(count)) break
    if (orders % PAUSE_EVERY === 0) await sleep(PAUSE_MS)
  }
  const result: ConsumerResult = { orders, gaps, largestLag }
  await report(result)
})
