import { openWriter } from '@chronicle-ts/core'
import { nowNs } from '../latency/clock.js'
import { report } from '../process/role.js'
import { runRole } from '../process/run-role.js'
import { encodeOrder } from '../trading/order-codec.js'
import { BOUNDED_QUEUE } from './bounded-queue.js'

export interface ProducerResult {
  readonly sent: number
  /** How often the queue was full and the producer waited. */
  readonly waits: number
  readonly segmentsDeleted: number
}

await runRole(async ([directory = '', count]) => {
  using orders = openWriter(directory, BOUNDED_QUEUE)
  for (let orderId = 1; orderId <= Number(count); orderId++) {
    const { typeId, payload } = encodeOrder({
      orderId,
      sentNs: nowNs(),
      marketSequence: 0,
      price: 100 + (orderId % 7),
      quantity: 1,
      side: 'buy',
      kind: 'make',
      strategy: 'producer',
      venue: 'nowhere',
      symbol: 'X',
    })
    // Waits, without losing anything and without using the CPU, while the consumer is too far behind.
    orders.append(typeId, payload)
  }
  const { appended, blockedRolls, segmentsDeleted } = orders.metrics()
  const result: ProducerResult = { sent: appended, waits: blockedRolls, segmentsDeleted }
  await report(result)
})
