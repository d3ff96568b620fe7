import { type BusLayout, openRouterEndpoints, type RouterEndpoints } from '@chronicle-ts/bus'
import { type Message, QueueError, type QueueReader } from '@chronicle-ts/core'
import { FanInReader } from '@chronicle-ts/fanin'
import { nowNs } from '../latency/clock.js'
import { LatencyHistogram } from '../latency/latency-histogram.js'
import type { RouterState } from '../process/program-state.js'
import { decodeOrder, type Order, OrderFormatError } from '../trading/order-codec.js'
import { ORDERS_SEGMENT_SIZE } from '../trading/order-layout.js'
import { AnswerDesk, type AnswerOutcome } from './answer-desk.js'

/** How long until a strategy that could not be attached is tried again. */
const RETRY_INTERVAL_MS = 500

/** A strategy that the router serves. */
interface Client {
  readonly endpoints: RouterEndpoints
  readonly desk: AnswerDesk
}

/** Something is wrong with one strategy; the others go on. */
export type ClientProblem = (strategy: string, error: unknown) => void

/** Merges the orders of strategies that come and go, and answers each. */
export class Router {
  readonly #layout: BusLayout
  readonly #onProblem: ClientProblem
  readonly #merged: FanInReader<QueueReader>
  readonly #clients = new Map<string, Client>()
  /** Strategies that could not be attached, and when to try again (milliseconds of `performance.now`). */
  readonly #retries = new Map<string, number>()
  readonly #latency = new LatencyHistogram()
  readonly #counts = { orders: 0, acks: 0, fills: 0, repeats: 0, malformed: 0 }
  /** Of strategies that are gone. */
  #formerGaps = 0

  constructor(layout: BusLayout, onProblem: ClientProblem) {
    this.#layout = layout
    this.#onProblem = onProblem
    this.#merged = new FanInReader({ onSourceError: ({ key, error }) => onProblem(key, error) })
  }

  get state(): RouterState {
    const gaps = [...this.#clients.values()].reduce((sum, { desk }) => sum + desk.gaps, this.#formerGaps)
    const latencies = { order: this.#latency.encode() }
    return { kind: 'router', strategies: this.#clients.size, ...this.#counts, gaps, latencies }
  }

  /**
   * Takes a strategy's orders from now on. One that is attached already, because it was restarted, stays as it is: its queue goes on. One that cannot be attached
   * is tried again by {@link retry}.
   */
  attach(strategy: string): void {
    if (this.#clients.has(strategy)) return
    try {
      const endpoints = openRouterEndpoints(this.#layout, strategy, { writer: { segmentSize: ORDERS_SEGMENT_SIZE } })
      this.#clients.set(strategy, { endpoints, desk: new AnswerDesk(endpoints.ordersIn) })
      this.#merged.add(strategy, endpoints.ordersOut)
      this.#retries.delete(strategy)
    } catch (error) {
      if (!(error instanceof QueueError)) throw error
      if (!this.#retries.has(strategy)) this.#onProblem(strategy, error)
      this.#retries.set(strategy, performance.now() + RETRY_INTERVAL_MS)
    }
  }

  /** Tries again what could not be attached. Called often. */
  retry(): void {
    for (const [strategy, dueMs] of this.#retries) if (performance.now() >= dueMs) this.attach(strategy)
  }

  /** Lets go of a strategy that took its announcement back, after answering what is left in its queue. */
  detach(strategy: string): void {
    const client = this.#clients.get(strategy)
    if (client !== undefined) this.#readOutAndClose(strategy, client)
    this.#retries.delete(strategy)
  }

  #readOutAndClose(strategy: string, client: Client): void {
    const hasFailed = this.#merged.failures.some(({ key }) => key === strategy)
    const ordersOut = this.#merged.remove(strategy)
    if (!hasFailed && ordersOut !== undefined) this.#readOut(strategy, ordersOut)
    if (this.#clients.get(strategy) === client) this.#forget(strategy, client)
  }

  #forget(strategy: string, client: Client): void {
    this.#formerGaps += client.desk.gaps
    client.endpoints.close()
    this.#clients.delete(strategy)
  }

  /** Answers up to `limit` orders that are there; returns how many were read. Answers first, positions after them. */
  read(limit: number): number {
    const count = this.#merged.poll(limit, ({ key, message }) => this.#handle(key, message))
    if (count > 0) this.#merged.commit()
    return count
  }

  async wait(timeoutMs: number): Promise<void> {
    await this.#merged.waitAsync({ timeoutMs })
  }

  close(): void {
    this.#merged.close()
    for (const { endpoints } of this.#clients.values()) endpoints.close()
  }

  #readOut(strategy: string, ordersOut: QueueReader): void {
    try {
      for (let message = ordersOut.next(); message !== undefined; message = ordersOut.next()) this.#handle(strategy, message)
      ordersOut.commit()
      // A directory that vanished took along what was not mapped yet.
      const { bytes } = ordersOut.lag()
      if (bytes > 0) this.#onProblem(strategy, new Error(`orders that cannot be read any more: bytes=${bytes}`))
    } catch (error) {
      if (!(error instanceof QueueError)) throw error
      this.#onProblem(strategy, error)
    }
  }

  #handle(strategy: string, message: Message): void {
    const order = this.#decode(message)
    if (order === undefined) return
    const outcome = this.#answer(strategy, order)
    if (outcome === undefined) return
    if (outcome === 'repeat') {
      this.#counts.repeats++
      return
    }
    this.#latency.record(nowNs() - order.sentNs)
    this.#counts.orders++
    if (outcome === 'fill') this.#counts.fills++
    else this.#counts.acks++
  }

  /**
   * Where an answer cannot be written (the disk is full, the directory is gone), the strategy is let go without saving its position, and attached again later: the
   * order is then read again.
   */
  #answer(strategy: string, order: Order): AnswerOutcome | undefined {
    const client = this.#clients.get(strategy)
    try {
      return client?.desk.answer(order)
    } catch (error) {
      if (client === undefined || !(error instanceof QueueError)) throw error
      this.#onProblem(strategy, error)
      this.#merged.remove(strategy)
      this.#forget(strategy, client)
      this.#retries.set(strategy, performance.now() + RETRY_INTERVAL_MS)
      return undefined
    }
  }

  /** A message that is no order is one strategy's fault, and none of the others'. */
  #decode({ typeId, payload }: Message): Order | undefined {
    try {
      return decodeOrder(typeId, payload)
    } catch (error) {
      if (!(error instanceof OrderFormatError)) throw error
      this.#counts.malformed++
      return undefined
    }
  }
}
