import type { QueueReader } from '@chronicle-ts/core'
import { nowNs } from '../latency/clock.js'
import { LatencyHistogram } from '../latency/latency-histogram.js'
import { type Answer, decodeAnswer } from '../order-codec.js'
import { replayUntil } from './replay-until.js'

/** What a strategy learnt from the answers to its orders. */
export class AnswerLedger {
  /** Id of the last order that was answered. Answers come in the order of the orders, so it is also their number. */
  lastAnsweredId = 0
  /** Base currency bought less sold, by venue and symbol. */
  readonly holdings = new Map<string, number>()
  /** From an order's append to its answer's arrival, of orders that this process sent. */
  readonly roundTrip = new LatencyHistogram()
  readonly #startedNs: bigint
  readonly #ordersIn: QueueReader

  /**
   * Reads through the reader and catches up first with what earlier lives of the strategy read.
   *
   * @param startedNs when this process started
   */
  constructor(ordersIn: QueueReader, startedNs: bigint) {
    this.#startedNs = startedNs
    this.#ordersIn = ordersIn
    replayUntil(ordersIn.directory, ordersIn.position, ({ typeId, payload }) => this.#book(decodeAnswer(typeId, payload)))
  }

  /** Reads up to `limit` answers that are there; returns how many. */
  read(limit: number): number {
    const count = this.#ordersIn.poll(limit, ({ typeId, payload }) => {
      const answer = decodeAnswer(typeId, payload)
      if (answer.sentNs >= this.#startedNs) this.roundTrip.record(nowNs() - answer.sentNs)
      this.#book(answer)
    })
    if (count > 0) this.#ordersIn.commit()
    return count
  }

  async wait(timeoutMs: number): Promise<void> {
    await this.#ordersIn.waitAsync({ timeoutMs })
  }

  #book(answer: Answer): void {
    this.lastAnsweredId = Math.max(this.lastAnsweredId, answer.orderId)
    if (answer.outcome !== 'fill') return
    const key = `${answer.venue} ${answer.symbol}`
    const signed = answer.side === 'buy' ? answer.quantity : -answer.quantity
    this.holdings.set(key, (this.holdings.get(key) ?? 0) + signed)
  }
}
