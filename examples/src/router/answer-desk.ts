import { type Message, openObserver, type QueueWriter } from '@chronicle-ts/core'
import { nowNs } from '../latency/clock.js'
import { decodeAnswer, encodeAnswer, type Order } from '../trading/order-codec.js'

/** What became of an order that came in. */
export type AnswerOutcome = 'ack' | 'fill' | 'repeat'

/**
 * Answers one strategy's orders, each exactly once.
 *
 * The strategy's ids have no holes and answers are given in their order, so the last answer in `orders_in` says which orders are answered. A router that
 * was killed between an answer and its saved position reads that order again, and recognises it.
 */
export class AnswerDesk {
  /** Orders missing between two that follow each other. */
  gaps = 0
  readonly #ordersIn: QueueWriter
  #lastAnsweredId: number

  /** @param ordersIn the writer of the strategy's `orders_in` */
  constructor(ordersIn: QueueWriter) {
    this.#ordersIn = ordersIn
    this.#lastAnsweredId = readLastAnsweredId(ordersIn)
  }

  /**
   * This router stands in for the exchange: an order that takes a price is filled at it, one that makes a price is acknowledged and rests.
   */
  answer(order: Order): AnswerOutcome {
    if (order.orderId <= this.#lastAnsweredId) return 'repeat'
    this.gaps += order.orderId - this.#lastAnsweredId - 1
    const outcome = order.kind === 'take' ? 'fill' : 'ack'
    const { typeId, payload } = encodeAnswer({ ...order, outcome, answeredNs: nowNs() })
    this.#ordersIn.append(typeId, payload)
    this.#lastAnsweredId = order.orderId
    return outcome
  }
}

function readLastAnsweredId(ordersIn: QueueWriter): number {
  if (ordersIn.nextSequence === 0) return 0
  using answers = openObserver(ordersIn.directory, { start: { sequence: ordersIn.nextSequence - 1 } })
  const last: Message | undefined = answers.next()
  return last === undefined ? 0 : decodeAnswer(last.typeId, last.payload).orderId
}
