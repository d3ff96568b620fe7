import type { BusLayout } from '@chronicle-ts/bus'
import { isQueueError, type Message, type QueueReader, type WriterOptions } from '@chronicle-ts/core'
import { FanInReader, isPassingError, type SourceFailure } from '@chronicle-ts/fanin'
import { nowNs } from '../latency/clock.js'
import { LatencyHistogram } from '../latency/latency-histogram.js'
import { OrderFormatError } from '../order-codec.js'
import type { RouterState } from '../process/program-state.js'
import { Client, type HandledOrder } from './client.js'
import { Postponed } from './postponed.js'

/** Something is wrong with one strategy; the others go on. */
export type ClientProblem = (strategy: string, error: unknown) => void

/**
 * Merges the orders of strategies that come and go, and answers each.
 *
 * Every fault of one strategy is reported once, costs the others nothing and leaves nothing open. Reasons that may pass are tried again with
 * growing pauses.
 */
export class Router {
  readonly #layout: BusLayout
  readonly #answers: WriterOptions
  readonly #onProblem: ClientProblem
  readonly #merged: FanInReader<QueueReader>
  readonly #clients = new Map<string, Client>()
  readonly #postponed = new Postponed()
  /** Clients with a malformed order, or a position that could not be saved: that was reported. */
  readonly #blamed = new Set<Client>()
  readonly #latency = new LatencyHistogram()
  readonly #counts = { orders: 0, acks: 0, fills: 0, repeats: 0, malformed: 0 }
  /** Of strategies that are gone. */
  #formerGaps = 0

  /** @param answers how the queues of the answers are written, where that is not the default */
  constructor(layout: BusLayout, onProblem: ClientProblem, answers: WriterOptions = {}) {
    this.#layout = layout
    this.#answers = answers
    this.#onProblem = onProblem
    this.#merged = new FanInReader({ onSourceError: (failure) => this.#hearOfFailure(failure) })
  }

  get state(): RouterState {
    const gaps = [...this.#clients.values()].reduce((sum, client) => sum + client.gaps, this.#formerGaps)
    const latencies = { order: this.#latency.encode() }
    return { kind: 'router', strategies: this.#clients.size, ...this.#counts, gaps, latencies }
  }

  /**
   * Takes a strategy's orders from now on. One that is attached already, because it was restarted, stays as it is: its queue goes on. One that cannot be attached
   * is tried again by {@link retry}.
   */
  attach(strategy: string): void {
    const client = this.#clients.get(strategy)
    if (client !== undefined && !this.#hasFailed(strategy)) return
    // A restarted strategy has opened its queue, which repairs what can be repaired.
    if (client !== undefined) this.#forget(strategy, client)
    this.#serve(strategy, false)
  }

  /** Answers what a strategy left that is not there any more, and lets go of it. */
  serveLeft(strategy: string): void {
    if (!this.#clients.has(strategy)) this.#serve(strategy, true)
  }

  /** Tries again what could not be served. Called often. */
  retry(): void {
    for (const { strategy, isLeaving } of this.#postponed.due()) this.#serve(strategy, isLeaving)
  }

  /**
   * Lets go of a strategy that took its announcement back, after answering what is left in its queue. One that could not be served yet is served to the end of its queue
   * when that is possible.
   */
  detach(strategy: string): void {
    const client = this.#clients.get(strategy)
    if (client !== undefined) this.#readOutAndForget(strategy, client)
    else this.#postponed.change(strategy, true)
  }

  /** Answers up to `limit` orders that are there; returns how many were read. Answers first, positions after them. */
  read(limit: number): number {
    const count = this.#merged.poll(limit, ({ key, message }) => {
      const client = this.#clients.get(key)
      if (client === undefined) return
      try {
        this.#handle(key, client, message)
      } catch (error) {
        // The position is not saved: the order is read again when the strategy is attached again.
        this.#forget(key, client)
        this.#postpone(key, error, false)
      }
    })
    if (count > 0) this.#merged.commit()
    return count
  }

  async wait(timeoutMs: number): Promise<void> {
    await this.#merged.waitAsync({ timeoutMs })
  }

  close(): void {
    this.#merged.close()
    for (const [strategy, client] of this.#clients) this.#closeClient(strategy, client)
    this.#clients.clear()
  }

  #serve(strategy: string, isLeaving: boolean): void {
    let client: Client
    try {
      client = Client.open(this.#layout, strategy, this.#answers)
    } catch (error) {
      this.#postpone(strategy, error, isLeaving)
      return
    }
    this.#postponed.delete(strategy)
    this.#clients.set(strategy, client)
    this.#merged.add(strategy, client.ordersOut)
    if (isLeaving) this.#readOutAndForget(strategy, client)
  }

  /** A strategy that went and whose queue is gone, too, has nothing to serve. */
  #postpone(strategy: string, error: unknown, isLeaving: boolean): void {
    if (isLeaving && isQueueError(error, 'ERR_NOT_FOUND')) this.#postponed.delete(strategy)
    else if (this.#postponed.add(strategy, error, isLeaving)) this.#onProblem(strategy, error)
  }

  #readOutAndForget(strategy: string, client: Client): void {
    const failure = this.#merged.failures.find(({ key }) => key === strategy)
    this.#merged.remove(strategy)
    try {
      if (failure === undefined || isPassingError(failure.error)) this.#readOut(strategy, client)
      this.#forget(strategy, client)
    } catch (error) {
      this.#forget(strategy, client)
      if (isPassingError(error)) this.#postpone(strategy, error, true)
      else this.#onProblem(strategy, error)
    }
  }

  #readOut(strategy: string, client: Client): void {
    const { ordersOut } = client
    for (let message = nextOf(ordersOut); message !== undefined; message = nextOf(ordersOut)) {
      this.#handle(strategy, client, message)
    }
    ordersOut.commit()
    // A directory that vanished took along what was not mapped yet.
    const bytes = unreadBytes(ordersOut)
    if (bytes > 0) this.#onProblem(strategy, new Error(`orders that cannot be read any more: bytes=${bytes}`))
  }

  #forget(strategy: string, client: Client): void {
    this.#formerGaps += client.gaps
    this.#merged.remove(strategy)
    this.#clients.delete(strategy)
    this.#blamed.delete(client)
    this.#closeClient(strategy, client)
  }

  #closeClient(strategy: string, client: Client): void {
    try {
      client.close()
    } catch (error) {
      this.#onProblem(strategy, error)
    }
  }

  #hasFailed(strategy: string): boolean {
    return this.#merged.failures.some(({ key }) => key === strategy)
  }

