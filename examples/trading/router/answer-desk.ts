import { openObserver, type QueueWriter, realtimeNs } from '@chronicle-ts/core'
import type { TypedWriter } from '@chronicle-ts/typed'
import { decodeAnswer, type Order, OrderFormatError } from '../checked-order.js'
import { Ack, Fill } from '../order-messages.js'

/** Stands for "absent" in the field: an order that its writer stamped with it has no time that an answer could repeat. */
const ABSENT_NS = 2n ** 64n - 1n

/**
 * Answers one strategy's orders, each exactly once.
 *
 * The strategy's ids have no holes and answers are given in their order, so the last answer in `orders_in` says which orders are answered. A router that
 * was killed between an answer and its saved position reads that order again, and recognises it.
 */
export class AnswerDesk {
  /** Orders missing between two that follow each other. */
  gaps = 0
  readonly #ordersIn: TypedWriter<readonly [typeof Ack, typeof Fill]>
  #lastAnsweredId: number

  /** @param ordersIn publishes the answers to the strategy; closed by {@link close} */
  constructor(ordersIn: TypedWriter<readonly [typeof Ack, typeof Fill]>) {
    this.#ordersIn = ordersIn
    this.#lastAnsweredId = readLastAnsweredId(ordersIn.queue)
  }

  /**
   * This router stands in for the exchange: an order that takes a price is filled at it, one that makes a price is acknowledged and rests.
   *
   * @param orderedNs when the order was appended
   */
  answer(order: Order, orderedNs: bigint): 'ack' | 'fill' | 'repeat' {
    if (order.orderId <= this.#lastAnsweredId) return 'repeat'
    this.gaps += order.orderId - this.#lastAnsweredId - 1
    const outcome = order.kind === 'take' ? 'fill' : 'ack'
    this.#ordersIn.append(outcome === 'fill' ? Fill : Ack, {
      ...order,
      answeredNs: realtimeNs(),
      ...(orderedNs !== ABSENT_NS && { orderedNs }),
    })
    this.#lastAnsweredId = order.orderId
    return outcome
  }

  close(): void {
    this.#ordersIn.close()
  }
}

/**
 * Returns the id of the last answered order. Where that cannot be read (a crash, a damaged disk), the last one that can be read counts, and one id more for each answer after
 * it. Orders have no holes, and each has one answer.
 */
function readLastAnsweredId({ directory, nextSequence: count }: QueueWriter): number {
  for (let back = 1; ; back *= 8) {
    const last = lastAnsweredIdFrom(directory, { sequence: Math.max(0, count - back), count })
    if (last !== undefined || back >= count) return last ?? count
  }
}

function lastAnsweredIdFrom(directory: string, from: { readonly sequence: number; readonly count: number }): number | undefined {
  using answers = openObserver(directory, { start: { sequence: from.sequence }, onCorrupt: 'skip', onLost: 'snap' })
  let last: number | undefined
  answers.poll(Number.POSITIVE_INFINITY, ({ typeId, payload, sequence }) => {
    try {
      last = decodeAnswer(typeId, payload).orderId + (from.count - 1 - sequence)
    } catch (error) {
      if (!(error instanceof OrderFormatError)) throw error
    }
  })
  return last
}
