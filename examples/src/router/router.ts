import type { BusLayout } from '@chronicle-ts/bus'
import { type Message, openReader, openWriter, type QueueReader } from '@chronicle-ts/core'
import { FanInReader, type SourceFailure } from '@chronicle-ts/fanin'
import { nowNs } from '../latency/clock.js'
import { LatencyHistogram } from '../latency/latency-histogram.js'
import type { RouterState } from '../process/program-state.js'
import { decodeOrder, type Order, OrderFormatError } from '../trading/order-codec.js'
import { ORDERS_SEGMENT_SIZE } from '../trading/order-layout.js'
import { AnswerDesk } from './answer-desk.js'

/** Name of the router's reader in every strategy's `orders_out`. */
export const ROUTER_READER = 'router'

/** Merges the orders of strategies that come and go, and answers each. */
export class Router {
  readonly #layout: BusLayout
  readonly #merged: FanInReader<QueueReader>
  readonly #desks = new Map<string, AnswerDesk>()
  readonly #latency = new LatencyHistogram()
  readonly #counts = { orders: 0, acks: 0, fills: 0, repeats: 0, malformed: 0 }
  /** Of strategies that are gone. */
  #detachedGaps = 0

  /** @param onSourceError told when a strategy's orders cannot be read on; the others go on */
  constructor(layout: BusLayout, onSourceError: (failure: SourceFailure) => void) {
    this.#layout = layout
    this.#merged = new FanInReader({ ownsSources: true, onSourceError })
  }

  get state(): RouterState {
    const gaps = [...this.#desks.values()].reduce((sum, desk) => sum + desk.gaps, this.#detachedGaps)
    return { kind: 'router', strategies: this.#desks.size, ...this.#counts, gaps, latencies: { order: this.#latency.encode() } }
  }

  /** Takes a strategy's orders from now on. One that is attached already, because it was restarted, stays as it is: its queue goes on. */
  attach(strategy: string): void {
    if (this.#desks.has(strategy)) return
    const { ordersOut, ordersIn } = this.#layout.strategy(strategy)
    const reader = openReader(ordersOut, ROUTER_READER)
    try {
      this.#desks.set(strategy, new AnswerDesk(openWriter(ordersIn, { segmentSize: ORDERS_SEGMENT_SIZE })))
      this.#merged.add(strategy, reader)
    } catch (error) {
      reader.close()
      throw error
    }
  }

  detach(strategy: string): void {
    const desk = this.#desks.get(strategy)
    if (desk === undefined) return
    this.#merged.remove(strategy)
    this.#detachedGaps += desk.gaps
    desk.close()
    this.#desks.delete(strategy)
  }

  /** Answers up to `limit` orders that are there; returns how many were read. Answers first, positions after them. */
  read(limit: number): number {
    let count = 0
    for (; count < limit; count++) {
      const merged = this.#merged.next()
      if (merged === undefined) break
      this.#handle(merged.key, merged.message)
    }
    if (count > 0) this.#merged.commit()
    return count
  }

  async wait(timeoutMs: number): Promise<void> {
    await this.#merged.waitAsync({ timeoutMs })
  }

  close(): void {
    this.#merged.close()
    for (const desk of this.#desks.values()) desk.close()
  }

  #handle(strategy: string, message: Message): void {
    const order = this.#decode(message)
    if (order === undefined) return
    const outcome = this.#desks.get(strategy)?.answer(order)
    if (outcome === 'repeat') {
      this.#counts.repeats++
      return
    }
    this.#latency.record(nowNs() - order.sentNs)
    this.#counts.orders++
    if (outcome === 'fill') this.#counts.fills++
    else this.#counts.acks++
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
