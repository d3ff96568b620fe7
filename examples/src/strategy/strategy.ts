import type { BusLayout, StrategyPaths } from '@chronicle-ts/bus'
import { openReader, type QueueWriter } from '@chronicle-ts/core'
import { feedQueuePaths } from '../feed/feed-paths.js'
import { nowNs } from '../latency/clock.js'
import { openWhenThere } from '../process/open-when-there.js'
import type { ParentLink } from '../process/parent-link.js'
import type { StrategyState } from '../process/program-state.js'
import { AnswerLedger } from './answer-ledger.js'
import { MarketReader } from './market-reader.js'
import { MarketView } from './market-view.js'
import { OrderDesk } from './order-desk.js'
import { readOrderHistory } from './order-history.js'

/** Messages taken at a time, before the other half of the strategy has its turn. */
const BATCH_COUNT = 256
/** Longest sleep before looking for commands again. */
const LOOK_INTERVAL_MS = 20

export interface StrategyOptions {
  readonly layout: BusLayout
  readonly name: string
  readonly venues: readonly string[]
  /** See {@link MidCrossingSignal}. */
  readonly span: number
}

/**
 * One strategy: reads market data, sends orders, reads the answers to them.
 *
 * It keeps nothing anywhere but in its queues. Killed at any instant and started again, it goes on where it was, sends no order twice and none not at all.
 */
export class Strategy {
  readonly #options: StrategyOptions
  readonly #paths: StrategyPaths
  readonly #view: MarketView
  readonly #desk: OrderDesk
  readonly #market: MarketReader
  readonly #startedNs = nowNs()
  #ledger: AnswerLedger | undefined
  #hasTraded = false

  /** @param ordersOut the strategy's own queue */
  constructor(options: StrategyOptions, ordersOut: QueueWriter) {
    this.#options = options
    this.#paths = options.layout.strategy(options.name)
    this.#view = new MarketView(options.span)
    this.#desk = new OrderDesk(options.name, ordersOut, readOrderHistory(this.#paths.ordersOut))
    this.#market = new MarketReader(options.name, this.#view, this.#desk)
  }

  get state(): StrategyState {
    return {
      kind: 'strategy',
      positions: this.#market.positions,
      notUnderstood: this.#view.notUnderstood,
      repeats: this.#desk.repeats,
      gaps: this.#market.gaps,
      orders: this.#desk.lastOrderId,
      answers: this.#ledger?.lastAnsweredId ?? 0,
      latencies: {
        feed: this.#market.feedLatency.encode(),
        backlog: this.#market.backlogLatency.encode(),
        schedule: this.#market.scheduleLatency.encode(),
        roundTrip: this.#ledger?.roundTrip.encode(),
      },
    }
  }

  /** Attaches every feed, waiting for those that are not there yet. */
  async attach(link: ParentLink<StrategyState>): Promise<void> {
    for (const venue of this.#options.venues) {
      await openWhenThere(() => this.#market.attach(venue, feedQueuePaths(this.#options.layout, venue)), link)
    }
  }

  /** Trades until told to stop, or, told to drain, until everything is read and every order answered. */
  async run(link: ParentLink<StrategyState>): Promise<void> {
    await Promise.all([this.#trade(link), this.#settle(link)])
  }

  close(): void {
    this.#market.close()
    this.#ledger?.close()
  }

  async #trade(link: ParentLink<StrategyState>): Promise<void> {
    while (!link.isStopping) {
      // Asked before reading: what was appended before the order to drain came is then seen by this reading.
      const { isDraining } = link
      const count = this.#market.read(BATCH_COUNT)
      if (count === BATCH_COUNT) await new Promise((resolve) => setImmediate(resolve))
      else if (count === 0 && isDraining) break
      else await this.#market.wait(LOOK_INTERVAL_MS)
    }
    this.#hasTraded = true
  }

  async #settle(link: ParentLink<StrategyState>): Promise<void> {
    const { ordersIn } = this.#paths
    this.#ledger = await openWhenThere(() => new AnswerLedger(openReader(ordersIn, this.#options.name), this.#startedNs), link)
    while (this.#ledger !== undefined && !link.isStopping) {
      const count = this.#ledger.read(BATCH_COUNT)
      if (this.#hasTraded && this.#ledger.lastAnsweredId >= this.#desk.lastOrderId) return
      if (count === BATCH_COUNT) await new Promise((resolve) => setImmediate(resolve))
      else await this.#ledger.wait(LOOK_INTERVAL_MS)
    }
  }
}
