import { realtimeNs, type WriterOptions } from '@chronicle-ts/core'
import { isSchemaError } from '@chronicle-ts/schema'
import { openBus, type Subscription, type TopicBus, type TopicMessage } from '@chronicle-ts/topics'
import { checkedValue, OrderFormatError } from '../checked-order.js'
import { LatencyHistogram } from '../latency/latency-histogram.js'
import { type NewOrder, ORDERS_SEGMENT_SIZE, tradingTopics } from '../order-messages.js'
import type { BatchSource } from '../process/parent-link.js'
import type { RouterState } from '../process/program-state.js'
import { AnswerDesk } from './answer-desk.js'

/** Name under which the router reads the orders, as routers of the bus do. */
const ORDERS_READER = 'router'

/** Something is wrong with one strategy; the others continue. */
export type ClientProblem = (strategy: string, error: unknown) => void

type Orders = readonly [typeof NewOrder]

/**
 * Takes the orders of strategies that come and go, merged by time, and answers each.
 *
 * The subscription finds the strategies, and sets aside those whose queue cannot be read. A strategy whose answers cannot be appended is set aside here. Either is reported once, costs the others
 * nothing, leaves nothing open, and is tried again: no position is saved before the answers are in their queue.
 */
export class Router implements BatchSource {
  readonly #bus: TopicBus<typeof tradingTopics>
  readonly #orders: Subscription<Orders>
  readonly #answers: WriterOptions
  readonly #onProblem: ClientProblem
  readonly #desks = new Map<string, AnswerDesk>()
  /** Strategies with a malformed order: that was reported. */
  readonly #blamed = new Set<string>()
  readonly #latency = new LatencyHistogram()
  readonly #counts = { ack: 0, fill: 0, repeat: 0, malformed: 0 }
  /** Of strategies that are gone. */
  #formerGaps = 0

  /** @param answers how the queues of the answers are written, where that is not the default */
  constructor(root: string, onProblem: ClientProblem, answers: WriterOptions = {}) {
    this.#answers = { segmentSize: ORDERS_SEGMENT_SIZE, ...answers }
    this.#onProblem = onProblem
    this.#bus = openBus(root, tradingTopics)
    this.#orders = this.#bus.subscribe('orders', {
      name: ORDERS_READER,
      onBadMessage: 'skip',
      onProblem: ({ key, error }) => this.#report(key, error),
      onDetached: (strategy) => this.#closeDesk(strategy),
    })
  }

  get state(): RouterState {
    const { ack, fill, repeat, malformed } = this.#counts
    const skipped = [...this.#orders.skipped.byType.values()].reduce((sum, count) => sum + count, 0)
    return {
      strategies: this.#orders.keys.length,
      orders: ack + fill,
      acks: ack,
      fills: fill,
      repeats: repeat,
      malformed: malformed + skipped,
      gaps: [...this.#desks.values()].reduce((sum, desk) => sum + desk.gaps, this.#formerGaps),
      latencies: { order: this.#latency.encode() },
    }
  }

  /** Answers first, positions after them. */
  read(limit: number): number {
    // Also of strategies that have sent nothing yet: they wait for the queue of their answers.
    for (const strategy of this.#orders.keys) this.#deskOf(strategy)
    let count = 0
    for (; count < limit; count++) {
      const order = this.#orders.next()
      if (order === undefined) break
      this.#answer(order)
    }
    if (count > 0) this.#orders.commit()
    return count
  }

  async wait(timeoutMs: number): Promise<void> {
    await this.#orders.waitAsync({ timeoutMs })
  }

  close(): void {
    this.#orders.close()
    for (const strategy of [...this.#desks.keys()]) this.#closeDesk(strategy)
    this.#bus.close()
  }

  /** Opens the desk of a strategy; one whose answers cannot be written is set aside. */
  #deskOf(strategy: string): AnswerDesk | undefined {
    const open = this.#desks.get(strategy)
    if (open !== undefined) return open
    try {
      const answers = this.#bus.publisher('answers', { key: strategy, writer: this.#answers })
      const desk = closedOnError(answers, () => {
        // A strategy that was replaced has other orders than those that are still read here.
        this.#orders.assertInPlace(strategy)
        return new AnswerDesk(answers)
      })
      this.#desks.set(strategy, desk)
      return desk
    } catch (error) {
      this.#orders.setAside(strategy, error as Error)
      return undefined
    }
  }

  #closeDesk(strategy: string): void {
    const desk = this.#desks.get(strategy)
    if (desk === undefined) return
    this.#desks.delete(strategy)
    this.#formerGaps += desk.gaps
    try {
      desk.close()
    } catch (error) {
      this.#onProblem(strategy, error)
    }
  }

  /** A message that is not an order is counted, reported once per strategy and left without an answer. */
  #answer(message: TopicMessage<Orders>): void {
    const { key: strategy, timestampNs } = message
    try {
      const order = checkedValue(message)
      const outcome = this.#deskOf(strategy)?.answer(order, timestampNs)
      if (outcome === undefined) return
      this.#counts[outcome]++
      if (outcome !== 'repeat') this.#latency.record(realtimeNs() - timestampNs)
    } catch (error) {
      if (error instanceof OrderFormatError) {
        this.#counts.malformed++
        this.#blame(strategy, error)
      }
      // The position is not saved: the order is read again when the strategy is attached again.
      else this.#orders.setAside(strategy, error as Error)
    }
  }

  /** A message that is too short for an order is a malformed one, as others are that the subscription could wrap. */
  #report(strategy: string, error: Error): void {
    if (isSchemaError(error, 'ERR_BAD_MESSAGE')) this.#blame(strategy, error)
    else this.#onProblem(strategy, error)
  }

  #blame(strategy: string, error: Error): void {
    if (this.#blamed.has(strategy)) return
    this.#blamed.add(strategy)
    this.#onProblem(strategy, error)
  }
}

function closedOnError<Result>(opened: { close(): void }, step: () => Result): Result {
  try {
    return step()
  } catch (error) {
    opened.close()
    throw error
  }
}
