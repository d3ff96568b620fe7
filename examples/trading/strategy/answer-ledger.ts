import type { Subscription } from '@chronicle-ts/topics'
import { nowNs } from '../latency/clock.js'
import { LatencyHistogram } from '../latency/latency-histogram.js'
import { checkedValue } from '../order-codec.js'
import type { Ack, Fill } from '../order-messages.js'

/** The answers to one strategy, from the first one on. */
export type Answers = Subscription<readonly [typeof Ack, typeof Fill]>

/** What a strategy learnt from the answers to its orders. */
export class AnswerLedger {
  /** Id of the last order that was answered. Answers come in the order of the orders, so it is also their number. */
  lastAnsweredId = 0
  /** Base currency bought less sold, by venue and symbol. */
  readonly holdings = new Map<string, number>()
  /** From an order's append to its answer's arrival, of orders that this process sent. */
  readonly roundTrip = new LatencyHistogram()
  readonly #startedNs: bigint
  readonly #answers: Answers

  /**
   * @param answers from the first one on: those that earlier lives of the strategy read say what it holds
   * @param startedNs when this process started
   */
  constructor(answers: Answers, startedNs: bigint) {
    this.#startedNs = startedNs
    this.#answers = answers
  }

  /** Reads up to `limit` answers that are there; returns how many. */
  read(limit: number): number {
    let count = 0
    for (; count < limit; count++) {
      const answer = this.#answers.next()
      if (answer === undefined) break
      this.#book(answer.type === 'Fill', checkedValue(answer))
    }
    if (count > 0) this.#answers.commit()
    return count
  }

  async wait(timeoutMs: number): Promise<void> {
    await this.#answers.waitAsync({ timeoutMs })
  }

  #book(isFill: boolean, answer: AnswerValue): void {
    const { orderId, venue, symbol, side, quantity, orderedNs = 0n } = answer
    if (orderedNs >= this.#startedNs) this.roundTrip.record(nowNs() - orderedNs)
    this.lastAnsweredId = Math.max(this.lastAnsweredId, orderId)
    if (!isFill) return
    const key = `${venue} ${symbol}`
    this.holdings.set(key, (this.holdings.get(key) ?? 0) + (side === 'buy' ? quantity : -quantity))
  }
}

type AnswerValue = ReturnType<typeof Ack.decode>
