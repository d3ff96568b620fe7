import type { Message } from '@chronicle-ts/core'
import type { TypedWriter } from '@chronicle-ts/typed'
import { NewOrder } from '../order-messages.js'
import type { Decision } from './market-view.js'
import type { OrderHistory } from './order-history.js'

/**
 * Makes orders of decisions, exactly one of each.
 *
 * Reading is at least once: after a crash, the market data since the last saved position comes again, and with it decisions that were carried out already. An order carries
 * the venue and sequence of the message that led to it, and decisions of a venue come in the order of its sequences. So a decision is old exactly when its sequence is not
 * above that of the venue's last order.
 */
export class OrderDesk {
  /** Decisions that came again and made no order. */
  repeats = 0
  readonly #strategy: string
  readonly #ordersOut: TypedWriter<readonly [typeof NewOrder]>
  readonly #lastMarketSequences: Map<string, number>
  #lastOrderId: number

  constructor(strategy: string, ordersOut: TypedWriter<readonly [typeof NewOrder]>, history: OrderHistory) {
    this.#strategy = strategy
    this.#ordersOut = ordersOut
    this.#lastOrderId = history.lastOrderId
    this.#lastMarketSequences = new Map(history.lastMarketSequences)
  }

  /** Ids are given out from 1 without holes, so this is also the number of orders. */
  get lastOrderId(): number {
    return this.#lastOrderId
  }

  /** @param message at the decision's venue, which led to it */
  place(decision: Decision, { sequence: marketSequence, timestampNs }: Pick<Message, 'sequence' | 'timestampNs'>): void {
    if (marketSequence <= (this.#lastMarketSequences.get(decision.venue) ?? -1)) {
      this.repeats++
      return
    }
    const orderId = this.#lastOrderId + 1
    this.#ordersOut.write(NewOrder, (order) => {
      Object.assign(order, decision)
      order.strategy = this.#strategy
      order.orderId = orderId
      order.marketSequence = marketSequence
      order.sentNs = timestampNs
    })
    this.#lastOrderId = orderId
    this.#lastMarketSequences.set(decision.venue, marketSequence)
  }
}
