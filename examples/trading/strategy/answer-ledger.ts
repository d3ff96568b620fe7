import { realtimeNs } from '@chronicle-ts/core'
import type { Subscription } from '@chronicle-ts/topics'
import { checkedValue } from '../checked-order.js'
import { LatencyHistogram } from '../latency/latency-histogram.js'
import type { Ack, Fill } from '../order-messages.js'
import type { BatchSource } from '../process/parent-link.js'

/** The answers to one strategy, from the first one on. */
export type Answers = Subscription<readonly [typeof Ack, typeof Fill]>

/** Reads the answers to a strategy's orders. */
export class AnswerLedger implements BatchSource {
  /** Id of the last order that was answered. Answers come in the order of the orders, so it is also their number. */
  lastAnsweredId = 0
  /** From an order's append to its answer's arrival, of orders that this process sent. */
  readonly roundTrip = new LatencyHistogram()
  readonly #startedNs: bigint
  readonly #answers: Answers

  /** @param startedNs when this process started */
  constructor(answers: Answers, startedNs: bigint) {
    this.#startedNs = startedNs
    this.#answers = answers
  }

  read(limit: number): number {
    let count = 0
    for (; count < limit; count++) {
      const answer = this.#answers.next()
      if (answer === undefined) break
      const { orderId, orderedNs = 0n } = checkedValue<ReturnType<typeof Ack.decode>>(answer)
      if (orderedNs >= this.#startedNs) this.roundTrip.record(realtimeNs() - orderedNs)
      this.lastAnsweredId = Math.max(this.lastAnsweredId, orderId)
    }
    if (count > 0) this.#answers.commit()
    return count
  }

  async wait(timeoutMs: number): Promise<void> {
    await this.#answers.waitAsync({ timeoutMs })
  }
}
