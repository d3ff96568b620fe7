import { type Message, openObserver, type QueueWriter } from '@chronicle-ts/core'
import type { TypedWriter } from '@chronicle-ts/typed'
import { nowNs } from '../latency/clock.js'
import { decodeAnswer, type Order, OrderFormatError } from '../order-codec.js'
import { Ack, Fill } from '../order-messages.js'

/** Stands for "absent" in the field: an order that its writer stamped with it has no time that an answer could repeat. */
const ABSENT_NS = 2n ** 64n - 1n

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
  answer(order: Order, orderedNs: bigint): AnswerOutcome {
    if (order.orderId <= this.#lastAnsweredId) return 'repeat'
    this.gaps += order.orderId - this.#lastAnsweredId - 1
    const outcome = order.kind === 'take' ? 'fill' : 'ack'
    this.#ordersIn.append(outcome === 'fill' ? Fill : Ack, {
      ...order,
      answeredNs: nowNs(),
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
function readLastAnsweredId(ordersIn: QueueWriter): number {
  const count = ordersIn.nextSequence
  for (let back = 1; ; back *= 8) {
    const last = lastAnswerFrom(ordersIn.directory, Math.max(0, count - back))
    if (last !== undefined) return last.orderId + (count - 1 - last.sequence)
    if (back >= count) return count
  }
}

function lastAnswerFrom(
  directory: string,
  sequence: number,
): { readonly orderId: number; readonly sequence: number } | undefined {
  using answers = openObserver(directory, { start: { sequence }, onCorrupt: 'skip', onLost: 'snap' })
  let last: { readonly orderId: number; readonly sequence: number } | undefined
  for (let message = answers.next(); message !== undefined; message = answers.next()) {
    const orderId = orderIdOf(message)
    if (orderId !== undefined) last = { orderId, sequence: message.sequence }
  }
  return last
}

function orderIdOf({ typeId, payload }: Message): number | undefined {
  try {
    return decodeAnswer(typeId, payload).orderId
  } catch (error) {
    if (error instanceof OrderFormatError) return undefined
    throw error
  }
}