  /** The merge tries again what may pass. A strategy whose data is damaged is left out until it restarts; one whose directory was replaced is served where it is now. */
  #hearOfFailure({ key, operation, error }: SourceFailure): void {
    const client = this.#clients.get(key)
    if (client === undefined) return
    if (operation === 'commit') this.#blame(key, client, error)
    else if (isQueueError(error, 'ERR_QUEUE_REPLACED')) {
      // It has delivered everything that its own directory held.
      this.#forget(key, client)
      this.#serve(key, false)
    } else this.#onProblem(key, error)
  }

  /** A message that is not an order is counted, reported once per strategy and left without an answer. @throws what appending the answer throws. */
  #handle(strategy: string, client: Client, message: Message): void {
    let handled: HandledOrder
    try {
      handled = client.handle(message)
    } catch (error) {
      if (!(error instanceof OrderFormatError)) throw error
      this.#counts.malformed++
      this.#blame(strategy, client, error)
      return
    }
    this.#count(handled)
  }

  #blame(strategy: string, client: Client, error: unknown): void {
    if (this.#blamed.has(client)) return
    this.#blamed.add(client)
    this.#onProblem(strategy, error)
  }

  #count({ order, outcome }: HandledOrder): void {
    if (outcome === 'repeat') {
      this.#counts.repeats++
      return
    }
    this.#latency.record(nowNs() - order.sentNs)
    this.#counts.orders++
    if (outcome === 'fill') this.#counts.fills++
    else this.#counts.acks++
  }
}

/** A reader whose directory was replaced says so once it has delivered everything. */
function nextOf(ordersOut: QueueReader): Message | undefined {
  try {
    return ordersOut.next()
  } catch (error) {
    if (isQueueError(error, 'ERR_QUEUE_REPLACED')) return undefined
    throw error
  }
}

function unreadBytes(ordersOut: QueueReader): number {
  try {
    return ordersOut.lag().bytes
  } catch {
    return 0
  }
}
