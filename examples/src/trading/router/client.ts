import { type BusLayout, openRouterEndpoints, type RouterEndpoints } from '@chronicle-ts/bus'
import type { Message, QueueReader, WriterOptions } from '@chronicle-ts/core'
import { decodeOrder, type Order } from '../order-codec.js'
import { ORDERS_SEGMENT_SIZE } from '../order-messages.js'
import { AnswerDesk, type AnswerOutcome } from './answer-desk.js'

/** An order that was answered, or recognised as answered before. */
export interface HandledOrder {
  readonly order: Order
  readonly outcome: AnswerOutcome
}

/** What the router holds of one strategy: its ends of the two queues, and the desk that answers. */
export class Client {
  readonly #endpoints: RouterEndpoints
  readonly #desk: AnswerDesk

  private constructor(endpoints: RouterEndpoints, desk: AnswerDesk) {
    this.#endpoints = endpoints
    this.#desk = desk
  }

  /** Opens a strategy's queues. Nothing stays open when that fails, for any reason. */
  static open(layout: BusLayout, strategy: string, answers: WriterOptions): Client {
    const endpoints = openRouterEndpoints(layout, strategy, { writer: { segmentSize: ORDERS_SEGMENT_SIZE, ...answers } })
    try {
      return new Client(endpoints, new AnswerDesk(endpoints.ordersIn))
    } catch (error) {
      endpoints.close()
      throw error
    }
  }

  get ordersOut(): QueueReader {
    return this.#endpoints.ordersOut
  }

  /** Orders missing between two that follow each other. */
  get gaps(): number {
    return this.#desk.gaps
  }

  /**
   * Answers an order.
   *
   * @throws {@link OrderFormatError} when the message is not an order; what appending the answer throws.
   */
  handle({ typeId, payload }: Message): HandledOrder {
    const order = decodeOrder(typeId, payload)
    return { order, outcome: this.#desk.answer(order) }
  }

  /** Saves nothing. */
  close(): void {
    this.#endpoints.close()
  }
}
